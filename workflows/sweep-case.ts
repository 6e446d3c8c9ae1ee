import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { getExternalWorkflowHandle, isCancellation, ParentClosePolicy, startChild } from '@temporalio/workflow';
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
}

/**
 * Runs one sweep. One that fails for good opens an exception case of its system, once, and ends in failure, so that the schedule's next run can
 * begin; the next one that goes well closes the case.
 */
export async function sweepWithCase<Result>(input: Sweep<Result>): Promise<Result> {
  const { sweep, caseOfSweep, subject } = input;
  let result;
  try {
    result = await sweep();
  } catch (error) {
    if (isCancellation(error)) throw error;
    const { process, caseId, open } = await caseOfSweep();
    if (!open) await raise(caseId, process, input, failureOf(error, subject));
    throw error;
  }
  const { caseId, open } = await caseOfSweep();
  if (open) await close(caseId);
  return result;
}

async function raise(caseId: string, process: string, { system, subject, consequence, remedy, all }: Omit<Sweep<unknown>, 'sweep' | 'caseOfSweep'>, { code, kind, message, mend, evidence }: Failure): Promise<void> {
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

async function close(caseId: string): Promise<void> {
  try {
    await getExternalWorkflowHandle(caseId).signal(closeCaseSignal, { reason: 'the sweep goes well again' });
  } catch {
    // The case has ended by itself in the meantime.
  }
}
