import { CancellationScope, condition } from '@temporalio/workflow';
import type { AbortRequest } from '../domain/process/deal-process.ts';
import type { CaseInput } from '../domain/process/exception-case.ts';
import type { Cases } from './cases.ts';
import type { Progress } from './deal-progress.ts';

const MINUTE_MS = 60_000;

export interface RetryWatch {
  readonly cases: Cases;
  readonly progress: Progress;
  readonly caseFor: (part: Pick<CaseInput, 'code' | 'kind' | 'message' | 'mend' | 'subject'> & Partial<CaseInput>) => CaseInput;
  readonly ended: () => boolean;
  /** How long a step may fail for passing reasons before integration support is told, minutes. */
  readonly slaMinutes: () => number;
  readonly onAbort: (request: AbortRequest) => void;
}

/**
 * Tells integration support of a step that has been failing for passing reasons for too long; its retries go on meanwhile, and the case
 * closes by itself when the step gets through. Sets a timer only while a step runs, so that a process which waits for a person costs nothing.
 */
export async function watchRetries({ cases, progress, caseFor, ended, slaMinutes, onAbort }: RetryWatch): Promise<void> {
  const told = new Set<string>();
  /** When a person last said to go on trying: the SLA counts anew from there. */
  const answeredAt = new Map<string, number>();
  const running = () => progress.runningLongerThan(0).map((step) => ({ ...step, since: Math.max(step.since, answeredAt.get(step.key) ?? 0) }));
  const untold = () => running().filter(({ key }) => !told.has(key));

  async function tell(key: string, { step, subject, system }: ReturnType<typeof untold>[number]['status']): Promise<void> {
    told.add(key);
    const open = await cases.raise(caseFor({
      code: 'STILL_RETRYING',
      kind: 'transient',
      subject: `${step} of ${subject}`,
      system,
      message: `${step} of ${subject} has not got through to ${system} for ${slaMinutes()} minutes.`,
      mend: 'The step is being retried all the time and goes on by itself once the system answers. Look at the pending activity for the last error; abort if it shall not go on.',
      without: ['correct', 'override', 'reroute', 'confirm_done', 'confirm_not_done', 'return_to_submitter'],
    }));
    const answer = await cases.answerOf(open, () => (ended() || !running().some((step) => step.key === key) ? 'the step got through' : undefined));
    told.delete(key);
    answeredAt.set(key, Date.now());
    if (answer?.action === 'abort') onAbort(answer);
  }

  for (;;) {
    await condition(() => ended() || untold().length > 0);
    if (ended()) return;
    const oldest = Math.min(...untold().map(({ since }) => since));
    if (await condition(ended, Math.max(oldest + slaMinutes() * MINUTE_MS - Date.now(), 1000))) return;
    for (const { key, status, since } of untold()) {
      if (Date.now() - since >= slaMinutes() * MINUTE_MS) void CancellationScope.nonCancellable(() => tell(key, status));
    }
  }
}
