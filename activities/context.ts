import { Context } from '@temporalio/activity';
import type { CallContext, Log } from '../connectors/ports.ts';

/** The running activity as connectors see it. @param idempotencyKey stable over retries */
export function callContext(log: Log, idempotencyKey: string): CallContext {
  const context = Context.current();
  return {
    signal: context.cancellationSignal,
    heartbeat: (detail) => {
      context.heartbeat(detail);
    },
    log: activityLog(log),
    idempotencyKey,
    ...(context.info.priority?.priorityKey === undefined ? {} : { priority: context.info.priority.priorityKey }),
  };
}

/** Every line of an activity carries the workflow, the deal and the step it belongs to. */
export function activityLog(log: Log): Log {
  const { workflowExecution, activityType, attempt } = Context.current().info;
  const workflowId = workflowExecution?.workflowId ?? '';
  const about = { workflowId, deal: dealOf(workflowId), activity: activityType, attempt };
  return {
    debug: (fields, message) => log.debug({ ...about, ...fields }, message),
    info: (fields, message) => log.info({ ...about, ...fields }, message),
    warn: (fields, message) => log.warn({ ...about, ...fields }, message),
    error: (fields, message) => log.error({ ...about, ...fields }, message),
  };
}

/** "closed-won/salesforce/006…" and "exception/closed-won/salesforce/006…/…" are about the deal "salesforce/006…". */
function dealOf(workflowId: string): string | undefined {
  return /(?:closed-won|change-order)\/([^/]+\/[^/]+)/.exec(workflowId)?.[1];
}
