import { setTimeout as pause } from 'node:timers/promises';
import { addDays } from '../../domain/dates.ts';
import type { LaborPort } from '../../connectors/labor-port.ts';
import type { CallContext, Log } from '../../connectors/ports.ts';
import { isSystemFailure } from '../../domain/failure.ts';
import { addDecimal, compareDecimal, decimalText } from '../../domain/money.ts';
import type { LedgerTotal } from '../../store/time/month.ts';

export interface ErpLine {
  readonly system: string;
  readonly legalEntity: string;
  readonly ours: { readonly lines: number; readonly hours: string; readonly billed: Readonly<Record<string, string>> };
  readonly theirs: { readonly lines: number; readonly hours: string; readonly billed: Readonly<Record<string, string>> };
  readonly agrees: boolean;
}

/** An ERP that still takes in what it was given, or is away for a moment, is asked again after these waits. */
const WAITS_MS = [2_000, 5_000, 15_000, 30_000, 60_000];

/**
 * Asks each ERP what it has of each legal entity, and holds it against the labor ledger.
 * @throws SystemFailure of an ERP that does not answer, however often it was asked
 */
export async function askErps(totals: readonly LedgerTotal[], portOf: (system: string) => Pick<LaborPort, 'totals'>, range: { readonly from: string; readonly to: string }, log: Log, wait: (ms: number) => Promise<unknown> = pause): Promise<readonly ErpLine[]> {
  const groups = Map.groupBy(totals, ({ system, legalEntity }) => JSON.stringify([system, legalEntity]));
  const lines: ErpLine[] = [];
  for (const group of groups.values()) {
    const [first] = group;
    if (first === undefined) continue;
    const { system, legalEntity } = first;
    const ask = async () => {
      const context: CallContext = { signal: AbortSignal.timeout(120_000), heartbeat: () => undefined, log, idempotencyKey: `reconciliation/${legalEntity}` };
      return await portOf(system).totals({ legalEntity, from: addDays(range.from, -120), to: addDays(range.to, 62) }, context);
    };
    const answer = await patiently(ask, wait);
    const ours = { lines: group.reduce((sum, one) => sum + one.lines, 0), hours: group.map(({ hours }) => decimalText(hours)).reduce(addDecimal, '0'), billed: byCurrency(group.map(({ currency, amount }) => ({ currency, amount }))) };
    const theirs = { lines: answer.lines, hours: decimalText(answer.hours), billed: byCurrency(answer.billed) };
    const currencies = new Set([...Object.keys(ours.billed), ...Object.keys(theirs.billed)]);
    const sameMoney = answer.billed.length === 0 || [...currencies].every((currency) => compareDecimal(ours.billed[currency] ?? '0', theirs.billed[currency] ?? '0') === 0);
    lines.push({ system, legalEntity, ours, theirs, agrees: ours.lines === theirs.lines && compareDecimal(ours.hours, theirs.hours) === 0 && sameMoney });
  }
  return lines;
}

async function patiently<Answer>(ask: () => Promise<Answer>, wait: (ms: number) => Promise<unknown>): Promise<Answer> {
  for (const ms of WAITS_MS) {
    try {
      return await ask();
    } catch (error) {
      if (!isSystemFailure(error) || error.failure.kind !== 'transient') throw error;
      await wait(Math.max(ms, error.failure.retryAfterMs ?? 0));
    }
  }
  return await ask();
}

function byCurrency(amounts: readonly { readonly currency: string; readonly amount: string }[]): Record<string, string> {
  const sums: Record<string, string> = {};
  for (const { currency, amount } of amounts) sums[currency] = addDecimal(sums[currency] ?? '0', decimalText(amount));
  return Object.fromEntries(Object.entries(sums).filter(([, amount]) => amount !== '0').toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

export function erpTable(lines: readonly ErpLine[]): string {
  const rows = lines.map(({ system, legalEntity, ours, theirs, agrees }) => [legalEntity, system, String(theirs.lines), theirs.hours, Object.entries(theirs.billed).map(([currency, amount]) => `${amount} ${currency}`).join(', ') || '–', agrees ? 'agrees' : `DIFFERS: the ledger has ${ours.lines} lines, ${ours.hours} hours, ${Object.entries(ours.billed).map(([currency, amount]) => `${amount} ${currency}`).join(', ')}`]);
  const head = ['Legal entity', 'ERP', 'Lines', 'Hours', 'To be billed', 'Labor ledger'];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[]) => cells.map((cell, column) => (column === 2 || column === 3 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0))).join('  ').trimEnd();
  return [line(head), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}
