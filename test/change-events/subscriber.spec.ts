import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { createSalesforce } from '../../connectors/salesforce/index.ts';
import { salesforceOptionsSchema } from '../../connectors/salesforce/options.ts';
import { createChangeEventSource } from '../../connectors/salesforce/pubsub/subscription.ts';
import { isUnsupported } from '../../connectors/ports.ts';
import type { SubscriptionCases } from '../../starters/change-events/cases.ts';
import { startSubscriber, type Subscriber } from '../../starters/change-events/subscriber.ts';
import type { GatewayInbox } from '../../starters/gateway/deps.ts';
import { storeInbox } from '../../starters/gateway/inbox.ts';
import { noteDealSeen } from '../../store/deal-processes.ts';
import type { Store } from '../../store/database.ts';
import { readWatermark } from '../../store/watermarks.ts';
import { callContext, memoryLog } from '../connectors/http/support.ts';
import { pubSubLab, type PubSubLab } from '../connectors/salesforce/pubsub-lab.ts';
import { asSuperuser, freshStore } from '../store/support.ts';

const NAME = 'change-events/salesforce/data/OpportunityChangeEvent';

describe('Change events on their way into the inbox', function () {
  this.timeout(30_000);
  let org: PubSubLab;
  let store: Store;
  let asked: string[] = [];
  let raised: string[] = [];
  const cases: SubscriptionCases = { raise: (trouble, { code }) => Promise.resolve(raised.push(`${trouble} ${code}`) > 0), settle: (trouble) => Promise.resolve(void raised.push(`${trouble} over`)) };
  let auditedBefore = 0;
  const running: { subscriber: Subscriber; close: () => void }[] = [];

  before(async () => {
    [org, store] = await Promise.all([pubSubLab(), freshStore()]);
  });
  after(async () => {
    await org.close();
    await store.close();
  });
  beforeEach(async () => {
    await asSuperuser(store, ['truncate inbox, watermark, deal_process cascade']);
    asked = [];
    raised = [];
    auditedBefore = (await store.db.selectFrom('audit_trail').select('id').orderBy('id', 'desc').limit(1).executeTakeFirst())?.id ?? 0;
  });
  afterEach(stopAll);

  async function stopAll(): Promise<void> {
    for (const { subscriber, close } of running.splice(0)) {
      await subscriber.stop();
      close();
    }
  }

  interface Started {
    readonly inbox?: GatewayInbox;
    readonly changeEvents?: object;
    /** Of one message. */
    readonly mostBytes?: number;
  }
  /** Answers once the subscription is open and its position is stored. */
  async function start({ inbox = storeInbox(store.db), changeEvents = {}, mostBytes }: Started = {}): Promise<void> {
    const options = org.subscribing(changeEvents);
    const source = createChangeEventSource(org.settings(options), mostBytes);
    const sweeps = { ask: (why: string) => void asked.push(why), stop: () => undefined };
    const subscriber = startSubscriber({ db: store.db, inbox, log: memoryLog(), system: 'salesforce', source, options: salesforceOptionsSchema.parse(options), sweeps, cases, firstPauseMs: 10, longestPauseMs: 50 });
    running.push({ subscriber, close: () => source.close() });
    await until(async () => (await readWatermark(store.db, NAME)) !== undefined);
  }
  async function until(reached: () => Promise<boolean>): Promise<void> {
    while (!(await reached())) await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const position = async () => Number(Buffer.from((await readWatermark(store.db, NAME)) ?? '', 'base64').readBigUInt64BE());
  /** All that has happened so far has been dealt with. */
  const caughtUp = async () => {
    const { latest } = await org.state();
    await until(async () => (await position()) >= latest);
  };
  const rows = async () => await store.db.selectFrom('inbox').select(['business_key', 'event_id', 'version', 'state', 'kind', 'raw_body', 'occurred_at', 'last_error']).orderBy('id').execute();
  const keys = async () => (await rows()).map((row) => row.business_key);
  const audited = async () => (await store.db.selectFrom('audit_trail').select(['action', 'message']).where('action', 'like', 'change-events.%').where('id', '>', auditedBefore).orderBy('id').execute());

  it('a deal that is won is there once, with what Salesforce said of it', async () => {
    await start();
    const id = await org.deal();
    await org.change(id, { StageName: 'Closed Won', PO_Number__c: 'PO-1' });
    await caughtUp();
    const [row, ...others] = await rows();
    assert.deepEqual(others, []);
    assert.deepEqual([row?.business_key, row?.state, row?.kind], [id, 'received', 'deal.changed']);
    assert.ok(Date.parse(row?.version ?? '') <= Date.parse(row?.occurred_at ?? ''), 'the record was changed before the change was committed');
    assert.match(row?.raw_body.toString() ?? '', /"changedFields":\[.*"PO_Number__c"/);
  });

  it('what happens to deals that are not won and that nobody knows begins nothing', async () => {
    await start();
    const id = await org.deal();
    await org.change(id, { Amount: 100 });
    await org.change(id, { StageName: 'Closed Lost' });
    await caughtUp();
    assert.deepEqual(await keys(), []);
  });

  it('whatever changes of a deal that is known is there: fields, stage, its end', async () => {
    const [byProcess, byEvent] = [await org.deal(), await org.deal()];
    await noteDealSeen(store.db, { crm: 'salesforce', opportunityId: byProcess });
    await start();
    await org.change(byEvent, { StageName: 'Closed Won' });
    await org.change(byEvent, { PO_Number__c: 'PO-2' });
    await org.change(byProcess, { StageName: 'Closed Lost' });
    await caughtUp();
    assert.deepEqual(await keys(), [byEvent, byEvent, byProcess]);
  });

  it('our own write-back is recognised and stops there; what else changed with it does not', async () => {
    const id = await org.deal({ StageName: 'Closed Won' });
    await noteDealSeen(store.db, { crm: 'salesforce', opportunityId: id });
    await start();
    const { writeBack } = createSalesforce(org.settings());
    assert.ok(!isUnsupported(writeBack));
    await writeBack(id, { status: 'Activated', message: 'All systems confirmed.', projectNumbers: ['P1'], at: '2026-11-21T08:00:00.000Z' }, callContext());
    await caughtUp();
    assert.deepEqual(await keys(), []);
    await org.change(id, { Delivery_Status__c: 'by hand' });
    await caughtUp();
    assert.deepEqual(await keys(), [id]);
  });

  it('the write-back with project records, in one composite call, is an echo too', async () => {
    const id = await org.deal({ StageName: 'Closed Won' });
    await noteDealSeen(store.db, { crm: 'salesforce', opportunityId: id });
    await start();
    const { writeBack } = createSalesforce(org.settings({ deliveryRecords: {} }));
    assert.ok(!isUnsupported(writeBack));
    await writeBack(id, { status: 'Activated', message: 'All systems confirmed.', projectNumbers: ['P1', 'P2'], at: '2026-11-21T08:00:00.000Z' }, callContext());
    await caughtUp();
    assert.deepEqual(await keys(), []);
  });

  it('a position is stored only after the events before it: what the inbox could not keep comes again', async () => {
    let down = false;
    const store_ = storeInbox(store.db);
    await start({ inbox: { ...store_, receive: (events) => (down ? Promise.reject(new Error('connect ECONNREFUSED')) : store_.receive(events)) } });
    const before = await position();
    down = true;
    const id = await org.deal({ StageName: 'Closed Won' });
    const { counted } = await org.state();
    await until(async () => (await org.state()).counted.subscribe > counted.subscribe + 2);
    assert.deepEqual([await keys(), await position()], [[], before]);
    down = false;
    await caughtUp();
    assert.deepEqual(await keys(), [id]);
  });

  it('events taken but not noted as taken come again and are recognised', async () => {
    await start();
    const stored = await readWatermark(store.db, NAME);
    const ids = await org.deals(Array.from({ length: 5 }, () => ({ StageName: 'Closed Won' })));
    await caughtUp();
    await stopAll();
    await store.db.updateTable('watermark').set({ value: stored ?? '' }).where('name', '=', NAME).execute();
    await start();
    await caughtUp();
    assert.deepEqual(await keys(), ids);
  });

  it('what happened while nobody listened is fetched from the stored position on', async () => {
    await start();
    await stopAll();
    const ids = await org.deals(Array.from({ length: 130 }, () => ({ StageName: 'Closed Won' })));
    await start({ changeEvents: { ahead: 20 } });
    await caughtUp();
    assert.deepEqual(await keys(), ids);
    assert.deepEqual(asked, ['the subscription to change events begins now']);
  });

  it('cut connections, an unavailable service and refused tokens in the middle lose and double nothing', async () => {
    await start({ changeEvents: { ahead: 7 } });
    const ids: string[] = [];
    for (const fault of ['cut', 'unavailable', 'expired-token', 'close']) {
      ids.push(...(await org.deals(Array.from({ length: 40 }, () => ({ StageName: 'Closed Won' })))));
      await org.fault(fault);
    }
    await caughtUp();
    assert.deepEqual(await keys(), ids);
    assert.deepEqual(await audited(), []);
  });

  it('two of them for one topic bring each event once', async () => {
    await start();
    await start();
    const ids = await org.deals(Array.from({ length: 60 }, () => ({ StageName: 'Closed Won' })));
    await until(async () => (await keys()).length >= ids.length);
    await caughtUp();
    await stopAll();
    assert.deepEqual((await keys()).toSorted(), ids.toSorted());
  });

  it('an expired position is told to people, the sweep looks for what was missed, and the newest events come in', async () => {
    await start();
    await stopAll();
    asked = [];
    await org.fault('expired-replay-id');
    const missed = await org.deal({ StageName: 'Closed Won' });
    const before = await position();
    await start();
    await until(async () => (await position()) > before);
    assert.deepEqual(asked, ['the position in the change events was lost']);
    assert.deepEqual((await audited()).map(({ action }) => action), ['change-events.position-lost']);
    assert.deepEqual(raised.filter((what) => !what.endsWith('over')), ['position-lost CHANGE_EVENTS_POSITION_LOST']);
    const later = await org.deal({ StageName: 'Closed Won' });
    await caughtUp();
    assert.deepEqual(await keys(), [later]);
    assert.ok(!(await keys()).includes(missed), 'that one is the sweep\'s to find');
  });

  it('a gap is read anew for a deal that is known, and left to the sweep for others', async () => {
    const [known, unknown] = [await org.deal(), await org.deal()];
    await noteDealSeen(store.db, { crm: 'salesforce', opportunityId: known });
    await start();
    asked = [];
    await org.event({ changeType: 'GAP_UPDATE', recordIds: [known] });
    await caughtUp();
    assert.deepEqual([await keys(), asked], [[known], []]);
    await org.event({ changeType: 'GAP_CREATE', recordIds: [unknown] });
    await org.event({ changeType: 'GAP_OVERFLOW', recordIds: ['006*'] });
    await caughtUp();
    assert.deepEqual(await keys(), [known]);
    assert.deepEqual(asked, ['Salesforce told that a deal changed, but not how', 'more changed at once than Salesforce tells one by one']);
  });

  it('a custom channel with lines brings a line\'s deal, or the sweep where it names none', async () => {
    const id = await org.deal({ StageName: 'Closed Won' });
    await noteDealSeen(store.db, { crm: 'salesforce', opportunityId: id });
    const options = org.subscribing({ topic: '/data/Deals__chn' });
    const source = createChangeEventSource(org.settings(options));
    const sweeps = { ask: (why: string) => void asked.push(why), stop: () => undefined };
    const subscriber = startSubscriber({ db: store.db, inbox: storeInbox(store.db), log: memoryLog(), system: 'salesforce', source, options: salesforceOptionsSchema.parse(options), sweeps, cases, firstPauseMs: 10 });
    running.push({ subscriber, close: () => source.close() });
    await until(async () => (await readWatermark(store.db, 'change-events/salesforce/data/Deals__chn')) !== undefined);
    await org.line({ OpportunityId: id, Name: 'One more line' });
    await until(async () => (await keys()).length > 0);
    assert.deepEqual(await keys(), [id]);
    asked = [];
    await org.event({ entity: 'OpportunityLineItem', changeType: 'GAP_UPDATE', recordIds: ['00k5g00000000001AA'.padEnd(18, 'A')] });
    await until(async () => asked.length > 0);
    assert.deepEqual(asked, ['a line changed, and its event names no deal']);
  });

  it('an event that cannot be read is quarantined with its bytes, the sweep looks for what it told of, and the next ones come in', async () => {
    await start();
    asked = [];
    await org.fault('garbage');
    await org.deal();
    const id = await org.deal({ StageName: 'Closed Won' });
    await caughtUp();
    const [unread, read] = await rows();
    assert.deepEqual([unread?.state, read?.state, read?.business_key], ['quarantined', 'received', id]);
    assert.deepEqual(unread?.raw_body, Buffer.from([255, 255, 255]));
    assert.deepEqual(asked, ['a change event could not be read']);
  });

  for (const [what, fault, problem] of [
    ['of a schema that Salesforce does not know', 'unknown-schema', /does not know schema no-such-schema/],
    ['without a change event\'s header', 'no-header', /ChangeEventHeader: not as in a change event/],
    ['without any content', 'no-event', /without its content/],
    ['that tells of a billion records', 'endless', /tells of more than it has/],
    ['of many megabytes', 'gigantic', /has 3145728 bytes/],
  ] as const) {
    it(`an event ${what} is quarantined and told to people before the position moves on past it, and the next ones come in`, async () => {
      await start();
      asked = [];
      await org.fault(fault);
      await org.deal({ StageName: 'Closed Won' });
      const id = await org.deal({ StageName: 'Closed Won' });
      await caughtUp();
      const [unread, read, ...others] = await rows();
      assert.deepEqual([unread?.state, read?.state, read?.business_key, others], ['quarantined', 'received', id, []]);
      assert.ok((unread?.raw_body.length ?? 0) <= 64 * 1024);
      const [told, ...more] = await audited();
      assert.deepEqual([told?.action, more], ['change-events.unreadable', []]);
      assert.match(told?.message ?? '', problem);
      await until(() => Promise.resolve(raised.includes('unreadable CHANGE_EVENT_UNREADABLE')));
      assert.deepEqual(asked, ['a change event could not be read']);
      assert.ok(!raised.some((each) => each.startsWith('stopped ') && !each.endsWith('over')), 'nothing came to a stop');
    });
  }

  it('an event whose schema is no JSON is quarantined, and so are the others of that schema', async () => {
    await start();
    await org.fault('broken-schema');
    await org.deals([{ StageName: 'Closed Won' }, { StageName: 'Closed Won' }]);
    await caughtUp();
    assert.deepEqual((await rows()).map(({ state }) => state), ['quarantined', 'quarantined']);
    assert.match((await audited())[0]?.message ?? '', /schema .* cannot be used/);
  });

  it('an event whose message is too large to be read at all is gone past, and the loss is told', async () => {
    await start();
    await stopAll();
    const before = await org.deal({ StageName: 'Closed Won' });
    await org.fault('gigantic', 2);
    await start({ mostBytes: 64 * 1024 });
    await until(async () => (await audited()).some(({ action }) => action === 'change-events.position-lost'));
    await caughtUp();
    assert.ok(!(await keys()).includes(before));
    assert.match((await audited())[0]?.message ?? '', /too large to be taken/);
    const later = await org.deal({ StageName: 'Closed Won' });
    await caughtUp();
    assert.deepEqual(await keys(), [later]);
  });

  it('a missing permission is told once, and once more when it is mended', async () => {
    await org.fault('forbidden', 3);
    await start();
    await caughtUp();
    assert.deepEqual((await audited()).map(({ action }) => action), ['change-events.stopped', 'change-events.resumed']);
    assert.match((await audited())[0]?.message ?? '', /permission .*Change Data Capture/);
    assert.deepEqual([raised[0], raised.includes('stopped over')], ['stopped PUBSUB_SUBSCRIPTION_TOPIC_CANNOT_SUBSCRIBE', true]);
  });
});
