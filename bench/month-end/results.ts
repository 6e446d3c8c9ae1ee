import { cpus, totalmem } from 'node:os';
import { asTable, rounded, type Measure } from '../support/report.ts';
import { median, spreadOf } from '../support/statistics.ts';
import type { RunResult } from './run.ts';
import type { EngineResults } from './side-by-side.ts';

type Figure = (run: RunResult) => number | null;

const cpuMs: Figure = ({ cpuPerTimesheet }) => (cpuPerTimesheet === null ? null : Object.values(cpuPerTimesheet).reduce((sum, seconds) => sum + seconds, 0) * 1000);
const FIGURES: readonly { readonly name: string; readonly unit: string; readonly of: Figure }[] = [
  { name: 'timesheets_per_second', unit: 'timesheets/s', of: (run) => run.timesheetsPerSecond },
  { name: 'entries_per_second', unit: 'entries/s', of: (run) => run.entriesPerSecond },
  { name: 'cpu_ms_per_timesheet', unit: 'ms', of: cpuMs },
  { name: 'stored_bytes_per_timesheet', unit: 'bytes', of: (run) => run.bytesPerTimesheet },
  { name: 'peak_memory_mb', unit: 'MB', of: (run) => run.memory?.total ?? null },
];

/** Median over the runs; null where none was made or the system does not tell. */
function middle({ runs }: EngineResults, of: Figure): number | null {
  const values = runs.flatMap((run) => of(run) ?? []);
  return values.length === 0 ? null : median(values);
}

const ranked = ({ runs, faults }: EngineResults) => runs.length > 0 && faults.length === 0;

/** Every figure of ours with that of each peer, for programs. A peer that lost or doubled anything is not compared with. */
export function engineMeasures(results: readonly EngineResults[]): Measure[] {
  const ours = results.find(({ engine }) => engine.name === 'ours');
  if (ours === undefined) return [];
  return FIGURES.flatMap(({ name, unit, of }) => {
    const value = middle(ours, of);
    if (value === null) return [];
    const peers = results.filter((peer) => peer !== ours && ranked(peer));
    const compared = peers.flatMap((peer): Measure[] => {
      const theirs = middle(peer, of);
      return theirs === null ? [] : [{ name, value, unit, ratio: value / theirs, against: peer.engine.name }];
    });
    return compared.length > 0 ? compared : [{ name, value, unit, ratio: null, against: null }];
  });
}

/** The same for people, the fastest first; engines with a fault come last and get no rank. */
export function engineReport(results: readonly EngineResults[], settings: { readonly timesheets: number; readonly latencyMs: number }): string {
  const rate = (one: EngineResults) => middle(one, (run) => run.timesheetsPerSecond) ?? 0;
  const inOrder = results.toSorted((left, right) => Number(ranked(right)) - Number(ranked(left)) || rate(right) - rate(left));
  const cell = (value: number | null, unit = '') => (value === null ? '–' : `${rounded(value)}${unit}`);
  const spread = ({ runs }: EngineResults) => {
    if (runs.length === 0) return '–';
    const { median: mid, min, max } = spreadOf(runs.map((run) => run.timesheetsPerSecond));
    return `${rounded(mid)} (${rounded(min)} to ${rounded(max)})`;
  };
  const killed = ({ crash, faults }: EngineResults) => (crash === undefined ? (faults.length > 0 ? 'failed' : 'not tried') : crash.verdict.exact ? `exact, ${Math.round(crash.seconds)} s` : 'NOT EXACT');
  const erp = ({ runs }: EngineResults) => (runs.length === 0 ? '–' : `${Math.max(...runs.map(({ limits }) => limits.peak))} / ${runs.reduce((sum, { limits }) => sum + limits.refused, 0)}`);
  return [
    '',
    `${settings.timesheets} timesheets a run, ${settings.latencyMs} ms for each request to the ERP, at most ${results[0]?.runs[0]?.limits.limit ?? 15} of them at a time · ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GB · Node ${process.version}`,
    'Everything on this machine, over loopback, each engine with servers and files of its own; one ERP sandbox process for all, emptied before each run, whose own processor time is not counted.',
    'The same intake (NDJSON over HTTP), rules, connector, rows left in PostgreSQL (outcomes, entries, ledger lines, pay lines, facts) and a waiting case for each timesheet with refused entries for all. Ours besides keeps what was received and an audit trail, tells the owners of cases, locks people and looks at what was posted before.',
    '',
    asTable([
      ['', 'rank', 'timesheets/s (range)', 'entries/s', 'CPU per timesheet', 'stored per timesheet', 'memory', 'killed', 'ERP: most at once / refused'],
      ...inOrder.map((one, position) => [
        one.engine.title,
        ranked(one) ? String(position + 1) : 'none',
        spread(one),
        cell(middle(one, (run) => run.entriesPerSecond)),
        cell(middle(one, cpuMs), ' ms'),
        cell(middle(one, (run) => run.bytesPerTimesheet / 1024), ' kB'),
        cell(middle(one, (run) => run.memory?.total ?? null), ' MB'),
        killed(one),
        erp(one),
      ]),
    ]),
    '',
    'Processor time per timesheet by process, median (a peer\'s one application, intake and worker, stands under worker):',
    asTable([['', 'server', 'store', 'worker', 'gateway', 'ERP sandbox'], ...inOrder.map((one) => [
      one.engine.title,
      ...['server', 'store', 'worker', 'gateway'].map((part) => cell(middle(one, partMs(part)), ' ms')),
      cell(middle(one, ({ sandboxCpuPerTimesheet }) => (sandboxCpuPerTimesheet === null ? null : sandboxCpuPerTimesheet * 1000)), ' ms'),
    ])]),
    '',
    ...inOrder.map(({ engine }) => `${engine.title}: ${engine.settings}.`),
    ...inOrder.flatMap(({ engine, faults }) => faults.map((fault) => `${engine.title} gets no rank: ${fault}`)),
  ].join('\n');
}

/** A peer's one application is its worker and its gateway. */
function partMs(part: string): Figure {
  return ({ cpuPerTimesheet }) => {
    const seconds = cpuPerTimesheet?.[part] ?? (part === 'worker' ? cpuPerTimesheet?.['application'] : undefined);
    return seconds === undefined ? null : seconds * 1000;
  };
}
