import { minorDigits } from '../../domain/money.ts';
import { SIDES, type Reconciliation, type ReconciledLine } from './reconcile.ts';

const HEAD = ['Legal entity', 'Currency', 'Measure', 'Received', 'Posted', 'Rejected', 'Held', 'Repeated', 'Not booked', 'Unreadable', 'Difference'];
const TEXT_COLUMNS = 3;

const KEY = [
  'Posted: accepted, and in the ERP by its lines in the labor ledger. Repeated: came before, with the same content. Not booked: accepted, and of no hours, or taken back',
  'before it was in an ERP. Unreadable: refused at the door and kept in quarantine (npm run q2c -- inbox).',
];

/** The reconciliation for a terminal: aligned columns, totals below, and what does not add up in words. */
export function reconciliationTable({ lines, totals, differences, reconciles }: Reconciliation): string {
  const body = lines.map((line, position) => cellsOf(line.legalEntity, line, lines[position - 1]));
  const sums = totals.map((line, position) => cellsOf(position === 0 ? 'All' : '', line, undefined));
  const widths = HEAD.map((title, column) => Math.max(title.length, ...[...body, ...sums].map((row) => (row[column] ?? '').length)));
  const rowOf = (cells: readonly string[]) => cells.map((cell, column) => (column < TEXT_COLUMNS ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ').trimEnd();
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  const verdict = reconciles ? 'Reconciles: received = posted + rejected + held + repeated + not booked + unreadable, to the cent, in every legal entity and currency, and every entry in force is in its ERP.' : `Does not reconcile:\n${differences.map((difference) => `  ${difference}`).join('\n')}`;
  return [rowOf(HEAD), rule, ...body.map(rowOf), rule, ...sums.map(rowOf), '', ...KEY, '', verdict].join('\n');
}

/** The legal entity and currency are named once for their three measures. */
function cellsOf(legalEntity: string, line: Omit<ReconciledLine, 'legalEntity'>, before: ReconciledLine | undefined): string[] {
  const isSame = before !== undefined && before.legalEntity === legalEntity && before.currency === line.currency;
  const currency = line.currency === '*' ? '' : line.currency;
  const digits = line.measure === 'money' ? minorDigits(line.currency) : line.measure === 'hours' ? 2 : 0;
  return [isSame ? '' : legalEntity, isSame ? '' : currency, line.measure, ...[...SIDES.map((side) => line.sides[side]), line.difference].map((value) => written(value, digits))];
}

/** With groups of three digits and at least so many decimals; never rounded. */
function written(value: string, digits: number): string {
  const [whole = '0', fraction = ''] = value.split('.');
  const decimals = fraction.padEnd(digits, '0');
  return whole.replace(/\B(?=(\d{3})+$)/g, ',') + (decimals === '' ? '' : `.${decimals}`);
}
