import { ApplicationFailure, continueAsNew, proxyActivities, setWorkflowOptions } from '@temporalio/workflow';
import type { WarehouseMirrorActivities } from '../activities/warehouse-mirror.ts';
import type { Failure } from '../domain/failure.ts';
import { onStore, onTarget } from './activity-options.ts';
import { sweepWithCase } from './sweep-case.ts';
import { onDeployment } from './versioning.ts';

/** Keeps the history of one run short; the next goes on where it ended. */
const PAGES_A_RUN = 200;
/** A step that passing failures hold up for longer ends with a case, and the schedule's next run tries again. */
const STEP_MINUTES = 60;
const ANALYTICS_PRIORITY = 5;

export interface WarehouseMirrorInput {
  readonly warehouse: string;
  /** Compares every table, not only those that changed. */
  readonly compareAll?: boolean;
  /** Sends everything again, after rows were lost in the warehouse. */
  readonly anew?: boolean;
  /** Pages of one run; for tests. */
  readonly pagesARun?: number;
  /** What earlier runs of this one did. */
  readonly before?: MirrorProgress;
}

export interface MirrorProgress {
  readonly pages: number;
  readonly rows: number;
  readonly inserted: number;
  readonly updated: number;
  /** Tables that rows were brought to. */
  readonly tables: readonly string[];
  /** Tables that changed while they were compared: the next run compares them. */
  readonly behind: readonly string[];
}

/**
 * Brings a warehouse up to date with the reporting facts, page by page, then holds its totals against the store's. Started by a schedule; the next run
 * goes on where this one could not, and one that finds nothing to do does not wake the warehouse. A run that fails, or finds a difference, opens an
 * exception case of its warehouse, once; the next that compares everything and finds it equal closes it.
 */
export async function warehouseMirror(input: WarehouseMirrorInput): Promise<MirrorProgress> {
  const { warehouse, before, pagesARun = PAGES_A_RUN } = input;
  const subject = `reporting facts in ${warehouse}`;
  const { prepareWarehouse, mirrorPage, compareWarehouse } = proxyActivities<WarehouseMirrorActivities>({
    ...onTarget(warehouse, subject, warehouse),
    scheduleToCloseTimeout: `${STEP_MINUTES} minutes`,
    priority: { priorityKey: ANALYTICS_PRIORITY, fairnessKey: warehouse },
  });
  const { caseOfWarehouseMirror, warehouseWork } = proxyActivities<WarehouseMirrorActivities>(onStore(`work on the ${subject}`));
  let unfinished = false;

  const work = await warehouseWork({ warehouse, anew: before === undefined && input.anew === true });
  const inDoubt = (await caseOfWarehouseMirror({ warehouse })).open || input.anew === true || input.compareAll === true;
  const start: MirrorProgress = before ?? { pages: 0, rows: 0, inserted: 0, updated: 0, tables: [], behind: [] };
  if (work.changed.length === 0 && start.pages === 0 && !inDoubt) return start;

  async function mirror(): Promise<MirrorProgress> {
    let { pages, rows, inserted, updated } = start;
    const touched = new Set(start.tables);
    let left = pagesARun;
    await prepareWarehouse({ warehouse });
    for (const table of work.changed) {
      for (let more = true; more; ) {
        if (left === 0) {
          unfinished = true;
          return { pages, rows, inserted, updated, tables: [...touched], behind: [] };
        }
        const page = await mirrorPage({ warehouse, table });
        ({ more } = page);
        if (page.rows === 0) continue;
        touched.add(table);
        left -= 1;
        pages += 1;
        rows += page.rows;
        inserted += page.inserted;
        updated += page.updated;
      }
    }
    return { pages, rows, inserted, updated, tables: [...touched], behind: await compare(inDoubt ? work.all : [...touched]) };
  }

  async function compare(tables: readonly string[]): Promise<string[]> {
    const differences: string[] = [];
    const behind: string[] = [];
    for (const table of tables) {
      const compared = await compareWarehouse({ warehouse, table });
      if (compared.state === 'behind') behind.push(table);
      if (compared.state === 'differs') differences.push(...compared.differences);
    }
    if (differences.length > 0) throw differs(warehouse, differences);
    return behind;
  }

  const progress = await sweepWithCase({
    system: warehouse,
    subject: `mirror of the ${subject}`,
    sweep: mirror,
    // A run that is not at its end says nothing about the whole: it leaves an open case as it is.
    caseOfSweep: async () => {
      const found = await caseOfWarehouseMirror({ warehouse });
      return unfinished ? { ...found, open: false } : found;
    },
    consequence: `What ${warehouse} shows is not what was accepted and posted`,
    remedy: 'changes of the meantime are brought over then',
    all: `all of ${warehouse}`,
  });
  if (unfinished) await continueAsNew<typeof warehouseMirror>({ ...input, before: progress });
  return progress;
}

function differs(warehouse: string, differences: readonly string[]): ApplicationFailure {
  const failure: Failure = {
    kind: 'contract',
    code: 'WAREHOUSE_DIFFERS',
    message: `the warehouse does not have what the store has (${differences.length} differences): ${differences.slice(0, 5).join('; ')}`.slice(0, 1000),
    mend: `Find out who changed or deleted rows in ${warehouse}, then send everything again: start the workflow warehouseMirror with {"warehouse": "${warehouse}", "anew": true}.`,
    system: warehouse,
    object: `reporting facts in ${warehouse}`,
    written: 'no',
    evidence: differences.join('\n').slice(0, 2000),
  };
  return ApplicationFailure.create({ message: `${failure.message} ${failure.mend}`, type: failure.kind, nonRetryable: true, details: [failure] });
}

// Goes on for as long as there is something to bring over.
setWorkflowOptions(onDeployment('AUTO_UPGRADE'), warehouseMirror);
