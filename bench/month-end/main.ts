import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { asJsonLines, type Measure } from '../support/report.ts';
import { dbosEngine } from './engines/dbos.ts';
import type { Engine, EngineName } from './engines/engine.ts';
import { ourEngine } from './engines/ours.ts';
import { restateEngine } from './engines/restate.ts';
import { temporalEngine } from './engines/temporal.ts';
import { startGround, type CommonGround } from './ground.ts';
import { oneSheetEach } from './month.ts';
import { parseOptions, USAGE, type MonthEndOptions } from './options.ts';
import { engineMeasures, engineReport } from './results.ts';
import { sideBySide, WARM_UP } from './side-by-side.ts';

const ENGINES: Readonly<Record<EngineName, Engine>> = { ours: ourEngine, temporal: temporalEngine, dbos: dbosEngine, restate: restateEngine };

/** What a part of the benchmark found. */
interface Findings {
  readonly measures: readonly Measure[];
  readonly report: string;
  /** Something that must not happen did. */
  readonly failed: boolean;
}

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
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // What was started ends with this process.
    process.once(signal, () => process.exit(130));
  }
  tell('starting the ERP sandbox …');
  const common = await startGround({ latencyMs: options.latency, profileDir, tell });
  try {
    let failed = false;
    for (const part of [engines]) {
      const findings = await part(common, options, tell);
      if (findings === undefined) continue;
      failed ||= findings.failed;
      if (options.json) console.log(asJsonLines(findings.measures));
      else console.log(findings.report);
    }
    return failed ? 1 : 0;
  } finally {
    await common.stop();
  }
}

async function engines(common: CommonGround, options: MonthEndOptions, tell: (line: string) => void): Promise<Findings | undefined> {
  const measured = options.parts.includes('engines');
  const crash = options.parts.includes('crash');
  if (!measured && !crash) return undefined;
  const month = await oneSheetEach(options.timesheets + WARM_UP);
  tell(`${options.timesheets} timesheets with ${month.sheets.slice(WARM_UP).reduce((sum, { sheet }) => sum + sheet.entries.length, 0)} entries for each engine:`);
  const results = await sideBySide({ engines: options.engines.map((name) => ENGINES[name]), common, month, runs: measured ? options.runs : 0, crash, tell });
  return {
    measures: engineMeasures(results),
    report: engineReport(results, { timesheets: options.timesheets, latencyMs: options.latency }),
    failed: results.some(({ engine, faults }) => engine.name === 'ours' && faults.length > 0),
  };
}
