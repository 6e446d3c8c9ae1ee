import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { pino } from 'pino';
import { timeProjectSchema } from '../../domain/model/time/context.ts';
import { addDecimal } from '../../domain/money.ts';
import { changeOrderId, closedWonId } from '../../domain/process/deal-process.ts';
import { timesheetProcessId } from '../../domain/process/time-process.ts';
import { createHeldSweep, type HeldSweep } from '../../starters/relay/held.ts';
import { dispatchDeal } from '../../starters/relay/dispatch.ts';
import { openCases } from '../../store/cases.ts';
import { putReference, referenceRows } from '../../store/time/reference.ts';
import { abortUpdate } from '../../workflows/contracts/deal-process.ts';
import { ADA, anApproval, anEntry, aProject, aTimesheet } from '../builders/time.ts';
import { aLine, anOpportunity } from '../builders/opportunity.ts';
import { stopTemporalServer } from '../support/temporal.ts';
import { startTimeLine, type TimeLine } from '../support/time-line.ts';

const AT_WORK = '2026-11-23T15:00:00.000Z';

describe('Held time', function () {
  this.timeout(120_000);
  let line: TimeLine;
  let sweep: () => Promise<HeldSweep>;
  let run = '';
  let now = new Date(AT_WORK);
  const named = (id: string) => `${id}-${run}`;

  beforeEach(async () => {
    run = randomUUID().slice(0, 8);
    now = new Date(AT_WORK);
    line = await startTimeLine({}, { now: () => now });
    sweep = newSweep();
  });
  afterEach(async () => {
    await line.stop();
  });
  after(stopTemporalServer);

  function newSweep() {
    return createHeldSweep({ store: line.store, client: line.client, log: pino({ level: 'silent' }), now: () => now }, new AbortController().signal);
  }
  const net = () => [...line.fakes.laborLines.values()].reduce((sum, { line: { hours } }) => addDecimal(sum, hours), '0');
  const outcomes = async () => (await line.outcomes()).map(({ outcome }) => outcome);
  const ended = (id: string, version = 1) => line.until(`the process of ${id} has ended`, async () => (await line.client.workflow.getHandle(timesheetProcessId({ system: 'harvest', id, version })).describe()).status.name === 'COMPLETED');
  const setProject = (parts: Parameters<typeof aProject>[0]) => putReference(line.store.db, 'test', [{ kind: 'project', key: 'US01-TECH-A', scope: 'US01-TECH-A', document: aProject(parts) }]);
  const heldFor = (days: number) => sql`update time_record set decided_at = decided_at - make_interval(days => ${days}::integer)`.execute(line.store.db);

  it('that came before its deal was activated is posted to the ERP once it is', async () => {
    const deal = line.deal(anOpportunity({ startDate: '2026-11-01', endDate: '2027-04-30', lines: [aLine({ resourceEmail: ADA })] }));
    line.fakes.fail('harvest.project', { kind: 'transient', times: 1000, deal: deal.opportunityId });
    await dispatchDeal(line.client, line.store, deal, { version: '', source: 'test' });
    const number = await line.until('the project is announced', async () => (await referenceRows(line.store.db, { kind: 'project' })).find(({ source }) => source.startsWith('deal '))?.key);
    const [announced] = await referenceRows(line.store.db, { kind: 'project', key: number });
    const task = timeProjectSchema.parse(announced?.document).tasks.find(({ billable }) => billable)?.code ?? null;
    await line.submit(aTimesheet([anEntry({ id: named('E-1'), projectNumber: number, task, laborCategory: null })], { id: named('TS-1') }));
    await line.posted();
    await ended(named('TS-1'));
    assert.deepEqual((await line.outcomes()).map(({ outcome, codes }) => [outcome, ...codes]), [['held', 'PROJECT_PENDING']]);
    assert.deepEqual(await sweep(), { overtaken: 0, released: 0, overdue: 0, resumed: 0 });

    line.fakes.mendAll();
    assert.equal((await line.outcome(closedWonId(deal))).outcome, 'activated');
    assert.equal((await sweep()).released, 1);
    await line.until('it is posted', async () => Promise.resolve(net() === '8'));
    await line.posted();
    await ended(named('TS-1'));
    const [posted] = [...line.fakes.laborLines.values()];
    assert.deepEqual([posted?.line.projectNumber, posted?.line.system, posted?.writes], [number, 'netsuite', 1]);
    assert.deepEqual(await outcomes(), ['accepted']);
    assert.equal((await newSweep()()).released, 0);
  });

  it('of a deal that is aborted instead is refused, and so is what comes after', async () => {
    const deal = line.deal(anOpportunity({ startDate: '2026-11-01', endDate: '2027-04-30', lines: [aLine({ resourceEmail: ADA })] }));
    line.fakes.fail('harvest.project', { kind: 'transient', times: 1000, deal: deal.opportunityId });
    await dispatchDeal(line.client, line.store, deal, { version: '', source: 'test' });
    const number = await line.until('the project is in the ERP', async () => (line.fakes.recordsOf(deal.opportunityId).some(({ at }) => at === 'netsuite.project') ? (await referenceRows(line.store.db, { kind: 'project' })).find(({ source }) => source.startsWith('deal '))?.key : undefined));
    const sheet = (id: string, workDate: string) => aTimesheet([anEntry({ id: named(`E-${id}`), workDate, projectNumber: number, task: null, laborCategory: null })], { id: named(id) });
    await line.submit(sheet('TS-1', '2026-11-09'));
    await line.posted();
    assert.deepEqual(await outcomes(), ['held']);
    await line.client.workflow.getHandle(closedWonId(deal)).executeUpdate(abortUpdate, { args: [{ by: 'jane', reason: 'the client withdrew' }] });
    assert.equal((await line.outcome(closedWonId(deal))).outcome, 'aborted');
    await sweep();
    await line.submit(sheet('TS-2', '2026-11-10'));
    await line.until('both are refused', async () => (await openCases(line.store.db)).filter(({ code }) => code === 'PROJECT_NOT_ACTIVE').length === 2);
    assert.deepEqual(await outcomes(), ['rejected', 'rejected']);
    assert.equal(net(), '0');
  });

  it('for a project that a change order drops is refused from then on, while the project that stays takes time', async () => {
    const lines = [aLine({ id: 'L1', resourceEmail: ADA }), aLine({ id: 'L2', legalEntity: 'CA01', unitPrice: '300' })];
    const dates = { startDate: '2026-11-01', endDate: '2027-04-30' };
    const deal = line.deal(anOpportunity({ ...dates, lines }));
    await dispatchDeal(line.client, line.store, deal, { version: anOpportunity().version, source: 'test' });
    assert.equal((await line.outcome(closedWonId(deal))).outcome, 'activated');
    const statuses = async () => (await referenceRows(line.store.db, { kind: 'project' })).filter(({ source }) => source.startsWith('deal ')).map(({ key, document }) => [key.slice(0, 4), timeProjectSchema.parse(document).status]);
    assert.deepEqual(await statuses(), [['CA01', 'active'], ['US01', 'active']]);
    const version = '2026-11-22T09:00:00.000Z';
    line.amend(deal, { ...dates, version, lines: lines.slice(0, 1) });
    await dispatchDeal(line.client, line.store, deal, { version, source: 'test' });
    assert.equal((await line.outcome(changeOrderId(deal))).outcome, 'activated');
    assert.deepEqual(await statuses(), [['CA01', 'cancelled'], ['US01', 'active']]);
    const [dropped, kept] = (await referenceRows(line.store.db, { kind: 'project' })).filter(({ source }) => source.startsWith('deal ')).map(({ key }) => key);
    const on = (day: string, projectNumber = '') => anEntry({ id: named(`E-${day}`), workDate: `2026-11-${day}`, projectNumber, task: null, laborCategory: null });
    await line.submit(aTimesheet([on('09', dropped), on('10', kept)], { id: named('TS-1') }));
    await line.until('one entry is posted', async () => Promise.resolve(net() === '8'));
    assert.deepEqual((await line.outcomes()).map(({ outcome, codes }) => [outcome, codes.includes('PROJECT_NOT_ACTIVE')]), [['rejected', true], ['accepted', false]]);
  });

  it('finds a project that was rerouted to another ERP at work, though the first ERP has given it up', async () => {
    const deal = line.deal(anOpportunity());
    line.fakes.fail('netsuite.rateCard', { kind: 'business_rule', times: 1 });
    await dispatchDeal(line.client, line.store, deal, { version: '', source: 'test' });
    const open = await line.openCase('ORDERED_FAILURE', deal);
    assert.ok((await line.resolve(open.case_id, { action: 'reroute', by: 'ines', reason: 'NetSuite is being migrated', system: 'tryton' })).accepted);
    assert.equal((await line.outcome(closedWonId(deal))).outcome, 'activated');
    assert.deepEqual(line.fakes.recordsOf(deal.opportunityId).filter(({ at }) => at.endsWith('.project') && !at.startsWith('harvest')).map(({ at, status }) => [at, status]).sort(), [['netsuite.project', 'deleted'], ['tryton.project', 'active']]);
    const [row] = (await referenceRows(line.store.db, { kind: 'project' })).filter(({ source }) => source.startsWith('deal '));
    assert.equal(timeProjectSchema.parse(row?.document).status, 'active');
  });

  /** November of US01, opened late. */
  const november = (opensAt: string) => putReference(line.store.db, 'finance', [{ kind: 'accounting_period', key: 'US01|2026-11', scope: 'US01', document: { schema: 'accounting-period', schemaVersion: 1, legalEntity: 'US01', code: '2026-11', from: '2026-11-01', to: '2026-11-30', opensAt, closesAt: '2026-12-04T05:00:00.000Z', closed: false } }]);

  it('for a period that is not open yet is posted when the period opens', async () => {
    await november('2026-11-25T05:00:00.000Z');
    await line.submit(aTimesheet([anEntry({ id: named('E-1') })], { id: named('TS-1') }));
    await line.posted();
    const [before] = await line.outcomes();
    assert.deepEqual([before?.outcome, before?.codes], ['held', ['PERIOD_NOT_YET_OPEN']]);
    assert.equal((await sweep()).released, 0);
    now = new Date('2026-11-25T06:00:00.000Z');
    assert.equal((await sweep()).released, 1);
    await line.until('it is posted', async () => Promise.resolve(net() === '8'));
    assert.deepEqual(await outcomes(), ['accepted']);
  });

  it('for a period is posted as soon as finance opens that by hand', async () => {
    await november('2026-11-25T05:00:00.000Z');
    await line.submit(aTimesheet([anEntry({ id: named('E-1') })], { id: named('TS-1') }));
    await line.posted();
    await november('2026-11-23T05:00:00.000Z');
    assert.equal((await sweep()).released, 1);
    await line.until('it is posted', async () => Promise.resolve(net() === '8'));
  });

  it('as a draft is posted when its approval comes, and what the approved one left out needs nobody any more', async () => {
    const draft = aTimesheet([anEntry({ id: named('E-1') }), anEntry({ id: named('E-2'), workDate: '2026-11-10' })], { id: named('TS-1'), approval: anApproval({ status: 'submitted', approver: null, decidedAt: null, of: { id: named('TS-1'), version: 1 } }) });
    await line.submit(draft);
    await line.posted();
    assert.deepEqual(await outcomes(), ['held', 'held']);
    await line.submit({ ...draft, entries: draft.entries.slice(0, 1), approval: anApproval({ of: { id: named('TS-1'), version: 1 } }) });
    await line.until('the approved part is posted', async () => Promise.resolve(net() === '8'));
    assert.equal((await sweep()).overtaken, 1);
    assert.deepEqual((await outcomes()).sort(), ['accepted', 'repeat', 'returned']);
    assert.deepEqual(await newSweep()(), { overtaken: 0, released: 0, overdue: 0, resumed: 0 });
  });

  it('as a draft whose next version corrects it does not keep that from being posted', async () => {
    const draft = aTimesheet([anEntry({ id: named('E-1') })], { id: named('TS-1'), approval: anApproval({ status: 'submitted', approver: null, decidedAt: null, of: { id: named('TS-1'), version: 1 } }) });
    await line.submit(draft);
    await line.posted();
    await line.submit(aTimesheet([anEntry({ id: named('E-1'), version: 2, replaces: { id: named('E-1'), version: 1 }, hours: '6' })], { id: named('TS-1'), version: 2, replaces: { id: named('TS-1'), version: 1 }, approval: anApproval({ of: { id: named('TS-1'), version: 2 } }) }));
    await line.posted();
    await sweep();
    await line.until('the correction is posted', async () => Promise.resolve(net() === '6'));
    assert.deepEqual(await outcomes(), ['returned', 'accepted']);
  });

  it('for longer than the firm allows is shown to a person once, and goes on by itself when what it waits for comes', async () => {
    await setProject({ status: 'pending' });
    await line.submit(aTimesheet([anEntry({ id: named('E-1') })], { id: named('TS-1') }));
    await line.posted();
    await ended(named('TS-1'));
    await heldFor(4);
    assert.equal((await newSweep()()).overdue, 0);
    await heldFor(2);
    assert.equal((await newSweep()()).overdue, 1);
    const raised = await line.until('a case is open', async () => (await openCases(line.store.db)).find(({ code }) => code === 'HELD_TOO_LONG'));
    assert.match(raised.message, /activation of project US01-TECH-A/);
    assert.deepEqual([...raised.permitted_actions].sort(), ['retry', 'return_to_submitter']);
    assert.equal((await newSweep()()).overdue, 0);
    await setProject({});
    assert.equal((await newSweep()()).released, 1);
    await line.until('it is posted', async () => Promise.resolve(net() === '8'));
    await line.posted();
    await ended(named('TS-1'));
    assert.deepEqual(await openCases(line.store.db), []);
  });

  it('for too long can be given back, with what it waited for, and is not taken up again', async () => {
    await setProject({ status: 'pending' });
    await line.submit(aTimesheet([anEntry({ id: named('E-1') })], { id: named('TS-1') }));
    await line.posted();
    await ended(named('TS-1'));
    await heldFor(6);
    await sweep();
    const raised = await line.until('a case is open', async () => (await openCases(line.store.db)).find(({ code }) => code === 'HELD_TOO_LONG'));
    assert.ok((await line.resolve(raised.case_id, { action: 'return_to_submitter', by: 'priya', reason: 'the deal is stuck' })).accepted);
    await ended(named('TS-1'));
    assert.deepEqual(await outcomes(), ['returned']);
    const [told] = line.fakes.rejections;
    assert.match(told?.reason ?? '', /is being set up and not active yet\. .*the deal is stuck/);
    await setProject({});
    assert.deepEqual(await newSweep()(), { overtaken: 0, released: 0, overdue: 0, resumed: 0 });
    assert.equal(net(), '0');
  });

  it('as one of two documents under one ID and version is judged again by a process of its own', async () => {
    await line.submit(aTimesheet([anEntry({ id: named('E-1'), projectNumber: 'US01-NOPE' })], { id: named('TS-1') }));
    await line.until('the first is refused', async () => (await openCases(line.store.db)).find(({ code }) => code === 'PROJECT_UNKNOWN'));
    await setProject({ status: 'pending' });
    await line.submit(aTimesheet([anEntry({ id: named('E-2'), workDate: '2026-11-10' })], { id: named('TS-1') }));
    await line.until('the second is held', async () => (await outcomes()).includes('held'));
    await setProject({});
    assert.equal((await sweep()).released, 1);
    await line.until('it is posted', async () => Promise.resolve(net() === '8'));
    assert.deepEqual(await outcomes(), ['rejected', 'accepted']);
  });

  it('whose process ended before it heard that its wait is over is posted all the same, and one that is being posted is left alone', async () => {
    line.fakes.fail('netsuite.labor', { kind: 'transient', times: 1000 });
    await line.submit(aTimesheet([anEntry({ id: named('E-1') })], { id: named('TS-1') }));
    await line.until('posting it has failed', async () => (await sql<{ n: number }>`select count(*)::integer as n from labor_posting where state = 'not_done'`.execute(line.store.db)).rows[0]?.n === 1);
    const soon = () => createHeldSweep({ store: line.store, client: line.client, log: pino({ level: 'silent' }), now: () => now, unpostedAfterMs: 0 }, new AbortController().signal)();
    assert.equal((await soon()).resumed, 0);
    await line.client.workflow.getHandle(timesheetProcessId({ system: 'harvest', id: named('TS-1'), version: 1 })).terminate('a slip of the hand');
    await sql`update time_page set state = 'done', done_at = now()`.execute(line.store.db);
    assert.equal((await sweep()).resumed, 0);
    line.fakes.mendAll();
    await line.until('somebody sees to it', async () => (await soon()).resumed === 1);
    await line.until('it is posted', async () => Promise.resolve(net() === '8'));
    await ended(named('TS-1'));
    assert.equal((await soon()).resumed, 0);
  });

  it('beside entries that were refused goes on while their case stays with its person', async () => {
    await setProject({ status: 'pending' });
    await line.submit(aTimesheet([anEntry({ id: named('E-1') }), anEntry({ id: named('E-2'), workDate: '2026-11-10', projectNumber: 'US01-NOPE' })], { id: named('TS-1') }));
    await line.until('a case is open', async () => (await openCases(line.store.db)).find(({ code }) => code === 'PROJECT_UNKNOWN'));
    await setProject({});
    assert.equal((await sweep()).released, 1);
    await line.until('the held entry is posted', async () => Promise.resolve(net() === '8'));
    await line.until('the refused one has its case', async () => (await openCases(line.store.db)).find(({ code }) => code === 'PROJECT_UNKNOWN'));
    assert.deepEqual(await outcomes(), ['accepted', 'rejected']);
  });
});
