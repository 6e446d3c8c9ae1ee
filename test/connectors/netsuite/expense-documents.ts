import { expensePostingSchema, type ExpensePosting } from '../../../domain/model/time/expense-posting.ts';
import { uniqueTag } from '../conformance/documents.ts';

export const PERSON = 'ada@northwind-consulting.example';
export const PROJECT = 'DE01-TECH-EXP';

export type Line = ExpensePosting['lines'][number];
export const eur = (amount: string) => ({ amount, currency: 'EUR' });
export const lineOf = (id: string, change: Partial<Line>): Line => ({
  id, kind: 'receipt', category: 'LODGING', incurredOn: '2026-11-03', projectNumber: PROJECT, legalEntity: 'DE01', costCenter: 'DE01-TECH', country: 'DE',
  amount: eur('107.00'), recoverableTax: eur('7.00'), billed: eur('107.00'), receipt: `file-${id}`, description: 'Hotel, two nights', ...change,
});

/** Three lines: a hotel with tax that comes back, a per diem, and a drive that is not billed on. */
export function expenses(change: Partial<ExpensePosting> = {}): ExpensePosting {
  const tag = uniqueTag();
  return expensePostingSchema.parse({
    key: `EX-${tag}-1`, kind: 'original', reverses: null, system: 'netsuite', employer: 'DE01', report: { system: 'harvest', id: `report-${tag}`, version: 1 },
    person: PERSON, submittedOn: '2026-11-16', accountingPeriod: '2026-11', currency: 'EUR', total: eur('221.30'),
    lines: [
      lineOf('1', {}),
      lineOf('2', { kind: 'per_diem', category: 'PER_DIEM', amount: eur('84.00'), recoverableTax: eur('0.00'), receipt: null, description: 'Drei Tage in München' }),
      lineOf('3', { kind: 'mileage', category: 'MILEAGE', country: null, amount: eur('30.30'), recoverableTax: eur('0.00'), billed: null, receipt: null, description: '101 km' }),
    ],
    ...change,
  });
}

export function reversalOf(original: ExpensePosting): ExpensePosting {
  const minus = <M extends { amount: string }>(value: M): M => ({ ...value, amount: Number(value.amount) === 0 ? value.amount : `-${value.amount}`.replace('--', '') });
  return {
    ...original, key: `${original.key}-R`, kind: 'reversal', reverses: original.key, total: minus(original.total),
    lines: original.lines.map((line) => ({ ...line, amount: minus(line.amount), recoverableTax: minus(line.recoverableTax), billed: line.billed === null ? null : minus(line.billed) })),
  };
}
