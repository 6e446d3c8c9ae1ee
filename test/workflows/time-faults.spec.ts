import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { TimesheetContext } from '../../domain/model/time/context.ts';
import type { Timesheet } from '../../domain/model/time/timesheet.ts';
import { timesheetPageId, timesheetProcessId } from '../../domain/process/time-process.ts';
import { addDecimal } from '../../domain/money.ts';
import { openCases } from '../../store/cases.ts';
import { theFirm } from '../builders/firm.ts';
import { ADA, anApproval, anAssignment, anEntry, aPerson, aTimesheet } from '../builders/time.ts';
import { asSuperuser } from '../store/support.ts';
import { stopTemporalServer } from '../support/temporal.ts';
import { startTimeLine, type TimeLine } from '../support/time-line.ts';

const BOB = 'bob@northwind-consulting.example';
const DAYS = ['2026-11-09', '2026-11-10', '2026-11-11', '2026-11-12', '2026-11-13'];
const PARTS: Partial<TimesheetContext> = { people: [aPerson(), aPerson({ email: BOB })], assignments: [anAssignment(), anAssignment({ person: BOB })] };

describe('Received time, whatever fails on its way', function () {
  this.timeout(90_000);
  let line: TimeLine;
  let run = '';
  const named = (id: string) => `${id}-${run}`;

  beforeEach(async () => {
    run = randomUUID().slice(0, 8);
    line = await startTimeLine(PARTS);
  });
  afterEach(async () => {
    await line.stop();
  });
  after(stopTemporalServer);

  const aWeek = (id: string, person = ADA, parts: Partial<Timesheet> = {}) => aTimesheet(DAYS.map((workDate, day) => anEntry({ id: `${named(id)}-${day + 1}`, workDate, person })), { id: named(id), person, ...parts, approval: anApproval({ of: { id: named(id), version: parts.version ?? 1 }, ...parts.approval }) });
  const lines = () => [...line.fakes.laborLines.values()];
  const net = () => lines().reduce((sum, { line: { hours } }) => addDecimal(sum, hours), '0');
  const status = async (workflowId: string) => (await line.client.workflow.getHandle(workflowId).describe()).status.name;
  const ended = (workflowId: string) => line.until(`${workflowId} has ended`, async () => (await status(workflowId)) === 'COMPLETED');
  const caseWith = (code: string) => line.until(`a case ${code} is open`, async () => (await openCases(line.store.db)).find((row) => row.code === code));
  const failing = (workflowId: string) =>
    line.until(`a step of ${workflowId} is tried again`, async () => (await line.client.workflow.getHandle(workflowId).describe()).raw.pendingActivities?.some(({ attempt }) => (attempt ?? 0) >= 2));
  const retry = async (code: string) => {
    const answer = await line.resolve((await caseWith(code)).case_id, { action: 'retry', by: 'ines', reason: 'it is mended' });
    assert.ok(answer.accepted, answer.message);
  };

  /** The store refuses every write to a table. */
  const breakTable = (table: string, when = 'true') =>
    asSuperuser(line.store, [
      "create or replace function broken() returns trigger language plpgsql as $$ begin raise exception 'the store is away'; end $$",
      `create trigger broken before insert or update on ${table} for each row when (${when}) execute function broken()`,
    ]);
  const mendTable = (table: string) => asSuperuser(line.store, [`drop trigger broken on ${table}`]);

  async function booksAre(sheets: number): Promise<void> {
    assert.equal(net(), String(40 * sheets));
    assert.ok(lines().every(({ writes }) => writes === 1), 'nothing is written twice');
    const { rows: pay } = await sql<{ hours: string }>`select sum(hours)::text as hours from pay_line`.execute(line.store.db);
    assert.equal(Number(pay[0]?.hours), 40 * sheets);
    const { rows: facts } = await sql<{ n: number }>`select count(*)::integer as n from reporting.fact_time where state = 'in_force'`.execute(line.store.db);
    assert.equal(facts[0]?.n, 5 * sheets);
    const { rows: pages } = await sql<{ state: string }>`select state from time_page`.execute(line.store.db);
    assert.deepEqual(pages.map(({ state }) => state), ['done']);
    assert.deepEqual(line.fakes.locks.map(({ timesheetId }) => timesheetId).toSorted().length, sheets);
    assert.deepEqual((await openCases(line.store.db)).map(({ code }) => code), []);
  }

  const FAULTS: readonly { readonly what: string; readonly order: () => Promise<unknown>; readonly mend: (workflowId: string) => Promise<unknown> }[] = [
    ...[['while it is decided', 'time_outcome'], ['while the warehouse is brought up to date', 'reporting.fact_time'], ['when it is through', 'time_page', "new.state = 'done'"]].flatMap(([when, table, rows]) =>
      table === undefined ? [] : [{ what: `the store is away ${when ?? ''}`, order: () => breakTable(table, rows), mend: async (workflowId: string) => {
        await failing(workflowId);
        await mendTable(table);
      } }]),
    {
      what: 'its legal entity has no ERP in the configuration',
      order: async () => {
        const { config } = await theFirm();
        await line.activate({ ...config, routing: config.routing.filter(({ legalEntity }) => legalEntity !== 'US01') });
      },
      mend: async () => {
        await caseWith('ERP_NOT_ROUTED');
        await line.activate((await theFirm()).config);
      },
    },
    { what: 'the ERP does not answer for a while', order: () => Promise.resolve(line.fakes.fail('netsuite.labor', { kind: 'transient', times: 3 })), mend: () => Promise.resolve() },
    { what: 'the connection to the ERP breaks before anything is written', order: () => Promise.resolve(line.fakes.fail('netsuite.labor', { kind: 'in_doubt', times: 1 })), mend: () => Promise.resolve() },
    { what: 'the connection to the ERP breaks after everything was written', order: () => Promise.resolve(line.fakes.fail('netsuite.labor', { kind: 'in_doubt', after: true, times: 1 })), mend: () => Promise.resolve() },
    { what: 'the ERP answers what it never answered before', order: () => Promise.resolve(line.fakes.fail('netsuite.labor', { kind: 'contract', written: 'unknown', after: true, times: 1 })), mend: () => retry('ORDERED_FAILURE') },
    {
      what: 'the ERP refuses a line',
      order: () => Promise.resolve(line.fakes.refusedLines.set(`${named('TS-1')}-3`, { kind: 'business_rule', code: 'PERIOD_LOCKED_IN_ERP', message: 'The period is locked.', mend: 'Open it.', system: 'netsuite', object: 'labor', written: 'no' })),
      mend: async () => {
        await caseWith('PERIOD_LOCKED_IN_ERP');
        line.fakes.refusedLines.clear();
        await retry('PERIOD_LOCKED_IN_ERP');
      },
    },
  ];

  for (const { what, order, mend } of FAULTS) {
    it(`is posted, paid, reported and locked once, as a page and alone, where ${what}`, async () => {
      for (const sheets of [2, 1]) {
        await asSuperuser(line.store, ['truncate time_batch, time_page, time_record, time_outcome, time_entry, labor_posting, pay_line, time_answer, reporting.fact_time cascade']);
        line.fakes.laborLines.clear();
        line.fakes.locks.length = 0;
        run = randomUUID().slice(0, 8);
        await order();
        const batch = await line.submit(...[aWeek('TS-1'), aWeek('TS-2', BOB)].slice(0, sheets));
        const process = sheets === 1 ? timesheetProcessId({ system: 'harvest', id: named('TS-1'), version: 1 }) : timesheetPageId({ batch, page: 1 });
        await mend(process);
        await ended(process);
        await booksAre(sheets);
      }
    });
  }

  it('is told to the time system once it answers again, where it refuses to hear what is wrong', async () => {
    line.fakes.fail('reject harvest', { kind: 'contract', times: 1 });
    await line.submit(aTimesheet([anEntry({ id: named('E-1'), projectNumber: 'US01-NOPE' })], { id: named('TS-1') }));
    await retry('ORDERED_FAILURE');
    await caseWith('PROJECT_UNKNOWN');
    assert.deepEqual(line.fakes.rejections.map(({ timesheetId }) => timesheetId), [named('TS-1')]);
  });

  it('that its time system will not lock for good keeps none of the others unlocked, and its page ends where somebody saw to it by hand', async () => {
    line.fakes.fail('lock harvest', { kind: 'business_rule', times: 1000, deal: named('TS-1') });
    const batch = await line.submit(aWeek('TS-1'), aWeek('TS-2', BOB));
    const open = await caseWith('ORDERED_FAILURE');
    assert.deepEqual(line.fakes.locks.map(({ timesheetId }) => timesheetId), [named('TS-2')]);
    assert.deepEqual([...open.permitted_actions].toSorted(), ['confirm_done', 'retry']);
    assert.ok((await line.resolve(open.case_id, { action: 'confirm_done', by: 'ines', reason: 'Ada was told by mail', externalId: 'mail of today' })).accepted);
    await ended(timesheetPageId({ batch, page: 1 }));
    const { rows: answers } = await sql<{ state: string }>`select a.state from time_answer a join time_record r on r.id = a.record order by r.record_id`.execute(line.store.db);
    assert.deepEqual(answers.map(({ state }) => state), ['failed', 'done']);
    const { rows: audited } = await sql<{ actor: string; message: string }>`select actor, message from audit_trail where action = 'answers.given_up'`.execute(line.store.db);
    assert.deepEqual(audited.map(({ actor, message }) => [actor, message.includes('Ada was told by mail')]), [['ines', true]]);
  });

  it('that its time system will not take back for good is in one case alone, however it came', async () => {
    line.fakes.fail('reject harvest', { kind: 'business_rule', times: 1000, deal: named('TS-1') });
    const wrong = (id: string) => aTimesheet([anEntry({ id: named(`E-${id}`), projectNumber: 'US01-NOPE' })], { id: named(id) });
    const batch = await line.submit(wrong('TS-1'), wrong('TS-2'));
    const open = await caseWith('ORDERED_FAILURE');
    assert.equal(open.process, timesheetProcessId({ system: 'harvest', id: named('TS-1'), version: 1 }));
    await ended(timesheetPageId({ batch, page: 1 }));
    await line.until('the other is told', () => Promise.resolve(line.fakes.rejections.length === 1));
    assert.ok((await line.resolve(open.case_id, { action: 'confirm_done', by: 'ines', reason: 'Ada was told by mail', externalId: 'mail of today' })).accepted);
    await line.until('what is wrong with both is with their people', async () => (await openCases(line.store.db)).map(({ code }) => code).join() === 'PROJECT_UNKNOWN,PROJECT_UNKNOWN');
    assert.deepEqual(line.fakes.rejections.map(({ timesheetId }) => timesheetId), [named('TS-2')]);
  });

  it('goes back to its submitter with what is wrong and how to mend it, and ends there', async () => {
    await line.submit(aTimesheet([anEntry({ id: named('E-1'), projectNumber: 'US01-NOPE' }), anEntry({ id: named('E-2'), workDate: '2026-11-10' })], { id: named('TS-1') }));
    const open = await caseWith('PROJECT_UNKNOWN');
    assert.ok((await line.resolve(open.case_id, { action: 'return_to_submitter', by: 'priya', reason: 'no such project' })).accepted);
    await ended(timesheetProcessId({ system: 'harvest', id: named('TS-1'), version: 1 }));
    const [told] = line.fakes.rejections;
    assert.deepEqual(told?.entries.map(({ id, findings }) => [id, findings.map(({ code }) => code)]), [[named('E-1'), ['PROJECT_UNKNOWN']]]);
    assert.match(told?.reason ?? '', /US01-NOPE/);
    assert.equal(net(), '8');
    assert.deepEqual((await line.outcomes()).map(({ outcome }) => outcome), ['returned', 'accepted']);
  });

  it('whose fate in an ERP that cannot be asked is unknown waits for somebody who looks, whatever else happens, and is not posted twice', async () => {
    line.fakes.lookUps.set('netsuite.labor', 'none');
    line.fakes.fail('netsuite.labor', { kind: 'in_doubt', after: true, times: 1 });
    await line.submit(aWeek('TS-1'));
    const open = await caseWith('WRITE_IN_DOUBT');
    assert.equal((await line.resolve(open.case_id, { action: 'retry', by: 'fiona', reason: 'again' })).accepted, false);
    const { config } = await theFirm();
    await line.activate({ ...config, firm: { ...config.firm, name: `${config.firm.name} again` } });
    assert.ok((await line.resolve(open.case_id, { action: 'confirm_done', by: 'fiona', reason: 'all five are there', externalId: 'seen' })).accepted);
    await line.posted();
    await ended(timesheetProcessId({ system: 'harvest', id: named('TS-1'), version: 1 }));
    await booksAre(1);
  });

  it('of which somebody saw that it is not in an ERP that cannot be asked is posted then', async () => {
    line.fakes.lookUps.set('netsuite.labor', 'none');
    line.fakes.fail('netsuite.labor', { kind: 'in_doubt', times: 1 });
    await line.submit(aWeek('TS-1'));
    const open = await caseWith('WRITE_IN_DOUBT');
    assert.equal(lines().length, 0);
    assert.ok((await line.resolve(open.case_id, { action: 'confirm_not_done', by: 'fiona', reason: 'none of the five is there' })).accepted);
    await ended(timesheetProcessId({ system: 'harvest', id: named('TS-1'), version: 1 }));
    await booksAre(1);
  });

  it('is not posted any more where its approval is withdrawn before', async () => {
    line.fakes.fail('netsuite.labor', { kind: 'transient', times: 1000 });
    await line.submit(aWeek('TS-1'), aWeek('TS-2', BOB));
    await line.until('it is decided', async () => (await line.outcomes()).length === 10);
    await line.submit(aWeek('TS-1', ADA, { approval: anApproval({ status: 'withdrawn', decidedAt: '2026-11-16T10:00:00.000Z', of: { id: named('TS-1'), version: 1 } }) }));
    await line.until('the withdrawal is decided', async () => (await line.outcomes()).length === 15);
    assert.equal(lines().length, 0);
    line.fakes.mendAll();
    await line.posted();
    assert.deepEqual([net(), lines().length], ['40', 5], 'the other week alone');
    assert.ok(lines().every(({ line: { person } }) => person === BOB));
  });

  it('of one person in two batches at the same moment is judged as one week', async () => {
    const long = (id: string, hours: string) => aTimesheet(DAYS.map((workDate, day) => anEntry({ id: `${named(id)}-${day}`, workDate, hours })), { id: named(id) });
    await Promise.all([line.submit(long('TS-1', '6'), aWeek('TS-3', BOB)), line.submit(long('TS-2', '4'), aTimesheet([anEntry({ id: named('E-9'), person: BOB, workDate: '2026-11-14', hours: '2' })], { id: named('TS-4') }))]);
    await line.posted();
    const { rows } = await sql<{ person: string; code: string; hours: string }>`select person, pay_code as code, sum(hours)::text as hours from pay_line group by 1, 2 having sum(hours) <> 0 order by 1, 2`.execute(line.store.db);
    assert.deepEqual(rows.map(({ person, code, hours }) => [person, code, Number(hours)]), [[ADA, 'OT15', 10], [ADA, 'REG', 40], [BOB, 'OT15', 2], [BOB, 'REG', 40]]);
    assert.equal(net(), '92');
  });

  it('of which two documents came under one ID and version has a case for each, and what is said of one changes nothing of the other', async () => {
    const first = aTimesheet([anEntry({ id: named('E-1'), projectNumber: 'US01-NOPE' })], { id: named('TS-1') });
    await line.submit(first);
    const own = timesheetProcessId({ system: 'harvest', id: named('TS-1'), version: 1 });
    await line.until('a case is open', async () => (await openCases(line.store.db)).find(({ process }) => process === own));
    await line.submit({ ...first, entries: [anEntry({ id: named('E-1'), projectNumber: 'US01-OTHER' })] });
    const ofSecond = await line.until('the second document has a case of its own', async () => (await openCases(line.store.db)).find(({ process }) => process !== own));
    const { rows: records } = await sql<{ id: number }>`select id from time_record order by id`.execute(line.store.db);
    assert.equal(ofSecond.process, `${own}/${records[1]?.id}`);
    assert.ok((await line.resolve(ofSecond.case_id, { action: 'return_to_submitter', by: 'priya', reason: 'entered twice' })).accepted);
    await ended(ofSecond.process);
    assert.deepEqual((await line.outcomes()).map(({ outcome }) => outcome), ['rejected', 'returned']);
    assert.equal(await status(own), 'RUNNING');
    const { rows: pages } = await sql<{ state: string }>`select state from time_page`.execute(line.store.db);
    assert.deepEqual(pages.map(({ state }) => state), ['done', 'done']);
    // A corrected version settles them both.
    await line.submit({ ...first, version: 2, replaces: { id: named('TS-1'), version: 1 }, approval: anApproval({ of: { id: named('TS-1'), version: 2 } }), entries: [anEntry({ id: named('E-1'), version: 2, replaces: { id: named('E-1'), version: 1 } })] });
    await ended(own);
    await line.posted();
    assert.equal(net(), '8');
  });

  for (const together of [false, true]) {
    it(`of which the ERP refuses a line that is corrected meanwhile is out of its case, and only what is right is posted${together ? ', as a page' : ''}`, async () => {
      const refusal = { kind: 'configuration', code: 'PROJECT_UNKNOWN_IN_ERP', message: 'No such project.', mend: 'Make it.', system: 'netsuite', object: 'labor', written: 'no' } as const;
      line.fakes.refusedLines.set(named('E-1'), refusal);
      const wrong = aTimesheet([anEntry({ id: named('E-1') })], { id: named('TS-1') });
      await line.submit(wrong, ...(together ? [aWeek('TS-2', BOB)] : []));
      const open = await caseWith('PROJECT_UNKNOWN_IN_ERP');
      await line.submit({ ...wrong, version: 2, replaces: { id: named('TS-1'), version: 1 }, approval: anApproval({ of: { id: named('TS-1'), version: 2 } }), entries: [anEntry({ id: named('E-1-mended'), replaces: { id: named('E-1'), version: 1 }, hours: '6' })] });
      await ended(open.process);
      await line.until('no case is open', async () => (await openCases(line.store.db)).length === 0);
      await line.until('what is right is posted', async () => Promise.resolve(net() === (together ? '46' : '6')));
      const { rows } = await sql<{ state: string }>`select state from time_page`.execute(line.store.db);
      assert.deepEqual(rows.map(({ state }) => state), ['done', 'done']);
      assert.deepEqual(line.fakes.locks.map(({ timesheetId }) => timesheetId).toSorted(), [named('TS-1'), ...(together ? [named('TS-2')] : [])]);
    });
  }

  it('whose approval is withdrawn while its case is open ends without anybody, and so does the case', async () => {
    const wrong = aTimesheet([anEntry({ id: named('E-1'), projectNumber: 'US01-NOPE' }), anEntry({ id: named('E-2'), workDate: '2026-11-10' })], { id: named('TS-1') });
    await line.submit(wrong);
    const { process } = await caseWith('PROJECT_UNKNOWN');
    await line.submit({ ...wrong, approval: { ...wrong.approval, status: 'withdrawn', decidedAt: '2026-11-16T10:00:00.000Z' } });
    await ended(process);
    await line.until('no case is open', async () => (await openCases(line.store.db)).length === 0);
    await line.until('what was posted is taken back', async () => Promise.resolve(net() === '0'));
  });

  it('of which a newer version came first and is partly refused has one case, and what the newer one is to replace is posted', async () => {
    const [first, second] = [anEntry({ id: named('E-1') }), anEntry({ id: named('E-2'), workDate: '2026-11-10' })];
    const original = aTimesheet([first, second, anEntry({ id: named('E-3'), projectNumber: 'US01-NOPE' })], { id: named('TS-1') });
    const newer = { ...original, version: 2, replaces: { id: named('TS-1'), version: 1 }, approval: anApproval({ of: { id: named('TS-1'), version: 2 } }), entries: [{ ...first, version: 2, replaces: { id: first.id, version: 1 }, projectNumber: 'US01-NOPE' }, second] };
    await line.submit(newer);
    await line.posted();
    await line.submit(original);
    await line.posted();
    const open = await caseWith('PROJECT_UNKNOWN');
    assert.equal(open.process, timesheetProcessId({ system: 'harvest', id: named('TS-1'), version: 2 }));
    await line.until('the original is posted', async () => Promise.resolve(net() === '16'));
    assert.equal((await openCases(line.store.db)).length, 1);
    assert.deepEqual(line.fakes.rejections.map(({ version }) => version), [2], 'the time system hears of the newest alone');
    assert.ok((await line.resolve(open.case_id, { action: 'return_to_submitter', by: 'priya', reason: 'no such project' })).accepted);
    await ended(open.process);
    assert.equal(net(), '16');
  });

  it('superseded while its case is open ends without anybody, and so does the case', async () => {
    const wrong = aTimesheet([anEntry({ id: named('E-1'), projectNumber: 'US01-NOPE' })], { id: named('TS-1') });
    await line.submit(wrong);
    await caseWith('PROJECT_UNKNOWN');
    await line.submit({ ...wrong, version: 2, replaces: { id: named('TS-1'), version: 1 }, approval: anApproval({ of: { id: named('TS-1'), version: 2 } }), entries: [anEntry({ id: named('E-1'), version: 2, replaces: { id: named('E-1'), version: 1 } })] });
    const first = timesheetProcessId({ system: 'harvest', id: named('TS-1'), version: 1 });
    await ended(first);
    const result: unknown = await line.client.workflow.getHandle(first).result();
    assert.deepEqual(result, { outcome: 'superseded', accepted: 0, rejected: 1, held: 0 });
    await line.posted();
    await line.until('no case is open', async () => (await openCases(line.store.db)).length === 0);
    assert.equal(net(), '8');
  });
});
