import { CLOCKIFY_EVENTS, clockifyApprovalBodySchema, verifyClockifyWebhook, type ClockifyWebhookSecret } from '../../connectors/clockify/webhook.ts';
import { sha256 } from '../../store/json.ts';
import { readJson } from './body.ts';
import { DEFAULT_LIMITS } from './deps.ts';
import type { InboundEvent } from './deps.ts';
import { deliveryStatus, keptHeaders, refuse } from './intake.ts';
import type { EventSource, Intake } from './intake.ts';
import { findingsOf } from './problem.ts';

const SYSTEM = 'clockify';
const TYPE_HEADER = 'clockify-webhook-event-type';

/** Why Clockify's own check refused, in the words of a problem. */
const REASONS = { unsigned: 'unsigned', bad_signature: 'bad_signature', other_workspace: 'wrong_sender' } as const;

/**
 * Clockify's webhooks about approval requests. They are hints: the process reads the timesheet by its ID, so that two deliveries of one change are
 * the same event whatever else their bodies hold.
 */
export function clockifySource(secret: ClockifyWebhookSecret): EventSource {
  return {
    system: SYSTEM,
    route: '/webhooks/clockify',
    contentTypes: ['application/json'],
    open(delivery) {
      const headers = keptHeaders(delivery.headers);
      const result = verifyClockifyWebhook({ headers: delivery.headers, rawBody: delivery.rawBody }, secret);
      if (result.ok) return one({ ...arrived(result.event.eventId, delivery.rawBody, headers), businessKey: result.event.timesheetId, version: result.event.occurredAt, occurredAt: result.event.occurredAt, payload: result.event.body });
      if (result.reason === 'other_event') return { outcome: 'opened', events: [], quarantine: [], irrelevant: 1 };
      if (result.reason !== 'malformed') return refuse({ reason: REASONS[result.reason], detail: result.detail, mend: result.mend });
      return read(delivery.rawBody, headers, delivery.limits.nesting);
    },
    reopen: ({ rawBody, headers }) => read(rawBody, headers, DEFAULT_LIMITS.nesting),
    acknowledge: (opened, receipts) => ({ status: 200, contentType: 'application/json; charset=utf-8', body: JSON.stringify({ status: deliveryStatus(receipts), events: receipts.length, ignored: opened.irrelevant }) }),
  };
}

function read(rawBody: Buffer, headers: Record<string, string>, nesting: number): Intake {
  const type = CLOCKIFY_EVENTS.find((event) => event === headers[TYPE_HEADER]);
  const document = readJson(rawBody, nesting);
  const body = clockifyApprovalBodySchema.safeParse(document.ok ? document.value : undefined);
  if (type === undefined || !body.success) {
    const findings = !document.ok ? [{ path: '', message: document.detail }] : body.success ? [{ path: '', message: `the header ${TYPE_HEADER} names no event we know` }] : findingsOf(body.error);
    return { outcome: 'opened', events: [], quarantine: [{ ...arrived(`sha256:${sha256(rawBody)}`, rawBody, headers), payload: document.ok ? document.value : null, findings }], irrelevant: 0 };
  }
  const { id, status } = body.data;
  return one({ ...arrived([id, type, status.state, status.updatedAt].join('/'), rawBody, headers), businessKey: id, version: status.updatedAt, occurredAt: status.updatedAt, payload: body.data });
}

function one(event: InboundEvent): Intake {
  return { outcome: 'opened', events: [event], quarantine: [], irrelevant: 0 };
}

function arrived(eventId: string, rawBody: Buffer, headers: Record<string, string>): InboundEvent {
  return { source: SYSTEM, eventId, kind: 'timesheet.changed', businessKey: '', version: null, occurredAt: null, headers, rawBody, payload: null, contentHash: sha256(eventId) };
}
