import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { endInOrderOnSignals, using } from '../support/open.ts';
import { asJsonLines } from '../support/report.ts';
import { accountLimit } from './account-limit.ts';
import { dbosEngine } from './engines/dbos.ts';
import type { Engine, EngineName } from './engines/engine.ts';
import { ourEngine } from './engines/ours.ts';
import { restateEngine } from './engines/restate.ts';
import { temporalEngine } from './engines/temporal.ts';
import { cutoffOrder } from './cutoff.ts';
import { fairness } from './fairness.ts';
import type { Findings } from '../support/findings.ts';
import { startGround, type CommonGround } from './ground.ts';
import { oneSheetEach } from './month.ts';
import { parseOptions, USAGE, type MonthEndOptions, type PartName } from './options.ts';
import { engineMeasures, engineReport } from './results.ts';
import { sideBySide, WARM_UP } from './side-by-side.ts';
import { singleEvents } from './single-event.ts';
import { wholeMonths } from './whole-month.ts';

const ENGINES: Readonly<Record<EngineName, Engine>> = { ours: ourEngine, temporal: temporalEngine, dbos: dbosEngine, restate: restateEngine };

/** Consultants of the firm of whose month the engines get a part. */
const FIRM_SIZE = 4_000;

/** @returns the exit code: 1 where something of ours was lost, doubled or did not come to its end */
export async function monthEndBench(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    console.log(USAGE);
    return 0;
  }
  const options = parseOptions(args);
  const tell = options.json ? (line: string) => console.error(line) : (line: string) => console.log(line);
  const profileDir = options.profile === undefined ? undefined : resolve(options.profile);
  if (profileDir !== undefined) mkdirSync(profileDir, { recursive: true });
  // Each process that is started listens for this one's end.
  process.setMaxListeners(200);
  endInOrderOnSignals(tell);
  tell('starting the ERP sandbox …');
  return await using(() => startGround({ latencyMs: options.latency, profileDir, tell }), async (common) => {
    let failed = false;
    for (const part of PARTS) {
      const findings = await part(common, options, tell);
      if (findings === undefined) continue;
      failed ||= findings.failed;
      if (options.json) console.log(asJsonLines(findings.measures));
      else console.log(findings.report);
    }
    return failed ? 1 : 0;
  });
}

type Part = (common: CommonGround, options: MonthEndOptions, tell: (line: string) => void) => Promise<Findings | undefined>;

const only = (name: PartName, part: (...args: Parameters<Part>) => Promise<Findings>): Part => async (common, options, tell) => (options.parts.includes(name) ? await part(common, options, tell) : undefined);

const PARTS: readonly Part[] = [
  engines,
  only('memory', (common, { consultants }, tell) => wholeMonths(common, consultants, tell)),
  only('single', (common, { consultants }, tell) => singleEvents(common, Math.max(100, Math.round(consultants / 4)), tell)),
  only('fairness', (common, { quick }, tell) => fairness(common, { consultants: FIRM_SIZE, seconds: quick ? 5 : 20, tell })),
  only('cutoff', (common, { consultants }, tell) => cutoffOrder(common, consultants, tell)),
  only('limit', (common, { quick, latency }, tell) => accountLimit(common, { timesheets: quick ? 60 : 160, firm: FIRM_SIZE, latencyMs: latency, tell })),
];

async function engines(common: CommonGround, options: MonthEndOptions, tell: (line: string) => void): Promise<Findings | undefined> {
  const measured = options.parts.includes('engines');
  const crash = options.parts.includes('crash');
  if (!measured && !crash) return undefined;
  const month = await oneSheetEach(options.timesheets + WARM_UP, FIRM_SIZE, options.dirty);
  tell(`${options.timesheets} timesheets with ${month.sheets.slice(WARM_UP).reduce((sum, { sheet }) => sum + sheet.entries.length, 0)} entries for each engine:`);
  const results = await sideBySide({ engines: options.engines.map((name) => ENGINES[name]), common, month, runs: measured ? options.runs : 0, crash, tell });
  return {
    measures: engineMeasures(results),
    report: engineReport(results, { timesheets: options.timesheets, latencyMs: options.latency }),
    failed: results.some(({ engine, faults }) => engine.name === 'ours' && faults.length > 0),
  };
}
