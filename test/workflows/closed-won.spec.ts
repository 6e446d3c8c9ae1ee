import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import { changeOrderId, closedWonId, type DealReference } from '../../domain/process/deal-process.ts';
import { dispatchDeal } from '../../starters/relay/dispatch.ts';
import { dealProcess } from '../../store/deal-processes.ts';
import { postingsOf } from '../../store/posting-settlement.ts';
import { abortUpdate } from '../../workflows/contracts/deal-process.ts';
import { aLine, anAccount, anOpportunity } from '../builders/opportunity.ts';
import { startTestLine, type TestLine } from '../support/line.ts';
import { stopTemporalServer } from '../support/temporal.ts';

describe('A closed-won deal', () => {
  let line: TestLine;
  before(async () => {
    line = await startTestLine();
  });
  after(async () => {
    await line.stop();
    await stopTemporalServer();
  });

  afterEach(() => line.fakes.mendAll());

  async function start(deal: DealReference, version = '') {
    return await dispatchDeal(line.client, line.store, deal, { version, source: 'test' });
  }

  function recordsOf(deal: DealReference) {
    return line.fakes.recordsOf(deal.opportunityId);
  }

  it('becomes an activated project in every target system, and the CRM is told', async () => {
    const deal = line.deal(anOpportunity());
    await start(deal);
    const outcome = await line.outcome(closedWonId(deal));
    assert.equal(outcome.outcome, 'activated');
    const statuses = Object.fromEntries(recordsOf(deal).map((record) => [record.at, record.status]));
    assert.deepEqual(statuses, {
      'netsuite.customer': 'pending',
      'netsuite.contract': 'pending',
      'netsuite.project': 'active',
      'netsuite.rateCard': 'pending',
      'netsuite.billingSchedule': 'pending',
      'harvest.project': 'active',
      'harvest-assignments.assignments': 'pending',
    });
    const told = line.fakes.writeBacks.filter((write) => write.deal.endsWith(deal.opportunityId)).at(-1);
    assert.equal(told?.status.status, 'Activated');
    assert.deepEqual(told?.status.projectNumbers, outcome.outcome === 'activated' ? outcome.projects : []);
  });

  it('with lines of several legal entities becomes a project in each of them', async () => {
    const deal = line.deal(anOpportunity({
      currency: 'EUR',
      lines: [aLine({ id: 'L1', legalEntity: 'DE01', currency: 'EUR', unitPrice: '210' }), aLine({ id: 'L2', legalEntity: 'GB01', currency: 'EUR', unitPrice: '210' })],
      accounts: [{ ...anAccount(), taxRegistrationNumber: 'US-1', currency: 'EUR' }],
    }));
    await start(deal);
    const outcome = await line.outcome(closedWonId(deal));
    assert.equal(outcome.outcome, 'activated');
    const projects = recordsOf(deal).filter((record) => record.at === 'netsuite.project');
    assert.deepEqual(projects.map((record) => record.key.slice(0, 4)).sort(), ['DE01', 'GB01']);
    assert.ok(projects.every((record) => record.status === 'active'));
  });

  it('told of twice is one process and one of everything', async () => {
    const deal = line.deal(anOpportunity());
    const [first, second] = await Promise.all([start(deal, '2026-11-20T09:00:00.000Z'), start(deal, '2026-11-20T09:00:00.000Z')]);
    assert.equal(first.disposition, 'joined or started');
    assert.equal(second.disposition, 'joined or started');
    await line.outcome(closedWonId(deal));
    assert.ok(recordsOf(deal).every((record) => record.writes === 1));
    const late = await start(deal, '2026-11-20T09:00:00.000Z');
    assert.equal(late.disposition, 'ignored');
  });

  it('is not activated anywhere while one target has not confirmed', async () => {
    const deal = line.deal(anOpportunity());
    line.fakes.fail('harvest.project', { kind: 'transient', times: 1000 });
    await start(deal);
    await line.until('the project is in the ERP', async () => Promise.resolve(recordsOf(deal).some((record) => record.at === 'netsuite.billingSchedule')));
    assert.ok(recordsOf(deal).every((record) => record.status === 'pending'));
    line.fakes.mend('harvest.project');
    assert.equal((await line.outcome(closedWonId(deal))).outcome, 'activated');
  });

  it('whose write answers were lost is looked up, not written again', async () => {
    const deal = line.deal(anOpportunity());
    for (const where of ['netsuite.customer', 'netsuite.contract', 'netsuite.project', 'harvest.project']) line.fakes.fail(where, { kind: 'in_doubt', after: true, times: 1, written: 'unknown' });
    await start(deal);
    assert.equal((await line.outcome(closedWonId(deal))).outcome, 'activated');
    const records = recordsOf(deal);
    assert.deepEqual(records.filter((record) => record.key.includes('#double')), []);
    assert.equal(records.length, 7);
  });

  it('whose write answer was lost in a system that cannot be asked waits for a person, who says it was done', async () => {
    const deal = line.deal(anOpportunity());
    line.fakes.lookUps.set('harvest.project', 'none');
    line.fakes.fail('harvest.project', { kind: 'in_doubt', after: true, times: 1, written: 'unknown' });
    await start(deal);
    const open = await line.openCase('WRITE_IN_DOUBT', deal);
    assert.deepEqual([...open.permitted_actions].sort(), ['abort', 'confirm_done', 'confirm_not_done']);
    const made = recordsOf(deal).find((record) => record.at === 'harvest.project');
    assert.equal(made?.writes, 1);
    const answer = await line.resolve(open.case_id, { action: 'confirm_done', by: 'ines', reason: 'found it in Harvest', externalId: made?.id ?? '' });
    assert.equal(answer.accepted, true, answer.message);
    assert.equal((await line.outcome(closedWonId(deal))).outcome, 'activated');
    assert.equal(recordsOf(deal).filter((record) => record.at === 'harvest.project').length, 1);
    line.fakes.lookUps.delete('harvest.project');
  });

  it('amended while its process runs is brought up to date, not made twice', async () => {
    const first = anOpportunity();
    const deal = line.deal(first);
    line.fakes.fail('harvest.project', { kind: 'transient', times: 1000 });
    await start(deal, first.version);
    await line.until('the project is in the ERP', async () => Promise.resolve(recordsOf(deal).some((record) => record.at === 'netsuite.project')));
    const version = '2026-11-21T09:00:00.000Z';
    line.amend(deal, { version, lines: [aLine({ quantity: '80' })] });
    assert.equal((await start(deal, version)).disposition, 'joined or started');
    line.fakes.mend('harvest.project');
    const outcome = await line.outcome(closedWonId(deal));
    assert.equal(outcome.outcome === 'activated' && outcome.version, version);
    assert.deepEqual(recordsOf(deal).filter((record) => record.key.includes('#double')), []);
    assert.ok(recordsOf(deal).filter((record) => record.at === 'netsuite.project').every((record) => record.writes === 2));
  });

  it('amended after its end is a change order that updates, drops what is no longer sold, and joins later changes', async () => {
    const deal = line.deal(anOpportunity({ lines: [aLine({ id: 'L1' }), aLine({ id: 'L2', legalEntity: 'CA01', unitPrice: '300' })] }));
    await start(deal, anOpportunity().version);
    const made = await line.outcome(closedWonId(deal));
    assert.equal(made.outcome === 'activated' && made.projects.length, 2);
    const version = '2026-11-22T09:00:00.000Z';
    line.amend(deal, { version, lines: [aLine({ id: 'L1', quantity: '60' })] });
    assert.equal((await start(deal, version)).disposition, 'amends');
    const changed = await line.outcome(changeOrderId(deal));
    assert.equal(changed.outcome === 'activated' && changed.projects.length, 1);
    const projects = recordsOf(deal).filter((record) => record.at === 'netsuite.project');
    assert.deepEqual(projects.map((record) => record.status).sort(), ['active', 'deleted']);
  });

  it('told of again without a change that matters, as by the echo of our own write-back, changes nothing', async () => {
    const deal = line.deal(anOpportunity());
    await start(deal, anOpportunity().version);
    await line.outcome(closedWonId(deal));
    const version = '2026-11-22T10:00:00.000Z';
    line.amend(deal, { version, modifiedAt: version });
    await start(deal, version);
    assert.deepEqual(await line.outcome(changeOrderId(deal)), { outcome: 'unchanged', version });
    assert.ok(recordsOf(deal).every((record) => record.writes === 1));
  });

  it('aborted by an operator leaves no orphan, and an amended deal may start over', async () => {
    const deal = line.deal(anOpportunity());
    line.fakes.fail('harvest-assignments.assignments', { kind: 'transient', times: 1000 });
    await start(deal, anOpportunity().version);
    await line.until('the project is in the ERP', async () => Promise.resolve(recordsOf(deal).some((record) => record.at === 'harvest.project')));
    await line.client.workflow.getHandle(closedWonId(deal)).executeUpdate(abortUpdate, { args: [{ by: 'jane', reason: 'the client withdrew' }] });
    const outcome = await line.outcome(closedWonId(deal));
    assert.equal(outcome.outcome, 'aborted');
    assert.deepEqual(outcome.outcome === 'aborted' && outcome.notUndone, []);
    assert.ok(recordsOf(deal).every((record) => record.status === 'deleted'));
    assert.ok((await postingsOf(line.store.db, closedWonId(deal))).every((posting) => posting.state === 'reversed'));
    assert.equal((await dealProcess(line.store.db, deal))?.state, 'aborted');
    line.fakes.mend('harvest-assignments.assignments');
    assert.equal((await start(deal, anOpportunity().version)).disposition, 'ignored');
    const version = '2026-11-23T09:00:00.000Z';
    line.amend(deal, { version, lines: [aLine({ quantity: '50' })] });
    await start(deal, version);
    assert.equal((await line.outcome(closedWonId(deal))).outcome, 'activated');
  });

  it('shares the customer with another deal of the same client that comes at the same moment', async () => {
    const shared = { ...anAccount(), id: 'ACC-AT-ONCE' };
    const deals = [1, 2, 3, 4].map(() => line.deal(anOpportunity({ accounts: [shared] })));
    await Promise.all(deals.map((deal) => start(deal)));
    for (const deal of deals) assert.equal((await line.outcome(closedWonId(deal))).outcome, 'activated');
    assert.deepEqual([...line.fakes.records.keys()].filter((name) => name.startsWith('netsuite.customer/') && name.includes('ACC-AT-ONCE')), ['netsuite.customer/salesforce-ACC-AT-ONCE']);
  });

  it('leaves a customer that another deal relies on when it is aborted', async () => {
    const shared = { ...anAccount(), id: 'ACC-SHARED' };
    const kept = line.deal(anOpportunity({ accounts: [shared] }));
    await start(kept);
    await line.outcome(closedWonId(kept));
    const aborted = line.deal(anOpportunity({ accounts: [shared] }));
    line.fakes.fail('netsuite.project', { kind: 'transient', times: 1000 });
    await start(aborted);
    await line.until('the contract is in the ERP', async () => (await postingsOf(line.store.db, closedWonId(aborted))).some((posting) => posting.step === 'contract' && posting.state === 'done'));
    await line.client.workflow.getHandle(closedWonId(aborted)).executeUpdate(abortUpdate, { args: [{ by: 'jane', reason: 'the client withdrew' }] });
    await line.outcome(closedWonId(aborted));
    line.fakes.mend('netsuite.project');
    assert.equal(line.fakes.records.get('netsuite.customer/salesforce-ACC-SHARED')?.status, 'pending');
  });
});
