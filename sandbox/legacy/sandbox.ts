/** An ERP of the age of batch jobs, which takes files and answers with files: its folder stands for what would be a share or an SFTP server. */
import type { SandboxContext, SandboxDefinition } from '../kit/sandbox.ts';
import { KEPT_TABLES, openBooks, type KeptTable } from './books.ts';
import { createJob } from './job.ts';
import { LegacyOptions } from './options.ts';
import { COMPANIES, CURRENCIES, emailOf, EMPLOYEES, LABOR_CATEGORIES } from './reference-data.ts';

export const legacy: SandboxDefinition = {
  name: 'legacy',
  title: 'Legacy ERP with file import (sandbox)',
  /**
   * stopped: the import job does not run · late: it lets batches wait · silent: it imports and puts away, but its acknowledgements are lost.
   * Single faults are records of the collection `orders`, people and projects entered by hand those of `employees` and `projects` (POST /__admin/seed).
   */
  modes: ['stopped', 'late', 'silent'],

  register(context) {
    const job = createJob(context, LegacyOptions.parse(context.options));
    context.app.addHook('onReady', async () => {
      await job.start();
    });
    context.app.addHook('onClose', async () => {
      await job.stop();
    });
  },

  initialRecords({ records }) {
    const books = openBooks(records);
    for (const [id, name] of COMPANIES) books.companies.put(id, { id, name });
    for (const id of CURRENCIES) books.currencies.put(id, { id });
    for (const id of LABOR_CATEGORIES) books.categories.put(id, { id });
    for (const name of EMPLOYEES) books.employees.put(emailOf(name), { id: emailOf(name), name });
  },

  /** A record of the import's tables is entered as people would by hand: `{ id: <external key>, status?, fields, lines? }`. */
  seed(context, collection, record) {
    const { records } = context;
    const id = typeof record['id'] === 'string' ? record['id'] : String(records.nextId(`seed ${collection}`));
    if (collection === 'orders' && record['kind'] === 'none') return withdrawOrders(context);
    if (isKept(collection)) return byHand(context, collection, id, record);
    records.collection(collection).put(id, { ...record, id });
    return id;
  },
};

function withdrawOrders({ records }: SandboxContext): string {
  const orders = records.collection('orders');
  for (const { id } of records.collection<{ id: string }>('orders').all()) orders.delete(id);
  return 'none';
}

function byHand({ records }: SandboxContext, table: KeptTable, id: string, { status, fields, lines }: Record<string, unknown>): string {
  const books = openBooks(records);
  const before = books.tables[table].get(id);
  books.tables[table].put(id, {
    id,
    number: before?.number ?? books.nextNumber(table),
    status: typeof status === 'string' ? status : (before?.status ?? 'ACTIVE'),
    change: books.nextChange(),
    fields: { ...before?.fields, ...valuesOf(fields) },
    lines: Array.isArray(lines) ? lines.map(valuesOf) : (before?.lines ?? []),
  });
  return id;
}

function valuesOf(given: unknown): Record<string, string> {
  if (typeof given !== 'object' || given === null) return {};
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)]));
}

function isKept(name: string): name is KeptTable {
  return KEPT_TABLES.some((table) => table === name);
}
