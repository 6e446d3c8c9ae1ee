import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { condition, getExternalWorkflowHandle, isCancellation, ParentClosePolicy, patched, startChild } from '@temporalio/workflow';
import type { Failure } from '../domain/failure.ts';
import { closeCaseSignal } from './contracts/exception-case.ts';
import { SearchAttribute } from './contracts/search-attributes.ts';
import type { exceptionCase } from './exception-case.ts';
import { failureOf } from './failures.ts';

export interface Sweep<Result> {
  readonly system: string;
  /** "missed-event sweep of salesforce" */
  readonly subject: string;
  readonly sweep: () => Promise<Result>;
  /** The open case of the system's sweep, or the ID that the next one takes. */
  readonly caseOfSweep: () => Promise<{ readonly process: string; readonly caseId: string; readonly open: boolean }>;
  /** What it means that the sweep fails; the failure's own message follows. */
  readonly consequence: string;
  /** What the next sweep that goes well makes good. */
  readonly remedy: string;
  /** What is concerned, in words: "all of salesforce". */
  readonly all: string;
  /** For a sweep that retries passing failures without an end: after so long a case tells a person, while the retries go on. Minutes. */
  readonly slaMinutes?: number;
}

const MINUTE_MS = 60_000;
/** Before it, a sweep that kept failing for passing reasons was known to nobody. */
const TELLS_OF_RETRIES = 'sweep-tells-of-retries';

/**
 * Runs one sweep. One that fails for good opens an exception case of its system, once, and ends in failure, so that the schedule's next run can
 * begin; the next one that goes well closes the case. One that may retry for ever has its case after a while, and goes on.
 */
export async function sweepWithCase<Result>(input: Sweep<Result>): Promise<Result> {
  const { caseOfSweep, subject, slaMinutes } = input;
  /** The case of this run's long retrying, where it opened one. */
  let retrying: string | undefined;
  let result;
  try {
    result = slaMinutes !== undefined && patched(TELLS_OF_RETRIES) ? await watched(slaMinutes) : await input.sweep();
  } catch (error) {
    if (isCancellation(error)) throw error;
    const { process, caseId, open } = await caseOfSweep();
    if (!open) await raise(caseId, process, input, failureOf(error, subject));
    else if (caseId === retrying) {
      // What it is now is another cause: the next case of this sweep names it.
      await close(caseId, 'it fails for good now; another case says why');
      await raise(after(caseId), process, input, failureOf(error, subject));
    }
    throw error;
  }
  const { caseId, open } = await caseOfSweep();
  if (open) await close(caseId, 'the sweep goes well again');
  return result;

  async function watched(minutes: number): Promise<Result> {
    const attempt = { over: false };
    const watching = watch(attempt, minutes);
    // Cancelled, both end at once: this one is awaited only after the sweep.
    watching.catch(() => undefined);
    try {
      return await input.sweep();
    } finally {
      attempt.over = true;
      await watching;
    }
  }

  async function watch(attempt: { readonly over: boolean }, minutes: number): Promise<void> {
    for (let waited = minutes; !(await condition(() => attempt.over, minutes * MINUTE_MS)); waited += minutes) {
      const { process, caseId, open } = await caseOfSweep();
      if (open || attempt.over) continue;
      retrying = caseId;
      await raise(caseId, process, input, stillRetrying(input, waited));
    }
  }
}

function stillRetrying({ subject, system }: Pick<Sweep<unknown>, 'subject' | 'system'>, minutes: number): Failure {
  return {
    kind: 'transient',
    code: 'STILL_RETRYING',
    message: `the ${subject} has not got through for ${minutes} minutes.`,
    mend: 'It is being retried all the time. Look at the pending activity for the last error.',
    system,
    object: subject,
    written: 'no',
  };
}

/** The ID that the system's next case takes: they are numbered. */
function after(caseId: string): string {
  return caseId.replace(/\d+$/, (number) => String(Number(number) + 1));
}

async function raise(caseId: string, process: string, { system, subject, consequence, remedy, all }: Omit<Sweep<unknown>, 'sweep' | 'caseOfSweep' | 'slaMinutes'>, { code, kind, message, mend, evidence }: Failure): Promise<void> {
  try {
    await startChild<typeof exceptionCase>('exceptionCase', {
      workflowId: caseId,
      args: [{
        process,
        code,
        kind,
        subject,
        message: `${consequence}: ${message}`,
        mend: `${mend} The next sweep that goes well closes this case; ${remedy}.`,
        findings: [],
        system,
        legalEntity: null,
        deal: all,
        amount: null,
        evidence: evidence ?? null,
        postingKey: null,
        configHash: null,
        registersItself: true,
        without: ['correct', 'override', 'reroute', 'return_to_submitter', 'confirm_done', 'confirm_not_done', 'abort'],
      }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: `${code}: ${subject}`.slice(0, 190),
      typedSearchAttributes: [
        { key: SearchAttribute.process, value: 'exceptionCase' },
        { key: SearchAttribute.exceptionCode, value: code },
        { key: SearchAttribute.system, value: system },
      ],
    });
  } catch (error) {
    // Opened by the sweep before, and not in the register yet.
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

async function close(caseId: string, reason: string): Promise<void> {
  try {
    await getExternalWorkflowHandle(caseId).signal(closeCaseSignal, { reason });
  } catch {
    // The case has ended by itself in the meantime.
  }
}
