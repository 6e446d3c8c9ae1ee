import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'mocha';
import { z } from 'zod';
import { createSalesforce } from '../../../connectors/salesforce/index.ts';
import { SubscriptionEnded } from '../../../connectors/salesforce/pubsub/failures.ts';
import { createChangeEventSource, type ChangeEventSource, type EventBatch, type ReceivedEvent, type StartingPoint } from '../../../connectors/salesforce/pubsub/subscription.ts';
import { isUnsupported } from '../../../connectors/ports.ts';
import { callContext } from '../http/support.ts';
import { pubSubLab, type PubSubLab } from './pubsub-lab.ts';

const requestsSchema = z.array(z.looseObject({ url: z.string() }));

describe('Salesforce\'s change events over the Pub/Sub API', function () {
  this.timeout(20_000);
  let org: PubSubLab;
  const sources: ChangeEventSource[] = [];
  const running: AbortController[] = [];
  before(async () => {
    org = await pubSubLab();
  });
  after(() => org.close());
  afterEach(() => {
    for (const controller of running.splice(0)) controller.abort(new Error('the test is over'));
    for (const source of sources.splice(0)) source.close();
  });

  function connect(changeEvents: object = {}): ChangeEventSource {
    const source = createChangeEventSource(org.settings(org.subscribing(changeEvents)));
    sources.push(source);
    return source;
  }
  /** Reads on until a subscription says what is waited for, and leaves it. */
  async function until<T>(source: ChangeEventSource, start: StartingPoint, found: (batch: EventBatch) => T | undefined, onOpen?: () => Promise<unknown>): Promise<T> {
    const controller = new AbortController();
    running.push(controller);
    let opened = false;
    for await (const batch of source.subscribe(start, controller.signal)) {
      const value = found(batch);
      if (value !== undefined) return value;
      if (!opened) {
        opened = true;
        await onOpen?.();
      }
    }
    throw new Error('the stream ended');
  }
  const endingOf = async (source: ChangeEventSource, start: StartingPoint, onOpen?: () => Promise<unknown>): Promise<SubscriptionEnded> => {
    try {
      await until(source, start, () => undefined, onOpen);
    } catch (error) {
      if (error instanceof SubscriptionEnded) return error;
      throw error;
    }
    throw new Error('the subscription was expected to fail');
  };
  const first = (batch: EventBatch): ReceivedEvent | undefined => batch.events[0];
  const content = (event: ReceivedEvent | undefined) => {
    assert.ok(event !== undefined && !('problem' in event.content), JSON.stringify(event?.content));
    return event.content;
  };

  it('tell who changed what of which deal, the bitmaps of its header read as names', async () => {
    const id = await org.deal();
    const event = content(await until(connect(), { from: 'latest' }, first, () => org.change(id, { StageName: 'Closed Won', PO_Number__c: 'PO-1', CloseDate: '2026-11-21', Name: 'Größe 株式会社' })));
    assert.deepEqual([event.entity, event.recordIds, event.changeType, event.client], ['Opportunity', [id], 'UPDATE', null]);
    for (const name of ['StageName', 'PO_Number__c', 'CloseDate', 'Name']) assert.ok(event.changedFields.includes(name), name);
    assert.ok(!event.changedFields.includes('Amount'));
    assert.deepEqual([event.fields['StageName'], event.fields['Name'], event.fields['CloseDate']], ['Closed Won', 'Größe 株式会社', Date.parse('2026-11-21')]);
    assert.ok(Math.abs(Date.parse(event.commitAt) - Date.now()) < 60_000);
    const emptied = content(await until(connect(), { from: 'latest' }, first, () => org.change(id, { PO_Number__c: null })));
    assert.deepEqual(emptied.nulledFields, ['PO_Number__c']);
  });

  it('tell our own writing apart: by the name our calls carry, and by the user they run as', async () => {
    const id = await org.deal({ StageName: 'Closed Won' });
    const { writeBack } = createSalesforce(org.settings());
    assert.ok(!isUnsupported(writeBack));
    const source = connect();
    const event = content(await until(source, { from: 'latest' }, first, () => writeBack(id, { status: 'Activated', message: 'All systems confirmed.', projectNumbers: ['P1'], at: '2026-11-21T08:00:00.000Z' }, callContext())));
    assert.equal(event.client, 'q2c');
    assert.equal(event.commitUser, await source.ownUserId());
    assert.deepEqual(event.changedFields.filter((name) => name.startsWith('Delivery_')).toSorted(), ['Delivery_Message__c', 'Delivery_Projects__c', 'Delivery_Status__c', 'Delivery_Updated_At__c']);
  });

  it('go on after the stored position, and begin at the oldest event kept where asked to', async () => {
    const ids = [await org.deal(), await org.deal(), await org.deal()];
    const source = connect({ ahead: 1 });
    const seen = (batches: EventBatch[]) => batches.flatMap((batch) => batch.events.flatMap((event) => content(event).recordIds));
    const batches: EventBatch[] = [];
    const collect = (enough: string) => (batch: EventBatch) => {
      if (batch.events.length > 0) batches.push(batch);
      return seen(batches).includes(enough) ? batches : undefined;
    };
    await until(source, { from: 'earliest' }, collect(ids[2] ?? ''));
    assert.deepEqual(seen(batches).filter((id) => ids.includes(id)), ids);
    const position = batches.find((batch) => seen([batch])[0] === ids[0])?.replayId ?? '';
    batches.length = 0;
    await until(source, { from: 'after', replayId: position }, collect(ids[2] ?? ''));
    assert.deepEqual(seen(batches), ids.slice(1));
  });

  it('are asked for as many as can be on their way, and one more for each that was dealt with', async () => {
    for (let n = 0; n < 7; n += 1) await org.deal();
    const { latest } = await org.state();
    let got = 0;
    await until(connect({ ahead: 3 }), { from: 'earliest' }, (batch) => {
      got += batch.events.length;
      assert.ok(batch.events.length <= 3);
      return got === latest ? true : undefined;
    }, async () => {
      const [stream] = (await org.state()).streams;
      assert.deepEqual(stream?.requests[0], { preset: 'EARLIEST', numRequested: 3 });
    });
  });

  it('are read by a schema that is fetched once, however many events have it', async () => {
    for (let n = 0; n < 5; n += 1) await org.deal();
    const before = (await org.state()).counted.schema;
    const source = connect();
    const { latest } = await org.state();
    let got = 0;
    await until(source, { from: 'earliest' }, (batch) => ((got += batch.events.length) >= latest ? true : undefined));
    assert.equal((await org.state()).counted.schema, before + 1);
  });

  it('give a sign of life with the newest position while nothing happens', async () => {
    const { latest } = await org.state();
    const replayId = await until(connect(), { from: 'latest' }, (batch) => (batch.events.length === 0 ? batch.replayId : undefined));
    assert.equal(Buffer.from(replayId, 'base64').readBigUInt64BE(), BigInt(latest));
  });

  it('tell of gaps and overflows without saying what changed', async () => {
    const id = await org.deal();
    const gap = content(await until(connect(), { from: 'latest' }, first, () => org.event({ changeType: 'GAP_UPDATE', recordIds: [id] })));
    assert.deepEqual([gap.changeType, gap.recordIds, gap.changedFields], ['GAP_UPDATE', [id], []]);
    const overflow = content(await until(connect(), { from: 'latest' }, first, () => org.event({ changeType: 'GAP_OVERFLOW', recordIds: ['006*'] })));
    assert.deepEqual([overflow.changeType, overflow.recordIds], ['GAP_OVERFLOW', ['006*']]);
  });

  it('that cannot be read come with their bytes and the reason, and hold up nothing', async () => {
    await org.fault('garbage');
    const source = connect();
    const ids: string[] = [];
    const unread = await until(source, { from: 'latest' }, first, async () => ids.push(await org.deal()));
    assert.ok('problem' in unread.content);
    assert.deepEqual(unread.payload, Buffer.from([255, 255, 255]));
    content(await until(source, { from: 'latest' }, first, () => org.deal()));
  });

  it('end with a lost position where the stored one is too old or none of Salesforce\'s', async () => {
    const lost = await endingOf(connect(), { from: 'after', replayId: Buffer.from('nonsense').toString('base64') });
    assert.deepEqual([lost.ending, lost.failure.code], ['position_lost', 'PUBSUB_SUBSCRIPTION_FETCH_REPLAYID_CORRUPTED']);
    const none = await endingOf(connect(), { from: 'after', replayId: '' });
    assert.deepEqual([none.ending, none.failure.code], ['position_lost', 'PUBSUB_SUBSCRIPTION_FETCH_REPLAYID_VALIDATION_FAILED']);
    await org.fault('expired-replay-id');
    const valid = await until(connect(), { from: 'latest' }, (batch) => batch.replayId);
    assert.equal((await endingOf(connect(), { from: 'after', replayId: valid })).ending, 'position_lost');
  });

  it('go on with a new token when the old one is refused in the middle of a stream', async () => {
    const source = connect();
    const tokens = async () => requestsSchema.parse(await (await fetch(`${org.url}/__admin/requests`)).json()).filter(({ url }) => url === '/services/oauth2/token').length;
    const ended = await endingOf(source, { from: 'latest' }, () => org.fault('expired-token'));
    assert.equal(ended.ending, 'token_refused');
    const before = await tokens();
    content(await until(source, { from: 'latest' }, first, () => org.deal()));
    assert.equal(await tokens(), before + 1);
  });

  it('end as transient when the connection is cut, the service is down or nothing comes any more', async () => {
    for (const kind of ['cut', 'unavailable']) {
      const ended = await endingOf(connect(), { from: 'latest' }, () => org.fault(kind));
      assert.deepEqual([ended.ending, ended.failure.kind], ['failed', 'transient'], kind);
    }
    await org.fault('silent');
    const silent = await endingOf(connect({ silenceSeconds: 0.2 }), { from: 'latest' });
    assert.deepEqual([silent.failure.kind, silent.failure.code], ['transient', 'PUBSUB_SILENT']);
    const nobody = createChangeEventSource(org.settings({ changeEvents: { endpoint: 'http://127.0.0.1:1' } }));
    sources.push(nobody);
    assert.equal((await endingOf(nobody, { from: 'latest' })).failure.kind, 'transient');
  });

  it('end as a matter of configuration where there is no such topic, or no permission for it', async () => {
    const missing = await endingOf(connect({ topic: '/data/NobodyChangeEvent' }), { from: 'latest' });
    assert.deepEqual([missing.failure.kind, missing.failure.code], ['configuration', 'PUBSUB_TOPIC_NOT_FOUND']);
    await org.fault('forbidden');
    const forbidden = await endingOf(connect(), { from: 'latest' });
    assert.match(`${forbidden.failure.kind}: ${forbidden.failure.mend}`, /configuration: .*Change Data Capture/);
  });

  it('keep no token in what they say of a failure', async () => {
    const ended = await endingOf(connect(), { from: 'latest' }, () => org.fault('expired-token'));
    assert.ok(!JSON.stringify(ended.failure).includes(`${org.credentials.organizationId.slice(0, 15)}!`));
  });

  it('stop at once when they are no longer wanted, also while the token is still on its way', async () => {
    const during = new AbortController();
    const starting = connect().subscribe({ from: 'latest' }, during.signal)[Symbol.asyncIterator]().next();
    during.abort(new Error('no longer wanted'));
    await assert.rejects(starting, /no longer wanted/);
    const later = new AbortController();
    await assert.rejects(async () => {
      for await (const _batch of connect().subscribe({ from: 'latest' }, later.signal)) later.abort(new Error('no longer wanted'));
    }, /no longer wanted/);
    await assert.rejects(connect().subscribe({ from: 'latest' }, later.signal)[Symbol.asyncIterator]().next(), /no longer wanted/);
  });
});
