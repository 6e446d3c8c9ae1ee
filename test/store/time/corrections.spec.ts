import assert from 'node:assert/strict';
import { sql } from 'kysely';
import type { TimeEntry } from '../../../domain/model/time/time-entry.ts';
import { anAssignment, anEntry, aProject, aRate, aTimesheet } from '../../builders/time.ts';
import { startDecisions, type Decisions } from './decisions.ts';

const PROJECTS = ['US01-TECH-A', 'FEE', 'ABROAD', 'LEAVE'];

describe('A decision about received time', function () {
  this.timeout(60_000);
  let decisions: Decisions;
  before(async () => {
    decisions = await startDecisions({
      projects: [aProject(), aProject({ number: 'FEE', billingMethod: 'fixed_fee' }), aProject({ number: 'ABROAD', legalEntity: 'DE01', costCenter: 'DE01-TECH', currency: 'EUR' }), aProject({ number: 'LEAVE', kind: 'internal', billingMethod: null, absencePayCode: 'LEAVE', tasks: [] })],
      assignments: PROJECTS.map((projectNumber) => anAssignment({ projectNumber })),
      rates: PROJECTS.map((projectNumber) => aRate({ projectNumber, currency: projectNumber === 'ABROAD' ? 'EUR' : 'USD' })),
      transferRates: [{ employer: 'US01', client: 'DE01', laborCategory: 'ENGINEER', rate: '99.99', currency: 'EUR', from: '2026-01-01', to: null }],
    });
  });
  beforeEach(() => decisions.empty());
  after(() => decisions.stop());

  const on = (projectNumber: string, parts: Partial<TimeEntry> = {}) => anEntry({ projectNumber, task: null, billable: projectNumber !== 'LEAVE', ...parts });
  const secondVersion = (entries: readonly TimeEntry[]) => aTimesheet(entries, { version: 2, replaces: { id: 'TS-1', version: 1 } });
  const inForce = async () => (await decisions.rows(sql<{ entry: string }>`select entry_id || '@' || version || ' on ' || project_number as entry from time_entry where state = 'in_force' order by 1`)).map(({ entry }) => entry);
  const paid = async () => Object.fromEntries((await decisions.rows(sql<{ code: string; hours: string }>`select pay_code as code, sum(hours)::text as hours from pay_line group by 1 having sum(hours) <> 0`)).map(({ code, hours }) => [code, Number(hours)]));

  it('moves an entry to the project of another legal entity: the books of both are open to it', async () => {
    await decisions.take(aTimesheet([on('ABROAD')]));
    await decisions.take(secondVersion([on('FEE', { version: 2, replaces: { id: 'E-1', version: 1 } })]));
    assert.deepEqual(await inForce(), ['E-1@2 on FEE']);
  });

  it('takes back an entry of another legal entity that the new version no longer holds', async () => {
    await decisions.take(aTimesheet([on('FEE'), on('ABROAD', { id: 'E-2', workDate: '2026-11-10' })]));
    await decisions.take(secondVersion([on('FEE')]));
    assert.deepEqual(await inForce(), ['E-1@1 on FEE']);
  });

  it('knows leave that was posted before as leave: it is no working time and makes no overtime', async () => {
    const days = ['2026-11-09', '2026-11-10', '2026-11-11', '2026-11-12', '2026-11-13'];
    await decisions.take(aTimesheet([on('LEAVE', { id: 'L-1' })]));
    await decisions.take(aTimesheet(days.map((workDate, day) => on('FEE', { id: `W-${day}`, workDate, hours: '7.5' })), { id: 'TS-2' }));
    assert.deepEqual(await paid(), { LEAVE: 8, REG: 37.5 });
  });
});
