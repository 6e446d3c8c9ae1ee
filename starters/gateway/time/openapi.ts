import { z } from 'zod';
import { MOST_KEPT_LINES } from '../../../store/inbox-lines.ts';
import { ANSWER_OUTCOMES } from '../../../store/sender-answers.ts';
import { findingSchema } from '../problem.ts';
import { MOST_ANSWERS, MOST_RECORDS } from './answer-routes.ts';

const totals = { lines: z.int(), received: z.int(), known: z.int(), invalid: z.int() };

export const recordAnswerSchema = z.object({
  line: z.int().describe('number of the line, or of the document in the array'),
  id: z.string().nullable(),
  version: z.number().nullable(),
  status: z.enum(['received', 'known', 'invalid']).describe('received: durable and new · known: this version with this content came before · invalid: cannot be read as a document; it lies in quarantine for a person'),
  errors: z.array(findingSchema).optional(),
});

export const smallAnswerSchema = z.object({ batch: z.string(), ...totals, records: z.array(recordAnswerSchema) });

export const bulkEndSchema = z.object({
  batch: z.string(),
  complete: z.boolean().describe('every line was read and answered, and a digest, where one was given, is that of the body'),
  ...totals,
  digest: z.enum(['verified', 'mismatch', 'not given']),
  problem: z.object({ reason: z.string(), detail: z.string(), mend: z.string(), retryAfterSeconds: z.int().optional() }).optional(),
});

const counts = z.record(z.string(), z.int());

export const batchSchema = z.object({
  batch: z.string(),
  source: z.string(),
  key: z.string(),
  kind: z.enum(['timesheets', 'expenses']),
  state: z.enum(['receiving', 'sealed']),
  receivedAt: z.iso.datetime(),
  sealedAt: z.iso.datetime().nullable(),
  lines: z.int().describe('documents sent under this key, repeated ones included'),
  records: z.object({ received: z.int().describe('not yet decided'), decided: z.int() }),
  pages: counts.describe('by state: filling, ready, started, done'),
  outcomes: counts.describe('entries decided so far, by outcome: accepted, repeat, rejected, held, returned, withdrawn'),
  unreadable: z
    .object({ waiting: z.int(), taken: z.int(), dismissed: z.int(), notKept: z.int() })
    .describe('lines answered as invalid: in quarantine, taken in after all, set aside by a person, and past the most that are kept of one batch'),
});

interface Parts {
  readonly ref: (name: string) => object;
  readonly refusals: (reasons?: readonly ('malformed' | 'bad_signature' | 'too_large' | 'unsupported_media_type' | 'schema' | 'too_many' | 'store_unavailable' | 'not_found')[]) => object;
}

const SECURITY = [{ standardWebhooks: [] }, { apiToken: [] }];

/** The part of the API's description that is about time and expenses. */
export function timePaths({ ref, refusals }: Parts) {
  const send = (operationId: string, kind: string, schema: string) => ({
    post: {
      operationId,
      tags: ['time'],
      summary: `Send ${kind}: one, an array, or a stream of lines`,
      description: [
        `**application/json** takes one document or an array of them, up to 1 MiB; a Standard Webhooks signature is made over the body.`,
        `**application/x-ndjson** takes one document a line, up to 1 MiB each, without end: lines are answered as they become durable, in their order, while the body still comes in, and the last line of the answer holds the totals (BulkEnd). Read the answers while you send: past 8 MiB of unread answers the gateway reads no further.`,
        `A streamed body is signed before it is there: the signature is made over \`digest:<value of the Content-Digest or Digest header>\`, or over \`key:<Idempotency-Key>\` where no digest is known beforehand. The digest may also come as a trailer (announced by \`Trailer\`).`,
        `A digest that does not match says so at the end and names the batch; what was received stays, because each line is a business event of its own: send the batch again under the same key, and what is right already is answered as known. A body in application/json with a wrong digest is refused whole.`,
        `A line that is not UTF-8, not JSON, cut off, too long, or holds half a character, U+0000, or a number or date out of range is answered as invalid and harms no other line. It is kept in quarantine, once however often its batch is sent, until it is read again by us or sent again, mended, under the same key; past ${MOST_KEPT_LINES} such lines of a batch the rest are counted.`,
        `A request that was cut off is sent again under the same key.`,
      ].join('\n\n'),
      security: SECURITY,
      parameters: [
        { name: 'Idempotency-Key', in: 'header', required: false, description: 'Names the batch: 1 to 200 visible ASCII characters, the same each time the batch is sent. Required for a stream; webhook-id stands for it where it is left out of a JSON request.', schema: { type: 'string' } },
        { name: 'webhook-id', in: 'header', required: false, description: 'Unique per event; a repeated event keeps its ID.', schema: { type: 'string' } },
        { name: 'webhook-timestamp', in: 'header', required: false, description: 'Seconds since 1970 when the request was signed.', schema: { type: 'string' } },
        { name: 'Content-Digest', in: 'header', required: false, description: 'sha-256=:<base64>: of the body (RFC 9530); `Digest: sha-256=<base64>` is taken as well. Header or trailer.', schema: { type: 'string' } },
      ],
      requestBody: {
        required: true,
        content: {
          'application/json': { schema: { oneOf: [ref(schema), { type: 'array', minItems: 1, items: ref(schema) }] } },
          'application/x-ndjson': { schema: ref(schema) },
        },
      },
      responses: {
        '200': { description: 'A stream of answers, one a line and the totals last; the header x-batch names the batch.', content: { 'application/x-ndjson': { schema: { oneOf: [ref('RecordAnswer'), ref('BulkEnd')] } } } },
        '202': { description: 'The documents that are not answered as invalid are kept, the others lie in quarantine. A body without any that is valid is refused, and lies in quarantine as well.', content: { 'application/json': { schema: ref('TimeAnswer') } } },
        ...refusals(['malformed', 'bad_signature', 'too_large', 'unsupported_media_type', 'schema', 'too_many', 'store_unavailable']),
      },
    },
  });
  const ask = (operationId: string, kind: string, signed: string) => ({
    get: {
      operationId,
      tags: ['time'],
      summary: `What became of ${kind}, version by version, with the reasons where it was refused`,
      description: `Of documents that were sent here. A Standard Webhooks signature is made over \`${signed}:<system>/<id>\`.`,
      security: SECURITY,
      parameters: [inPath('system'), inPath('id'), inQuery('version', '`latest`, or the number of one; all unless told', { type: 'string', pattern: '^(latest|\\d+)$' })],
      responses: { '200': { description: 'What was decided, and where it is posted', content: { 'application/json': { schema: ref('SentDocument') } } }, ...refusals(['bad_signature', 'not_found', 'schema', 'store_unavailable']) },
    },
  });
  const ofBatch = (operationId: string, summary: string, more: { readonly description?: string; readonly parameters?: readonly object[]; readonly response: object; readonly reasons: Parameters<typeof refusals>[0] }) => ({
    get: {
      operationId,
      tags: ['time'],
      summary,
      description: `A Standard Webhooks signature is made over \`batch:<id>\`.${more.description ?? ''}`,
      security: SECURITY,
      parameters: [inPath('id'), ...(more.parameters ?? [])],
      responses: { '200': more.response, ...refusals(more.reasons) },
    },
  });
  return {
    '/v1/timesheets/{system}/{id}': ask('timesheetAnswer', 'a timesheet', 'timesheet'),
    '/v1/expenses/{system}/{id}': ask('expenseReportAnswer', 'an expense report', 'expense'),
    '/v1/timesheets': send('sendTimesheets', 'timesheets', 'Timesheet'),
    '/v1/expenses': send('sendExpenseReports', 'expense reports', 'ExpenseReport'),
    '/v1/batches/{id}': ofBatch('batchStatus', 'Where a batch stands', {
      response: { description: 'Counts of documents, pages and outcomes', content: { 'application/json': { schema: ref('Batch') } } },
      reasons: ['bad_signature', 'not_found', 'store_unavailable'],
    }),
    '/v1/batches/{id}/records': ofBatch('batchRecords', 'What became of each document of a batch, with the reasons where it was refused', {
      description: ' One line for each document that was new with this batch, and BatchRecordsEnd last: an answer without that line was cut off. A document answered as known belongs to the batch it came with first, and one answered as invalid to none.',
      parameters: [
        inQuery('after', 'only records after this one: `record` of a line, or `next` of the last', { type: 'integer', minimum: 0 }),
        inQuery('limit', 'most lines; the rest by `after`', { type: 'integer', minimum: 1, maximum: MOST_RECORDS }),
        inQuery('outcome', 'only documents with an entry of this outcome; received: not decided yet; superseded: of expense reports', { type: 'string', enum: ANSWER_OUTCOMES }),
      ],
      response: { description: 'A stream of lines; of the entries those that were refused, given back or are held.', content: { 'application/x-ndjson': { schema: { oneOf: [ref('BatchRecord'), ref('BatchRecordsEnd')] } } } },
      reasons: ['bad_signature', 'not_found', 'schema', 'too_many', 'store_unavailable'],
    }),
    '/v1/answers': {
      get: {
        operationId: 'answers',
        tags: ['time'],
        summary: 'What was decided, in the order in which it was decided, after a cursor',
        description: [
          'For senders that no webhook reaches: ask with the `next` of the last answer, keep the new `next` once the answers are safe with you, and none is missed, whatever was decided at the same moment. A document that is decided otherwise later (held and then accepted, refused and then corrected) comes again, as it is then; one that did not change does not.',
          'A Standard Webhooks signature is made over `answers:<after>`, with nothing after the colon where `after` is left out.',
        ].join('\n\n'),
        security: SECURITY,
        parameters: [
          inQuery('after', '`next` of the last answer; from the beginning unless told', { type: 'string', pattern: '^\\d{1,15}$' }),
          inQuery('limit', 'most answers, 100 unless told', { type: 'integer', minimum: 1, maximum: MOST_ANSWERS }),
        ],
        responses: { '200': { description: 'Answers and the cursor for the next ones', content: { 'application/json': { schema: ref('Answers') } } }, ...refusals(['bad_signature', 'schema', 'store_unavailable']) },
      },
    },
  };
}

function inPath(name: string) {
  return { name, in: 'path', required: true, schema: { type: 'string' } };
}

function inQuery(name: string, description: string, schema: object) {
  return { name, in: 'query', required: false, description, schema };
}
