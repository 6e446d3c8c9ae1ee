import { expensePostingSchema, type ExpensePosting } from '../../../domain/model/time/expense-posting.ts';
import { sumMoney } from '../../../domain/money.ts';
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

/** The same amounts in another currency, with all the digits it has. */
export function expensesIn(currency: string | undefined): ExpensePosting {
  const document = expenses();
  if (currency === undefined) return document;
  const other = ({ amount }: { readonly amount: string }) => ({ amount: currency === 'JPY' ? String(Number(amount.replace('.', ''))) : `${amount}0`.replace(/00$/, '01').replace(/^0\.001$/, '0.000'), currency });
  const lines = document.lines.map((line) => ({ ...line, amount: other(line.amount), recoverableTax: other(line.recoverableTax), billed: line.billed === null ? null : other(line.billed) }));
  return expensePostingSchema.parse({ ...document, currency, lines, total: sumMoney(lines.map(({ amount }) => amount), currency) });
}

export function reversalOf(original: ExpensePosting): ExpensePosting {
  const minus = <M extends { amount: string }>(value: M): M => ({ ...value, amount: Number(value.amount) === 0 ? value.amount : `-${value.amount}`.replace('--', '') });
  return {
    ...original, key: `${original.key}-R`, kind: 'reversal', reverses: original.key, total: minus(original.total),
    lines: original.lines.map((line) => ({ ...line, amount: minus(line.amount), recoverableTax: minus(line.recoverableTax), billed: line.billed === null ? null : minus(line.billed) })),
  };
}

/** So many reports and their reversals that people entered by hand. */
export async function enteredByHand(admin: { seed(records: Readonly<Record<string, readonly object[]>>): Promise<Readonly<Record<string, readonly string[]>>> }, count: number): Promise<void> {
  const employee = { firstName: 'Somebody', lastName: `Else ${uniqueTag()}`, email: `by-hand-${uniqueTag()}@northwind-consulting.example`, subsidiary: { id: '5' } };
  const [id] = (await admin.seed({ employee: [employee] }))['employee'] ?? [];
  const many = (one: () => object) => Array.from({ length: count }, () => ({ externalId: `by-hand-${uniqueTag()}`, subsidiary: { id: '5' }, tranDate: '2026-11-16', ...one() }));
  const line = (side: object) => ({ account: { externalId: 'account-Expense' }, ...side });
  await admin.seed({
    expenseReport: many(() => ({ entity: { id }, expensereportcurrency: { id: '4' }, expense: { items: [{ expensedate: '2026-11-03', category: { externalId: 'expense-MEALS' }, amount: 1 }] } })),
    journalEntry: many(() => ({ currency: { id: '4' }, line: { items: [line({ debit: 1 }), line({ credit: 1 })] } })),
  });
}
