import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import { LINE_QUEUE } from '../../domain/process/task-queues.ts';
import type { Log } from '../../connectors/ports.ts';
import type { missedEventSweep } from '../../workflows/missed-event-sweep.ts';

export interface Sweeps {
  /** Has the sweep look for changes that no event tells of, soon, once for all that ask meanwhile. */
  ask(why: string): void;
  stop(): void;
}

const CALL_MS = 10_000;

/** Starts the CRM's sweep. @returns false where one runs already: what it was asked for may have come after it looked */
export async function startSweep(client: Client, crm: string): Promise<boolean> {
  try {
    await client.withDeadline(Date.now() + CALL_MS, () =>
      client.workflow.start<typeof missedEventSweep>('missedEventSweep', { taskQueue: LINE_QUEUE, workflowId: `missed-event-sweep/${crm}/asked`, args: [{ crm }], staticSummary: `Closed-won deals of ${crm} without an event` }),
    );
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}

/**
 * @param start - starts one sweep, as `startSweep`
 * @param settings - milliseconds before the first, and between two
 */
export function sweeps(start: () => Promise<boolean>, log: Log, { afterMs = 1000, betweenMs = 30_000 } = {}): Sweeps {
  let asked: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let lastAt = Number.NEGATIVE_INFINITY;

  async function run(): Promise<void> {
    timer = undefined;
    const why = asked;
    asked = undefined;
    if (why === undefined || stopped) return;
    lastAt = Date.now();
    try {
      if (await start()) log.info({ why }, 'the sweep looks for changes that no event tells of');
      else asked ??= why;
    } catch (error) {
      asked ??= why;
      log.warn({ why, error: error instanceof Error ? error.message : String(error) }, 'the sweep could not be started; tried again in a moment');
    }
    plan();
  }

  function plan(): void {
    if (asked === undefined || timer !== undefined || stopped) return;
    timer = setTimeout(() => void run(), Math.max(afterMs, lastAt + betweenMs - Date.now()));
  }

  return {
    ask(why) {
      asked ??= why;
      plan();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
