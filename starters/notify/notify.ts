import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Db } from '../../store/database.ts';
import { deliverNextNotification } from '../../store/notifications.ts';
import type { Send } from './target.ts';

export interface NotifySettings {
  readonly db: Db;
  readonly log: Logger;
  readonly send: Send;
  /** How often the outbox is looked at, milliseconds. */
  readonly idleMs?: number;
  /** The pause after a first failure, milliseconds; doubled with each further one. */
  readonly firstPauseMs?: number;
}

const IDLE_MS = 2000;
const FIRST_PAUSE_MS = 1000;
const LAST_PAUSE_MS = 5 * 60_000;
const STOP_MS = 2000;

interface Failure {
  readonly times: number;
  readonly until: number;
}

/**
 * Sends what the outbox holds to the owners of cases, the oldest first and each at least once: a message is marked only when it was taken.
 * Any number of these may run. A receiver that is unwell is left in peace for a while; a message it refuses lets the others pass.
 */
export function startNotifying({ db, log, send, idleMs = IDLE_MS, firstPauseMs = FIRST_PAUSE_MS }: NotifySettings): { stop(): Promise<void> } {
  const cut = new AbortController();
  const refused = new Map<number, Failure>();
  let unwell: Failure | undefined;

  const failure = (before: Failure | undefined, afterMs: number | null): Failure => {
    const times = (before?.times ?? 0) + 1;
    return { times, until: Date.now() + Math.max(afterMs ?? 0, Math.min(LAST_PAUSE_MS, firstPauseMs * 2 ** Math.min(times - 1, 20))) };
  };

  /** @returns whether there may be more to send at once */
  async function sendNext(): Promise<boolean> {
    if (unwell !== undefined && unwell.until > Date.now()) return false;
    const waiting = [...refused].filter(([, { until }]) => until > Date.now()).map(([id]) => id);
    return await deliverNextNotification(db, waiting, async (notification) => {
      const { id, case_id: caseId } = notification;
      const sent = await send(notification, cut.signal);
      if (sent.outcome === 'sent') {
        unwell = undefined;
        refused.delete(id);
        return sent.via;
      }
      if (cut.signal.aborted) return null;
      if (sent.everything) unwell = failure(unwell, sent.afterMs);
      else refused.set(id, failure(refused.get(id), sent.afterMs));
      log.error({ notification: id, caseId, error: sent.error }, 'a message to the owner of a case was not taken; it stays in the outbox and is sent again');
      return null;
    });
  }

  async function run(): Promise<void> {
    while (!cut.signal.aborted) {
      try {
        if (await sendNext()) continue;
      } catch (error) {
        log.error({ error: error instanceof Error ? error.message : String(error) }, 'the outbox of messages cannot be read; tried again in a moment');
      }
      await delay(idleMs, undefined, { signal: cut.signal }).catch(() => undefined);
    }
  }

  const running = run();
  return {
    async stop() {
      cut.abort();
      // A message still on its way is not marked and will be sent again.
      await Promise.race([running, delay(STOP_MS, undefined, { ref: false })]);
    },
  };
}
