import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { salesforceOptionsSchema } from '../../connectors/salesforce/options.ts';
import { createChangeEventSource, type ChangeEventSource } from '../../connectors/salesforce/pubsub/subscription.ts';
import { freePort } from '../../scripts/ports.ts';
import { subscriptionCases } from '../../starters/change-events/cases.ts';
import { startSubscriber, type Subscriber } from '../../starters/change-events/subscriber.ts';
import { startSweep, sweeps, type Sweeps } from '../../starters/change-events/sweeps.ts';
import { storeInbox } from '../../starters/gateway/inbox.ts';
import { sellInSalesforce } from '../../starters/story/salesforce.ts';
import { readWatermark } from '../../store/watermarks.ts';
import { memoryLog } from '../connectors/http/support.ts';
import { pubSubLab, type PubSubLab } from '../connectors/salesforce/pubsub-lab.ts';
import { assertOneOfEverything } from '../support/one-of-everything.ts';
import { aSale } from '../support/sales.ts';
import { startSandboxLine, type SandboxLine } from '../support/sandbox-line.ts';
import { stopTemporalServer } from '../support/temporal.ts';

describe('A closed-won deal of which only change events tell', function () {
  this.timeout(90_000);
  let line: SandboxLine;
  let org: PubSubLab;
  let source: ChangeEventSource;
  let subscriber: Subscriber;
  let asked: Sweeps;

  before(async () => {
    const [port, pubSubPort] = [await freePort(), await freePort()];
    const options = { changeEvents: { endpoint: `http://127.0.0.1:${pubSubPort}` }, deliveryRecords: {} };
    line = await startSandboxLine({ change: (config) => ({ ...config, systems: config.systems.map((system) => (system.id === 'salesforce' ? { ...system, address: `http://127.0.0.1:${port}`, options } : system)) }) });
    org = await pubSubLab({ pubSubPort }, { credentials: line.credentials.salesforce, port });
    source = createChangeEventSource(org.settings(options));
    asked = sweeps(() => startSweep(line.client, 'salesforce'), memoryLog(), { afterMs: 10, betweenMs: 500 });
    subscriber = startSubscriber({ db: line.store.db, inbox: storeInbox(line.store.db), log: memoryLog(), system: 'salesforce', source, options: salesforceOptionsSchema.parse(options), sweeps: asked, cases: subscriptionCases({ client: line.client, db: line.store.db, log: memoryLog(), system: 'salesforce' }) });
    await caughtUp();
    // The sweep that a first subscription asks for would find the deals of these tests too.
    await line.until('the first sweep is over', async () => {
      const sweep = await line.client.workflow.getHandle('missed-event-sweep/salesforce/asked').describe().catch(() => undefined);
      return sweep?.status.name === 'COMPLETED';
    }, 60_000);
  });
  after(async () => {
    asked.stop();
    await subscriber.stop();
    source.close();
    await line.stop();
    await org.close();
    await stopTemporalServer();
  });

  /** All that has happened so far in Salesforce has been taken. */
  async function caughtUp(): Promise<void> {
    const { latest } = await org.state();
    await line.until('the change events are taken', async () => {
      const position = await readWatermark(line.store.db, 'change-events/salesforce/data/OpportunityChangeEvent');
      return position !== undefined && Number(Buffer.from(position, 'base64').readBigUInt64BE()) >= latest;
    });
  }
  const told = async (id: string) => (await line.store.db.selectFrom('inbox').select('event_id').where('business_key', '=', id).execute()).map((row) => row.event_id);

  it('becomes one activated project, and what is written back of it begins nothing more', async () => {
    const sale = aSale();
    const id = await sellInSalesforce(org.url, org.credentials, sale);
    const deal = { crm: 'salesforce', opportunityId: id };
    await line.ended(deal, 'activated');
    const inventory = await line.inventory(sale.client.name);
    assertOneOfEverything(sale, inventory);
    const before = await told(id);
    const records = await line.until('the seller is told', async () => {
      const found = (await org.records('Delivery__c')).filter((record) => record['Opportunity__c'] === id && record['Status__c'] === 'Activated');
      return found.length > 0 && found;
    });
    assert.deepEqual(records.map((record) => record['Delivery_Key__c']), inventory.netsuite.jobs.map((job) => job.number));
    await caughtUp();
    await line.quiet(deal);
    assert.deepEqual(await told(id), before);
    assert.equal(before.length, 1);
  });

  it('is found by the sweep where Salesforce says only that too much changed at once', async () => {
    const sale = aSale();
    const [accountId = ''] = (await org.unheard({ Account: [{ Name: sale.client.name, BillingStreet: '1 Harbor Street', BillingCity: 'Boston', BillingState: 'MA', BillingPostalCode: '02110', BillingCountryCode: 'US', CurrencyIsoCode: 'USD', Tax_Registration_Number__c: '04-1234567' }] }))['Account'] ?? [];
    const [id = ''] = (await org.unheard({ Opportunity: [{ Name: sale.name, AccountId: accountId, StageName: 'Closed Won', CloseDate: '2026-11-20', CurrencyIsoCode: 'USD' }] }))['Opportunity'] ?? [];
    await caughtUp();
    assert.deepEqual(await told(id), []);
    await org.event({ changeType: 'GAP_OVERFLOW', recordIds: ['006*'] });
    const [event] = await line.until('the sweep brings the deal', async () => {
      const events = await told(id);
      return events.length > 0 && events;
    });
    assert.match(event ?? '', /^sweep\//);
    await line.openCase({ crm: 'salesforce', opportunityId: id });
  });
});
