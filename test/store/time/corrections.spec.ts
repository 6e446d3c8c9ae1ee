import assert from 'node:assert/strict';
import { sql } from 'kysely';
import type { TimeEntry } from '../../../domain/model/time/time-entry.ts';
import type { Timesheet } from '../../../domain/model/time/timesheet.ts';
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
  const withdrawn = (sheet: Timesheet, decidedAt: string): Timesheet => ({ ...sheet, approval: { ...sheet.approval, status: 'withdrawn', decidedAt } });
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

  it('takes back at once what would first be paid otherwise by the same new version', async () => {
    const days = ['2026-11-09', '2026-11-10', '2026-11-11', '2026-11-12'];
    const week = days.map((workDate, day) => on('FEE', { id: `W-${day}`, workDate, hours: '9' }));
    const friday = on('FEE', { id: 'W-4', workDate: '2026-11-13', hours: '4' });
    const saturday = on('FEE', { id: 'W-5', workDate: '2026-11-14', hours: '1' });
    await decisions.take(aTimesheet([...week, friday, saturday]));
    assert.deepEqual(await paid(), { OT15: 1, REG: 40 });
    await decisions.take(secondVersion([...week.map((entry, day) => (day === 0 ? { ...entry, version: 2, replaces: { id: entry.id, version: 1 }, hours: '8' } : entry)), friday]));
    assert.deepEqual(await paid(), { REG: 39 });
  });

  it('pays no overtime any more where what made it overtime is withdrawn', async () => {
    const days = ['2026-11-09', '2026-11-10', '2026-11-11', '2026-11-12', '2026-11-13'];
    const full = aTimesheet(days.map((workDate, day) => on('FEE', { id: `W-${day}`, workDate })), { id: 'TS-2' });
    await decisions.take(full, aTimesheet([on('FEE', { id: 'S-1', workDate: '2026-11-14', hours: '5' })]));
    assert.deepEqual(await paid(), { OT15: 5, REG: 40 });
    await decisions.take(withdrawn(full, '2026-11-16T10:00:00.000Z'));
    assert.deepEqual(await paid(), { REG: 5 });
  });

  it('lets a withdrawal that is told late not undo the approval that came after it', async () => {
    const sheet = aTimesheet([on('FEE')]);
    await decisions.take(sheet);
    await decisions.take({ ...sheet, approval: { ...sheet.approval, decidedAt: '2026-11-16T11:00:00.000Z' } });
    await decisions.take(withdrawn(sheet, '2026-11-16T10:00:00.000Z'));
    assert.deepEqual(await inForce(), ['E-1@1 on FEE']);
    await decisions.take(withdrawn(sheet, '2026-11-16T11:30:00.000Z'));
    assert.deepEqual(await inForce(), []);
  });

  it('takes back what an old version brings late and the newer one, with nothing of its own, has dropped', async () => {
    await decisions.take(secondVersion([]));
    await decisions.take(aTimesheet([on('FEE')]));
    assert.deepEqual(await inForce(), []);
    assert.deepEqual(await paid(), {});
  });

  it('lets a version that is told late drop nothing that a newer one holds again', async () => {
    const [first, other] = [on('FEE'), on('FEE', { id: 'E-2', workDate: '2026-11-10' })];
    await decisions.take(aTimesheet([first]));
    await decisions.take(aTimesheet([first, other], { version: 3, replaces: { id: 'TS-1', version: 2 } }));
    await decisions.take(secondVersion([other]));
    assert.deepEqual(await inForce(), ['E-1@1 on FEE', 'E-2@1 on FEE']);
  });
});
