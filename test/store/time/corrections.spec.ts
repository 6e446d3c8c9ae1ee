import assert from 'node:assert/strict';
import { sql } from 'kysely';
import type { TimeEntry } from '../../../domain/model/time/time-entry.ts';
import type { Timesheet } from '../../../domain/model/time/timesheet.ts';
import { putReference } from '../../../store/time/reference.ts';
import { anAssignment, anEntry, aPerson, aProject, aRate, aTimesheet } from '../../builders/time.ts';
import { PEOPLE } from '../../builders/time-stories.ts';
import { startDecisions, type Decisions } from './decisions.ts';

const PROJECTS = ['US01-TECH-A', 'FEE', 'ABROAD', 'LEAVE', 'CAPPED'];

describe('A decision about received time', function () {
  this.timeout(60_000);
  let decisions: Decisions;
  before(async () => {
    decisions = await startDecisions({
      projects: [aProject(), aProject({ number: 'FEE', billingMethod: 'fixed_fee' }), aProject({ number: 'ABROAD', legalEntity: 'DE01', costCenter: 'DE01-TECH', currency: 'EUR' }), aProject({ number: 'LEAVE', kind: 'internal', billingMethod: null, absencePayCode: 'LEAVE', tasks: [] }), aProject({ number: 'CAPPED', billingMethod: 'capped', cap: { limit: { amount: '6000.00', currency: 'USD' }, used: { amount: '0', currency: 'USD' }, beyond: 'write_off' } })],
      people: PEOPLE.map((email) => aPerson({ email })),
      assignments: PEOPLE.flatMap((person) => PROJECTS.map((projectNumber) => anAssignment({ person, projectNumber }))),
      rates: PROJECTS.map((projectNumber) => aRate({ projectNumber, currency: projectNumber === 'ABROAD' ? 'EUR' : 'USD' })),
      transferRates: [{ employer: 'US01', client: 'DE01', laborCategory: 'ENGINEER', rate: '99.99', currency: 'EUR', from: '2026-01-01', to: null }, { employer: 'DE01', client: 'US01', laborCategory: 'ENGINEER', rate: '99.99', currency: 'EUR', from: '2026-01-01', to: null }],
    });
  });
  beforeEach(() => decisions.empty());
  after(() => decisions.stop());

  const on = (projectNumber: string, parts: Partial<TimeEntry> = {}) => anEntry({ projectNumber, task: null, billable: projectNumber !== 'LEAVE', ...parts });
  const secondVersion = (entries: readonly TimeEntry[]) => aTimesheet(entries, { version: 2, replaces: { id: 'TS-1', version: 1 } });
  const withdrawn = (sheet: Timesheet, decidedAt: string): Timesheet => ({ ...sheet, approval: { ...sheet.approval, status: 'withdrawn', decidedAt } });
  const inForce = async () => (await decisions.rows(sql<{ entry: string }>`select entry_id || '@' || version || ' on ' || project_number as entry from time_entry where state = 'in_force' order by 1`)).map(({ entry }) => entry);
  const outcomes = async () => await decisions.rows(sql<{ record: number; entry: string; outcome: string; codes: string[] }>`select record, entry_id || '@' || entry_version as entry, outcome, codes from time_outcome order by record, position`);
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

  it('leaves what a former employer paid as it was, also its overtime, once the person works for another legal entity', async () => {
    const [ada] = PEOPLE;
    const move = async (legalEntity: string) => await putReference(decisions.store.db, 'test', [{ kind: 'person', key: ada, scope: ada, document: aPerson({ legalEntity }) }]);
    const payroll = async () => (await decisions.rows(sql<{ text: string }>`select employer || ' ' || pay_code || ' ' || trim_scale(sum(hours))::text as text from pay_line group by employer, pay_code having sum(hours) <> 0 order by 1`)).map(({ text }) => text);
    const week = ['2026-11-09', '2026-11-10', '2026-11-11', '2026-11-12'].map((workDate, day) => on('FEE', { id: `W-${day}`, workDate, hours: '11' }));
    await decisions.take(aTimesheet(week));
    const before = await payroll();
    assert.deepEqual(before, ['US01 OT15 4', 'US01 REG 40']);
    try {
      await move('DE01');
      const friday = aTimesheet([on('FEE', { id: 'X-1', workDate: '2026-11-13', hours: '1' })], { id: 'TS-2' });
      await decisions.take(friday);
      const [own, ...others] = await payroll();
      assert.match(own ?? '', /^DE01 \S+ 1$/, 'the new employer pays its hour as no overtime');
      assert.deepEqual(others, before);
      await decisions.take(withdrawn(friday, '2026-11-16T10:00:00.000Z'));
      assert.deepEqual(await payroll(), before);
    } finally {
      await move('US01');
    }
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

  it('about a timesheet that the rules fail over refuses it by name, and the others of its page go on', async () => {
    await decisions.take(aTimesheet([on('US01-NOPE')]));
    await decisions.take(secondVersion([on('US01-NOPE', { version: 2, replaces: { id: 'E-1', version: 1 }, hours: '0' })]), aTimesheet([on('FEE', { id: 'E-2' })], { id: 'TS-2' }));
    assert.deepEqual(await inForce(), ['E-2@1 on FEE']);
    assert.deepEqual((await outcomes()).filter(({ entry }) => entry === 'E-1@2').map(({ outcome }) => outcome), ['rejected']);
  });

  it('that takes time back while no period is open loses nothing: somebody is asked, and it is done once a period is open', async () => {
    const sheet = aTimesheet([on('FEE')]);
    await decisions.take(sheet);
    await decisions.whileClosed('US01', async () => {
      await decisions.take(withdrawn(sheet, '2026-11-16T10:00:00.000Z'));
      assert.deepEqual((await outcomes()).map(({ outcome, codes }) => [outcome, ...codes]), [['accepted'], ['rejected', 'ADJUSTMENT_NOT_BOOKABLE']]);
      assert.deepEqual(await inForce(), ['E-1@1 on FEE']);
    });
    await decisions.decide({ records: (await outcomes()).map(({ record }) => record) }, true);
    assert.deepEqual((await outcomes()).map(({ outcome }) => outcome), ['accepted', 'withdrawn']);
    assert.deepEqual([await inForce(), await paid()], [[], {}]);
  });

  describe('whose entries take each other\'s place', () => {
    const correction = (id: string, of: string, hours: string, sheet: string, parts: Partial<TimeEntry> = {}) => aTimesheet([on('FEE', { id, replaces: { id: of, version: 1 }, hours, ...parts })], { id: sheet });
    const again = (sheet: Timesheet): Timesheet => ({ ...sheet, approval: { ...sheet.approval, decidedAt: '2026-11-16T11:00:00.000Z' } });
    const hours = async () => Number((await decisions.rows(sql<{ hours: string }>`select coalesce(sum(hours), 0)::text as hours from labor_posting where state <> 'cancelled'`))[0]?.hours);
    const last = async () => (await outcomes()).at(-1);

    it('lets an entry that was corrected while its approval was withdrawn not come back beside its correction', async () => {
      const sheet = aTimesheet([on('FEE')]);
      await decisions.take(sheet);
      await decisions.take(withdrawn(sheet, '2026-11-16T10:00:00.000Z'));
      await decisions.take(correction('C-1', 'E-1', '6', 'TS-2'));
      await decisions.take(again(sheet));
      assert.deepEqual([await inForce(), await hours(), await paid()], [['C-1@1 on FEE'], 6, { REG: 6 }]);
      assert.deepEqual((await last())?.codes, ['ENTRY_SUPERSEDED']);
    });

    it('lets it not come back where the correction was corrected in its turn, or moved to a day far off', async () => {
      const sheet = aTimesheet([on('FEE')]);
      await decisions.take(sheet);
      await decisions.take(withdrawn(sheet, '2026-11-16T10:00:00.000Z'));
      const far = { workDate: '2026-10-12' };
      await decisions.take({ ...correction('C-1', 'E-1', '6', 'TS-2', far), weekStart: '2026-10-12' });
      await decisions.take({ ...correction('D-1', 'C-1', '5', 'TS-3', far), weekStart: '2026-10-12' });
      await decisions.take(again(sheet));
      assert.deepEqual([(await last())?.codes, await inForce()], [['ENTRY_SUPERSEDED'], ['D-1@1 on FEE']]);
      await decisions.take(secondVersion([on('FEE', { version: 2, replaces: { id: 'E-1', version: 1 }, hours: '7' })]));
      assert.deepEqual([(await last())?.codes, await inForce()], [['ORIGINAL_SUPERSEDED'], ['D-1@1 on FEE']]);
    });

    it('takes one only of two corrections of an entry that is not in force', async () => {
      const sheet = aTimesheet([on('FEE')]);
      await decisions.take(sheet);
      await decisions.take(withdrawn(sheet, '2026-11-16T10:00:00.000Z'));
      await decisions.take(correction('C-1', 'E-1', '6', 'TS-2'));
      await decisions.take(correction('C-2', 'E-1', '5', 'TS-3'));
      assert.deepEqual([await inForce(), (await last())?.codes], [['C-1@1 on FEE'], ['ORIGINAL_SUPERSEDED']]);
    });

    it('lets a correction of a refused correction take the place of the entry that is posted', async () => {
      await decisions.take(aTimesheet([on('FEE')]));
      await decisions.take(correction('C-1', 'E-1', '6', 'TS-2', { projectNumber: 'US01-NOPE' }));
      await decisions.take(correction('D-1', 'C-1', '5', 'TS-3'));
      assert.deepEqual([await inForce(), await hours(), await paid()], [['D-1@1 on FEE'], 5, { REG: 5 }]);
      await decisions.decide({ records: (await outcomes()).map(({ record }) => record) }, true);
      assert.deepEqual(await inForce(), ['D-1@1 on FEE']);
    });
  });

  it('bills no more than the cap leaves, whatever is decided at the same moment, and counts what it billed', async () => {
    const sheets = PEOPLE.flatMap((person, nth) => ['2026-11-09', '2026-11-10', '2026-11-11'].map((workDate, day) => aTimesheet([on('CAPPED', { id: `C-${nth}-${day}`, person, workDate, hours: '5' })], { id: `TS-${nth}-${day}`, person })));
    const pages = (await Promise.all(sheets.map((sheet) => decisions.receive([sheet])))).flat();
    await Promise.all(pages.map((page) => decisions.decide(page)));
    const totals = async () => (await decisions.rows(sql<{ billed: string; off: string; used: string; ledger: string }>`
      select sum(billed)::text as billed, sum(written_off)::text as off, (select used::text from time_cap) as used, (select sum(amount)::text from labor_posting where state <> 'cancelled') as ledger from time_entry where state = 'in_force'`)).map(({ billed, off, used, ledger }) => [billed, off, used, ledger].map(Number));
    assert.deepEqual(await totals(), [[6000, 3900, 6000, 6000]], 'nine times five hours at 220 USD, of which 6,000 may be billed');
    const [billable] = await decisions.rows(sql<{ id: string }>`select timesheet_id as id from time_entry where billed > 0 limit 1`);
    await decisions.take(...sheets.filter(({ id }) => id === billable?.id).map((sheet) => withdrawn(sheet, '2026-11-16T10:00:00.000Z')));
    assert.deepEqual(await totals(), [[6000, 2800, 6000, 6000]], 'what is given back is billed of what was written off');
  });
});
