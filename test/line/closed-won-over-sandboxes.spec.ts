import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'mocha';
import { z } from 'zod';
import { changeOrderId, closedWonId, type DealReference } from '../../domain/process/deal-process.ts';
import { LINE_QUEUE } from '../../domain/process/task-queues.ts';
import type { SampleDeal } from '../../starters/story/sample-deals.ts';
import { sealAuditTrail } from '../../store/audit-chain.ts';
import { auditOf } from '../../store/audit-trail.ts';
import { verifyAuditTrail } from '../../store/audit-verify.ts';
import { identitiesOf } from '../../store/identity-map.ts';
import { listInbox } from '../../store/inbox-relay.ts';
import { postingsOf } from '../../store/posting-settlement.ts';
import { anAccount, aLine, anOpportunity } from '../builders/opportunity.ts';
import { assertOneOfEverything } from '../support/one-of-everything.ts';
import { aSale, aSoldLine } from '../support/sales.ts';
import { startSandboxLine, type SandboxLine } from '../support/sandbox-line.ts';
import { stopTemporalServer } from '../support/temporal.ts';

const deliveryInSalesforce = z.object({ Id: z.string(), Delivery_Status__c: z.string().nullable(), Delivery_Projects__c: z.string().nullable() });
const writes = ['POST', 'PUT', 'PATCH', 'DELETE'];

describe('A closed-won deal becomes an activated project, over the vendors\' own interfaces', function () {
  this.timeout(60_000);
  let line: SandboxLine;
  before(async () => {
    line = await startSandboxLine();
  });
  after(async () => {
    await line.stop();
    await stopTemporalServer();
  });

  async function activated(sale: SampleDeal): Promise<DealReference> {
    const deal = await line.sell(sale);
    await line.ended(deal, 'activated');
    return deal;
  }

  /** Requests that change something in the systems that are built up; token requests and queries change nothing. */
  async function writesSoFar(): Promise<number> {
    const requests = [...(await line.admin('netsuite').requests()), ...(await line.admin('harvest').requests())];
    return requests.filter(({ method, url }) => writes.includes(method) && !/oauth2|suiteql/.test(url)).length;
  }

  it('makes exactly one of everything at the deal\'s prices when a seller closes the deal in Salesforce', async () => {
    const sale = aSale();
    const deal = await activated(sale);
    assertOneOfEverything(sale, await line.inventory(sale.client.name));

    const told = z.array(deliveryInSalesforce).parse((await line.admin('salesforce').state())['Opportunity']).find(({ Id }) => Id === deal.opportunityId);
    const { netsuite } = await line.inventory(sale.client.name);
    assert.deepEqual([told?.Delivery_Status__c, told?.Delivery_Projects__c], ['Activated', netsuite.jobs[0]?.number]);

    const links = (await identitiesOf(line.store.db, closedWonId(deal))).map((link) => `${link.object_type} in ${link.system}`).toSorted();
    assert.deepEqual(links, ['assignments in harvest-assignments', 'billing_schedule in netsuite', 'contract in netsuite', 'customer in netsuite', 'project in harvest', 'project in netsuite', 'project in warehouse', 'rate_card in netsuite']);
    const postings = await postingsOf(line.store.db, closedWonId(deal));
    assert.deepEqual(postings.map((posting) => posting.state), postings.map(() => 'done'));

    await sealAuditTrail(line.store.db);
    assert.equal((await verifyAuditTrail(line.store.db)).ok, true);
    const actions = (await auditOf(line.store.db, closedWonId(deal))).map((entry) => entry.action);
    assert.equal(actions.filter((action) => action === 'record.created').length, 8);
    assert.equal(actions.filter((action) => action === 'deal.activated').length, 1);
  });

  it('takes the echo of its own write-back for what it is: nothing changes anywhere', async () => {
    const sale = aSale();
    const deal = await activated(sale);
    await line.until('the echo has come in', async () => (await listInbox(line.store.db, { limit: 100 })).filter((event) => event.business_key === deal.opportunityId).length >= 2);
    const before = await writesSoFar();
    await line.quiet(deal);
    assert.equal(await writesSoFar(), before, 'writes after the echo');
    assert.deepEqual(await postingsOf(line.store.db, changeOrderId(deal)), []);
    assertOneOfEverything(sale, await line.inventory(sale.client.name));
  });

  it('does the same for a deal that HubSpot tells of', async () => {
    const sale = aSale({ crm: 'hubspot' });
    const deal = await activated(sale);
    assertOneOfEverything(sale, await line.inventory(sale.client.name));
    const deals = z.array(z.looseObject({ id: z.string(), properties: z.record(z.string(), z.unknown()) })).parse((await line.admin('hubspot').state())['deals']);
    assert.equal(deals.find(({ id }) => id === deal.opportunityId)?.properties['delivery_status'], 'Activated');
    await line.quiet(deal);
    assert.deepEqual(await postingsOf(line.store.db, changeOrderId(deal)), []);
    const { associations = [], notes = [] } = await line.admin('hubspot').state();
    const onDeal = associations.filter((link) => link['from'] === 'deals' && link['fromId'] === deal.opportunityId && link['to'] === 'notes').map((link) => link['toId']);
    assert.deepEqual(onDeal.length, 1, 'one note on its timeline');
    assert.match(JSON.stringify(notes.find(({ id }) => id === onDeal[0])), /Delivery: Activated.*can be worked on/);
  });

  it('does the same for a deal sent to POST /v1/deals', async () => {
    const tag = randomUUID().slice(0, 8);
    const client = anAccount({ id: `ACC-${tag}`, name: `Tidewater ${tag}` });
    const { deal, status } = await line.post(anOpportunity({ id: `D-${tag}`, accounts: [client] }));
    assert.equal(status, 202);
    await line.ended(deal, 'activated');
    const { netsuite, harvest } = await line.inventory(client.name);
    assert.deepEqual(netsuite.customers.map(({ name }) => name), [client.name]);
    assert.deepEqual(netsuite.orders.map((order) => `${order.subsidiary} ${order.currency} ${order.total}`), ['US01 USD 8800']);
    assert.deepEqual(netsuite.jobs.map((job) => [job.value, job.takesTime, job.rateCards[0]?.rates['ENGINEER'], job.schedules.length]), [[8800, true, 220, 1]]);
    assert.deepEqual(harvest.projects.map((project) => [project.number, project.active, project.rates['Engineer']]), [[netsuite.jobs[0]?.number, true, 220]]);
  });

  it('serves one customer of two legal entities in two currencies', async () => {
    const tag = randomUUID().slice(0, 8);
    const client = anAccount({ id: `ACC-${tag}`, name: `Tidewater ${tag}` });
    const inDollars = await line.post(anOpportunity({ id: `D1-${tag}`, accounts: [client] }));
    await line.ended(inDollars.deal, 'activated');
    const inPounds = await line.post(anOpportunity({ id: `D2-${tag}`, accounts: [client], legalEntity: 'GB01', currency: 'GBP', lines: [aLine({ currency: 'GBP', unitPrice: '160' })] }));
    await line.ended(inPounds.deal, 'activated');
    const { netsuite, harvest } = await line.inventory(client.name);
    assert.equal(netsuite.customers.length, 1, 'one customer');
    assert.deepEqual(netsuite.orders.map((order) => `${order.currency} ${order.total}`).toSorted(), ['GBP 6400', 'USD 8800']);
    assert.deepEqual(harvest.clients.map((each) => `${each.name} in ${each.currency}`).toSorted(), [`${client.name} (GBP) in GBP`, `${client.name} in USD`]);
    assert.deepEqual(harvest.projects.map((project) => project.active), [true, true]);
  });

  it('makes a project in each country that sells, under one customer and its parent', async () => {
    const tag = randomUUID().slice(0, 8);
    const sale = aSale({
      client: { name: `Aurelia Foods France ${tag}`, street: '12 rue des Halles', city: 'Lyon', region: 'Auvergne-Rhône-Alpes', postalCode: '69002', country: 'FR', taxRegistration: 'FR40303265045', parent: `Aurelia Foods Group ${tag}` },
      currency: 'EUR', legalEntity: 'DE01', serviceLine: 'DATA', practice: 'Technology',
      lines: [
        aSoldLine({ quantity: 480, unitPrice: 175, legalEntity: 'DE01', person: 'jonas.weber@northwind-consulting.example' }),
        aSoldLine({ laborCategory: 'SENIOR_CONSULTANT', quantity: 200, unitPrice: 225.5, legalEntity: 'GB01', serviceLine: 'CLOUD', person: 'oliver.hughes@northwind-consulting.example' }),
      ],
    });
    await activated(sale);
    assertOneOfEverything(sale, await line.inventory(sale.client.name));
    const group = await line.inventory(`Aurelia Foods Group ${tag}`);
    assert.deepEqual(group.netsuite.customers, [{ name: `Aurelia Foods Group ${tag}`, parent: null, inactive: false }]);
  });

  it('keeps yen whole', async () => {
    const tag = randomUUID().slice(0, 8);
    const sale = aSale({
      client: { name: `Hokuto Railways ${tag}`, street: '1-1 Marunouchi', city: 'Tokyo', region: 'Tokyo', postalCode: '100-0005', country: 'JP', taxRegistration: 'T1234567890123', parent: null },
      currency: 'JPY', legalEntity: 'JP01', serviceLine: 'DATA', practice: 'Data',
      lines: [aSoldLine({ laborCategory: 'ANALYST', quantity: 120, unitPrice: 21001, person: 'haruto.sakamoto@northwind-consulting.example' })],
    });
    await activated(sale);
    assertOneOfEverything(sale, await line.inventory(sale.client.name));
    assert.equal((await line.inventory(sale.client.name)).netsuite.orders[0]?.total, 2_520_120);
  });

  it('brings the same records up to date when a price is changed in Salesforce', async () => {
    const sale = aSale();
    const deal = await activated(sale);
    await line.quiet(deal);
    const before = await line.inventory(sale.client.name);
    const items = z.array(z.looseObject({ Id: z.string(), OpportunityId: z.string(), Labor_Category__c: z.string() })).parse((await line.admin('salesforce').state())['OpportunityLineItem']);
    const item = items.find((each) => each.OpportunityId === deal.opportunityId && each.Labor_Category__c === 'ENGINEER');
    const amended: SampleDeal = { ...sale, lines: sale.lines.map((each) => (each.laborCategory === 'ENGINEER' ? { ...each, unitPrice: 222 } : each)) };
    await line.changeByHand('salesforce', {
      OpportunityLineItem: [{ Id: item?.Id, UnitPrice: 222, TotalPrice: 222 * 120 }],
      Opportunity: [{ Id: deal.opportunityId, Amount: 40 * 280 + 222 * 120 }],
    });
    await line.until('the change order has applied the price', async () => (await line.inventory(sale.client.name)).netsuite.jobs[0]?.value === 37_840);
    await line.quiet(deal);
    assertOneOfEverything(amended, await line.inventory(sale.client.name));
    assert.equal((await line.inventory(sale.client.name)).netsuite.jobs[0]?.number, before.netsuite.jobs[0]?.number);
  });

  it('runs one process for a deal whose webhook comes twice', async () => {
    const sale = aSale();
    const deal = await line.sell(sale);
    await line.changeByHand('salesforce', { Opportunity: [{ Id: deal.opportunityId, PO_Number__c: sale.purchaseOrder }] });
    await line.ended(deal, 'activated');
    await line.quiet(deal);
    assertOneOfEverything(sale, await line.inventory(sale.client.name));
    const runs: string[] = [];
    for await (const run of line.client.workflow.list({ query: `Deal = 'salesforce/${deal.opportunityId}' and Process = 'closedWon'` })) runs.push(run.runId);
    assert.equal(runs.length, 1);
  });

  for (const crm of ['salesforce', 'hubspot'] as const) {
    it(`finds a deal whose event ${crm} never sent`, async () => {
      await line.setWebhooks(crm, false);
      const sale = aSale({ crm });
      const deal = await line.sell(sale);
      await line.setWebhooks(crm, true);
      assert.equal((await listInbox(line.store.db, { limit: 500 })).some((event) => event.business_key === deal.opportunityId), false, 'no event has come');
      const result = await line.client.workflow.execute('missedEventSweep', { workflowId: `sweep-${crm}-${randomUUID()}`, taskQueue: LINE_QUEUE, args: [{ crm }] });
      assert.equal(z.object({ missed: z.number() }).parse(result).missed, 1);
      await line.ended(deal, 'activated');
      assertOneOfEverything(sale, await line.inventory(sale.client.name));
      assert.ok((await listInbox(line.store.db, { limit: 500 })).some((event) => event.event_id.startsWith(`sweep/${deal.opportunityId}/`)));
    });
  }
});
