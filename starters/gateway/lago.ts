import { z } from 'zod';
import { LAGO_EVENTS, lagoBodySchema, verifyLagoWebhook, type LagoWebhookSecret } from '../../connectors/lago/webhook.ts';
import { billingEvent, billingSource, one, others, unread } from './billing.ts';
import { readJson } from './body.ts';
import type { EventSource, Intake, KeptEvent } from './intake.ts';
import { keptHeaders, refuse } from './intake.ts';
import { findingsOf } from './problem.ts';

const SYSTEM = 'lago';
/** Lago's own name of an event, the same for each of its deliveries; no part of what is signed. */
const KEY_HEADER = 'x-lago-unique-key';

const aboutSchema = z.looseObject({ lago_id: z.string().min(1) });

/** Lago's webhooks about invoices, credit notes and payments. They are hints: whoever acts on one reads the record by its ID. */
export function lagoSource(secret: LagoWebhookSecret): EventSource {
  return billingSource(SYSTEM, {
    async open({ headers, rawBody, limits }) {
      const result = await verifyLagoWebhook({ headers, rawBody }, secret);
      if (!result.ok && result.reason !== 'other_event' && result.reason !== 'malformed') return refuse({ reason: result.reason, detail: result.detail, mend: result.mend });
      return read({ rawBody, headers: keptHeaders(headers) }, limits.nesting);
    },
    read,
  });
}

function read({ rawBody, headers }: Pick<KeptEvent, 'rawBody' | 'headers'>, nesting: number): Intake {
  const eventId = headers[KEY_HEADER];
  const document = readJson(rawBody, nesting);
  if (!document.ok) return unread(SYSTEM, { eventId, rawBody, headers, payload: null }, [{ path: '', message: document.detail }]);
  const body = lagoBodySchema.safeParse(document.value);
  if (!body.success) return unread(SYSTEM, { eventId, rawBody, headers, payload: document.value }, findingsOf(body.error));
  const { webhook_type: type, object_type: of } = body.data;
  if (!LAGO_EVENTS.some((event) => event === type)) return others();
  const about = aboutSchema.safeParse(body.data[of]);
  if (!about.success) return unread(SYSTEM, { eventId, rawBody, headers, payload: document.value }, findingsOf(about.error).map(({ path, message }) => ({ path: [of, path].filter(Boolean).join('.'), message })));
  if (eventId === undefined) return unread(SYSTEM, { rawBody, headers, payload: document.value }, [{ path: '', message: `the header ${KEY_HEADER} was not kept` }]);
  return one(billingEvent(SYSTEM, { eventId, businessKey: about.data.lago_id, version: null, occurredAt: null, rawBody, headers, payload: body.data }));
}
