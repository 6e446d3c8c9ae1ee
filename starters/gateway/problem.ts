import { z } from 'zod';

/** One thing to mend: a JSON pointer-like path ("lines.0.quantity", empty for the whole) and what was expected. */
export const findingSchema = z.object({ path: z.string(), message: z.string() });
export type Finding = z.infer<typeof findingSchema>;

/** RFC 9457, with `errors` (every finding) and `mend` (what to do next). */
export const problemSchema = z.object({
  type: z.string().describe('urn:q2c:problem:<reason>'),
  title: z.string(),
  status: z.int().min(400).max(599),
  detail: z.string().describe('what happened'),
  instance: z.string().describe('the request, as the log names it'),
  errors: z.array(findingSchema),
  mend: z.string().describe('what to do next'),
});
export type Problem = z.infer<typeof problemSchema>;

const KINDS = {
  malformed: { status: 400, title: 'The body cannot be read' },
  no_key: { status: 400, title: 'The idempotency key is missing' },
  digest_mismatch: { status: 400, title: 'The body is not the one its digest was made of' },
  unsigned: { status: 401, title: 'The signature is missing' },
  bad_signature: { status: 401, title: 'The signature does not match' },
  outside_window: { status: 401, title: 'The signed timestamp is outside the window' },
  wrong_sender: { status: 401, title: 'The sender is not the connected one' },
  not_found: { status: 404, title: 'There is nothing at this address' },
  unknown_system: { status: 404, title: 'The system is not connected' },
  method_not_allowed: { status: 405, title: 'The method is not allowed here' },
  too_slow: { status: 408, title: 'The body stood still for too long' },
  conflict: { status: 409, title: 'The event ID was used before for another body' },
  too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The content type is not accepted' },
  schema: { status: 422, title: 'The event does not follow its schema' },
  too_many: { status: 429, title: 'Too many deliveries at once' },
  header_too_large: { status: 431, title: 'The request headers are too large' },
  internal: { status: 500, title: 'The gateway failed' },
  store_unavailable: { status: 503, title: 'The event cannot be kept now' },
} as const;

export type RefusalReason = keyof typeof KINDS;

export interface Refusal {
  readonly reason: RefusalReason;
  readonly detail: string;
  readonly mend: string;
  readonly errors?: readonly Finding[];
  readonly retryAfterSeconds?: number;
}

export const PROBLEM_CONTENT_TYPE = 'application/problem+json';

export function refusalStatus(reason: RefusalReason): number {
  return KINDS[reason].status;
}

export function toProblem(refusal: Refusal, requestId: string): Problem {
  return {
    type: `urn:q2c:problem:${refusal.reason.replaceAll('_', '-')}`,
    ...KINDS[refusal.reason],
    detail: refusal.detail,
    instance: `urn:uuid:${requestId}`,
    errors: [...(refusal.errors ?? [])],
    mend: refusal.mend,
  };
}

const MOST_FINDINGS = 50;

/** Every finding of a failed parse, for the one who has to mend the document. */
export function findingsOf(error: unknown): Finding[] {
  if (error instanceof z.ZodError) {
    return error.issues.slice(0, MOST_FINDINGS).map((issue) => ({ path: issue.path.map(String).join('.').slice(0, 200), message: issue.message.slice(0, 300) }));
  }
  return [{ path: '', message: error instanceof Error ? error.message : String(error) }];
}
