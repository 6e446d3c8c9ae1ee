import assert from 'node:assert/strict';
import { exampleDeal } from '../../starters/gateway/examples.ts';
import { storeInbox } from '../../starters/gateway/inbox.ts';
import { connectedSources } from '../../starters/gateway/sources.ts';
import { replayEvent } from '../../starters/q2c/replay.ts';
import type { Store } from '../../store/database.ts';
import { claimReceived, loadEvent } from '../../store/inbox-relay.ts';
import { dismissEvent } from '../../store/inbox-replay.ts';
import { quarantineEvent } from '../../store/inbox.ts';
import { asSuperuser, freshStore } from '../store/support.ts';
import { NOW, ORGANIZATION, PORTAL, canonicalRequest, hubspotEvent, hubspotRequest, notificationXml, outboundMessage, refusal, salesforceRequest, secrets, testGateway } from './support.ts';

const mended = connectedSources({
  salesforce: { organizationId: ORGANIZATION, webhookToken: secrets.webhookToken },
  hubspot: { clientSecret: secrets.clientSecret, portalId: String(PORTAL) },
  canonical: { signingSecret: secrets.signingSecret },
});

describe('replay: an event in quarantine', function () {
  this.timeout(60_000);
  let store: Store;
  before(async () => {
    store = await freshStore();
  });
  after(() => store.close());
  beforeEach(() => asSuperuser(store, ['truncate inbox']));

  const replay = (id: number) => replayEvent(store.db, () => Promise.resolve(mended), { id, by: 'ines', reason: 'the schema is mended' });
  const waiting = () => claimReceived(store.db, { limit: 10, leaseSeconds: 30, worker: 'relay' });
  const unreadBefore = { kind: 'deal.changed', businessKey: '', version: null, occurredAt: null, headers: {}, payload: null };
  const why = { error: 'the signed event does not follow its schema', findings: [{ path: '', message: 'read by the schema of that day' }] };

  it('of Salesforce is read again from its raw body and names its deal', async () => {
    const { id } = await quarantineEvent(store.db, { ...unreadBefore, source: 'salesforce', eventId: 'sha256:1', rawBody: Buffer.from(outboundMessage()) }, why);
    assert.deepEqual(await replay(id), { outcome: 'replayed', object: '0065g00000XyZabAAF', others: 0 });
    const [event] = await waiting();
    assert.deepEqual([event?.id, event?.kind, event?.business_key, event?.version, event?.findings], [id, 'deal.changed', '0065g00000XyZabAAF', '2026-11-21T07:59:50.000Z', []]);
    assert.match(JSON.stringify(event?.payload), /Harbour data platform/);
  });

  it('that holds several notifications brings each of their deals into the line, once', async () => {
    const body = outboundMessage(notificationXml() + notificationXml({ id: '04l5g00000AbCdFAAV', opportunity: '0065g00000XyZacAAF' }));
    const { id } = await quarantineEvent(store.db, { ...unreadBefore, source: 'salesforce', eventId: 'sha256:2', rawBody: Buffer.from(body) }, why);
    assert.partialDeepStrictEqual(await replay(id), { outcome: 'replayed', others: 1 });
    assert.deepEqual((await waiting()).map((event) => event.business_key).toSorted(), ['0065g00000XyZabAAF', '0065g00000XyZacAAF']);
  });

  it('of HubSpot, refused for a wrong portal, is taken once the portal is set right; of its batch nothing else', async () => {
    const wrong = testGateway({ inbox: storeInbox(store.db), credentials: { hubspot: { clientSecret: secrets.clientSecret, portalId: '1' } } });
    await refusal(wrong, hubspotRequest([hubspotEvent(), hubspotEvent({ eventId: 2, objectId: 9000124 })]), 422, 'schema');
    const rows = await store.db.selectFrom('inbox').select(['id', 'business_key']).orderBy('id').execute();
    assert.equal(rows.length, 2);
    assert.deepEqual(await replay(rows[1]?.id ?? 0), { outcome: 'replayed', object: '9000124', others: 0 });
    assert.deepEqual((await waiting()).map((event) => [event.id, event.business_key, event.version]), [[rows[1]?.id, '9000124', '']]);
  });

  it('of the canonical API is read again without its signature or its age', async () => {
    const { id } = await quarantineEvent(store.db, { ...unreadBefore, source: 'canonical', eventId: 'evt_old', rawBody: Buffer.from(JSON.stringify(exampleDeal)) }, why);
    assert.deepEqual(await replay(id), { outcome: 'replayed', object: exampleDeal.id, others: 0 });
    const [event] = await waiting();
    assert.deepEqual([event?.event_id, event?.version, event?.payload], ['evt_old', exampleDeal.version, exampleDeal]);
  });

  it('that still cannot be read stays there, and each reason is named', async () => {
    const gateway = testGateway({ inbox: storeInbox(store.db) });
    await refusal(gateway, canonicalRequest({ ...exampleDeal, currency: 'euro' }, { id: 'unread' }), 422, 'schema');
    await refusal(gateway, hubspotRequest([{ objectId: 77 }]), 422, 'schema');
    await refusal(gateway, salesforceRequest(outboundMessage('<Notification><Id>04l5g00000AbCdEAAV</Id></Notification>')), 422, 'schema');
    const rows = await store.db.selectFrom('inbox').select(['id', 'source']).orderBy('id').execute();
    const named: Record<string, string> = {};
    for (const row of rows) {
      const result = await replay(row.id);
      assert.ok(result.outcome === 'unreadable' && result.findings.length > 0, row.source);
      named[row.source] = JSON.stringify(result.findings);
      assert.equal((await loadEvent(store.db, row.id))?.state, 'quarantined');
    }
    assert.match(named['canonical'] ?? '', /currency/);
    assert.match(named['hubspot'] ?? '', /eventId/);
    assert.match(named['salesforce'] ?? '', /sObject/);
    assert.deepEqual(await waiting(), []);
  });

  it('that turns out to concern no deal leaves quarantine and starts nothing', async () => {
    const contact = [hubspotEvent({ subscriptionType: 'contact.creation' })];
    const { id } = await quarantineEvent(store.db, { ...unreadBefore, source: 'hubspot', eventId: 'sha256:3', rawBody: Buffer.from(JSON.stringify(contact)), payload: contact[0] }, why);
    assert.deepEqual(await replay(id), { outcome: 'replayed', object: '', others: 0 });
    assert.deepEqual((await waiting()).map((event) => event.kind), ['unrelated']);
  });

  it('kept as evidence of a contradiction is taken where a person says that it was the right one', async () => {
    const gateway = testGateway({ inbox: storeInbox(store.db) });
    await gateway.app.inject(salesforceRequest(outboundMessage(notificationXml())));
    await refusal(gateway, salesforceRequest(outboundMessage(notificationXml({ name: 'The right name' }))), 409, 'conflict');
    const evidence = await store.db.selectFrom('inbox').select('id').where('conflict_of', 'is not', null).executeTakeFirstOrThrow();
    assert.deepEqual(await replay(evidence.id), { outcome: 'replayed', object: '0065g00000XyZabAAF', others: 0 });
    assert.equal((await waiting()).length, 2);
  });

  it('is replayed once; an unknown number and one that waits already are told apart', async () => {
    const { id } = await quarantineEvent(store.db, { ...unreadBefore, source: 'salesforce', eventId: 'sha256:4', rawBody: Buffer.from(outboundMessage()) }, why);
    await replay(id);
    assert.deepEqual([await replay(id), await replay(999_999)], [{ outcome: 'waiting' }, { outcome: 'unknown' }]);
  });

  it('that its sender delivers again after the fix leaves quarantine by itself, once', async () => {
    const request = canonicalRequest(exampleDeal, { id: 'again' });
    const { id } = await quarantineEvent(store.db, { ...unreadBefore, source: 'canonical', eventId: 'again', rawBody: Buffer.from(JSON.stringify(exampleDeal)) }, why);
    const { app } = testGateway({ inbox: storeInbox(store.db), now: () => NOW });
    const answers = await Promise.all([1, 2, 3].map(() => app.inject(request)));
    assert.deepEqual(answers.map((answer) => String(answer.json().status)).toSorted(), ['accepted', 'duplicate', 'duplicate']);
    const [event] = await waiting();
    assert.deepEqual([event?.id, event?.business_key, event?.last_error], [id, exampleDeal.id, null]);
  });

  it('can be set aside by a person, with who and why in the audit trail', async () => {
    const gateway = testGateway({ inbox: storeInbox(store.db) });
    await refusal(gateway, hubspotRequest([{ nothing: 'known' }]), 422, 'schema');
    const row = await store.db.selectFrom('inbox').select('id').executeTakeFirstOrThrow();
    assert.equal(await dismissEvent(store.db, { id: row.id, by: 'ines', reason: 'a test of HubSpot\'s' }), true);
    assert.equal(await dismissEvent(store.db, { id: row.id, by: 'ines', reason: 'again' }), false);
    const kept = await loadEvent(store.db, row.id);
    assert.deepEqual([kept?.state, kept?.disposition], ['ignored', 'set aside by ines: a test of HubSpot\'s']);
    const lines = await store.db.selectFrom('audit_trail').select('message').where('action', '=', 'inbox.dismissed').execute();
    assert.deepEqual(lines, [{ message: `ines sets inbox event ${row.id} aside: a test of HubSpot's` }]);
  });
});
