import { z } from 'zod';
import { redact } from './redact.ts';

/** The five kinds of failure, each with one road (ARCHITECTURE.md, "Failure"). */
export const failureKindSchema = z.enum(['transient', 'in_doubt', 'business_rule', 'contract', 'configuration']);
export type FailureKind = z.infer<typeof failureKindSchema>;

export const failureSchema = z.object({
  kind: failureKindSchema,
  /** Stable and short, in capitals: "NETSUITE_INVALID_CONTENT". Policies are looked up by it. */
  code: z.string(),
  /** What happened, to which business object. */
  message: z.string(),
  /** What to do next, in words for the person who will read the case. */
  mend: z.string(),
  system: z.string(),
  /** The business object: "project US01-TECH-7K3QF9QX". */
  object: z.string(),
  /** Whether the write behind this failure can have taken effect. */
  written: z.enum(['no', 'unknown']),
  /** The vendor's own wish, milliseconds. */
  retryAfterMs: z.number().int().nonnegative().optional(),
  /** The write in the posting ledger that a person has to settle. */
  postingKey: z.string().optional(),
  /** The vendor's answer or part of it, redacted, for the person who mends it. */
  evidence: z.string().max(4000).optional(),
});
export type Failure = z.infer<typeof failureSchema>;

/** What a connector throws when a system did not do what was asked. Its message may quote the system: it is redacted. */
export class SystemFailure extends Error {
  override readonly name = 'SystemFailure';
  readonly failure: Failure;
  constructor(failure: Failure, options?: ErrorOptions) {
    const message = redact(failure.message);
    super(`${failure.system}: ${message} ${failure.mend}`, options);
    this.failure = { ...failure, message };
  }
}

export function isSystemFailure(error: unknown): error is SystemFailure {
  return error instanceof SystemFailure;
}
