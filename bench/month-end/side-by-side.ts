import { compareLines, expectedLines } from './compare.ts';
import type { CommonGround } from './ground.ts';
import type { Engine } from './engines/engine.ts';
import type { Month } from './month.ts';
import { runOnce, type RunResult, type RunSettings } from './run.ts';
import { referenceOf } from './work.ts';

export interface EngineResults {
  readonly engine: Engine;
  readonly runs: readonly RunResult[];
  /** The run in which it was killed; undefined where none was made. */
  readonly crash: RunResult | undefined;
  /** Why it gets no rank: what went wrong, run by run. */
  readonly faults: readonly string[];
}

export interface SideBySideSettings {
  readonly engines: readonly Engine[];
  readonly common: CommonGround;
  readonly month: Month;
  readonly runs: number;
  readonly crash: boolean;
  readonly tell: (line: string) => void;
}

/** Both sides have compiled what they run often, filled their caches and learned the tokens by then. */
export const WARM_UP = 60;
/** A timesheet that takes half a second of the whole machine is a defect, not a slow engine. */
const LIMIT_MS_PER_TIMESHEET = 500;
/** An engine may need so long to notice that what it waits for was killed. */
const RECOVERY_MS = 420_000;

/** The engines in turn, so that whatever else the machine does falls on all; then each once more, killed in the middle. */
export async function sideBySide({ engines, common, month, runs, crash, tell }: SideBySideSettings): Promise<EngineResults[]> {
  const ground = common.of(month);
  const [warmUp, sheets] = [month.sheets.slice(0, WARM_UP), month.sheets.slice(WARM_UP)];
  const results = engines.map((engine) => ({ engine, runs: [] as RunResult[], crash: undefined as RunResult | undefined, faults: [] as string[] }));

  const check: RunSettings['check'] = async (running) => compareLines(expectedLines([...warmUp, ...sheets], await referenceOf(running.storeUrl), month.asOf), await common.erp.lines());

  async function once(result: (typeof results)[number], what: string, killed: boolean): Promise<RunResult | undefined> {
    const { engine, faults } = result;
    try {
      const run = await runOnce({ engine, ground, erp: common.erp, warmUp, sheets, crash: killed, limitMs: 60_000 + sheets.length * LIMIT_MS_PER_TIMESHEET + (killed ? RECOVERY_MS : 0), check });
      tell(`  ${engine.title}, ${what}: ${run.timesheetsPerSecond.toFixed(1)} timesheets/s; ${run.verdict.text}`);
      if (!run.verdict.exact) faults.push(`${what}: ${run.verdict.text}`);
      return run;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      tell(`  ${engine.title}, ${what}: ${message}`);
      faults.push(`${what}: ${message}`);
      return undefined;
    }
  }

  for (let run = 1; run <= runs; run += 1) {
    for (const result of results) {
      const made = await once(result, `run ${run} of ${runs}`, false);
      if (made !== undefined) result.runs.push(made);
    }
  }
  if (crash) for (const result of results) result.crash = await once(result, 'killed with SIGKILL in the middle', true);
  return results;
}
