import { ApplicationFailure, getExternalWorkflowHandle, proxyActivities, setWorkflowOptions } from '@temporalio/workflow';
import type { PeopleSynced, ReferenceSyncActivities } from '../activities/hr/contract.ts';
import type { Failure } from '../domain/failure.ts';
import { onStore, onTarget } from './activity-options.ts';
import { lookAgainSignal } from './contracts/time.ts';
import { sweepWithCase } from './sweep-case.ts';
import { onDeployment } from './versioning.ts';

/** A run that passing failures hold up for longer ends with a case, and the schedule's next run tries again. */
const SYNC_MINUTES = 60;
const TOLD_AT_ONCE = 50;

/**
 * Takes people over from HR into what time is judged by, and has judged again what waited for them. Started by a schedule. A run that fails, or that finds
 * people it cannot take, opens an exception case of its HR system, once; the next that goes well closes it. All others are taken meanwhile.
 */
export async function referenceSync(input: { readonly hr: string }): Promise<PeopleSynced> {
  const { hr } = input;
  const subject = `people of ${hr}`;
  const { syncPeople } = proxyActivities<ReferenceSyncActivities>({ ...onTarget(hr, subject, hr), startToCloseTimeout: '30 minutes', scheduleToCloseTimeout: `${SYNC_MINUTES} minutes` });
  const { caseOfReferenceSync, waitingTold } = proxyActivities<ReferenceSyncActivities>(onStore(`case of the ${subject}`));

  async function sync(): Promise<PeopleSynced> {
    const synced = await syncPeople(input);
    for (let at = 0; at < synced.waiting.length; at += TOLD_AT_ONCE) await Promise.all(synced.waiting.slice(at, at + TOLD_AT_ONCE).map(lookAgain));
    if (synced.changedAt !== null) await waitingTold({ hr, changedAt: synced.changedAt });
    if (synced.notTakenInAll > 0) throw notTaken(hr, synced);
    return synced;
  }

  return await sweepWithCase({
    system: hr,
    subject: `sync of the ${subject}`,
    sweep: sync,
    caseOfSweep: () => caseOfReferenceSync(input),
    consequence: `Time of people whom ${hr} tells of cannot be judged, or is judged by what was known before`,
    remedy: 'who changed in the meantime is taken over then',
    all: `all of ${hr}`,
  });
}

async function lookAgain(workflowId: string): Promise<void> {
  try {
    await getExternalWorkflowHandle(workflowId).signal(lookAgainSignal, { reason: 'released' });
  } catch {
    // It has ended by itself in the meantime.
  }
}

function notTaken(hr: string, { notTaken: people, notTakenInAll }: PeopleSynced): ApplicationFailure {
  const lines = people.flatMap(({ externalId, findings }) => findings.map(({ message, mend }) => `${externalId}: ${message} ${mend}`));
  const failure: Failure = {
    kind: 'configuration',
    code: 'HR_PEOPLE_NOT_TAKEN',
    message: `${notTakenInAll} ${notTakenInAll === 1 ? 'person' : 'people'} of ${hr} could not be taken over: ${people.slice(0, 5).flatMap(({ findings }) => findings.map(({ message }) => message)).join(' ')}`.slice(0, 1000),
    mend: 'Correct in HR or in the configuration what is named below.',
    system: hr,
    object: `people of ${hr}`,
    written: 'no',
    evidence: lines.join('\n').slice(0, 4000),
  };
  return ApplicationFailure.create({ message: `${failure.message} ${failure.mend}`, type: failure.kind, nonRetryable: true, details: [failure] });
}

setWorkflowOptions(onDeployment('PINNED'), referenceSync);
