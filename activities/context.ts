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
    log,
    idempotencyKey,
  };
}

/** Who is at work, for the posting ledger's lease: one attempt of one activity. */
export function attemptName(): string {
  const { info } = Context.current();
  return `${info.activityId}#${info.attempt}`;
}
