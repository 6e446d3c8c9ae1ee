import { z } from 'zod';
import type { SentAnswer } from '../../../store/sender-answers.ts';

const HELD_MEND = 'Nothing, if it is under way: this is judged by itself as soon as it is there.';

const findingsSchema = z.array(z.object({
  code: z.string(),
  kind: z.string().optional().describe('business_rule: whoever submitted it mends it · configuration: the firm does · left out for what is held'),
  path: z.string().default(''),
  message: z.string(),
  mend: z.string().default(HELD_MEND),
}));
const reasons = {
  findings: findingsSchema.describe('what is wrong, where, and how to mend it, in words for whoever submitted it'),
  waitsFor: z.string().nullable().describe('of what is held: what it waits for'),
};

/** What became of one version of a document. */
export const sentVersionSchema = z.object({
  kind: z.enum(['timesheet', 'expense']),
  system: z.string(),
  id: z.string(),
  version: z.int(),
  person: z.string(),
  batch: z.string(),
  receivedAt: z.iso.datetime(),
  state: z.enum(['received', 'decided']),
  decidedAt: z.iso.datetime().nullable(),
  outcome: z.string().nullable().describe('of an expense report: accepted, repeat, withdrawn, rejected, held, returned or superseded; null for a timesheet, whose entries have outcomes'),
  outcomes: z.record(z.string(), z.int()).describe('entries or expense lines by outcome: accepted, repeat (known), rejected, held, returned (given back, or a later version took its place), withdrawn'),
  ...reasons,
  entries: z.array(z.object({ id: z.string(), version: z.int(), outcome: z.string(), ...reasons })).describe('of a timesheet'),
  isPosted: z.boolean().describe('everything that was accepted is in the systems it is posted to'),
  posted: z.array(z.object({ system: z.string(), kind: z.string(), state: z.string(), lines: z.int() })).describe('lines by the system they are posted in and how they stand there; what is done is locked'),
});

export const sentDocumentSchema = z.object({ system: z.string(), id: z.string(), latest: z.int().describe('the highest version received'), versions: z.array(sentVersionSchema) });

/** One line of a batch's records. */
export const batchRecordSchema = sentVersionSchema.extend({ record: z.int().describe('`after` of the request for the records that follow') });

export const batchRecordsEndSchema = z.object({
  batch: z.string(),
  complete: z.boolean().describe('every line that was asked for is above'),
  records: z.int().describe('lines above'),
  next: z.int().nullable().describe('`after` of the request for the rest; null where there was none when this began'),
  problem: z.object({ reason: z.string(), detail: z.string(), mend: z.string(), retryAfterSeconds: z.int().optional() }).optional(),
});

export const answersSchema = z.object({
  answers: z.array(sentVersionSchema).describe('in the order in which they were decided; of the entries those that were refused, given back or are held'),
  next: z.string().describe('`after` of the next request; keep it once these answers are safe with you'),
  more: z.boolean().describe('there are more by now: ask again at once'),
});

/** @throws z.ZodError for an answer that does not follow the API's own description */
export function toldOf(answer: SentAnswer): z.infer<typeof sentVersionSchema> {
  const standing = answer.posted.filter(({ state }) => state !== 'cancelled');
  return sentVersionSchema.parse({ ...answer, isPosted: standing.length > 0 && standing.every(({ state }) => state === 'done') });
}
