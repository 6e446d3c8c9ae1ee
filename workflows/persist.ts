import { condition, isCancellation } from '@temporalio/workflow';
import type { ConfigActivated } from '../domain/process/deal-process.ts';
import type { CaseAnswer, CaseInput } from '../domain/process/exception-case.ts';
import type { Failure } from '../domain/failure.ts';
import type { Cases } from './cases.ts';
import { failureOf } from './failures.ts';

export interface Persistence {
  readonly cases: Cases;
  /** The case of a failed step, but for what the failure says. */
  readonly caseFor: (part: Pick<CaseInput, 'code' | 'kind' | 'message' | 'mend' | 'subject'> & Partial<CaseInput>) => CaseInput;
  /** The configuration activated last, as far as this process was told. */
  readonly configActivated: () => ConfigActivated | undefined;
  /** How long a step may fail for passing reasons before integration support is told, minutes. */
  readonly slaMinutes: number;
}

const MINUTE_MS = 60_000;
const ONLY_RETRY = ['correct', 'override', 'reroute', 'return_to_submitter', 'confirm_done', 'confirm_not_done', 'abort'] as const;

/**
 * Runs a step until it gets through. What no retry can mend goes to a person, whose "retry" runs the step again, as a newly activated
 * configuration does; a step that keeps failing for passing reasons has a case beside it until it gets through.
 * @param byHand what a step that may be done by hand makes of a person's "confirm_done", before it runs again
 */
export async function persist<Result>({ cases, caseFor, configActivated, slaMinutes }: Persistence, subject: string, step: () => Promise<Result>, byHand?: (answer: CaseAnswer) => Promise<void>): Promise<Result> {
  for (;;) {
    const attempt = { over: false };
    const watching = watch(attempt);
    // Cancelled, both end at once: this one is awaited only after the step.
    watching.catch(() => undefined);
    try {
      return await step();
    } catch (error) {
      if (isCancellation(error)) throw error;
      attempt.over = true;
      const known = configActivated()?.hash;
      const open = await cases.raise(caseFor({ ...ofFailure(failureOf(error, subject)), subject, without: ONLY_RETRY.filter((action) => action !== 'confirm_done' || byHand === undefined) }));
      const answer = await cases.answerOf(open, () => (configActivated()?.hash === known ? undefined : 'another configuration is active; the step is tried again'));
      if (answer?.action === 'confirm_done') await byHand?.(answer);
    } finally {
      attempt.over = true;
      await watching;
    }
  }

  async function watch(attempt: { readonly over: boolean }): Promise<void> {
    const over = () => attempt.over;
    while (!(await condition(over, slaMinutes * MINUTE_MS))) {
      const open = await cases.raise(caseFor({
        code: 'STILL_RETRYING',
        kind: 'transient',
        subject,
        message: `${subject} has not got through for ${slaMinutes} minutes.`,
        mend: 'It is being retried all the time and goes on by itself once the system answers. Look at the pending activity for the last error.',
        without: [...ONLY_RETRY],
      }));
      await cases.answerOf(open, () => (over() ? 'the step got through' : undefined));
      if (over()) return;
    }
  }
}

function ofFailure({ code, kind, message, mend, system, evidence, postingKey }: Failure): Pick<CaseInput, 'code' | 'kind' | 'message' | 'mend'> & Partial<CaseInput> {
  return { code, kind, message, mend, system: system === 'q2c' ? null : system, evidence: evidence ?? null, postingKey: postingKey ?? null };
}
