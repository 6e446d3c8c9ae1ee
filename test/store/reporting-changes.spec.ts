import assert from 'node:assert/strict';
import { sql } from 'kysely';
import pg from 'pg';
import type { Store } from '../../store/database.ts';
import { publishProject, withdrawProject, type PublishedProject } from '../../store/reporting.ts';
import { changedRows, reportingTotals, sendAgain, type ReportingRow } from '../../store/reporting-changes.ts';
import { REPORTING_TABLES, reportingTable } from '../../store/reporting-tables.ts';
import { freshStore } from './support.ts';

const aProject: PublishedProject = {
  client: { id: 'C-1', name: 'Acme', country: 'US', parentId: null },
  project: { id: 'P-1', number: 'US01-TECH-1', name: 'Cloud migration', legalEntity: 'US01', region: 'NA', serviceLine: 'TECHNOLOGY', billingMethod: 'time_and_materials', currency: 'USD', startDate: '2026-12-01', endDate: null },
  deal: { crm: 'salesforce', opportunityId: '006', version: '1' },
  process: 'closed-won/salesforce/006',
  rates: [{ laborCategory: 'ENGINEER', unit: 'hour', from: '2026-12-01', to: null, rate: '260.50', currency: 'USD' }],
  bookings: [{ amount: '120000.00', currency: 'USD', bookedOn: '2026-11-20' }],
};

describe('What changed in the schema reporting', function () {
  this.timeout(30_000);
  let store: Store;
  beforeEach(async () => {
    store = await freshStore();
  });
  afterEach(() => store.close());

  const hire = async (db: Store['db'] | pg.Client, person: string, employer = 'US01') => {
    const text = `insert into reporting.dim_person (person, employer) values ('${person}', '${employer}') on conflict (person) do update set employer = excluded.employer`;
    if (db instanceof pg.Client) await db.query(text);
    else await sql.raw(text).execute(db);
  };
  const page = (after: number, limit = 100, name = 'dim_person') => changedRows(store.db, { table: reportingTable(name), after, limit });
  const people = (rows: readonly ReportingRow[]) => rows.map((row) => `${row['person'] ?? ''}@${row['employer'] ?? ''}`);

  it('is read from every table with every column but the times of publication', async () => {
    const { rows } = await sql<{ table_name: string; column_name: string }>`select table_name, column_name from information_schema.columns where table_schema = 'reporting' and column_name not in ('published_at', 'updated_at')`.execute(store.db);
    const stored = rows.map(({ table_name, column_name }) => `${table_name}.${column_name}`).toSorted();
    const given = REPORTING_TABLES.flatMap(({ name, columns }) => columns.filter((column) => column.name !== 'is_deleted').map((column) => `${name}.${column.name}`)).toSorted();
    assert.deepEqual(given, stored);
    for (const table of REPORTING_TABLES) assert.deepEqual((await changedRows(store.db, { table, after: 0, limit: 10 })).rows, []);
  });

  it('comes in pages, each key once, and again only when it changes again', async () => {
    for (const person of ['ada', 'ben', 'cleo']) await hire(store.db, person);
    await hire(store.db, 'ada', 'DE01');
    const first = await page(0, 2);
    assert.deepEqual([people(first.rows), first.more], [['ada@DE01', 'ben@US01'], true]);
    const second = await page(first.last ?? 0, 2);
    assert.deepEqual([people(second.rows), second.more], [['cleo@US01'], false]);
    assert.deepEqual((await page(second.last ?? 0)).rows, []);
    await hire(store.db, 'ben', 'GB01');
    assert.deepEqual(people((await page(second.last ?? 0)).rows), ['ben@GB01']);
    assert.deepEqual(people((await page(0)).rows), ['ada@DE01', 'cleo@US01', 'ben@GB01'], 'one that begins anew gets each key as it is now');
  });

  it('says nothing of a row that was written as it was', async () => {
    await sql`insert into reporting.dim_labor_category values ('ENGINEER') on conflict do nothing`.execute(store.db);
    const categories = await page(0, 100, 'dim_labor_category');
    await sql`insert into reporting.dim_labor_category values ('ENGINEER') on conflict do nothing`.execute(store.db);
    assert.deepEqual((await page(categories.last ?? 0, 100, 'dim_labor_category')).rows, []);
  });

  it('does not miss what was written early and committed late', async () => {
    const slow = new pg.Client({ connectionString: store.url });
    await slow.connect();
    try {
      await slow.query('begin');
      await hire(slow, 'early');
      await hire(store.db, 'late');
      const first = await page(0);
      assert.deepEqual(people(first.rows), ['late@US01']);
      await slow.query('commit');
      assert.deepEqual(people((await page(first.last ?? 0)).rows), ['early@US01']);
    } finally {
      await slow.end();
    }
  });

  it('waits for nobody who is just changing a row, and has it afterwards', async () => {
    await hire(store.db, 'ada');
    const { last } = await page(0);
    const slow = new pg.Client({ connectionString: store.url });
    await slow.connect();
    try {
      await slow.query('begin');
      await hire(slow, 'ada', 'DE01');
      await hire(store.db, 'ben');
      const second = await page(last ?? 0);
      assert.deepEqual(people(second.rows), ['ben@US01']);
      await slow.query('commit');
      assert.deepEqual(people((await page(second.last ?? 0)).rows), ['ada@DE01']);
    } finally {
      await slow.end();
    }
  });

  it('sends rows again when told, and no others', async () => {
    for (const person of ['ada', 'ben', 'cleo']) await hire(store.db, person);
    const { rows, last } = await page(0);
    await sendAgain(store.db, reportingTable('dim_person'), rows.slice(1, 2));
    assert.deepEqual(people((await page(last ?? 0)).rows), ['ben@US01']);
  });

  it('tells of rows that are gone, by their key', async () => {
    await publishProject(store.db, aProject);
    const rates = await page(0, 100, 'dim_rate');
    assert.deepEqual(rates.rows, [{ project_id: 'P-1', labor_category: 'ENGINEER', unit: 'hour', valid_from: '2026-12-01', valid_to: null, rate: '260.5', currency: 'USD', is_deleted: 'false' }]);
    await publishProject(store.db, { ...aProject, rates: [{ laborCategory: 'ARCHITECT', unit: 'hour', from: '2026-12-01', to: null, rate: '310', currency: 'USD' }] });
    await withdrawProject(store.db, { projectId: 'P-1', because: 'aborted' });
    assert.deepEqual((await page(rates.last ?? 0, 100, 'dim_rate')).rows.map((row) => [row['labor_category'], row['rate'], row['is_deleted']]), [['ARCHITECT', '310', 'false'], ['ENGINEER', null, 'true']]);
    assert.deepEqual((await page(0, 100, 'fact_booking')).rows, [{ project_id: 'P-1', currency: 'USD', amount: null, booked_on: null, is_deleted: 'true' }]);
    const [project] = (await page(0, 100, 'dim_project')).rows;
    assert.match(project?.['withdrawn_at'] ?? '', /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);
  });

  it('is counted and added up as a warehouse with all of it would have it', async () => {
    const table = reportingTable('fact_booking');
    await publishProject(store.db, { ...aProject, bookings: [{ amount: '0.1', currency: 'USD', bookedOn: '2026-11-20' }, { amount: '0.2', currency: 'EUR', bookedOn: '2026-11-20' }] });
    const before = await reportingTotals(store.db, table, 0);
    assert.deepEqual([before.rows, before.sums, before.pending], [2, { amount: '0.3' }, 2]);
    const { last } = await changedRows(store.db, { table, after: 0, limit: 10 });
    assert.deepEqual(await reportingTotals(store.db, table, last ?? 0), { rows: 2, sums: { amount: '0.3' }, pending: 0, last });
    await withdrawProject(store.db, { projectId: 'P-1', because: 'aborted' });
    const after = await reportingTotals(store.db, table, last ?? 0);
    assert.deepEqual([after.rows, after.sums, after.pending], [2, { amount: '0' }, 2]);
  });

  it('leaves two readers with the same in the end, whoever writes while they read', async () => {
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      const client = new pg.Client({ connectionString: store.url });
      await client.connect();
      for (let turn = 0; turn < 15; turn += 1) {
        await client.query('begin');
        await hire(client, `person-${(writer * 7 + turn) % 11}`, `E${writer}-${turn}`);
        await hire(client, `own-${writer}-${turn}`);
        await client.query(turn % 5 === 4 ? 'rollback' : 'commit');
      }
      await client.end();
    });
    let writing = true;
    const finished = Promise.all(writers).finally(() => {
      writing = false;
    });
    const mirror = async () => {
      const seen = new Map<string, string>();
      let after = 0;
      for (;;) {
        const last = !writing;
        const { rows, last: to, more } = await page(after, 7);
        for (const row of rows) seen.set(row['person'] ?? '', row['employer'] ?? '');
        after = to ?? after;
        if (last && !more) return seen;
      }
    };
    const [left, right] = await Promise.all([mirror(), mirror(), finished]);
    const { rows } = await sql<{ person: string; employer: string }>`select person, employer from reporting.dim_person`.execute(store.db);
    const stored = new Map(rows.map(({ person, employer }) => [person, employer]));
    assert.deepEqual([...left].toSorted(), [...stored].toSorted());
    assert.deepEqual([...right].toSorted(), [...stored].toSorted());
  });
});
