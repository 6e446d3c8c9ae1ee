import assert from 'node:assert/strict';
import { sql } from 'kysely';
import type { TimeEntry } from '../../../domain/model/time/time-entry.ts';
import type { Timesheet } from '../../../domain/model/time/timesheet.ts';
import { anAssignment, anEntry, aPerson, aProject, aRate, aTimesheet } from '../../builders/time.ts';
import { PEOPLE } from '../../builders/time-stories.ts';
import { startDecisions, type Decisions } from './decisions.ts';

describe('Two time systems that use the same IDs', function () {
  this.timeout(60_000);
  const [ada, bob] = PEOPLE;
  let decisions: Decisions;
  before(async () => {
    decisions = await startDecisions({
      projects: [aProject({ number: 'FEE', billingMethod: 'fixed_fee' }), aProject({ number: 'OTHER', billingMethod: 'fixed_fee' })],
      people: PEOPLE.map((email) => aPerson({ email })),
      assignments: PEOPLE.map((person) => anAssignment({ person, projectNumber: 'FEE' })),
      rates: [aRate({ projectNumber: 'FEE' })],
    });
  });
  beforeEach(() => decisions.empty());
  after(() => decisions.stop());

  const on = (projectNumber: string, parts: Partial<TimeEntry> = {}) => anEntry({ projectNumber, task: null, ...parts });
  /** The same timesheet as the other system would send it of its own. */
  const inOther = (sheet: Timesheet, person: string = bob): Timesheet => ({ ...sheet, system: 'clockify', person, entries: sheet.entries.map((entry) => ({ ...entry, system: 'clockify', person })) });
  const withdrawn = (sheet: Timesheet): Timesheet => ({ ...sheet, approval: { ...sheet.approval, status: 'withdrawn', decidedAt: '2026-11-16T10:30:00.000Z' } });
  const tell = async (...sheets: readonly Timesheet[]) => {
    for (const sheet of sheets) await decisions.take(sheet);
  };
  const inForce = async () => (await decisions.rows(sql<{ entry: string }>`select system || ' ' || entry_id || '@' || version as entry from time_entry where state = 'in_force' order by 1`)).map(({ entry }) => entry);
  const outcomes = async () => (await decisions.rows(sql<{ text: string }>`select r.system || ' ' || o.entry_id || ' ' || o.outcome || coalesce(' ' || o.codes[1], '') as text from time_outcome o join time_record r on r.id = o.record order by o.record, o.position`)).map(({ text }) => text);

  it('do not withdraw each other\'s approvals', async () => {
    const sheet = aTimesheet([on('FEE')]);
    await tell(inOther(sheet), withdrawn(inOther(sheet)), sheet);
    assert.deepEqual(await outcomes(), ['clockify E-1 accepted', 'clockify E-1 withdrawn APPROVAL_WITHDRAWN', 'harvest E-1 accepted']);
    assert.deepEqual(await inForce(), ['harvest E-1@1']);
  });

  it('do not take back each other\'s time, also where both are of one person', async () => {
    const sheet = aTimesheet([on('FEE')]);
    const morning = inOther(aTimesheet([on('FEE', { notes: 'Something else' })]), ada);
    await tell(sheet, morning, withdrawn(morning));
    assert.deepEqual(await inForce(), ['harvest E-1@1']);
    await tell(aTimesheet([], { version: 2, replaces: { id: 'TS-1', version: 1 } }), { ...morning, approval: { ...morning.approval, decidedAt: '2026-11-16T11:00:00.000Z' } });
    assert.deepEqual(await inForce(), ['clockify E-1@1']);
  });

  it('do not make each other\'s timesheets out of date', async () => {
    await tell(inOther(aTimesheet([on('FEE', { notes: 'Something else' })], { version: 9 }), ada), aTimesheet([on('FEE')]));
    assert.deepEqual(await inForce(), ['clockify E-1@1', 'harvest E-1@1']);
  });

  it('do not release each other\'s corrections by a refusal', async () => {
    await decisions.take(inOther(aTimesheet([on('NOWHERE')], { id: 'TS-7' })));
    await decisions.take(aTimesheet([on('FEE', { id: 'C-1', replaces: { id: 'E-1', version: 1 }, hours: '6' })], { id: 'TS-2' }));
    assert.deepEqual((await outcomes()).at(-1), 'harvest C-1 held ORIGINAL_NOT_SEEN');
    await decisions.take(aTimesheet([on('FEE')]));
    assert.deepEqual(await inForce(), ['harvest C-1@1'], 'the correction takes the place of what it corrects');
  });

  it('do not let each other\'s findings pass', async () => {
    const told = aTimesheet([on('FEE')], { approval: { ...aTimesheet([on('FEE')]).approval, approver: 'nobody@northwind-consulting.example' } });
    await sql`insert into time_waiver (system, entry_id, entry_version, code, waived_by, reason) values ('clockify', 'E-1', 1, 'APPROVER_NOT_ENTITLED', 'priya', 'agreed')`.execute(decisions.store.db);
    await tell(told, inOther(told));
    assert.deepEqual(await outcomes(), ['harvest E-1 rejected APPROVER_NOT_ENTITLED', 'clockify E-1 accepted']);
  });

  it('do not send entries of one another', async () => {
    const sheet = aTimesheet([on('FEE')]);
    await tell(sheet, { ...sheet, system: 'clockify', entries: [on('FEE', { version: 2, replaces: { id: 'E-1', version: 1 }, hours: '0' })] });
    assert.deepEqual(await outcomes(), ['harvest E-1 accepted', 'clockify E-1 rejected ENTRY_OF_OTHER_SYSTEM']);
    assert.deepEqual(await inForce(), ['harvest E-1@1']);
  });
});
