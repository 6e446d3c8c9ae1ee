import type { CallContext, Log } from '../ports.ts';

const neverAborted = new AbortController().signal;

/** For calls that several activities wait for, such as fetching a token: they outlive the activity that happened to start them, and go first, since an urgent one may be among those. */
export function detachedContext(log: Log): CallContext {
  return { signal: neverAborted, heartbeat: () => undefined, log, idempotencyKey: '', priority: 1 };
}
