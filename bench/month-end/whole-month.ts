import { asTable, rounded } from '../support/report.ts';
import { checkMonth } from './check-month.ts';
import { ourEngine } from './engines/ours.ts';
import { alone, beside, type Findings } from '../support/findings.ts';
import type { CommonGround } from './ground.ts';
import { wholeMonth } from './month.ts';
import { runOnce, type RunResult } from './run.ts';

const LIMIT_MS_PER_TIMESHEET = 200;
const PARTS = ['worker', 'gateway', 'server', 'store'] as const;

/** Our line through a whole month, corrections and dirty records included; and through that of a quarter of the firm, to see whether memory grows with the month. */
export async function wholeMonths(common: CommonGround, consultants: number, tell: (line: string) => void): Promise<Findings> {
  const quarter = await run(Math.round(consultants / 4));
  const whole = await run(consultants);
  const ratio = (of: (one: RunResult) => number | undefined) => {
    const [small, large] = [of(quarter), of(whole)];
    return small === undefined || large === undefined ? '–' : (large / small).toFixed(2);
  };
  const mb = (value: number | undefined) => (value === undefined ? '–' : `${rounded(value)} MB`);
  const row = (name: string, one: RunResult) => [name, String(one.entries), `${rounded(one.seconds)} s`, `${rounded(one.timesheetsPerSecond)}`, `${rounded(one.entriesPerSecond)}`, mb(one.memory?.total), ...PARTS.map((part) => mb(one.memory?.parts[part]))];
  const against = `${quarter.entries}_entries`;
  return {
    measures: [
      alone('month_seconds', whole.seconds, 's'),
      alone('month_entries', whole.entries, 'entries'),
      alone('month_entries_per_second', whole.entriesPerSecond, 'entries/s'),
      ...(whole.memory === null || quarter.memory === null ? [] : [
        beside('month_peak_memory_mb', whole.memory.total, 'MB', against, quarter.memory.total),
        ...PARTS.map((part) => beside(`month_peak_memory_mb_${part}`, whole.memory?.parts[part] ?? 0, 'MB', against, quarter.memory?.parts[part] ?? 0)),
      ]),
      alone('month_erp_most_at_once', whole.limits.peak, 'requests'),
      alone('month_erp_refused', whole.limits.refused, 'requests'),
    ],
    report: [
      '',
      'A whole month, from intake to the last line in the ERP, and the memory it takes (private pages, and shared ones once):',
      asTable([
        ['', 'entries', 'took', 'timesheets/s', 'entries/s', 'memory at its peak', ...PARTS],
        row('a quarter of the firm', quarter),
        row('the firm', whole),
        ['ratio', '', '', '', '', ratio((one) => one.memory?.total), ...PARTS.map((part) => ratio((one) => one.memory?.parts[part]))],
      ]),
      `ERP: at most ${whole.limits.peak} of ${whole.limits.limit} requests at once, ${whole.limits.refused} refused. ${whole.verdict.text}.`,
    ].join('\n'),
    failed: !whole.verdict.exact || !quarter.verdict.exact,
  };

  async function run(people: number): Promise<RunResult> {
    const month = await wholeMonth(people);
    tell(`a month of ${people} consultants, ${month.sheets.length} timesheets:`);
    const result = await runOnce({ engine: ourEngine, ground: common.of(month), erp: common.erp, warmUp: [], sheets: month.sheets, crash: false, limitMs: 60_000 + month.sheets.length * LIMIT_MS_PER_TIMESHEET, check: (running) => checkMonth(running, common.erp, month.sheets) });
    tell(`  ${result.seconds.toFixed(1)} s, ${result.entriesPerSecond.toFixed(0)} entries/s; ${result.verdict.text}`);
    return result;
  }
}
