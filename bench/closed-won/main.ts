import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { closedWonId } from '../../domain/process/deal-process.ts';
import { asJsonLines } from '../support/report.ts';
import { carryBare } from './bare-load.ts';
import { costsOf } from './costs.ts';
import { seedDeals, type SeededDeal } from './deals.ts';
import { historyShape, type HistoryShape } from './history.ts';
import { startInstallation, type Installation } from './installation.ts';
import { connectLine, notActivated, type Line } from './line-load.ts';
import { measureLevel, type LevelResult } from './measure.ts';
import { parseOptions, USAGE, type ClosedWonOptions } from './options.ts';
import { measuresOf, peopleReport, profileReport } from './results.ts';

/** Both sides have compiled what they run often, filled their caches and learned the tokens by then. */
const WARM_UP_DEALS = 24;
const COSTED_DEALS = 10;

/** Deals in one measurement: enough that starting and ending weigh little, few where only some are in flight. */
function dealsAt(inFlight: number, most: number): number {
  return Math.min(most, 8 + inFlight * 3);
}

/** @returns the exit code: 1 where a deal was not activated */
export async function closedWonBench(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    console.log(USAGE);
    return 0;
  }
  const options = parseOptions(args);
  const tell = options.json ? (line: string) => console.error(line) : (line: string) => console.log(line);
  const profileDir = options.profile === undefined ? undefined : resolve(options.profile);
  if (profileDir !== undefined) mkdirSync(profileDir, { recursive: true });

  let running: Installation | undefined;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      tell('ending what was started …');
      void (running?.stop() ?? Promise.resolve()).finally(() => process.exit(130));
    });
  }
  tell('starting server, store, sandboxes, gateway and workers, each a process of its own …');
  const installation = (running = await startInstallation(tell, profileDir));
  const line = await connectLine(installation);
  try {
    return await measure(installation, line, options, tell);
  } finally {
    await line.close();
    await installation.stop();
  }
}

async function measure(installation: Installation, line: Line, options: ClosedWonOptions, tell: (text: string) => void): Promise<number> {
  const levels = options['in-flight'];
  const total = WARM_UP_DEALS + COSTED_DEALS + options.runs * levels.reduce((sum, inFlight) => sum + dealsAt(inFlight, options.deals), 0);
  tell(`entering ${total} deals in the CRM …`);
  const deals = await seedDeals(installation.sandboxUrls.salesforce, installation.organizationId, total);
  const waiting = [...deals];
  const next = (count: number): SeededDeal[] => waiting.splice(0, count);

  tell('warming up …');
  const warmUp = next(WARM_UP_DEALS);
  await line.carry(warmUp, 8, 120_000);
  const shapes = await Promise.all(warmUp.map(({ opportunityId }) => historyShape(installation.client, closedWonId({ crm: 'salesforce', opportunityId }))));
  const shape = typical(shapes);
  const bareWarmUp = await carryBare(installation.client, shape.activities, WARM_UP_DEALS, 8, 120_000);
  const bareShape = await historyShape(installation.client, bareWarmUp.workflowIds[0] ?? '');

  const costs = options.profile === undefined ? undefined : await costsOf(installation, COSTED_DEALS, async () => void (await line.carry(next(COSTED_DEALS), 4, 120_000)));
  const results: LevelResult[] = [];
  for (const inFlight of levels) {
    const count = dealsAt(inFlight, options.deals);
    results.push(await measureLevel({ inFlight, runs: options.runs, count, installation, tell, ours: (limitMs) => line.carry(next(count), inFlight, limitMs), theirs: (limitMs) => carryBare(installation.client, shape.activities, count, inFlight, limitMs) }));
  }

  const carried = deals.slice(0, total - waiting.length);
  const missing = await notActivated(installation.storeUrl, carried);
  const summary = { results, shape, bareShape, installation, carried: carried.length, missing };
  if (options.json) console.log(asJsonLines(measuresOf(summary)));
  else console.log(peopleReport(summary));
  if (costs !== undefined) tell(profileReport(costs, shape));
  if (missing > 0) tell(`${missing} of ${carried.length} deals were not activated`);
  return missing === 0 ? 0 : 1;
}

/** The one in the middle by its number of events. */
function typical(shapes: readonly HistoryShape[]): HistoryShape {
  const middle = shapes.toSorted((left, right) => left.events - right.events)[Math.floor(shapes.length / 2)];
  if (middle === undefined) throw new Error('no deal was carried to warm up');
  return middle;
}
