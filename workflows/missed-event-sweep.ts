import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { getExternalWorkflowHandle, isCancellation, ParentClosePolicy, proxyActivities, setWorkflowOptions, startChild } from '@temporalio/workflow';
import { onDeployment } from './versioning.ts';
import type { MissedEventSweepActivities } from '../activities/sweep.ts';
import type { Failure } from '../domain/failure.ts';
import { onStore, onTarget } from './activity-options.ts';
import { closeCaseSignal } from './contracts/exception-case.ts';
import { SearchAttribute } from './contracts/search-attributes.ts';
import type { exceptionCase } from './exception-case.ts';
import { failureOf } from './failures.ts';

/**
 * Asks a CRM for closed-won deals whose webhook never came. Started by a schedule; the next run makes good what this one could not.
 * One that fails for good opens an exception case of its CRM, once; the next one that goes well closes it.
 */
export async function missedEventSweep(input: { readonly crm: string }): Promise<Awaited<ReturnType<MissedEventSweepActivities['sweepMissedEvents']>>> {
  const { crm } = input;
  const { sweepMissedEvents } = proxyActivities<MissedEventSweepActivities>({ ...onTarget(crm, `deals of ${crm} without an event`, crm), startToCloseTimeout: '10 minutes' });
  const { caseOfSweep } = proxyActivities<MissedEventSweepActivities>(onStore(`case of the sweep of ${crm}`));
  let result;
  try {
    result = await sweepMissedEvents(input);
  } catch (error) {
    if (isCancellation(error)) throw error;
    const { process, caseId, open } = await caseOfSweep(input);
    if (!open) await raise(caseId, process, crm, failureOf(error, `missed-event sweep of ${crm}`));
    throw error;
  }
  const { caseId, open } = await caseOfSweep(input);
  if (open) await close(caseId);
  return result;
}

async function raise(caseId: string, process: string, crm: string, { code, kind, message, mend, evidence }: Failure): Promise<void> {
  try {
    await startChild<typeof exceptionCase>('exceptionCase', {
      workflowId: caseId,
      args: [{
        process,
        code,
        kind,
        subject: `missed-event sweep of ${crm}`,
        message: `Deals of ${crm} that no event told of are not found any more: ${message}`,
        mend: `${mend} The next sweep that goes well closes this case; deals of the meantime are found then.`,
        findings: [],
        system: crm,
        legalEntity: null,
        deal: `all of ${crm}`,
        amount: null,
        evidence: evidence ?? null,
        postingKey: null,
        configHash: null,
        without: ['correct', 'override', 'reroute', 'return_to_submitter', 'confirm_done', 'confirm_not_done', 'abort'],
      }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: `${code}: missed-event sweep of ${crm}`.slice(0, 190),
      typedSearchAttributes: [
        { key: SearchAttribute.process, value: 'exceptionCase' },
        { key: SearchAttribute.exceptionCode, value: code },
        { key: SearchAttribute.system, value: crm },
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

// Short: it ends on the build it began with.
setWorkflowOptions(onDeployment('PINNED'), missedEventSweep);
