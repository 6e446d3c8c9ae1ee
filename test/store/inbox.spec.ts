import assert from 'node:assert/strict';
import type { Store } from '../../store/database.ts';
import { listenInbox, quarantineEvent, receiveEvents } from '../../store/inbox.ts';
import type { IncomingEvent } from '../../store/inbox.ts';
import { claimReceived, inboxDepth, latestEventFor, listInbox, loadEvent, markDeferred, markDispatched, markIgnored } from '../../store/inbox-relay.ts';
import { requeue } from '../../store/inbox-replay.ts';
import { pause } from './builders.ts';
import { asSuperuser, freshStore } from './support.ts';

let n = 0;
function event(change: Partial<IncomingEvent> = {}): IncomingEvent {
  n += 1;
  const payload = { dealId: `D-${n}`, stage: 'closedwon' };
  return {
    source: 'hubspot',
    eventId: `event-${n}`,
    kind: 'deal.changed',
    businessKey: `D-${n}`,
    version: null,
    occurredAt: '2026-11-21T07:00:00.000Z',
    headers: { 'content-type': 'application/json' },
    rawBody: Buffer.from(JSON.stringify(payload)),
    payload,
    ...change,
  };
}

describe('The inbox', function () {
  this.timeout(30_000);
  let store: Store;
  before(async () => {
    store = await freshStore();
  });
  after(async () => {
    await store.close();
  });
  beforeEach(async () => {
    await asSuperuser(store, ['truncate inbox']);
  });
  const claim = (worker = 'relay', limit = 10, leaseSeconds = 30) => claimReceived(store.db, { limit, leaseSeconds, worker });

  it('keeps a page of events in their order, byte for byte', async () => {
    const page = [event({ rawBody: Buffer.from([0, 255, 10, 34]), payload: null }), event(), event({ payload: { text: 'nul \0 here' } })];
    const receipts = await receiveEvents(store.db, page);
    assert.deepEqual(receipts.map((receipt) => receipt.status), ['accepted', 'accepted', 'accepted']);
    assert.deepEqual(receipts.map((receipt) => receipt.id), receipts.map((receipt) => receipt.id).toSorted((a, b) => a - b));
    const first = await loadEvent(store.db, receipts[0]?.id ?? 0);
    assert.deepEqual(first?.raw_body, Buffer.from([0, 255, 10, 34]));
    assert.equal(first?.occurred_at, '2026-11-21T07:00:00.000Z');
  });

  it('keeps events whose IDs hold what a database cannot', async () => {
    const odd = event({ eventId: 'nul \0 lone \ud800', businessKey: 'D \0', kind: 'k\0', version: '\0' });
    assert.deepEqual((await receiveEvents(store.db, [odd, odd])).map((receipt) => receipt.status), ['accepted', 'duplicate']);
    assert.deepEqual((await receiveEvents(store.db, [odd])).map((receipt) => receipt.status), ['duplicate']);
  });

  it('accepts an event once, also when it comes ten times at once', async () => {
    const same = event();
    const receipts = (await Promise.all(Array.from({ length: 10 }, () => receiveEvents(store.db, [same])))).flat();
    assert.equal(receipts.filter((receipt) => receipt.status === 'accepted').length, 1);
    assert.equal(receipts.filter((receipt) => receipt.status === 'duplicate').length, 9);
    assert.equal(new Set(receipts.map((receipt) => receipt.id)).size, 1);
  });

  it('keeps another event under a used ID in quarantine as evidence, once, and never gives it out', async () => {
    const first = event();
    const other = { ...first, rawBody: Buffer.from('{"dealId":"forged"}') };
    assert.deepEqual((await receiveEvents(store.db, [first, first, other])).map((receipt) => receipt.status), ['accepted', 'duplicate', 'conflict']);
    assert.deepEqual((await receiveEvents(store.db, [other])).map((receipt) => receipt.status), ['conflict']);
    assert.equal((await claim()).length, 1);
    const evidence = await listInbox(store.db, { state: 'quarantined' });
    assert.equal(evidence.length, 1);
    assert.match(evidence[0]?.last_error ?? '', /came before with other content/);
  });

  it('takes a repeated delivery that differs only in what means nothing for a duplicate', async () => {
    const first = event({ contentHash: 'what-matters' });
    const again = { ...first, rawBody: Buffer.from('{"attemptNumber":1}') };
    assert.deepEqual((await receiveEvents(store.db, [first, again])).map((receipt) => receipt.status), ['accepted', 'duplicate']);
  });

  it('gives each event to one worker, oldest first', async () => {
    const receipts = await receiveEvents(store.db, Array.from({ length: 30 }, () => event()));
    const claims = await Promise.all(['a', 'b', 'c'].map((worker) => claim(worker)));
    const ids = claims.flat().map((row) => row.id);
    assert.deepEqual(ids.toSorted((a, b) => a - b), receipts.map((receipt) => receipt.id));
    for (const rows of claims) assert.deepEqual(rows.map((row) => row.id), rows.map((row) => row.id).toSorted((a, b) => a - b));
    assert.deepEqual(await claim(), []);
  });

  it('gives the events of a killed worker to the next one after their lease', async () => {
    await receiveEvents(store.db, [event()]);
    assert.equal((await claim('killed', 10, 0.05)).length, 1);
    assert.equal((await claim('next')).length, 0);
    await pause(80);
    assert.deepEqual((await claim('next')).map((row) => [row.attempts, row.claimed_by]), [[2, 'next']]);
  });

  it('waits as long as a deferred event asks for', async () => {
    const [receipt] = await receiveEvents(store.db, [event()]);
    await claim();
    assert.equal(await markDeferred(store.db, receipt?.id ?? 0, { error: 'Temporal is not reachable', retryAfterMs: 60 }), true);
    assert.equal((await claim()).length, 0);
    await pause(80);
    assert.equal((await claim())[0]?.last_error, 'Temporal is not reachable');
  });

  it('remembers where an event went, and settles it once', async () => {
    const [receipt] = await receiveEvents(store.db, [event({ businessKey: 'D-known' })]);
    const id = receipt?.id ?? 0;
    assert.equal(await markDispatched(store.db, id, { workflowId: 'closed-won/hubspot/D-known', disposition: 'started' }), true);
    assert.equal(await markIgnored(store.db, id, 'too late'), false);
    const known = await latestEventFor(store.db, 'hubspot', 'D-known');
    assert.deepEqual([known?.state, known?.workflow_id, known?.disposition], ['dispatched', 'closed-won/hubspot/D-known', 'started']);
  });

  it('counts what waits and what needs a person', async () => {
    await receiveEvents(store.db, [event(), event()]);
    await quarantineEvent(store.db, event(), { error: 'no dealId', findings: [{ path: 'dealId' }] });
    const depth = await inboxDepth(store.db);
    assert.partialDeepStrictEqual(depth, { received: 2, quarantined: 1 });
    assert.ok(depth.oldestSeconds >= 0 && depth.oldestSeconds < 30);
  });

  it('replays a quarantined event after the fix, and says in the audit trail who wanted it', async () => {
    const receipt = await quarantineEvent(store.db, event({ payload: null, kind: 'unknown', businessKey: '' }), { error: 'no dealId', findings: [{ path: 'dealId' }] });
    assert.deepEqual(await claim(), []);
    const parsed = { kind: 'deal.changed', businessKey: 'D-77', version: '3', payload: { dealId: 'D-77' } };
    assert.equal(await requeue(store.db, { id: receipt.id, by: 'jane', reason: 'schema fixed', parsed }), true);
    assert.equal(await requeue(store.db, { id: receipt.id, by: 'jane', reason: 'again' }), false);
    const [row] = await claim();
    assert.deepEqual([row?.business_key, row?.version, row?.payload, row?.attempts, row?.findings], ['D-77', '3', { dealId: 'D-77' }, 1, []]);
    const rows = await store.db.selectFrom('audit_trail').select('message').where('action', '=', 'inbox.requeued').execute();
    assert.deepEqual(rows, [{ message: `jane replays inbox event ${receipt.id}: schema fixed` }]);
  });

  it('wakes the relay when an event arrives or is replayed, and after its connection was lost', async () => {
    let wakes = 0;
    const listener = await listenInbox(store.url, () => {
      wakes += 1;
    });
    const woken = async (reason: string, action: () => Promise<unknown>): Promise<void> => {
      const before = wakes;
      await action();
      for (let waited = 0; waited < 3000 && wakes === before; waited += 20) await pause(20);
      assert.ok(wakes > before, reason);
    };
    try {
      const received = event();
      await woken('an event arrived', () => receiveEvents(store.db, [received]));
      const known = await latestEventFor(store.db, received.source, received.businessKey);
      await markIgnored(store.db, known?.id ?? 0, 'echo');
      await woken('an event is replayed', () => requeue(store.db, { id: known?.id ?? 0, by: 'jane', reason: 'not an echo' }));
      await woken('the connection was lost', () => asSuperuser(store, [`select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'q2c listener%'`]));
      await woken('an event arrived afterwards', () => receiveEvents(store.db, [event()]));
    } finally {
      await listener.close();
    }
  });
});
