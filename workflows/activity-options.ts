import { ActivityCancellationType, type ActivityOptions, type LocalActivityOptions } from '@temporalio/workflow';
import { LINE_QUEUE, targetQueue } from '../domain/process/task-queues.ts';

/** Failure kinds no retry can mend: they go to a person (ARCHITECTURE.md, "Failure"). */
const FOR_A_PERSON = ['business_rule', 'contract', 'configuration', 'in_doubt_unresolved'];

/** One attempt may take this long. */
const ATTEMPT_TIMEOUT = '5 minutes';
/** Workers send a heartbeat every few seconds while an attempt runs (workers/heartbeat.ts): a killed worker's step is tried again after so long. */
const HEARTBEAT_TIMEOUT = '15 seconds';

/** Passing failures are retried for as long as it takes: past their SLA a case tells a person while the retries go on. */
const retry = { initialInterval: '500 milliseconds', backoffCoefficient: 2, maximumInterval: '1 minute', nonRetryableErrorTypes: FOR_A_PERSON };

/** Five levels, the smallest first (ARCHITECTURE.md, "Priority"). Activation is the fourth. */
const ACTIVATION_PRIORITY = 4;

/** @param fairnessKey the legal entity, so that one entity's flood does not starve another's work */
export function onTarget(system: string, summary: string, fairnessKey: string): ActivityOptions {
  return {
    taskQueue: targetQueue(system),
    startToCloseTimeout: ATTEMPT_TIMEOUT,
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry,
    summary,
    priority: { priorityKey: ACTIVATION_PRIORITY, fairnessKey },
  };
}

export function onStore(summary: string): ActivityOptions {
  return { taskQueue: LINE_QUEUE, startToCloseTimeout: '30 seconds', retry, summary };
}

/** A look into the store or one line in it, done in the workflow's own task: it costs the server nothing. */
export const WITHIN_TASK: LocalActivityOptions = { startToCloseTimeout: '30 seconds', retry };
