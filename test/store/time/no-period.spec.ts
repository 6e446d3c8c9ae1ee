import assert from 'node:assert/strict';
import { sql } from 'kysely';
import type { TimeEntry } from '../../../domain/model/time/time-entry.ts';
import type { Timesheet } from '../../../domain/model/time/timesheet.ts';
import { anAssignment, anEntry, aProject, aRate, aTimesheet } from '../../builders/time.ts';
import { startDecisions, type Decisions } from './decisions.ts';

const PROJECTS = ['FEE', 'ABROAD'];

describe('While no period is open to book it in, time that is to be taken back', function () {
  this.timeout(60_000);
  let decisions: Decisions;
  before(async () => {
    decisions = await startDecisions({
      projects: [aProject({ number: 'FEE', billingMethod: 'fixed_fee' }), aProject({ number: 'ABROAD', legalEntity: 'DE01', costCenter: 'DE01-TECH', currency: 'EUR' })],
      assignments: PROJECTS.map((projectNumber) => anAssignment({ projectNumber })),
      rates: PROJECTS.map((projectNumber) => aRate({ projectNumber, currency: projectNumber === 'ABROAD' ? 'EUR' : 'USD' })),
      transferRates: [{ employer: 'US01', client: 'DE01', laborCategory: 'ENGINEER', rate: '99.99', currency: 'EUR', from: '2026-01-01', to: null }],
    });
  });
  beforeEach(() => decisions.empty());
  after(() => decisions.stop());

  const on = (projectNumber: string, parts: Partial<TimeEntry> = {}) => anEntry({ projectNumber, task: null, ...parts });
  const secondVersion = (entries: readonly TimeEntry[]) => aTimesheet(entries, { version: 2, replaces: { id: 'TS-1', version: 1 } });
  const withdrawn = (sheet: Timesheet): Timesheet => ({ ...sheet, approval: { ...sheet.approval, status: 'withdrawn', decidedAt: '2026-11-16T10:00:00.000Z' } });
  const inForce = async () => (await decisions.rows(sql<{ id: string }>`select entry_id as id from time_entry where state = 'in_force' order by 1`)).map(({ id }) => id);
  const paid = async () => Object.fromEntries((await decisions.rows(sql<{ code: string; hours: string }>`select pay_code as code, sum(hours)::text as hours from pay_line group by 1 having sum(hours) <> 0`)).map(({ code, hours }) => [code, Number(hours)]));
  const newest = async () => (await decisions.rows(sql<{ record: number; outcome: string; codes: string[] }>`select record, outcome, codes from time_outcome where record = (select max(id) from time_record) order by position`));
  const outcomes = async () => (await newest()).map(({ outcome, codes }) => [outcome, ...codes]);

  async function retry(): Promise<void> {
    await decisions.decide({ records: [...new Set((await newest()).map(({ record }) => record))] }, true);
  }

  it('because a new version leaves it out is asked about, and taken back once one is open', async () => {
    await decisions.take(aTimesheet([on('FEE'), on('FEE', { id: 'E-2', workDate: '2026-11-10' })]));
    await decisions.whileClosed('US01', async () => {
      await decisions.take(secondVersion([on('FEE')]));
      assert.deepEqual([await outcomes(), await inForce()], [[['rejected', 'ADJUSTMENT_NOT_BOOKABLE']], ['E-1', 'E-2']]);
    });
    await retry();
    assert.deepEqual([await outcomes(), await inForce(), await paid()], [[['repeat']], ['E-1'], { REG: 8 }]);
  });

  it('because a new version has no entries at all is asked about, and taken back once one is open', async () => {
    await decisions.take(aTimesheet([on('FEE')]));
    await decisions.whileClosed('US01', async () => {
      await decisions.take(secondVersion([]));
      assert.deepEqual([await outcomes(), await inForce()], [[['rejected', 'ADJUSTMENT_NOT_BOOKABLE']], ['E-1']]);
      assert.deepEqual(await decisions.rows(sql`select record from time_answer where kind = 'reject'`), [], 'there is no entry to correct');
    });
    await retry();
    assert.deepEqual([await outcomes(), await inForce(), await paid()], [[['withdrawn']], [], {}]);
  });

  it('stays, with all that would follow of it, where only the books of other work of the week are closed', async () => {
    const days = ['2026-11-09', '2026-11-10', '2026-11-11', '2026-11-12', '2026-11-13'];
    const full = aTimesheet(days.map((workDate, day) => on('FEE', { id: `W-${day}`, workDate })), { id: 'TS-2' });
    await decisions.take(full, aTimesheet([on('ABROAD', { id: 'S-1', workDate: '2026-11-14', hours: '5' })]));
    const before = [await inForce(), await paid()];
    const other = aTimesheet([on('FEE', { id: 'O-1', workDate: '2026-11-02', hours: '4' })], { id: 'TS-3', weekStart: '2026-11-02' });
    await decisions.whileClosed('DE01', async () => {
      await decisions.take(withdrawn(full));
      assert.deepEqual(await outcomes(), days.map(() => ['rejected', 'ADJUSTMENT_NOT_BOOKABLE']));
      assert.deepEqual([await inForce(), await paid()], before);
    });
    await retry();
    assert.deepEqual([await outcomes(), await inForce(), await paid()], [days.map(() => ['withdrawn', 'APPROVAL_WITHDRAWN']), ['S-1'], { REG: 5 }]);
    await decisions.take(other);
    assert.deepEqual(await inForce(), ['O-1', 'S-1']);
  });
});
