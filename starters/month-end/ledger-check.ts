import { compareDecimal, decimalText } from '../../domain/money.ts';
import type { BookedTotal, UnpostedEntry } from '../../store/time/posted.ts';

/** What is wrong with one entry, in a sentence. */
export function amissOf({ entry, timesheet, legalEntity, reason }: UnpostedEntry): string {
  const where = timesheet === null ? '' : ` of timesheet ${timesheet}${legalEntity === null ? '' : ` (${legalEntity})`}`;
  return `${entry}${where}: ${reason}.`;
}

/** One sentence for each legal entity and currency in which the ledger has something else than is in force. */
export function ledgerDifferences(totals: readonly BookedTotal[]): string[] {
  return totals.filter((total) => !agrees(total)).map(({ legalEntity, currency, hours, worth, ledgerHours, ledgerWorth }) => `${legalEntity} ${currency}: ${decimalText(hours)} hours and ${decimalText(worth)} ${currency} are in force, ${decimalText(ledgerHours)} hours and ${decimalText(ledgerWorth)} ${currency} in the labor ledger.`);
}

/** What is in force against the ledger, for a terminal. */
export function ledgerTable(totals: readonly BookedTotal[]): string {
  const rows = totals.map((total) => [total.legalEntity, total.currency, String(total.entries), String(total.withoutHours), decimalText(total.hours), decimalText(total.worth), String(total.originals), String(total.reversals), String(total.cancelled), agrees(total) ? 'agrees' : `DIFFERS: ${decimalText(total.ledgerHours)} hours, ${decimalText(total.ledgerWorth)}`]);
  const head = ['Legal entity', 'Currency', 'In force', 'Of no hours', 'Hours', 'Worth', 'Lines posted', 'Taken back', 'Never posted', 'Labor ledger'];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[]) => cells.map((cell, column) => (column < 2 || column === cells.length - 1 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ').trimEnd();
  return [line(head), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

function agrees({ hours, worth, ledgerHours, ledgerWorth }: BookedTotal): boolean {
  return compareDecimal(decimalText(hours), decimalText(ledgerHours)) === 0 && compareDecimal(decimalText(worth), decimalText(ledgerWorth)) === 0;
}
