import assert from 'node:assert/strict';
import { sql } from 'kysely';
import type { TimeEntry } from '../../../domain/model/time/time-entry.ts';
import { anAssignment, anEntry, aProject, aRate, aTimesheet } from '../../builders/time.ts';
import { startDecisions, type Decisions } from './decisions.ts';

const PROJECTS = ['CAP', 'FEE'];

describe('What a capped project has used', function () {
  this.timeout(60_000);
  let decisions: Decisions;
  before(async () => {
    decisions = await startDecisions({
      projects: [aProject({ number: 'CAP', billingMethod: 'capped', cap: { limit: { amount: '10000.00', currency: 'USD' }, used: { amount: '0', currency: 'USD' }, beyond: 'refuse' } }), aProject({ number: 'FEE', billingMethod: 'fixed_fee' })],
      assignments: PROJECTS.map((projectNumber) => anAssignment({ projectNumber })),
      rates: PROJECTS.map((projectNumber) => aRate({ projectNumber, currency: 'USD' })),
    });
  });
  beforeEach(() => decisions.empty());
  after(() => decisions.stop());

  const on = (projectNumber: string, parts: Partial<TimeEntry> = {}) => anEntry({ projectNumber, task: null, ...parts });
  const secondVersion = (entries: readonly TimeEntry[]) => aTimesheet(entries, { version: 2, replaces: { id: 'TS-1', version: 1 } });
  const used = async () => (await decisions.rows(sql<{ used: string }>`select used::text from time_cap where project_number = 'CAP'`)).map((row) => Number(row.used));
  const billed = async () => (await decisions.rows(sql<{ billed: string }>`select coalesce(sum(billed), 0)::text as billed from time_entry where project_number = 'CAP' and state = 'in_force'`)).map((row) => Number(row.billed));

  it('is nothing once a new version, with no entry on it, moves one entry away and drops the other', async () => {
    await decisions.take(aTimesheet([on('CAP'), on('CAP', { id: 'E-2', workDate: '2026-11-10' })]));
    assert.deepEqual(await used(), [3520], 'sixteen hours at 220 USD');
    await decisions.take(secondVersion([on('FEE', { version: 2, replaces: { id: 'E-1', version: 1 } })]));
    assert.deepEqual(await used(), [0]);
  });

  it('stays what it is where other work of the week only makes overtime of it', async () => {
    const days = ['2026-11-10', '2026-11-11', '2026-11-12', '2026-11-13'];
    await decisions.take(aTimesheet(days.map((workDate, day) => on('CAP', { id: `W-${day}`, workDate, hours: '10' }))));
    await decisions.take(aTimesheet([on('FEE', { id: 'X-1', hours: '8' })], { id: 'TS-2' }));
    assert.deepEqual([await used(), await billed()], [[8800], [8800]]);
  });

  it('is counted from the entries in force where nobody has counted before', async () => {
    await decisions.take(aTimesheet([on('CAP'), on('CAP', { id: 'E-2', workDate: '2026-11-10' }), on('CAP', { id: 'E-3', workDate: '2026-11-11' })]));
    await sql`delete from time_cap`.execute(decisions.store.db);
    await decisions.take(secondVersion([on('FEE', { version: 2, replaces: { id: 'E-1', version: 1 } })]));
    assert.deepEqual([await used(), await billed()], [[0], [0]]);
    await sql`delete from time_cap`.execute(decisions.store.db);
    await decisions.take(aTimesheet([on('CAP', { id: 'E-9', workDate: '2026-11-12' })], { id: 'TS-3' }));
    assert.deepEqual(await used(), [1760]);
  });
});
