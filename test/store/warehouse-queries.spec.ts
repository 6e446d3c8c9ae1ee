import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { decideRecord } from '../../activities/expenses/decide.ts';
import { decideRecords } from '../../activities/time/decide.ts';
import { createReference } from '../../activities/time/reference.ts';
import type { FirmConfig } from '../../domain/config/schema.ts';
import type { TimesheetContext } from '../../domain/model/time/context.ts';
import type { ExpenseReport } from '../../domain/model/time/expense-report.ts';
import type { Timesheet } from '../../domain/model/time/timesheet.ts';
import { activateConfig, storeConfig } from '../../store/config-versions.ts';
import type { Store } from '../../store/database.ts';
import { canonicalJson, sha256 } from '../../store/json.ts';
import { publishExpenseFacts } from '../../store/reporting-expenses.ts';
import { publishTimeFacts } from '../../store/reporting-time.ts';
import { publishProject } from '../../store/reporting.ts';
import { claimPostings, recordPosted } from '../../store/time/labor-ledger.ts';
import { openBatch, receiveRecords, sealBatch } from '../../store/time/intake.ts';
import { putReference } from '../../store/time/reference.ts';
import { aDrive, aPerDiem, aReport, aTaxi } from '../builders/expenses.ts';
import { CONFIG_DIR, theFirm } from '../builders/firm.ts';
import { ADA, AS_OF, MONDAY, anApproval, anAssignment, anEntry, aPerson, aProject, aRate, aTimeContext, aTimesheet } from '../builders/time.ts';
import { referenceRows } from '../support/time-line.ts';
import { freshStore } from './support.ts';

const BEN = 'ben@northwind-consulting.example';
const CAPPED = 'US01-TECH-C';
const INTERNAL = 'US01-INT-1';

/** Ada of US01 and Ben, lent by DE01, on a project by the hour, a capped one, and an internal one. */
function firmOf(config: FirmConfig): TimesheetContext {
  return aTimeContext(config, {
    people: [aPerson(), aPerson({ email: BEN, legalEntity: 'DE01', costCenter: 'DE01-TECH', timeZone: 'Europe/Berlin' })],
    projects: [
      aProject(),
      aProject({ number: CAPPED, cap: { limit: { amount: '2000.00', currency: 'USD' }, used: { amount: '0.00', currency: 'USD' }, beyond: 'write_off' } }),
      aProject({ number: INTERNAL, kind: 'internal' }),
    ],
    assignments: [anAssignment(), anAssignment({ projectNumber: CAPPED }), anAssignment({ projectNumber: INTERNAL }), anAssignment({ person: BEN })],
    rates: [aRate(), aRate({ projectNumber: CAPPED })],
    transferRates: [{ employer: 'DE01', client: 'US01', laborCategory: 'ENGINEER', rate: '110.00', currency: 'USD', from: '2025-01-01', to: null }],
    costRates: [{ legalEntity: 'US01', laborCategory: 'ENGINEER', rate: '90.00', currency: 'USD', from: '2025-01-01', to: null }],
  });
}

const tuesday = anEntry({ id: 'E-2', workDate: '2026-11-10' });
const week = [
  anEntry(),
  tuesday,
  anEntry({ id: 'E-3', workDate: '2026-11-11', projectNumber: CAPPED }),
  anEntry({ id: 'E-4', workDate: '2026-11-12', projectNumber: CAPPED }),
  anEntry({ id: 'E-5', workDate: '2026-11-13', projectNumber: INTERNAL, billable: false }),
];
/** Ada's week, Tuesday corrected to seven hours; four hours of October after its close; Ben's Monday; a day whose approval was withdrawn. */
const SHEETS: readonly Timesheet[] = [
  aTimesheet(week),
  aTimesheet(week.map((entry) => (entry.id === 'E-2' ? { ...entry, version: 2, hours: '7', replaces: { id: 'E-2', version: 1 } } : entry)), { version: 2, replaces: { id: 'TS-1', version: 1 } }),
  aTimesheet([anEntry({ id: 'E-6', workDate: '2026-10-30', hours: '4' })], { id: 'TS-2', weekStart: '2026-10-26' }),
  aTimesheet([anEntry({ id: 'E-7', person: BEN, hours: '6' })], { id: 'TS-3' }),
  aTimesheet([anEntry({ id: 'E-8', person: BEN, workDate: '2026-11-11', hours: '5' })], { id: 'TS-4' }),
  aTimesheet([anEntry({ id: 'E-8', person: BEN, workDate: '2026-11-11', hours: '5' })], { id: 'TS-4', approval: anApproval({ of: { id: 'TS-4', version: 1 }, status: 'withdrawn', decidedAt: '2026-11-16T10:00:00.000Z' }) }),
];
/** A taxi for 42.50, two days' allowance of 136.00 and a drive for 72.50 USD, billed on to the client. */
const REPORT: ExpenseReport = aReport([aTaxi(), aPerDiem(), aDrive()]);

interface Query {
  readonly title: string;
  readonly text: string;
}

async function queriesOfTheDocument(): Promise<Query[]> {
  const document = await readFile(join(CONFIG_DIR, '..', 'docs', 'warehouse.md'), 'utf8');
  return document.split(/^### /m).slice(1).flatMap((part) => {
    const [title = ''] = part.split('\n');
    return [...part.matchAll(/```sql\n([\s\S]*?)```/g)].map((match) => ({ title, text: match[1] ?? '' }));
  });
}

async function load(store: Store): Promise<void> {
  const { db } = store;
  const { config } = await theFirm();
  const hash = sha256(canonicalJson(config));
  await storeConfig(db, { hash, document: config, files: {} });
  await activateConfig(db, { hash, by: 'test' });
  await putReference(db, 'test', referenceRows(firmOf(config)));
  const reference = createReference(db);
  let batches = 0;
  const receive = async (kind: 'timesheets' | 'expenses', document: Timesheet | ExpenseReport): Promise<number> => {
    batches += 1;
    const { id } = await openBatch(db, { source: 'test', kind, idempotencyKey: `warehouse-${batches}` });
    const [received] = await receiveRecords(db, id, [document]);
    await sealBatch(db, id);
    assert.ok(received !== undefined);
    return received.record;
  };
  for (const sheet of SHEETS) {
    const record = await receive('timesheets', sheet);
    await decideRecords(db, await reference(), { selection: { records: [record] }, again: false, asOf: AS_OF });
    await publishTimeFacts(db, [record]);
  }
  const record = await receive('expenses', REPORT);
  await decideRecord(db, await reference(), { record, asOf: AS_OF });
  await publishExpenseFacts(db, record, config.expenseCategories);
  await publishProject(db, {
    client: { id: 'A-1', name: 'Harbour Logistics', country: 'US', parentId: null },
    project: { id: 'P-1', number: 'US01-TECH-A', name: 'Harbour platform', legalEntity: 'US01', region: 'AMER', serviceLine: 'TECH', billingMethod: 'time_and_materials', currency: 'USD', startDate: '2026-01-01', endDate: null },
    deal: { crm: 'salesforce', opportunityId: 'O-1', version: '1' },
    process: 'closed-won/salesforce/O-1',
    rates: [],
    bookings: [{ amount: '55000.00', currency: 'USD', bookedOn: '2026-01-05' }],
  });
}

async function postEverything(store: Store): Promise<void> {
  const { rows } = await sql<{ record: number; system: string }>`select distinct record, system from labor_posting where state not in ('done', 'cancelled') order by record`.execute(store.db);
  for (const { record, system } of rows) {
    const claimed = await claimPostings(store.db, { selection: { records: [record] }, system, limit: 100, leaseMs: 10_000, process: 'test' });
    await recordPosted(store.db, claimed.map(({ key }) => ({ key, externalId: `erp-${key}` })));
  }
}

describe('The example queries of docs/warehouse.md', function () {
  this.timeout(60_000);
  let store: Store;
  let queries: Query[];
  before(async () => {
    store = await freshStore();
    queries = await queriesOfTheDocument();
    await load(store);
  });
  after(async () => {
    await store.close();
  });

  async function answerOf(number: number): Promise<Record<string, unknown>[]> {
    const query = queries[number - 1];
    assert.ok(query !== undefined && query.title.startsWith(`${number}. `), `there is no query ${number}`);
    const { rows } = await sql<Record<string, unknown>>`${sql.raw(query.text.replace(/;\s*$/, ''))}`.execute(store.db);
    // Amounts come as text, so that nothing is rounded on the way; trailing zeros are PostgreSQL's.
    return rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, typeof value === 'string' && /^-?\d+\.\d+$/.test(value) ? value.replace(/\.?0+$/, '') : value])));
  }

  it('are ten, and each runs', async () => {
    assert.equal(queries.length, 10);
    for (let number = 1; number <= queries.length; number += 1) await answerOf(number);
  });

  it('say how much of their time people work for clients', async () => {
    assert.deepEqual(await answerOf(1), [
      { employer: 'DE01', month: '2026-11', hours: '6', client_hours: '6', client_percent: '100' },
      { employer: 'US01', month: '2026-10', hours: '4', client_hours: '4', client_percent: '100' },
      { employer: 'US01', month: '2026-11', hours: '39', client_hours: '31', client_percent: '79.5' },
    ]);
  });

  it('say what is billed, what a cap cost, and which rate is left', async () => {
    assert.deepEqual(await answerOf(2), [
      { project_number: 'US01-TECH-A', labor_category: 'ENGINEER', currency: 'USD', hours: '25', billed: '5500', written_off: '0', realized_rate: '220' },
      { project_number: CAPPED, labor_category: 'ENGINEER', currency: 'USD', hours: '16', billed: '2000', written_off: '1520', realized_rate: '125' },
    ]);
  });

  it('say what a project leaves when its own people and those it borrows are paid', async () => {
    assert.deepEqual(await answerOf(3), [
      { project_number: INTERNAL, currency: 'USD', billed: '0', charged: '720', contribution: '-720', hours_not_comparable: null },
      { project_number: 'US01-TECH-A', currency: 'USD', billed: '5500', charged: '2370', contribution: '3130', hours_not_comparable: null },
      { project_number: CAPPED, currency: 'USD', billed: '2000', charged: '1440', contribution: '560', hours_not_comparable: null },
    ]);
  });

  it('say what one legal entity owes another', async () => {
    assert.deepEqual(await answerOf(4), [{ owes: 'US01', to_whom: 'DE01', accounting_period: '2026-11', currency: 'USD', hours: '6', transfer: '660' }]);
  });

  it('find time that was booked after its own period had closed', async () => {
    assert.deepEqual(await answerOf(5), [{ legal_entity: 'US01', worked_in: '2026-10', booked_in: '2026-11', entries: 1, hours: '4', currency: 'USD', billed: '880' }]);
  });

  it('count what was corrected and what was taken back', async () => {
    assert.deepEqual(await answerOf(6), [
      { source_system: 'harvest', employer: 'DE01', versions: 2, corrected: 0, taken_back: 1, percent: '50' },
      { source_system: 'harvest', employer: 'US01', versions: 7, corrected: 1, taken_back: 0, percent: '14.3' },
    ]);
  });

  it('find long weeks', async () => {
    assert.deepEqual(await answerOf(7), [{ person: ADA, employer: 'US01', iso_year: 2026, iso_week: 46, hours: '39' }]);
    assert.equal(MONDAY, '2026-11-09');
  });

  it('add up expenses by category', async () => {
    assert.deepEqual((await answerOf(8)).map(({ category, lines, paid_back: paid, billed_on: billed }) => [category, lines, paid, billed]), [
      ['Daily allowance', 1, '136', '136'],
      ["Driving one's own car", 1, '72.5', '72.5'],
      ['Taxis, hired cars and public transport', 1, '42.5', '42.5'],
    ]);
  });

  it('hold projects against what was sold', async () => {
    assert.deepEqual(await answerOf(9), [{ number: 'US01-TECH-A', client: 'Harbour Logistics', service_line: 'TECH', currency: 'USD', sold: '55000', hours: '25', labor: '5500', expenses: '251', labor_percent: '10', last_day: '2026-11-10' }]);
  });

  it('agree with the posting ledger once every line is in the ERP, and show the difference before', async () => {
    assert.deepEqual(await answerOf(10), [{ legal_entity: 'US01', currency: 'USD', warehouse_hours: '49', posted_hours: '0', warehouse_billed: '7500', posted_billed: '0' }]);
    await postEverything(store);
    assert.deepEqual(await answerOf(10), []);
  });

  it('answer the same after everything is published once more', async () => {
    const before = await Promise.all(queries.map((_, index) => answerOf(index + 1)));
    const { rows } = await sql<{ id: number }>`select id from time_record where kind = 'timesheet'`.execute(store.db);
    assert.equal(await publishTimeFacts(store.db, rows.map(({ id }) => id)), 0);
    assert.deepEqual(await Promise.all(queries.map((_, index) => answerOf(index + 1))), before);
  });
});
