import { z } from 'zod';
import { SystemFailure } from '../../domain/failure.ts';
import type { HttpClient } from '../http/client.ts';
import { refusedFailure } from '../http/failures.ts';
import type { CallContext } from '../ports.ts';
import { classifyHubSpot } from './classify.ts';
import { crmObject, type CrmObject } from './crm-object.ts';

/** Inputs of one batch call. Source: HubSpot, CRM objects API, "Limits". */
export const BATCH_SIZE = 100;

export interface UpsertInput {
  /** The unique property's value. */
  readonly id: string;
  readonly properties: Readonly<Record<string, string>>;
}

interface Asked {
  /** The system's ID in the configuration. */
  readonly system: string;
  /** The business object, for messages. */
  readonly object: string;
  readonly context: CallContext;
}

/** What was refused of a batch: `context` holds the inputs' IDs (`ids`, `id`) or trace IDs (`objectWriteTraceId`). Every field may be missing. */
const batchError = z.looseObject({
  category: z.string().default(''),
  message: z.string().default(''),
  context: z.record(z.string(), z.union([z.array(z.string()), z.string().transform((one) => [one])])).default({}),
});
type BatchError = z.infer<typeof batchError>;

/** 200, 201: all done. 207: each input has its own outcome, `numErrors` and `errors` tell of those that were refused. */
const batchAnswer = z.object({ results: z.array(crmObject.extend({ objectWriteTraceId: z.string().optional() })), numErrors: z.number().int().default(0), errors: z.array(batchError).default([]) });

/**
 * Records by their IDs, a hundred a call; those that are not there are left out.
 * @throws SystemFailure also where HubSpot refused some of them for another reason
 */
export async function batchRead(http: HttpClient, type: string, ids: readonly string[], properties: readonly string[], asked: Asked): Promise<ReadonlyMap<string, CrmObject>> {
  const found = new Map<string, CrmObject>();
  for (let at = 0; at < ids.length; at += BATCH_SIZE) {
    const inputs = ids.slice(at, at + BATCH_SIZE).map((id) => ({ id }));
    const { body } = await http.request({ method: 'POST', path: `/crm/v3/objects/${type}/batch/read`, json: { properties, inputs }, answer: batchAnswer, object: asked.object, writes: false, context: asked.context });
    const refused = body.errors.find(({ category }) => category !== 'OBJECT_NOT_FOUND');
    if (refused !== undefined) throw inputFailure(asked, refused, { writes: false, othersWritten: false });
    for (const record of body.results) found.set(record.id, record);
  }
  return found;
}

/**
 * Creates or updates records by a unique property, a hundred a call. Repeating it changes nothing. Each input carries a trace ID, so that HubSpot answers for each alone:
 * those that can be written are, and the failure names one that was refused.
 * @throws SystemFailure
 */
export async function batchUpsert(http: HttpClient, type: string, idProperty: string, inputs: readonly UpsertInput[], asked: Asked): Promise<void> {
  let written = 0;
  for (let at = 0; at < inputs.length; at += BATCH_SIZE) {
    const part = inputs.slice(at, at + BATCH_SIZE);
    const json = { inputs: part.map(({ id, properties }) => ({ idProperty, id, properties, objectWriteTraceId: id })) };
    const { body } = await http.request({ method: 'POST', path: `/crm/v3/objects/${type}/batch/upsert`, json, answer: batchAnswer, object: asked.object, writes: true, context: asked.context });
    written += body.results.length;
    const [refused] = body.errors;
    if (refused !== undefined) throw inputFailure(asked, refused, { writes: true, othersWritten: written > 0 });
    if (body.numErrors > 0 || body.results.length !== part.length) throw unanswered(asked, part.length, body.results.length);
  }
}

/** What HubSpot says of one input, by the same table as whole answers. */
function inputFailure({ system, object }: Asked, refused: BatchError, { writes, othersWritten }: { readonly writes: boolean; readonly othersWritten: boolean }): SystemFailure {
  const named = [...new Set(Object.entries(refused.context).flatMap(([name, values]) => (name === 'objectWriteTraceId' || name === 'ids' || name === 'id' ? values : [])))].slice(0, 10);
  const asked = { system, object: named.length === 0 ? object : `${named.join(', ')} of ${object}`, writes };
  const status = refused.category === 'OBJECT_NOT_FOUND' ? 404 : refused.category === 'CONFLICT' ? 409 : refused.category === 'MISSING_SCOPES' ? 403 : 400;
  const text = JSON.stringify(refused);
  const verdict = classifyHubSpot({ status, headers: {}, body: refused, text }, asked);
  const failure = refusedFailure(asked, { status, text, html: false }, verdict);
  return othersWritten ? new SystemFailure({ ...failure.failure, written: 'unknown' }) : failure;
}

function unanswered({ system, object }: Asked, sent: number, answered: number): SystemFailure {
  return new SystemFailure({ kind: 'contract', code: 'HUBSPOT_BATCH_ANSWER', message: `HubSpot answered ${answered} of ${sent} records of ${object}, and does not say what became of the others.`, mend: 'Compare connectors/hubspot/batch.ts with HubSpot\'s documentation, then retry: each record is found again by its unique property.', system, object, written: 'unknown' });
}
