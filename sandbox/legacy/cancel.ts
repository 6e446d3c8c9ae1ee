import type { Answer, Books, Entry, KeptTable } from './books.ts';

interface Cancelled {
  readonly table: KeptTable;
  /** What becomes of a record that is in use. */
  readonly status: string;
  readonly outcome: 'DEACTIVATED' | 'CANCELLED' | 'KEPT';
  readonly inUse: (books: Books, entry: Entry) => boolean;
}

const CANCELLED: Readonly<Record<string, Cancelled>> = {
  CUSTOMER: { table: 'customers', status: 'INACTIVE', outcome: 'DEACTIVATED', inUse: (books, { number }) => books.referring('customers', number).length > 0 },
  CONTRACT: { table: 'contracts', status: 'CANCELLED', outcome: 'CANCELLED', inUse: (books, { number }) => books.referring('contracts', number).length > 0 },
  PROJECT: { table: 'projects', status: 'CANCELLED', outcome: 'CANCELLED', inUse: (books, { number, fields }) => books.referring('projects', number).length > 0 || books.laborOf(fields['project_number'] ?? '').length > 0 || hasExpenses(books, fields['project_number'] ?? '') },
  RATE_CARD: { table: 'rate_cards', status: 'INACTIVE', outcome: 'DEACTIVATED', inUse: (books, { fields }) => books.laborOf(books.byNumber('projects', fields['project'] ?? '')?.fields['project_number'] ?? '').length > 0 },
  BILLING_SCHEDULE: { table: 'billing_schedules', status: 'CANCELLED', outcome: 'CANCELLED', inUse: (books, { fields }) => books.invoices.find(({ project }) => project === fields['project']) !== undefined },
  EXPENSE: { table: 'expenses', status: 'BOOKED', outcome: 'KEPT', inUse: (books, { id }) => books.paidExpenses.get(id) !== undefined },
};

/** Deletes a record that nothing refers to; others are put out of use. */
export function cancel(books: Books, record: string, key: string): Answer {
  const kind = CANCELLED[record];
  if (kind === undefined) return { key, outcome: 'REFUSED', code: 'FORMAT', message: `there is no kind of record "${record}" to cancel` };
  const { table, status, outcome, inUse } = kind;
  const entry = books.tables[table].get(key);
  if (entry === undefined) return { key, outcome: 'NOT_FOUND' };
  const change = books.nextChange();
  if (!inUse(books, entry)) {
    books.tables[table].delete(key);
    return { key, outcome: 'DELETED', number: entry.number, status: '', change };
  }
  books.tables[table].put(key, { ...entry, status, change });
  return { key, outcome, number: entry.number, status, change };
}

function hasExpenses(books: Books, projectNumber: string): boolean {
  return books.tables.expenses.find(({ lines }) => lines.some((line) => line['project_number'] === projectNumber)) !== undefined;
}
