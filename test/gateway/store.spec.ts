import assert from 'node:assert/strict';
import { exampleDeal } from '../../starters/gateway/examples.ts';
import { storeInbox } from '../../starters/gateway/inbox.ts';
import type { Store } from '../../store/database.ts';
import { freshStore } from '../store/support.ts';
import { NOW, canonicalRequest, hubspotEvent, hubspotRequest, notificationXml, outboundMessage, refusal, salesforceRequest, testGateway } from './support.ts';

describe('gateway: with the real store', function () {
  this.timeout(60_000);
  let store: Store;
  before(async () => {
    store = await freshStore();
  });
  after(() => store.close());

  const rows = (source: string) => store.db.selectFrom('inbox').selectAll().where('source', '=', source).orderBy('id').execute();
  const gateway = () => testGateway({ inbox: storeInbox(store.db) });

  it('an accepted deal is a row with its exact body, and a second delivery adds none', async () => {
    const { app } = gateway();
    assert.equal((await app.inject('/readyz')).statusCode, 200);
    assert.equal((await app.inject(canonicalRequest(exampleDeal, { id: 'kept' }))).json().status, 'accepted');
    assert.equal((await app.inject(canonicalRequest(exampleDeal, { id: 'kept' }))).json().status, 'duplicate');
    const kept = await rows('canonical');
    assert.equal(kept.length, 1);
    assert.equal(kept[0]?.state, 'received');
    assert.equal(kept[0]?.raw_body.toString(), JSON.stringify(exampleDeal));
    assert.deepEqual(kept[0]?.payload, exampleDeal);
  });

  it('the same event from many connections at once is accepted once', async () => {
    const { app } = gateway();
    const answers = await Promise.all(Array.from({ length: 12 }, () => app.inject(canonicalRequest(exampleDeal, { id: 'at-once' }))));
    assert.ok(answers.every((answer) => answer.statusCode === 202));
    assert.equal(answers.filter((answer) => answer.json().status === 'accepted').length, 1);
  });

  it('a contradiction and a failed schema are kept with their bodies and findings', async () => {
    const test = gateway();
    await test.app.inject(canonicalRequest(exampleDeal, { id: 'first' }));
    await refusal(test, canonicalRequest({ ...exampleDeal, name: 'Other' }, { id: 'first' }), 409, 'conflict');
    const { problem } = await refusal(test, canonicalRequest({ ...exampleDeal, currency: 'e\u0000ro' }, { id: 'wrong' }), 422, 'schema');
    const kept = (await rows('canonical')).filter((row) => row.event_id === 'first' || row.event_id === 'wrong');
    assert.deepEqual(kept.map((row) => [row.event_id, row.state, row.conflict_of === null]), [['first', 'received', true], ['first', 'quarantined', false], ['wrong', 'quarantined', true]]);
    assert.deepEqual(kept[2]?.findings, problem.errors);
    assert.match(kept[2]?.raw_body.toString() ?? '', /e\\u0000ro/);
  });

  it('vendors\' redeliveries are recognised although parts of them differ', async () => {
    const { app } = gateway();
    for (const attemptNumber of [0, 1]) {
      const at = new Date(NOW.getTime() + attemptNumber * 1000);
      assert.equal((await app.inject(hubspotRequest([hubspotEvent({ attemptNumber }), hubspotEvent({ eventId: 1, attemptNumber })], { at }))).statusCode, 200);
      assert.equal((await app.inject(salesforceRequest(outboundMessage(notificationXml(), { session: `session ${attemptNumber}` })))).statusCode, 200);
    }
    assert.equal((await rows('hubspot')).length, 2);
    assert.equal((await rows('salesforce')).length, 1);
  });

  it('strange but signed times, texts and twins in one delivery never fail the store', async () => {
    const { app } = gateway();
    const strange = [
      canonicalRequest({ ...exampleDeal, modifiedAt: '0000-01-01T00:00:00Z', name: 'lone \ud800 and \u0000' }, { id: 's1' }),
      canonicalRequest({ ...exampleDeal, modifiedAt: '9999-12-31T23:59:59.999Z' }, { id: 's2' }),
      canonicalRequest({ ...exampleDeal, version: 'v\u0000' }, { id: 's3' }),
      hubspotRequest([hubspotEvent({ eventId: 70, occurredAt: 253_402_300_799_999 }), hubspotEvent({ eventId: 71, occurredAt: 0 }), hubspotEvent({ eventId: 71, occurredAt: 0 })]),
      hubspotRequest([hubspotEvent({ eventId: 72, occurredAt: 8_640_000_000_000_000 }), { objectId: '1\u0000' }, '\u0000', null]),
      salesforceRequest(outboundMessage(notificationXml({ id: '04l5g00000AbCdGAAV', modified: '99999-01-01T00:00:00.000Z' }))),
    ];
    for (const request of strange) {
      const response = await app.inject(request);
      assert.ok(response.statusCode < 500, `${request.url}: ${response.body}`);
    }
  });

  it('an unreachable store is told as 503', async () => {
    const down = await freshStore();
    await down.close();
    await refusal(testGateway({ inbox: storeInbox(down.db) }), canonicalRequest(exampleDeal), 503, 'store_unavailable');
  });
});
