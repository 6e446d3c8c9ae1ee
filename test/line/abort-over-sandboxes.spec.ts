import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'mocha';
import { z } from 'zod';
import { closedWonId, type DealReference } from '../../domain/process/deal-process.ts';
import type { SandboxName } from '../../sandbox/names.ts';
import type { SampleDeal } from '../../starters/story/sample-deals.ts';
import { dealStatus } from '../../starters/status/deal-status.ts';
import { identitiesOf } from '../../store/identity-map.ts';
import { postingsOf } from '../../store/posting-settlement.ts';
import { anAccount, anOpportunity } from '../builders/opportunity.ts';
import type { FaultOrder } from '../connectors/conformance/crm.ts';
import { assertNoOrphan, assertOneOfEverything } from '../support/one-of-everything.ts';
import { aSale, aSoldLine } from '../support/sales.ts';
import { startSandboxLine, type SandboxLine } from '../support/sandbox-line.ts';
import { stopTemporalServer } from '../support/temporal.ts';

/** Which request of each step the vendor refuses; the steps before it have been done by then. */
const REFUSED_AT: readonly { readonly step: string; readonly system: SandboxName; readonly order: Pick<FaultOrder, 'method' | 'path'> }[] = [
  { step: 'customer', system: 'netsuite', order: { method: 'PUT', path: '/customer/eid' } },
  { step: 'contract', system: 'netsuite', order: { method: 'PUT', path: '/salesOrder/eid' } },
  { step: 'project', system: 'netsuite', order: { method: 'PUT', path: '/job/eid' } },
  { step: 'WBS', system: 'netsuite', order: { method: 'PUT', path: '/projectTask/eid' } },
  { step: 'rate card', system: 'netsuite', order: { method: 'PUT', path: '/customrecord_q2c_rate_line/eid' } },
  { step: 'billing schedule', system: 'netsuite', order: { method: 'PUT', path: '/billingSchedule/eid' } },
  { step: 'time tracking', system: 'harvest', order: { method: 'POST', path: '/v2/projects$' } },
  { step: 'activation', system: 'netsuite', order: { method: 'PATCH', path: '/job/' } },
];
const UNKNOWN_PERSON = 'left.the.firm@northwind-consulting.example';
const harvestRows = z.array(z.looseObject({ id: z.number(), code: z.string().nullish() }));

describe('An aborted deal leaves no orphan in any system', function () {
  this.timeout(60_000);
  let line: SandboxLine;
  before(async () => {
    line = await startSandboxLine();
  });
  after(async () => {
    await line.stop();
    await stopTemporalServer();
  });

  async function abort(deal: DealReference): Promise<void> {
    const open = await line.openCase(deal);
    await line.resolve(open.case_id, { action: 'abort', by: 'fiona', reason: 'the client withdrew' });
    await line.ended(deal, 'aborted');
  }

  async function assertUndoneInTheBooks(deal: DealReference): Promise<void> {
    const postings = await postingsOf(line.store.db, closedWonId(deal));
    assert.deepEqual(postings.filter((posting) => posting.state !== 'reversed').map((posting) => `${posting.key}: ${posting.state}`), []);
    assert.deepEqual((await identitiesOf(line.store.db, closedWonId(deal))).filter((link) => link.retired_at === null).map((link) => `${link.object_type} ${link.external_id} in ${link.system}`), []);
    assert.deepEqual((await dealStatus(line, deal)).notUndone, []);
  }

  async function deliveryStatus(deal: DealReference): Promise<unknown> {
    const opportunities = z.array(z.looseObject({ Id: z.string() })).parse((await line.admin('salesforce').state())['Opportunity']);
    return opportunities.find(({ Id }) => Id === deal.opportunityId)?.['Delivery_Status__c'];
  }

  /** A deal that waits for a person because Harvest does not know whom it plans: all else has been made by then. */
  const withUnknownPerson = (): SampleDeal => {
    const sale = aSale();
    return { ...sale, lines: [...sale.lines, aSoldLine({ laborCategory: 'ANALYST', quantity: 10, unitPrice: 150, person: UNKNOWN_PERSON })] };
  };

  // The first of all: the connector keeps the list of tasks for a minute.
  it('when Harvest has no task for a labor category that the deal sells', async () => {
    const tasks = harvestRows.parse((await line.admin('harvest').state())['tasks']);
    const engineer = tasks.find((task) => task['name'] === 'Engineer');
    await line.admin('harvest').seed({ tasks: [{ id: engineer?.id, name: 'Engineer (old)' }] });
    const sale = withUnknownPerson();
    const deal = await line.sell(sale);
    try {
      const open = await line.openCase(deal, 'HARVEST_TASK_UNKNOWN');
      await line.resolve(open.case_id, { action: 'abort', by: 'priya', reason: 'sold by mistake' });
      await line.ended(deal, 'aborted');
      assertNoOrphan(await line.inventory(sale.client.name));
      await assertUndoneInTheBooks(deal);
    } finally {
      await line.admin('harvest').seed({ tasks: [{ id: engineer?.id, name: 'Engineer' }] });
    }
  });

  for (const { step, system, order } of REFUSED_AT) {
    it(`when the ${step} is refused by ${system}`, async () => {
      const sale = aSale();
      await line.pauseRelay();
      const deal = await line.sell(sale);
      await line.admin(system).fault({ kind: 'status', status: 400, ...order });
      line.resumeRelay();
      await abort(deal);
      assertNoOrphan(await line.inventory(sale.client.name));
      await assertUndoneInTheBooks(deal);
      assert.equal(await deliveryStatus(deal), 'Aborted');
    });
  }

  it('when Harvest does not know a person that the deal plans', async () => {
    const sale = withUnknownPerson();
    const deal = await line.sell(sale);
    await line.openCase(deal, 'HARVEST_USER_UNKNOWN');
    await abort(deal);
    assertNoOrphan(await line.inventory(sale.client.name));
    await assertUndoneInTheBooks(deal);
  });

  it('keeps the customer that another deal of the client relies on, and that deal\'s records', async () => {
    const tag = randomUUID().slice(0, 8);
    const client = anAccount({ id: `ACC-${tag}`, name: `Shared ${tag}` });
    const first = await line.post(anOpportunity({ id: `D1-${tag}`, accounts: [client] }));
    await line.ended(first.deal, 'activated');
    const before = await line.inventory(client.name);
    const second = anOpportunity({ id: `D2-${tag}`, accounts: [client] });
    const { deal } = await line.post({ ...second, lines: second.lines.map((each) => ({ ...each, resourceEmail: UNKNOWN_PERSON })) });
    await line.openCase(deal, 'HARVEST_USER_UNKNOWN');
    assert.equal((await line.inventory(client.name)).netsuite.jobs.length, 2);
    await abort(deal);
    assert.deepEqual(await line.inventory(client.name), before);
  });

  it('makes a customer inactive, and does not delete it, once finance has entered another order for it', async () => {
    const sale = withUnknownPerson();
    const deal = await line.sell(sale);
    await line.openCase(deal, 'HARVEST_USER_UNKNOWN');
    const customers = z.array(z.looseObject({ id: z.string(), fields: z.looseObject({ companyName: z.string() }) })).parse((await line.admin('netsuite').state())['customer']);
    const customer = customers.find(({ fields }) => fields.companyName === sale.client.name);
    await line.admin('netsuite').seed({ salesOrder: [{ entity: { id: customer?.id }, item: { items: [{ item: { id: '12' }, quantity: 1, rate: 500 }] } }] });
    await abort(deal);
    const { netsuite, harvest } = await line.inventory(sale.client.name);
    assert.deepEqual(netsuite.customers, [{ name: sale.client.name, parent: null, inactive: true }]);
    assert.deepEqual([netsuite.orders.map((order) => order.total), netsuite.jobs, harvest.projects], [[500], [], []]);
  });

  it('archives a project on which time was booked, and deletes the rest', async () => {
    const sale = withUnknownPerson();
    const deal = await line.sell(sale);
    await line.openCase(deal, 'HARVEST_USER_UNKNOWN');
    const harvest = line.admin('harvest');
    const [number] = (await line.inventory(sale.client.name)).harvest.projects.map((project) => project.number);
    const state = await harvest.state();
    const project = harvestRows.parse(state['projects']).find(({ code }) => code === number);
    const assigned = z.array(z.looseObject({ project_id: z.number(), task_id: z.number() })).parse(state['task_assignments']).find((each) => each.project_id === project?.id);
    const user = harvestRows.parse(state['users'])[0];
    await harvest.seed({ projects: [{ id: project?.id, is_active: true }] });
    await harvest.seed({ user_assignments: [{ project_id: project?.id, user_id: user?.id }] });
    await harvest.seed({ time_entries: [{ project_id: project?.id, task_id: assigned?.task_id, user_id: user?.id, spent_date: '2026-12-02', hours: 3 }] });
    await abort(deal);
    const left = await line.inventory(sale.client.name);
    assert.deepEqual(left.harvest.projects.map((each) => [each.number, each.active]), [[number, false]]);
    assert.equal(z.array(z.looseObject({ project_id: z.number() })).parse((await harvest.state())['time_entries']).filter((entry) => entry.project_id === project?.id).length, 1, 'the time is still there');
    assert.deepEqual([left.netsuite.customers, left.netsuite.orders, left.netsuite.jobs], [[], [], []]);
    assert.match((await dealStatus(line, deal)).undone.join('\n'), /was archived in Harvest: 1 time entries/);
  });

  it('takes a deal up anew when the seller changes it after the abort', async () => {
    const sale = withUnknownPerson();
    const deal = await line.sell(sale);
    await line.openCase(deal, 'HARVEST_USER_UNKNOWN');
    await abort(deal);
    await line.quiet(deal);
    const items = z.array(z.looseObject({ Id: z.string(), OpportunityId: z.string(), Resource_Email__c: z.string().nullable() })).parse((await line.admin('salesforce').state())['OpportunityLineItem']);
    const item = items.find((each) => each.OpportunityId === deal.opportunityId && each.Resource_Email__c === UNKNOWN_PERSON);
    await line.changeByHand('salesforce', { OpportunityLineItem: [{ Id: item?.Id, Resource_Email__c: null }], Opportunity: [{ Id: deal.opportunityId, PO_Number__c: sale.purchaseOrder }] });
    await line.ended(deal, 'activated');
    assertOneOfEverything({ ...sale, lines: sale.lines.map((each) => (each.person === UNKNOWN_PERSON ? { ...each, person: null } : each)) }, await line.inventory(sale.client.name));
  });
});
