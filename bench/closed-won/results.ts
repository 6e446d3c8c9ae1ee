import { cpus, totalmem } from 'node:os';
import { asTable, rounded, type Measure } from '../support/report.ts';
import { percentile, spreadOf } from '../support/statistics.ts';
import { peakMemoryMb } from '../support/usage.ts';
import type { Costs } from './costs.ts';
import type { HistoryShape } from './history.ts';
import type { Installation } from './installation.ts';
import type { LoadResult } from './load.ts';
import type { LevelResult } from './measure.ts';

const PEER = 'bare_temporal';

export interface Summary {
  readonly results: readonly LevelResult[];
  readonly shape: HistoryShape;
  readonly bareShape: HistoryShape;
  readonly installation: Installation;
  readonly carried: number;
  readonly missing: number;
}

const rates = (runs: readonly LoadResult[]) => spreadOf(runs.map((run) => run.perSecond));
const latency = (runs: readonly LoadResult[], share: number) => percentile(runs.flatMap((run) => run.latenciesMs), share);

/**
 * Every figure with its counterpart in the bare workflow, for programs. First the rate with the most in flight and the latency with the
 * fewest, then each by its number in flight.
 */
export function measuresOf({ results, shape, bareShape, installation }: Summary): Measure[] {
  const beside = (name: string, unit: string, ours: number, theirs: number): Measure => ({ name, value: ours, unit, ratio: ours / theirs, against: PEER });
  const [workerMb, bareMb] = [peakMemoryMb(installation.pids.worker), peakMemoryMb(installation.pids['bare worker'])];
  const byLoad = results.toSorted((left, right) => left.inFlight - right.inFlight);
  const [least, most] = [byLoad.at(0), byLoad.at(-1)];
  return [
    ...(most === undefined ? [] : [beside('deals_per_second', 'deals/s', rates(most.ours).median, rates(most.theirs).median)]),
    ...(least === undefined ? [] : [
      beside('latency_p50_ms', 'ms', latency(least.ours, 0.5), latency(least.theirs, 0.5)),
      beside('latency_p95_ms', 'ms', latency(least.ours, 0.95), latency(least.theirs, 0.95)),
    ]),
    ...results.flatMap(({ inFlight, ours, theirs }) => [
      beside(`deals_per_second_${inFlight}_in_flight`, 'deals/s', rates(ours).median, rates(theirs).median),
      beside(`latency_p50_ms_${inFlight}_in_flight`, 'ms', latency(ours, 0.5), latency(theirs, 0.5)),
      beside(`latency_p95_ms_${inFlight}_in_flight`, 'ms', latency(ours, 0.95), latency(theirs, 0.95)),
    ]),
    beside('history_events_per_deal', 'events', shape.events, bareShape.events),
    ...(workerMb === null || bareMb === null ? [] : [beside('worker_peak_rss_mb', 'MB', workerMb, bareMb)]),
    ...results.flatMap(({ inFlight, cpuPerDeal }) =>
      Object.entries(cpuPerDeal).flatMap(([part, seconds]): Measure[] => (seconds === null || part === 'bare worker' ? [] : [{ name: `cpu_ms_per_deal_${part}_${inFlight}_in_flight`, value: seconds * 1000, unit: 'ms', ratio: null, against: null }])),
    ),
  ];
}

/** The same for people. */
export function peopleReport({ results, shape, bareShape, installation, carried, missing }: Summary): string {
  const ms = (value: number) => `${rounded(value)} ms`;
  const rate = (runs: readonly LoadResult[]) => {
    const { median, min, max } = rates(runs);
    return `${rounded(median)} (${rounded(min)} to ${rounded(max)})`;
  };
  const cpu = (seconds: number | null | undefined) => (seconds == null ? '–' : ms(seconds * 1000));
  const parts = ['server', 'worker', 'store', 'sandbox', 'gateway'] as const;
  const [workerMb, bareMb] = [peakMemoryMb(installation.pids.worker), peakMemoryMb(installation.pids['bare worker'])];
  return [
    '',
    `${carried} deals, ${carried - missing} activated · ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GB · Node ${process.version}`,
    'Everything on this machine, over loopback; store with fsync, Temporal on SQLite with a write-ahead log; the vendors\' and the configuration\'s limits on rate and concurrency lifted; the sweep for missed events paused, since the bench itself sends each deal\'s event.',
    `The bare workflow awaits ${bareShape.activities} activities that do nothing one after the other; a deal has ${shape.activities}, some of them side by side.`,
    '',
    asTable([
      ['in flight', 'deals/s (range)', 'bare/s (range)', 'ratio', 'p50', 'bare p50', 'p95', 'bare p95'],
      ...results.map(({ inFlight, ours, theirs }) => [String(inFlight), rate(ours), rate(theirs), (rates(ours).median / rates(theirs).median).toFixed(2), ms(latency(ours, 0.5)), ms(latency(theirs, 0.5)), ms(latency(ours, 0.95)), ms(latency(theirs, 0.95))]),
    ]),
    '',
    'Processor time per deal (and per bare workflow):',
    asTable([
      ['in flight', ...parts, 'bare: server', 'bare: worker'],
      ...results.map(({ inFlight, cpuPerDeal, cpuPerBare }) => [String(inFlight), ...parts.map((part) => cpu(cpuPerDeal[part])), cpu(cpuPerBare.server), cpu(cpuPerBare['bare worker'])]),
    ]),
    '',
    `history: ${shape.events} events and ${shape.workflowTasks} workflow tasks per deal, bare ${bareShape.events} and ${bareShape.workflowTasks}`,
    `worker memory at its peak: ${workerMb === null ? 'not known here' : `${rounded(workerMb)} MB`}, bare ${bareMb === null ? 'not known here' : `${rounded(bareMb)} MB`}`,
  ].join('\n');
}

export function profileReport({ requests, transactionsPerDeal }: Costs, { workflowTasks }: HistoryShape): string {
  const sum = requests.reduce((total, [, count]) => total + count, 0);
  return [
    '',
    `One deal: ${rounded(sum)} HTTP requests, ${rounded(transactionsPerDeal)} transactions in the store, ${workflowTasks} workflow tasks. Requests per deal:`,
    asTable(requests.map(([what, count]) => [what, rounded(count).toString()])),
  ].join('\n');
}
