import type { Collection, RecordStore } from '../kit/sandbox.ts';
import type { Values } from './reading.ts';

/** A record as the ERP keeps it. */
export interface Entry {
  readonly id: string;
  readonly number: string;
  readonly status: string;
  /** Of its last change, counted over the whole ERP. */
  readonly change: number;
  readonly fields: Values;
  readonly lines: readonly Values[];
}

export interface Answer {
  readonly key: string;
  readonly outcome: 'CREATED' | 'CHANGED' | 'PRESENT' | 'REFUSED' | 'DELETED' | 'DEACTIVATED' | 'CANCELLED' | 'KEPT' | 'NOT_FOUND' | 'DONE';
  readonly number?: string;
  readonly status?: string;
  readonly change?: number;
  readonly code?: string;
  readonly message?: string;
}

/** A batch the import job has dealt with, with what it answered. */
export interface JournalEntry {
  readonly id: string;
  readonly table: string;
  readonly manifest: string;
  readonly outcome: 'TAKEN' | 'REFUSED';
  readonly code: string;
  readonly message: string;
  readonly answers: readonly Answer[];
  readonly change: number;
  readonly at: string;
}

export const KEPT_TABLES = ['customers', 'contracts', 'projects', 'rate_cards', 'billing_schedules', 'labor', 'expenses'] as const;
export type KeptTable = (typeof KEPT_TABLES)[number];
const LETTERS: Readonly<Record<KeptTable, string>> = { customers: 'C', contracts: 'K', projects: 'P', rate_cards: 'R', billing_schedules: 'B', labor: 'L', expenses: 'E' };

export interface Books {
  readonly tables: Readonly<Record<KeptTable, Collection<Entry>>>;
  readonly journal: Collection<JournalEntry>;
  readonly companies: Collection<{ id: string; name?: string }>;
  readonly currencies: Collection<{ id: string }>;
  readonly categories: Collection<{ id: string }>;
  readonly employees: Collection<{ id: string; name?: string }>;
  readonly closedPeriods: Collection<{ id: string }>;
  readonly paidExpenses: Collection<{ id: string }>;
  readonly invoices: Collection<{ id: string; project: string }>;
  nextNumber(table: KeptTable): string;
  nextChange(): number;
  byNumber(table: KeptTable, number: string): Entry | undefined;
  projectNumbered(projectNumber: string): Entry | undefined;
  laborOf(projectNumber: string): Entry[];
  /** Contracts and projects of a customer's number, projects and the like of a contract's or project's. */
  referring(table: KeptTable, number: string): Entry[];
}

const opened = new WeakMap<RecordStore, Books>();

export function openBooks(records: RecordStore): Books {
  const known = opened.get(records);
  if (known !== undefined) return known;
  const named = (name: KeptTable) => records.collection<Entry>(name);
  const tables = { customers: named('customers'), contracts: named('contracts'), projects: named('projects'), rate_cards: named('rate_cards'), billing_schedules: named('billing_schedules'), labor: named('labor'), expenses: named('expenses') };
  const numbers = new Map(KEPT_TABLES.map((table) => [table, tables[table].indexBy(({ number }) => number)]));
  const projects = tables.projects.indexBy(({ fields }) => fields['project_number']);
  const labor = tables.labor.indexBy(({ fields }) => fields['project_number']);
  const field = (name: string) => (entry: Entry) => entry.fields[name];
  const references = {
    customers: [tables.contracts.indexBy(field('customer_number')), tables.projects.indexBy(field('customer_number'))],
    contracts: [tables.projects.indexBy(field('contract_number'))],
    projects: [tables.rate_cards.indexBy(field('project')), tables.billing_schedules.indexBy(field('project'))],
  };
  const books: Books = {
    tables,
    journal: records.collection('batches'),
    companies: records.collection('companies'),
    currencies: records.collection('currencies'),
    categories: records.collection('labor_categories'),
    employees: records.collection('employees'),
    closedPeriods: records.collection('closed_periods'),
    paidExpenses: records.collection('paid_expenses'),
    invoices: records.collection('invoices'),
    nextNumber: (table) => `${LETTERS[table]}${String(records.nextId(table)).padStart(table === 'labor' ? 9 : 6, '0')}`,
    nextChange: () => records.nextId('change'),
    byNumber: (table, number) => numbers.get(table)?.(number)[0],
    projectNumbered: (number) => projects(number)[0],
    laborOf: (number) => labor(number),
    referring: (table, number) => (table === 'customers' || table === 'contracts' || table === 'projects' ? references[table].flatMap((find) => find(number)) : []),
  };
  opened.set(records, books);
  return books;
}
