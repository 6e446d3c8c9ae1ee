import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { decideRecords } from '../../../activities/time/decide.ts';
import { createReference } from '../../../activities/time/reference.ts';
import type { Db } from '../../../store/database.ts';
import { publishTimeFacts } from '../../../store/reporting-time.ts';
import { plannedAnswers } from '../../../store/time/answers.ts';
import { claimPostings, postingsLeft, recordPosted } from '../../../store/time/labor-ledger.ts';
import { recordIdsInOrder } from '../../../store/time/records.ts';
import { openRecords, openTargets, outcomeCounts, releasedRecords, supersededRecords } from '../../../store/time/summary.ts';
import { anAssignment, anEntry, AS_OF, aPerson, aProject, aRate, aTimesheet } from '../../builders/time.ts';
import { asSuperuser } from '../support.ts';
import { startDecisions, type Decisions } from './decisions.ts';

const PEOPLE = Array.from({ length: 20 }, (_, index) => `page-${index}@firm.example`);
const CAPPED = ['refuse', 'write_off'] as const;
const ROWS = 20_000;
/** Of what a page has at most, several times over. */
const FEW = 500;

/**
 * The first month fills empty tables faster than PostgreSQL gathers statistics about them. What it then guesses made statements of each page
 * read whole tables: a month of 4,000 people took twice as long for each timesheet at its end as at its beginning.
 */
describe('The work on a page', function () {
  this.timeout(60_000);
  let decisions: Decisions;
  before(async () => {
    decisions = await startDecisions({
      people: PEOPLE.map((email) => aPerson({ email })),
      projects: [aProject({ number: 'P' }), ...CAPPED.map((beyond) => aProject({ number: beyond, billingMethod: 'capped', cap: { limit: { amount: '2000.00', currency: 'USD' }, used: { amount: '0', currency: 'USD' }, beyond } }))],
      assignments: PEOPLE.flatMap((person) => ['P', ...CAPPED].map((projectNumber) => anAssignment({ person, projectNumber }))),
      rates: ['P', ...CAPPED].map((projectNumber) => aRate({ projectNumber, currency: 'USD' })),
    });
    // Wide rows, as real ones are: narrow ones are few blocks.
    const wide = `jsonb_build_object('entry', jsonb_build_object('id', 'F-' || n, 'replaces', null), 'filler', (select string_agg(md5(n || '-' || part), '') from generate_series(1, 20) as part))`;
    await asSuperuser(decisions.store, [
      ...['time_entry', 'labor_posting', 'time_record', 'time_outcome', 'time_answer', 'reporting.fact_time'].map((table) => `alter table ${table} set (autovacuum_enabled = off)`),
      `insert into time_batch (id, source, kind, idempotency_key, state) values ('filler', 'test', 'timesheets', 'filler', 'sealed')`,
      `insert into time_record (kind, system, record_id, version, content_hash, person, legal_entity, week_start, batch, page, document, state)
       select 'timesheet', 'filler', 'F-' || n, 1, md5(n::text), 'person-' || n, 'US01', date '2026-01-05', 'filler', n / 200, ${wide}, 'decided' from generate_series(1, ${ROWS}) as n`,
      `insert into time_outcome (record, position, entry_id, entry_version, outcome) select r.id, 0, r.record_id, 1, 'accepted' from time_record r where r.system = 'filler'`,
      `insert into time_answer (record, kind, system, state, detail) select r.id, 'lock', 'filler', 'done', '{}' from time_record r where r.system = 'filler'`,
      `insert into time_entry (system, entry_id, version, record, timesheet_id, timesheet_version, person, work_date, state, project_number, legal_entity, employer, hours, currency, billed, written_off, labor, changed_by)
       select 'filler', 'F-' || n, 1, n, 'F-' || n, 1, 'person-' || n, date '2026-01-05', 'in_force', 'P-' || n % 900, 'US01', 'US01', 8, 'USD', 800, 0, ${wide}, n from generate_series(1, ${ROWS}) as n`,
      `insert into labor_posting (key, record, system, legal_entity, accounting_period, kind, hours, currency, amount, line, state)
       select 'F-' || n, n, 'netsuite', 'US01', '2026-01', 'original', 8, 'USD', 800, ${wide}, 'done' from generate_series(1, ${ROWS}) as n`,
    ]);
  });
  after(() => decisions.stop());

  it('reads no whole table, though nothing is known of the tables yet', async () => {
    const [page] = await decisions.receive(PEOPLE.map((person, index) => aTimesheet([anEntry({ id: `E-${index}`, person, projectNumber: 'P', task: null })], { id: `TS-${index}`, person })));
    assert.ok(page !== undefined);
    const { db } = decisions.store;
    const reference = await createReference(db)();
    const steps: [string, (transaction: Db, records: readonly number[]) => Promise<unknown>][] = [
      ['deciding', (transaction, records) => decideRecords(nested(transaction), reference, { selection: { records }, again: false, asOf: AS_OF })],
      ['counting what became of it', (transaction) => outcomeCounts(transaction, page)],
      ['what is to be posted', (transaction) => openTargets(transaction, page)],
      ['what was refused', (transaction) => openRecords(transaction, page)],
      ['what came free', (transaction) => releasedRecords(transaction, page)],
      ['what was overtaken', (transaction) => supersededRecords(transaction, page)],
      ['claiming its lines', (transaction) => claimPostings(transaction, { selection: page, system: 'netsuite', limit: 100, leaseMs: 1000, process: 'test' })],
      ['recording what is in the ERP', async (transaction, records) => recordPosted(transaction, (await sql<{ key: string }>`select key from labor_posting where record = any(${[...records]}::bigint[])`.execute(transaction)).rows.map(({ key }) => ({ key, externalId: key })))],
      ['what is left', (transaction) => postingsLeft(transaction, page, 'netsuite')],
      ['telling the warehouse', (transaction, records) => publishTimeFacts(transaction, records)],
      ['what is to be answered', (transaction) => plannedAnswers(transaction, page, 'test')],
    ];
    const reading: string[] = [];
    await db.transaction().execute(async (transaction) => {
      const records = await recordIdsInOrder(transaction, page);
      assert.equal(records.length, PEOPLE.length);
      for (const [name, step] of steps) {
        const before = await rowsRead(transaction);
        await step(transaction, records);
        for (const [table, rows] of await rowsRead(transaction)) {
          const read = rows - (before.get(table) ?? 0);
          if (read > FEW) reading.push(`${name} reads ${read} rows of ${table} one after the other`);
        }
      }
      const { rows } = await sql<{ n: number }>`select count(*)::integer as n from labor_posting where state = 'done' and external_id is not null`.execute(transaction);
      assert.deepEqual(reading, []);
      assert.ok((rows[0]?.n ?? 0) >= PEOPLE.length, 'the page was really worked on');
    });
  });

  it('reads none either where a correction leaves others room in a cap', async () => {
    const [one = '', other = ''] = PEOPLE;
    const sheet = (id: string, person: string, projectNumber: string, hours: string, version = 1) => {
      const replaced = (of: string) => (version === 1 ? null : { id: of, version: version - 1 });
      return aTimesheet([anEntry({ id: `${id}-${projectNumber}`, person, projectNumber, task: null, hours, version, replaces: replaced(`${id}-${projectNumber}`), workDate: id === 'A' ? '2026-11-12' : '2026-11-13' })], { id: `TS-${id}-${projectNumber}`, person, version, replaces: replaced(`TS-${id}-${projectNumber}`) });
    };
    for (const project of CAPPED) {
      await decisions.take(sheet('A', one, project, '8'));
      await decisions.take(sheet('B', other, project, '6'));
    }
    const [page] = await decisions.receive(CAPPED.map((project) => sheet('A', one, project, '2', 2)));
    assert.ok(page !== undefined);
    const { db } = decisions.store;
    const reference = await createReference(db)();
    await db.transaction().execute(async (transaction) => {
      const records = await recordIdsInOrder(transaction, page);
      const before = await rowsRead(transaction);
      await decideRecords(nested(transaction), reference, { selection: { records }, again: false, asOf: AS_OF });
      const reading = [...(await rowsRead(transaction))].filter(([table, rows]) => rows - (before.get(table) ?? 0) > FEW);
      assert.deepEqual(reading, []);
      const { rows } = await sql<{ billed: string }>`select billed::text from time_entry where person = ${other} and state = 'in_force' and project_number = any(${[...CAPPED]}::text[])`.execute(transaction);
      assert.deepEqual(rows.map(({ billed }) => Number(billed)), [1320, 1320], 'the others had the room');
    });
  });
});

/** A transaction within the caller's. */
function nested(transaction: Db): Db {
  return new Proxy(transaction, {
    get: (target, name, receiver) => (name === 'transaction' ? () => ({ execute: (work: (inner: Db) => Promise<unknown>) => work(target) }) : Reflect.get(target, name, receiver)),
  });
}

async function rowsRead(transaction: Db): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql<{ table: string; rows: number }>`select relname as table, seq_tup_read as rows from pg_stat_xact_user_tables where seq_tup_read > 0`.execute(transaction);
  return new Map(rows.map(({ table, rows: read }) => [table, read]));
}
