import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { WorkflowFailedError } from '@temporalio/client';
import { sql } from 'kysely';
import type { CaseInput } from '../../domain/process/exception-case.ts';
import { LINE_QUEUE } from '../../domain/process/task-queues.ts';
import { ensureSchedules } from '../../starters/relay/schedules.ts';
import { serviceDesks } from '../../starters/relay/time-systems.ts';
import { ticketOf } from '../../store/case-tickets.ts';
import { caseById, casesOf, updateCase } from '../../store/cases.ts';
import { sha256 } from '../../store/json.ts';
import { openIntent } from '../../store/posting-ledger.ts';
import type { caseTickets } from '../../workflows/case-tickets.ts';
import { callContext } from '../connectors/conformance/documents.ts';
import { aTicket } from '../connectors/conformance/service-desk.ts';
import { startSite, type JiraSite } from '../connectors/jira/support.ts';
import { startTestLine, type TestLine } from '../support/line.ts';
import { stopTemporalServer } from '../support/temporal.ts';

const DESK = 'service-desk';

describe('Exception cases as tickets of a service desk', function () {
  this.timeout(120_000);
  let line: TestLine;
  let site: JiraSite;

  before(async () => {
    site = await startSite();
    line = await startTestLine({ overlays: ['jira'], systems: (inMemory) => ({ ...inMemory, serviceDesk: () => site.connect() }) });
  });
  after(async () => {
    await line?.stop();
    await site?.close();
    await stopTemporalServer();
  });
  afterEach(async () => site.faults.clear());

  const run = () => line.client.workflow.execute<typeof caseTickets>('caseTickets', { workflowId: `case-tickets/${DESK}-${randomUUID()}`, taskQueue: LINE_QUEUE, args: [{ desk: DESK }] });

  async function aCase(parts: Partial<CaseInput> = {}): Promise<string> {
    const process = `test/${randomUUID()}`;
    const caseId = `exception/${process}/1`;
    const input: CaseInput = { process, code: 'RATE_NOT_APPROVED', kind: 'business_rule', subject: 'deal Acme Cloud', message: 'No approved rate card has 260.00 USD.', mend: 'Approve the card.', findings: [], system: 'salesforce', legalEntity: null, deal: 'salesforce/006', amount: null, evidence: null, postingKey: null, configHash: null, registersItself: true, without: [], ...parts };
    await line.client.workflow.start('exceptionCase', { workflowId: caseId, taskQueue: LINE_QUEUE, args: [input] });
    await line.until('the case is registered', async () => (await caseById(line.store.db, caseId)) !== undefined);
    return caseId;
  }
  async function ticketed(parts: Partial<CaseInput> = {}) {
    const caseId = await aCase(parts);
    await run();
    const ticket = await ticketOf(line.store.db, caseId);
    assert.ok(ticket !== undefined);
    return { caseId, ticket };
  }
  /** For more requests than a run makes before it gives up. */
  const isAway = async () => void (await Promise.all(Array.from({ length: 60 }, () => site.faults.next({ kind: 'status', status: 503, path: '/rest/' }))));
  const shows = (externalId: string) => site.office.shows(externalId);
  const comments = async (externalId: string) => (await shows(externalId)).comments.map(({ text }) => text);

  it('each open one has a ticket that says what happened, what to do and who decides, and is known by its number', async () => {
    const { caseId, ticket } = await ticketed();
    const shown = await shows(ticket.externalId);
    assert.deepEqual([shown.open, shown.summary], [true, 'RATE_NOT_APPROVED: deal Acme Cloud']);
    assert.match(shown.description, /No approved rate card has 260\.00 USD\.[\s\S]*Approve the card\.[\s\S]*q2c -- resolve/);
    assert.match(ticket.number ?? '', /^FIN-\d+$/);
    assert.ok(ticket.url?.endsWith(ticket.number ?? ''), ticket.url ?? '');
    assert.deepEqual(await run(), { opened: 0, changed: 0, closed: 0, closedByHand: 0, failed: 0 });
    assert.equal(await site.office.count(caseId), 1);
  });

  it('has exactly one though the answer was lost after it was made', async () => {
    const caseId = await aCase();
    await site.faults.next({ kind: 'cut-after', method: 'POST', path: '/rest/api/3/issue$' });
    assert.deepEqual([(await run()).failed, await site.office.count(caseId), await ticketOf(line.store.db, caseId)], [1, 1, undefined]);
    assert.equal((await run()).opened, 1);
    assert.equal(await site.office.count(caseId), 1);
    assert.equal((await ticketOf(line.store.db, caseId))?.externalId, (await site.issuesOf(caseId))[0]?.id);
  });

  it('has one though it was certainly not made the first time, and keeps no other case waiting', async () => {
    const [first, second] = [await aCase(), await aCase()];
    await site.faults.next({ kind: 'cut-before', method: 'POST', path: '/rest/api/3/issue$' });
    assert.deepEqual([(await run()).opened, (await run()).opened], [1, 1]);
    assert.deepEqual([await site.office.count(first), await site.office.count(second)], [1, 1]);
  });

  for (const arrived of [true, false]) {
    it(`has exactly one though a worker was killed in the middle of the call, ${arrived ? 'after' : 'before'} it got through`, async () => {
      const caseId = await aCase();
      await openIntent(line.store.db, { key: `case-ticket/${DESK}/${caseId}`, process: 'killed', step: 'ticket', system: DESK, operation: 'write', objectType: 'case_ticket', canonicalId: caseId, requestHash: sha256(caseId), request: null, existed: null, leaseMs: 3000 });
      if (arrived) await site.connect().ticket.write(aTicket({ caseId }), null, callContext());
      await run();
      assert.equal(await ticketOf(line.store.db, caseId), undefined, 'the other attempt may still be under way');
      await line.until('it has its ticket', async () => (await run()).opened === 1);
      assert.equal(await site.office.count(caseId), 1);
    });
  }

  it('is told when its case is escalated, with whom it is now, once', async () => {
    const { caseId, ticket } = await ticketed();
    await updateCase(line.store.db, { caseId, owner: 'controller', escalation: 1, detail: 'past due since yesterday' });
    assert.equal((await run()).changed, 1);
    assert.equal((await run()).changed, 0);
    assert.deepEqual(await comments(ticket.externalId), ['Escalated for the first time, to controller (past due since yesterday).']);
    assert.ok((await shows(ticket.externalId)).labels.includes('q2c-owner-controller'));
  });

  it('closes with how its case ended, also where somebody resolved it', async () => {
    const { caseId, ticket } = await ticketed({ code: 'SWEEP_FAILED', kind: 'configuration' });
    assert.equal((await line.resolve(caseId, { action: 'retry', by: 'ines', reason: 'the field is there now' })).accepted, true);
    await line.until('it is resolved', async () => (await caseById(line.store.db, caseId))?.state === 'resolved');
    assert.equal((await run()).closed, 1);
    assert.deepEqual([(await shows(ticket.externalId)).open, await comments(ticket.externalId)], [false, ['The exception case was resolved with "retry" by ines: the field is there now.']]);
    assert.equal((await run()).closed, 0);
  });

  it('that people close at the desk leaves the case open, and says so there, once for each time', async () => {
    const { caseId, ticket } = await ticketed();
    await site.office.closeByHand(ticket.externalId);
    assert.equal((await run()).closedByHand, 1);
    await run();
    assert.deepEqual([(await caseById(line.store.db, caseId))?.state, (await ticketOf(line.store.db, caseId))?.closedByHand], ['open', true]);
    const told = await comments(ticket.externalId);
    assert.equal(told.length, 1);
    assert.match(told[0] ?? '', /the exception case is still open: closing the ticket does not resolve it\. Resolve it in the line: npm run q2c -- resolve exception\/test/);
    await site.admin.seed({ issues: [{ id: ticket.externalId, status: 'waiting' }] });
    await run();
    assert.equal((await ticketOf(line.store.db, caseId))?.closedByHand, false);
    await site.office.closeByHand(ticket.externalId);
    await run();
    assert.equal((await comments(ticket.externalId)).length, 2);
  });

  it('that was deleted is not made again: the case goes on without one', async () => {
    const { caseId, ticket } = await ticketed();
    await site.office.deleteByHand(ticket.externalId);
    await run();
    assert.equal((await ticketOf(line.store.db, caseId))?.state, 'gone');
    await updateCase(line.store.db, { caseId, owner: 'controller', detail: 'another owner' });
    await run();
    assert.equal(await site.office.count(caseId), 0);
  });

  it('wait for the next run where the desk is away for a moment, which is nobody\'s case yet', async () => {
    await ticketed();
    const caseId = await aCase();
    await isAway();
    assert.ok((await run()).failed > 0);
    assert.deepEqual(await casesOf(line.store.db, `case-tickets/${DESK}`), []);
    await site.faults.clear();
    assert.equal((await run()).opened, 1);
    assert.equal(await site.office.count(caseId), 1);
  });

  it('that have waited for an hour because the desk is away are told to a person', async () => {
    const caseId = await aCase();
    await sql`update exception_case set updated_at = now() - interval '61 minutes' where case_id = ${caseId}`.execute(line.store.db);
    await isAway();
    await assert.rejects(run(), WorkflowFailedError);
    const open = async () => (await casesOf(line.store.db, `case-tickets/${DESK}`)).filter(({ state }) => state === 'open');
    const [own] = await line.until('the desk has a case', async () => ((await open()).length > 0 ? await open() : undefined));
    assert.match(own?.message ?? '', /Exception cases do not all stand in service-desk/);
    await site.faults.clear();
    await run();
    await line.until('it is closed', async () => (await open()).length === 0);
    assert.equal(await site.office.count(caseId), 1);
  });

  it('that the desk refuses for good is a case of the desk, once, while the others have theirs; the next run that goes well closes it', async () => {
    await site.faults.next({ kind: 'status', status: 400, method: 'POST', path: '/rest/api/3/issue$' });
    const [refused, other] = [await aCase(), await aCase()];
    await assert.rejects(run(), WorkflowFailedError);
    assert.deepEqual([await site.office.count(refused), await site.office.count(other)], [0, 1]);
    const open = async () => (await casesOf(line.store.db, `case-tickets/${DESK}`)).filter(({ state }) => state === 'open');
    const [own] = await line.until('the desk has a case', async () => ((await open()).length > 0 ? await open() : undefined));
    assert.match(own?.message ?? '', /Exception cases do not all stand in service-desk as they are/);
    await run();
    assert.equal(await site.office.count(refused), 1);
    await line.until('it is closed', async () => (await open()).length === 0);
  });

  it('are brought by schedule where the configuration names a service desk, and only there', async () => {
    const desks = await serviceDesks(line.store.db);
    assert.deepEqual(desks, [DESK]);
    await ensureSchedules(line.client, [], [], [], []);
    const handle = line.client.schedule.getHandle(`case-tickets/${DESK}`);
    await assert.rejects(handle.describe());
    await ensureSchedules(line.client, [], [], [], desks);
    assert.equal((await handle.describe()).action.workflowType, 'caseTickets');
    await handle.delete();
    for (const id of ['missed-event-sweep/salesforce', 'missed-event-sweep/hubspot', 'payroll-calendar']) await line.client.schedule.getHandle(id).delete();
  });
});
