import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { firmConfigSchema } from '../../domain/config/schema.ts';
import { LINE_QUEUE } from '../../domain/process/task-queues.ts';
import { timesheetProcessOf, type TimesheetInput } from '../../domain/process/time-process.ts';
import { activeConfig } from '../../store/config-versions.ts';
import type { Store } from '../../store/database.ts';
import { endOvertakenDraft, heldNoLonger, heldTooLong, leftUnposted, overtakenDrafts, type HeldRecord } from '../../store/time/held.ts';
import { SearchAttribute } from '../../workflows/contracts/search-attributes.ts';
import { lookAgainSignal } from '../../workflows/contracts/time.ts';

export interface HeldSweepSettings {
  readonly store: Store;
  readonly client: Client;
  readonly log: Logger;
  /** The moment at which time is judged. */
  readonly now?: () => Date;
  readonly everyMs?: number;
  /** Lines that are not in the ERP for so long, and that no page posts any more, are given to a process. */
  readonly unpostedAfterMs?: number;
}

export interface HeldSweep {
  readonly overtaken: number;
  readonly released: number;
  readonly overdue: number;
  /** With lines that nobody may have been about to post. */
  readonly resumed: number;
}

/** A timesheet as its process knows it. */
type Sheet = Omit<HeldRecord, 'waitsFor' | 'since'>;

const EVERY_MS = 60_000;
const AT_ONCE = 20;
/** At most so many are begun in one look; the next look sees to the rest. */
const LIMIT = 500;
/** One that still waits after it was judged again is left alone for so long. */
const LEFT_ALONE_MS = 600_000;
const UNPOSTED_AFTER_MS = 300_000;
const CALL_MS = 10_000;
const STOP_MS = 2000;
const PRIORITY = 2;

/**
 * Looks each minute for held timesheets whose wait may be over and has them judged again, and for those held for too long, which a person
 * is asked about. Decided by the store alone, so that nothing is lost with an event; any number of relays may look.
 */
export function startHeldSweep(settings: HeldSweepSettings): { stop(): Promise<void> } {
  const { log, everyMs = EVERY_MS } = settings;
  const cut = new AbortController();
  const sweep = createHeldSweep(settings, cut.signal);

  async function run(): Promise<void> {
    while (!cut.signal.aborted) {
      try {
        const seen = await sweep();
        if (seen.released + seen.overdue + seen.overtaken + seen.resumed > 0) log.info(seen, 'held timesheets were looked at');
      } catch (error) {
        if (!cut.signal.aborted) log.error({ error: error instanceof Error ? error.message : String(error) }, 'held timesheets could not be looked at; tried again in a moment');
      }
      await delay(everyMs, undefined, { signal: cut.signal }).catch(() => undefined);
    }
  }

  const running = run();
  return {
    async stop() {
      cut.abort();
      await Promise.race([running, delay(STOP_MS, undefined, { ref: false })]);
    },
  };
}

/** One look, as often as it is called. */
export function createHeldSweep({ store, client, now = () => new Date(), unpostedAfterMs = UNPOSTED_AFTER_MS }: HeldSweepSettings, signal: AbortSignal): () => Promise<HeldSweep> {
  const begun = new Map<number, number>();

  return async () => {
    const { db } = store;
    let overtaken = 0;
    for (const draft of await overtakenDrafts(db, LIMIT)) overtaken += (await endOvertakenDraft(db, draft)) > 0 ? 1 : 0;

    for (const [record, at] of begun) if (at < Date.now() - LEFT_ALONE_MS) begun.delete(record);
    const free = await heldNoLonger(db, { now: now(), except: [...begun.keys()], limit: LIMIT });
    await inGroups(free, async (held) => {
      await call(() => judgeAgain(client, held));
      begun.set(held.record, Date.now());
    });

    const left = await leftUnposted(db, { olderThanMs: unpostedAfterMs, except: [...begun.keys()], limit: LIMIT });
    await inGroups(left, async (sheet) => {
      await call(() => resume(client, sheet));
      begun.set(sheet.record, Date.now());
    });

    const active = await activeConfig(db);
    if (active === undefined) return { overtaken, released: free.length, overdue: 0, resumed: left.length };
    const { heldTime } = firmConfigSchema.parse(active.document);
    const overdue = await heldTooLong(db, { days: heldTime.caseAfterDays, except: [...begun.keys()], limit: LIMIT });
    await inGroups(overdue, async (held) => {
      await call(() => askPerson(client, held));
      begun.set(held.record, Date.now());
    });
    return { overtaken, released: free.length, overdue: overdue.length, resumed: left.length };
  };

  async function call(work: () => Promise<void>): Promise<void> {
    await client.withAbortSignal(signal, () => client.withDeadline(Date.now() + CALL_MS, work));
  }
}

/** Its process is begun anew; one that runs, with a person, looks again. */
async function judgeAgain(client: Client, held: HeldRecord): Promise<void> {
  await client.workflow.signalWithStart('timesheet', {
    ...optionsOf(held, 'what it waited for may have come'),
    args: [{ ...inputOf(held), again: true }],
    signal: lookAgainSignal,
    signalArgs: [{ reason: 'released' }],
  });
}

async function askPerson(client: Client, held: HeldRecord): Promise<void> {
  const { since, waitsFor } = held;
  await client.workflow.start('timesheet', {
    ...optionsOf(held, 'held for too long'),
    workflowIdConflictPolicy: 'USE_EXISTING',
    args: [{ ...inputOf(held), again: true, heldTooLong: { since, waitsFor } }],
  });
}

/** Carries out what was decided; a process that is about it already is left alone. */
async function resume(client: Client, sheet: Sheet): Promise<void> {
  await client.workflow.start('timesheet', {
    ...optionsOf(sheet, 'not all of it is in the ERP'),
    workflowIdConflictPolicy: 'USE_EXISTING',
    args: [inputOf(sheet)],
  });
}

function inputOf({ record, system, id, version, person, legalEntity }: Sheet): TimesheetInput {
  return { record, system, id, version, person, legalEntity, priority: PRIORITY };
}

function optionsOf(sheet: Sheet, why: string) {
  const { system, id, version, person, legalEntity } = sheet;
  return {
    workflowId: timesheetProcessOf(sheet),
    taskQueue: LINE_QUEUE,
    workflowIdReusePolicy: 'ALLOW_DUPLICATE' as const,
    priority: { priorityKey: PRIORITY, fairnessKey: legalEntity },
    staticSummary: `${why}: timesheet ${id} version ${version} of ${person}`.slice(0, 190),
    typedSearchAttributes: [
      { key: SearchAttribute.process, value: 'timesheet' },
      { key: SearchAttribute.stage, value: 'received' },
      { key: SearchAttribute.legalEntity, value: legalEntity },
      { key: SearchAttribute.system, value: system },
    ],
  };
}

async function inGroups<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  for (let from = 0; from < items.length; from += AT_ONCE) await Promise.all(items.slice(from, from + AT_ONCE).map(work));
}
