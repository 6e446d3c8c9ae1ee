import assert from 'node:assert/strict';
import { changeOrderId, closedWonId, STEPS, type DealReference, type StepName } from '../../domain/process/deal-process.ts';
import { dealProcess } from '../../store/deal-processes.ts';
import { abortUpdate } from '../../workflows/contracts/deal-process.ts';
import { aLine, anAccount, anOpportunity } from '../builders/opportunity.ts';
import { startTestLine, type TestLine } from '../support/line.ts';
import { assertNothingLeft, publishedProjects, refuseInReporting, standing, startDeal, theAborted, toldLast } from '../support/saga.ts';
import { stopTemporalServer } from '../support/temporal.ts';

const RECORD_PLACES = {
  customer: 'netsuite.customer',
  contract: 'netsuite.contract',
  project: 'netsuite.project',
  'rate-card': 'netsuite.rateCard',
  'billing-schedule': 'netsuite.billingSchedule',
  'time-project': 'harvest.project',
  resources: 'harvest-assignments.assignments',
} as const;

/** Where each step fails for good, and how many records of the deal are made by then at the least. */
const FAILING: readonly { readonly step: StepName; readonly where: string; readonly madeBefore: number; readonly system: string }[] = [
  { step: 'customer', where: RECORD_PLACES.customer, madeBefore: 0, system: 'NetSuite' },
  { step: 'contract', where: RECORD_PLACES.contract, madeBefore: 1, system: 'NetSuite' },
  { step: 'project', where: RECORD_PLACES.project, madeBefore: 2, system: 'NetSuite' },
  { step: 'rate-card', where: RECORD_PLACES['rate-card'], madeBefore: 3, system: 'NetSuite' },
  { step: 'billing-schedule', where: RECORD_PLACES['billing-schedule'], madeBefore: 3, system: 'NetSuite' },
  { step: 'time-project', where: RECORD_PLACES['time-project'], madeBefore: 3, system: 'Harvest' },
  { step: 'resources', where: RECORD_PLACES.resources, madeBefore: 4, system: 'Harvest' },
  { step: 'activation', where: 'status netsuite', madeBefore: 7, system: 'NetSuite' },
  { step: 'activation', where: 'status harvest', madeBefore: 7, system: 'Harvest' },
  { step: 'write-back', where: 'write-back salesforce', madeBefore: 7, system: 'Salesforce' },
];

describe('A deal that is aborted', function () {
  let line: TestLine;
  before(async function () {
    this.timeout(120_000);
    line = await startTestLine();
  });
  after(async () => {
    await line.stop();
    await stopTemporalServer();
  });

  async function abort(deal: DealReference, workflowId = closedWonId(deal)) {
    await line.client.workflow.getHandle(workflowId).executeUpdate(abortUpdate, { args: [{ by: 'jane', reason: 'the client withdrew' }] });
    return theAborted(await line.outcome(workflowId));
  }

  function failForGood(where: string, deal: DealReference): void {
    line.fakes.fail(where, { kind: 'business_rule', times: 1000, deal: deal.opportunityId });
  }

  /** They write in no system. */
  const NOTHING_TO_UNDO = ['decide', 'outcome'];

  it('is undone at every step there is', () => {
    const tested = new Set<string>([...FAILING.map(({ step }) => step), 'load', 'reporting', ...NOTHING_TO_UNDO]);
    assert.deepEqual(STEPS.filter((step) => !tested.has(step)), []);
  });

  describe('because a step failed for good', () => {
    const deals = new Map<string, DealReference>();
    before(async () => {
      for (const { where } of FAILING) {
        const deal = line.deal(anOpportunity());
        deals.set(where, deal);
        failForGood(where, deal);
      }
      await Promise.all([...deals.values()].map((deal) => startDeal(line, deal)));
    });

    for (const { step, where, madeBefore, system } of FAILING) {
      it(`(${step} in ${system}) leaves nothing behind, and the CRM is told`, async () => {
        const deal = deals.get(where);
        assert.ok(deal !== undefined);
        const open = await line.openCase('ORDERED_FAILURE', deal);
        assert.ok(open.subject.startsWith(step), open.subject);
        const made = standing(line, deal).length;
        assert.ok(made >= madeBefore, `${made} records were made`);
        line.fakes.mend('write-back salesforce', deal.opportunityId);
        const answer = await line.resolve(open.case_id, { action: 'abort', by: 'fiona', reason: 'not worth it' });
        assert.ok(answer.accepted, answer.message);
        const outcome = theAborted(await line.outcome(closedWonId(deal)));
        assert.equal(outcome.reason, 'fiona: not worth it');
        assert.deepEqual(outcome.notUndone, []);
        assert.ok(outcome.undone.filter((what) => what.endsWith(' deleted')).length >= made, outcome.undone.join('\n'));
        await assertNothingLeft(line, deal, closedWonId(deal));
        assert.equal(toldLast(line, deal)?.status, 'Aborted');
        assert.match(toldLast(line, deal)?.message ?? '', /Aborted by fiona: not worth it/);
        assert.equal((await dealProcess(line.store.db, deal))?.state, 'aborted');
      });
    }
  });

  it('because the deal could not be read ends with nothing made', async () => {
    const deal = line.deal(anOpportunity());
    failForGood('load salesforce', deal);
    await startDeal(line, deal);
    const open = await line.openCase('ORDERED_FAILURE', deal);
    await line.resolve(open.case_id, { action: 'abort', by: 'sam', reason: 'entered by mistake' });
    assert.deepEqual(theAborted(await line.outcome(closedWonId(deal))).undone, []);
    assert.deepEqual(standing(line, deal), []);
    assert.equal(toldLast(line, deal)?.status, 'Aborted');
  });

  it('while reporting does not take it leaves nothing behind', async () => {
    const deal = line.deal(anOpportunity());
    const takeAgain = await refuseInReporting(line, deal);
    await startDeal(line, deal);
    await line.until('all but reporting is made', async () => Promise.resolve(standing(line, deal).length === 7));
    assert.deepEqual((await abort(deal)).notUndone, []);
    await assertNothingLeft(line, deal, closedWonId(deal));
    await takeAgain();
  });

  it('undoes in reverse order: what refers to others goes first', async () => {
    const deal = line.deal(anOpportunity());
    failForGood('write-back salesforce', deal);
    await startDeal(line, deal);
    await line.openCase('ORDERED_FAILURE', deal);
    line.fakes.mend('write-back salesforce', deal.opportunityId);
    const { undone } = await abort(deal);
    const order = undone.map((what) => what.slice(0, what.indexOf(' ')));
    assert.deepEqual(order.slice(-3), ['project', 'contract', 'customer']);
    assert.ok(order.indexOf('resources') < order.indexOf('time-project'), order.join(', '));
  });

  it('leaves a customer that stood in the ERP before as it stood', async () => {
    const deal = line.deal(anOpportunity());
    const customer = line.fakes.deal(deal).accounts[0]?.id ?? '';
    line.fakes.records.set(`netsuite.customer/salesforce-${customer}`, { id: 'customer-of-old', key: `salesforce-${customer}`, deal: 'of old', at: 'netsuite.customer', status: 'active', writes: 0, document: null });
    failForGood(RECORD_PLACES.project, deal);
    await startDeal(line, deal);
    await line.openCase('ORDERED_FAILURE', deal);
    const { undone } = await abort(deal);
    assert.ok(undone.some((what) => what.startsWith('customer') && what.includes('it stood before this deal')), undone.join('\n'));
    assert.equal(line.fakes.records.get(`netsuite.customer/salesforce-${customer}`)?.status, 'active');
    assert.deepEqual(standing(line, deal), []);
  });

  describe('while a write may or may not have been done', () => {
    const deals = new Map<string, DealReference>();
    before(async () => {
      for (const where of Object.values(RECORD_PLACES)) {
        const deal = line.deal(anOpportunity());
        deals.set(where, deal);
        line.fakes.fail(where, { kind: 'in_doubt', after: true, times: 1000, written: 'unknown', deal: deal.opportunityId });
      }
      await Promise.all([...deals.values()].map((deal) => startDeal(line, deal)));
    });

    for (const [step, where] of Object.entries(RECORD_PLACES)) {
      it(`(${step}: made, answer lost) leaves no orphan`, async () => {
        const deal = deals.get(where);
        assert.ok(deal !== undefined);
        await line.until('it is made', async () => Promise.resolve(line.fakes.recordsOf(deal.opportunityId).some((record) => record.at === where)));
        assert.deepEqual((await abort(deal)).notUndone, []);
        await assertNothingLeft(line, deal, closedWonId(deal));
      });
    }

    it('in a system that cannot be asked is left to a person, who looks and cleans up by hand', async () => {
      const deal = line.deal(anOpportunity());
      line.fakes.lookUps.set('harvest.project', 'none');
      line.fakes.fail('harvest.project', { kind: 'in_doubt', after: true, times: 1, written: 'unknown', deal: deal.opportunityId });
      await startDeal(line, deal);
      const doubt = await line.openCase('WRITE_IN_DOUBT', deal);
      await line.resolve(doubt.case_id, { action: 'abort', by: 'fiona', reason: 'no time to look' });
      const open = await line.openCase('UNDO_FAILED', deal);
      line.fakes.lookUps.delete('harvest.project');
      const orphan = line.fakes.recordsOf(deal.opportunityId).find((record) => record.at === 'harvest.project');
      assert.ok(orphan !== undefined);
      orphan.status = 'deleted';
      await line.resolve(open.case_id, { action: 'confirm_done', by: 'ines', reason: 'deleted in Harvest', externalId: orphan.id });
      const { undone, notUndone } = theAborted(await line.outcome(closedWonId(deal)));
      assert.deepEqual(notUndone, []);
      assert.ok(undone.some((what) => what.includes('undone by hand by ines: deleted in Harvest')), undone.join('\n'));
      await assertNothingLeft(line, deal, closedWonId(deal));
    });
  });

  describe('and whose undo fails', () => {
    async function abortedWith(fault: 'transient' | 'business_rule') {
      const deal = line.deal(anOpportunity());
      failForGood(RECORD_PLACES.resources, deal);
      line.fakes.fail('undo harvest.project', { kind: fault, times: fault === 'transient' ? 1 : 1000, deal: deal.opportunityId });
      await startDeal(line, deal);
      await line.openCase('ORDERED_FAILURE', deal);
      await line.client.workflow.getHandle(closedWonId(deal)).executeUpdate(abortUpdate, { args: [{ by: 'jane', reason: 'the client withdrew' }] });
      return deal;
    }

    it('in passing is tried again by itself', async () => {
      const deal = await abortedWith('transient');
      assert.deepEqual(theAborted(await line.outcome(closedWonId(deal))).notUndone, []);
      await assertNothingLeft(line, deal, closedWonId(deal));
    });

    it('for good waits for a person, who mends the cause and has it tried again', async () => {
      const deal = await abortedWith('business_rule');
      const open = await line.openCase('UNDO_FAILED', deal);
      assert.deepEqual([...open.permitted_actions].sort(), ['confirm_done', 'confirm_not_done', 'retry']);
      line.fakes.mend('undo harvest.project', deal.opportunityId);
      await line.resolve(open.case_id, { action: 'retry', by: 'ines', reason: 'unlocked the project' });
      assert.deepEqual(theAborted(await line.outcome(closedWonId(deal))).notUndone, []);
      await assertNothingLeft(line, deal, closedWonId(deal));
    });

    it('for good can be left as it is, which the report says', async () => {
      const deal = await abortedWith('business_rule');
      const open = await line.openCase('UNDO_FAILED', deal);
      await line.resolve(open.case_id, { action: 'confirm_not_done', by: 'ines', reason: 'has time booked on it' });
      const { notUndone } = theAborted(await line.outcome(closedWonId(deal)));
      assert.equal(notUndone.length, 1);
      assert.match(notUndone[0] ?? '', /^time-project .* in harvest: left as it is by ines: has time booked on it$/);
      assert.equal(standing(line, deal).length, 1);
    });

    it('for good can be undone by hand, after which the ledger knows it is gone', async () => {
      const deal = await abortedWith('business_rule');
      const open = await line.openCase('UNDO_FAILED', deal);
      const record = line.fakes.recordsOf(deal.opportunityId).find((candidate) => candidate.at === 'harvest.project');
      assert.ok(record !== undefined);
      record.status = 'deleted';
      await line.resolve(open.case_id, { action: 'confirm_done', by: 'ines', reason: 'deleted it in Harvest', externalId: record.id });
      assert.deepEqual(theAborted(await line.outcome(closedWonId(deal))).notUndone, []);
      await assertNothingLeft(line, deal, closedWonId(deal));
    });
  });

  it('by cancelling its workflow, as the Temporal UI does, is undone as well', async () => {
    const deal = line.deal(anOpportunity());
    failForGood(RECORD_PLACES.resources, deal);
    await startDeal(line, deal);
    await line.openCase('ORDERED_FAILURE', deal);
    const handle = line.client.workflow.getHandle(closedWonId(deal));
    await handle.cancel();
    await assert.rejects(handle.result(), (error: Error) => String(error.cause).includes('Cancelled'));
    await assertNothingLeft(line, deal, closedWonId(deal));
    assert.equal((await dealProcess(line.store.db, deal))?.state, 'aborted');
    assert.equal(toldLast(line, deal)?.status, 'Aborted');
  });

  it('in one of its legal entities is aborted in all of them', async () => {
    const deal = line.deal(anOpportunity({ currency: 'EUR', accounts: [anAccount({ currency: 'EUR' })], lines: [aLine({ id: 'L1', legalEntity: 'DE01', currency: 'EUR', unitPrice: '210' }), aLine({ id: 'L2', legalEntity: 'GB01', currency: 'EUR', unitPrice: '210' })] }));
    line.fakes.fail('netsuite.project', { kind: 'business_rule', times: 1, deal: deal.opportunityId });
    await startDeal(line, deal);
    const open = await line.openCase('ORDERED_FAILURE', deal);
    await line.until('the other entity has its project', async () => Promise.resolve(standing(line, deal).some((record) => record.startsWith('harvest.project'))));
    await line.resolve(open.case_id, { action: 'abort', by: 'fiona', reason: 'all or nothing' });
    assert.deepEqual(theAborted(await line.outcome(closedWonId(deal))).notUndone, []);
    await assertNothingLeft(line, deal, closedWonId(deal));
  });

  it('although the CRM cannot be told says so in its report', async () => {
    const deal = line.deal(anOpportunity());
    failForGood('write-back salesforce', deal);
    failForGood(RECORD_PLACES.project, deal);
    await startDeal(line, deal);
    await line.openCase('ORDERED_FAILURE', deal);
    const { notUndone } = await abort(deal);
    assert.equal(notUndone.length, 1);
    assert.match(notUndone[0] ?? '', /salesforce could not be told/);
    assert.deepEqual(standing(line, deal), []);
  });

  describe('as a change of a deal that is at work', () => {
    const hours = (deal: DealReference) => {
      const project = line.fakes.recordsOf(deal.opportunityId).find((record) => record.at === 'netsuite.project' && record.status !== 'deleted');
      return JSON.stringify(project?.document);
    };

    async function activated() {
      const first = anOpportunity();
      const deal = line.deal(first);
      await startDeal(line, deal, first.version);
      await line.outcome(closedWonId(deal));
      return deal;
    }

    /** Amends the deal so that it gets a second project, and aborts that when a rate card fails. */
    async function changeAndAbort(deal: DealReference, version: string, quantity: string) {
      line.amend(deal, { version, lines: [aLine({ id: 'L1', quantity }), aLine({ id: 'L2', legalEntity: 'CA01', unitPrice: '300' })] });
      line.fakes.fail('netsuite.rateCard', { kind: 'business_rule', times: 1, deal: deal.opportunityId });
      await startDeal(line, deal, version);
      const open = await line.openCase('ORDERED_FAILURE', deal);
      await line.resolve(open.case_id, { action: 'abort', by: 'fiona', reason: 'the change was withdrawn' });
      return theAborted(await line.outcome(changeOrderId(deal)));
    }

    it('puts the plan back that was in force, each time', async () => {
      const deal = await activated();
      const before = { standing: standing(line, deal), document: hours(deal), published: await publishedProjects(line, deal) };
      for (const [version, quantity] of [['2026-11-22T09:00:00.000Z', '90'], ['2026-11-23T09:00:00.000Z', '95']] as const) {
        await changeAndAbort(deal, version, quantity);
        assert.deepEqual(standing(line, deal), before.standing);
        assert.equal(hours(deal), before.document, `after the abort of ${version}`);
        assert.deepEqual(await publishedProjects(line, deal), before.published);
        assert.ok(line.fakes.recordsOf(deal.opportunityId).filter((record) => record.at === 'netsuite.project' && record.status !== 'deleted').every((record) => record.status === 'active'));
        assert.match(toldLast(line, deal)?.message ?? '', /as they were before the change/);
      }
      assert.equal((await dealProcess(line.store.db, deal))?.state, 'activated');
    });

    it('waits for a person where the plan cannot be put back, and finishes when it can', async () => {
      const deal = await activated();
      const before = hours(deal);
      line.amend(deal, { version: '2026-11-22T09:00:00.000Z', lines: [aLine({ quantity: '90' })] });
      line.fakes.fail('netsuite.rateCard', { kind: 'business_rule', times: 1000, deal: deal.opportunityId });
      await startDeal(line, deal, '2026-11-22T09:00:00.000Z');
      const first = await line.openCase('ORDERED_FAILURE', deal);
      await line.resolve(first.case_id, { action: 'abort', by: 'fiona', reason: 'the change was withdrawn' });
      const open = await line.openCase('UNDO_FAILED', deal);
      assert.deepEqual(open.permitted_actions, ['retry']);
      await assert.rejects(line.client.workflow.getHandle(changeOrderId(deal)).executeUpdate(abortUpdate, { args: [{ by: 'jane', reason: 'again' }] }));
      line.fakes.mend('netsuite.rateCard', deal.opportunityId);
      await line.resolve(open.case_id, { action: 'retry', by: 'ines', reason: 'NetSuite takes it again' });
      theAborted(await line.outcome(changeOrderId(deal)));
      assert.equal(hours(deal), before);
    });
  });
});
