import assert from 'node:assert/strict';
import { changeOrderId, closedWonId, type DealReference } from '../../domain/process/deal-process.ts';
import { sql } from 'kysely';
import { casesOf } from '../../store/cases.ts';
import { dealProcess } from '../../store/deal-processes.ts';
import { abortUpdate, progressQuery } from '../../workflows/contracts/deal-process.ts';
import { aLine, anAccount, anOpportunity } from '../builders/opportunity.ts';
import { asSuperuser } from '../store/support.ts';
import { startTestLine, type TestLine } from '../support/line.ts';
import { startDeal, theAborted } from '../support/saga.ts';
import { stopTemporalServer } from '../support/temporal.ts';

/** The advisory lock that the recording of outcomes waits for. */
const OUTCOMES = 4711;

describe('A deal at the edges of its process', function () {
  this.timeout(60_000);
  let line: TestLine;
  before(async () => {
    line = await startTestLine();
    await asSuperuser(line.store, [
      `create function wait_for_the_test() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock(${OUTCOMES}); return new; end $$`,
      'create trigger outcomes_wait before insert or update on deal_process for each row when (new.ended_at is not null) execute function wait_for_the_test()',
    ]);
  });
  afterEach(() => line.fakes.mendAll());
  after(async () => {
    await line.stop();
    await stopTemporalServer();
  });

  const abort = (deal: DealReference, by = 'jane') => line.client.workflow.getHandle(closedWonId(deal)).executeUpdate(abortUpdate, { args: [{ by, reason: 'the client withdrew' }] });
  const stepOf = async (deal: DealReference, step: string) => (await line.client.workflow.getHandle(closedWonId(deal)).query(progressQuery)).steps.find((candidate) => candidate.step === step);

  /** Nobody can record an outcome while `work` runs. */
  async function whileOutcomesWait(work: () => Promise<void>): Promise<void> {
    await line.store.db.transaction().execute(async (transaction) => {
      await sql`select pg_advisory_xact_lock(${OUTCOMES}::bigint)`.execute(transaction);
      await work();
    });
  }

  it('whose change comes while its outcome is being recorded is changed by a change order, not forgotten', async () => {
    const deal = line.deal(anOpportunity());
    line.fakes.fail('harvest.project', { kind: 'transient', times: 1000, deal: deal.opportunityId });
    await startDeal(line, deal, anOpportunity().version);
    await line.until('everything but time tracking is there', async () => (await stepOf(deal, 'billing-schedule'))?.state === 'done');
    const version = '2026-11-22T09:00:00.000Z';
    await whileOutcomesWait(async () => {
      line.fakes.mend('harvest.project', deal.opportunityId);
      await line.until('the outcome is being recorded', async () => (await stepOf(deal, 'outcome'))?.state === 'running');
      line.amend(deal, { version, lines: [aLine({ quantity: '64' })] });
      await line.client.workflow.getHandle(closedWonId(deal)).signal('dealChanged', { version, source: 'test' });
    });
    assert.equal((await line.outcome(closedWonId(deal))).outcome, 'activated');
    await line.until('the change has been applied', async () => (await dealProcess(line.store.db, deal))?.version_applied === version);
    assert.equal((await line.outcome(changeOrderId(deal))).outcome, 'activated');
  });

  it('takes no abort any more once its outcome is being recorded, and says so', async () => {
    const deal = line.deal(anOpportunity());
    line.fakes.fail('harvest.project', { kind: 'transient', times: 1000, deal: deal.opportunityId });
    await startDeal(line, deal);
    await line.until('everything but time tracking is there', async () => (await stepOf(deal, 'billing-schedule'))?.state === 'done');
    await whileOutcomesWait(async () => {
      line.fakes.mend('harvest.project', deal.opportunityId);
      await line.until('the outcome is being recorded', async () => (await stepOf(deal, 'outcome'))?.state === 'running');
      await assert.rejects(abort(deal), (error: Error) => /has just come to its end/.test(String(error.cause)));
    });
    assert.equal((await line.outcome(closedWonId(deal))).outcome, 'activated');
  });

  it('can be aborted while its CRM does not answer', async () => {
    const deal = line.deal(anOpportunity());
    line.fakes.fail('load salesforce', { kind: 'transient', times: 1000 });
    await startDeal(line, deal);
    await line.until('the load is being tried', async () => (await stepOf(deal, 'load'))?.state === 'running');
    await abort(deal);
    theAborted(await line.outcome(closedWonId(deal)));
  });

  it('leaves no case of a step open when an operator aborts it', async () => {
    const deal = line.deal(anOpportunity());
    line.fakes.fail('netsuite.rateCard', { kind: 'business_rule', times: 1000, deal: deal.opportunityId });
    await startDeal(line, deal);
    await line.openCase('ORDERED_FAILURE', deal);
    await abort(deal);
    theAborted(await line.outcome(closedWonId(deal)));
    await line.until('the case is closed', async () => (await casesOf(line.store.db, closedWonId(deal))).every((row) => row.state === 'closed'));
  });

  it('asks again for what a person let pass when the deal is changed meanwhile', async () => {
    const low = [aLine({ unitPrice: '180' })];
    const deal = line.deal(anOpportunity({ lines: low }));
    line.fakes.fail('harvest.project', { kind: 'transient', times: 1000, deal: deal.opportunityId });
    await startDeal(line, deal, anOpportunity().version);
    const first = await line.openCase('RATE_BELOW_CARD', deal);
    await line.resolve(first.case_id, { action: 'override', by: 'conrad', reason: 'a strategic client' });
    await line.until('everything but time tracking is there', async () => (await stepOf(deal, 'billing-schedule'))?.state === 'done');
    const version = '2026-11-22T09:00:00.000Z';
    line.amend(deal, { version, lines: [aLine({ unitPrice: '1' })] });
    await startDeal(line, deal, version);
    line.fakes.mend('harvest.project', deal.opportunityId);
    const second = await line.openCase('RATE_BELOW_CARD', deal);
    assert.notEqual(second.case_id, first.case_id);
    await line.resolve(second.case_id, { action: 'abort', by: 'conrad', reason: 'a typing error' });
    theAborted(await line.outcome(closedWonId(deal)));
  });

  it('removes the customer it had made when the last deal that relied on it is aborted', async () => {
    const shared = { ...anAccount(), id: 'ACC-LAST-ONE' };
    const deals = [line.deal(anOpportunity({ accounts: [shared] })), line.deal(anOpportunity({ accounts: [shared] }))];
    line.fakes.fail('harvest.project', { kind: 'transient', times: 1000 });
    for (const deal of deals) {
      await startDeal(line, deal);
      await line.until('everything but time tracking is there', async () => (await stepOf(deal, 'billing-schedule'))?.state === 'done');
    }
    const customer = () => line.fakes.records.get('netsuite.customer/salesforce-ACC-LAST-ONE')?.status;
    for (const [index, deal] of deals.entries()) {
      await abort(deal);
      theAborted(await line.outcome(closedWonId(deal)));
      assert.equal(customer(), index === 0 ? 'pending' : 'deleted');
    }
  });
});
