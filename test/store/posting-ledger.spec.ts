import assert from 'node:assert/strict';
import { auditOf } from '../../store/audit-trail.ts';
import type { Store } from '../../store/database.ts';
import { canonicalIdOf, externalIdOf, identitiesOf, linkIdentity } from '../../store/identity-map.ts';
import { openIntent, recordDone, recordInDoubt, recordNotDone, renewIntent } from '../../store/posting-ledger.ts';
import { inDoubtPostings, livePostings, postingByKey, postingsOf, recordReversed, settleByPerson } from '../../store/posting-settlement.ts';
import { PROCESS, auditEntry, done, intent, link, pause } from './builders.ts';
import { freshStore } from './support.ts';

describe('The posting ledger', function () {
  this.timeout(30_000);
  let store: Store;
  let n = 0;
  let key = '';
  let process = '';
  before(async () => {
    store = await freshStore();
  });
  after(async () => {
    await store.close();
  });
  beforeEach(() => {
    n += 1;
    key = `key-${n}`;
    process = `${PROCESS}-${n}`;
  });
  const mine = (change: Parameters<typeof intent>[0] = {}) => intent({ key, process, canonicalId: `P-${n}`, ...change });
  const recorded = (change: Parameters<typeof done>[0] = {}) =>
    done({ key, process, externalId: `47-${n}`, links: [link({ canonicalId: `P-${n}`, externalId: `47-${n}` })], audit: [auditEntry({ process })], ...change });

  it('lets exactly one of twenty callers at once write first', async () => {
    const openings = await Promise.all(Array.from({ length: 20 }, () => openIntent(store.db, mine())));
    assert.equal(openings.filter((opening) => opening.status === 'first').length, 1);
    assert.equal(openings.filter((opening) => opening.status === 'busy').length, 19);
  });

  it('hands the recorded result to whoever comes after, with identities and audit row written at the same time', async () => {
    assert.deepEqual(await openIntent(store.db, mine()), { status: 'first', generation: 1, attempt: 1, existed: null });
    assert.equal(await recordDone(store.db, recorded()), 'recorded');
    assert.deepEqual(await openIntent(store.db, mine()), { status: 'done', result: { created: true }, externalId: `47-${n}`, undo: { wasInactive: false }, generation: 1 });
    assert.equal((await externalIdOf(store.db, { objectType: 'project', canonicalId: `P-${n}`, system: 'netsuite' }))?.externalId, `47-${n}`);
    assert.equal(await canonicalIdOf(store.db, { objectType: 'project', system: 'netsuite', externalId: `47-${n}` }), `P-${n}`);
    assert.deepEqual((await auditOf(store.db, process)).map((row) => row.action), ['posting.done']);
  });

  it('takes the same result twice without writing twice', async () => {
    await openIntent(store.db, mine());
    await recordDone(store.db, recorded());
    assert.equal(await recordDone(store.db, recorded()), 'already');
    assert.equal((await auditOf(store.db, process)).length, 1);
    assert.equal((await identitiesOf(store.db, process)).length, 1);
  });

  it('names a doubled write instead of forgetting one of the two records', async () => {
    await openIntent(store.db, mine());
    await recordDone(store.db, recorded());
    await assert.rejects(recordDone(store.db, recorded({ externalId: 'other' })), { name: 'PostingLedgerError', problem: 'doubled', message: /other.*is on record/ });
  });

  it('refuses another request under a key that is done', async () => {
    await openIntent(store.db, mine());
    await recordDone(store.db, recorded());
    assert.deepEqual(await openIntent(store.db, mine({ requestHash: 'another' })), { status: 'conflict', knownHash: 'hash-of-the-request' });
  });

  it('demands a look-up after an attempt that was killed between its call and its record', async () => {
    await openIntent(store.db, mine({ leaseMs: 40 }));
    assert.equal((await openIntent(store.db, mine())).status, 'busy');
    await pause(60);
    assert.deepEqual((await inDoubtPostings(store.db)).map((posting) => posting.key).filter((known) => known === key), [key]);
    const openings = await Promise.all(Array.from({ length: 5 }, () => openIntent(store.db, mine())));
    assert.deepEqual(openings.filter((opening) => opening.status === 'retry'), [
      { status: 'retry', previous: 'intent', mustLookUp: true, requestChanged: false, generation: 1, attempt: 2, existed: null },
    ]);
    assert.equal(openings.filter((opening) => opening.status === 'busy').length, 4);
  });

  it('demands a look-up after an attempt in doubt and none after one that was certainly not done', async () => {
    await openIntent(store.db, mine());
    assert.equal(await recordInDoubt(store.db, { key, generation: 1, attempt: 1, error: { code: 'CUT' }, audit: [] }), true);
    const second = await openIntent(store.db, mine());
    assert.deepEqual(second, { status: 'retry', previous: 'in_doubt', mustLookUp: true, requestChanged: false, generation: 1, attempt: 2, existed: null });
    assert.equal(await recordNotDone(store.db, { key, generation: 1, attempt: 2, error: { code: '429' }, audit: [auditEntry({ process, action: 'posting.not_done' })] }), true);
    const third = await openIntent(store.db, mine({ requestHash: 'after a correction' }));
    assert.deepEqual(third, { status: 'retry', previous: 'not_done', mustLookUp: false, requestChanged: true, generation: 1, attempt: 3, existed: null });
    assert.deepEqual((await auditOf(store.db, process)).map((row) => row.action), ['posting.not_done']);
  });

  it('lets no attempt that ran out of its lease speak for the one that took over', async () => {
    await openIntent(store.db, mine({ leaseMs: 20 }));
    await pause(40);
    await openIntent(store.db, mine());
    assert.equal(await recordNotDone(store.db, { key, generation: 1, attempt: 1, error: null, audit: [auditEntry({ process })] }), false);
    assert.equal((await openIntent(store.db, mine())).status, 'busy', 'the second attempt keeps its lease');
    assert.equal((await auditOf(store.db, process)).length, 0);
  });

  it('records nothing at all when an identity contradicts a known one', async () => {
    await linkIdentity(store.db, process, [link({ canonicalId: `P-${n}`, externalId: `first-${n}` })]);
    await openIntent(store.db, mine());
    await assert.rejects(recordDone(store.db, recorded()), { name: 'IdentityConflictError', message: /is already first-\d+ in netsuite/ });
    assert.equal((await postingByKey(store.db, key))?.state, 'intent');
    assert.equal((await auditOf(store.db, process)).length, 0);
  });

  it('starts a new generation after a reversal and keeps what was reversed', async () => {
    await openIntent(store.db, mine());
    await recordDone(store.db, recorded());
    const reversal = { key, how: 'deleted', retireIdentity: true, audit: [auditEntry({ process, action: 'posting.reversed' })] };
    assert.equal(await recordReversed(store.db, reversal), 'recorded');
    assert.equal(await recordReversed(store.db, reversal), 'already');
    assert.equal(await externalIdOf(store.db, { objectType: 'project', canonicalId: `P-${n}`, system: 'netsuite' }), undefined);
    assert.deepEqual(await openIntent(store.db, mine()), { status: 'first', generation: 2, attempt: 1, existed: null });
    await assert.rejects(recordDone(store.db, recorded()), { problem: 'superseded' });
    assert.equal(await recordDone(store.db, recorded({ generation: 2, externalId: `new-${n}`, links: [link({ canonicalId: `P-${n}`, externalId: `new-${n}` })] })), 'recorded');
    const posting = await postingByKey(store.db, key);
    assert.equal(posting?.external_id, `new-${n}`);
    assert.partialDeepStrictEqual(posting?.reversals, [{ generation: 1, externalId: `47-${n}`, how: 'deleted', from: 'done' }]);
    assert.equal((await identitiesOf(store.db, process)).filter((row) => row.retired_at !== null).length, 1);
  });

  it('does not reverse what is being written at this moment', async () => {
    await openIntent(store.db, mine());
    await assert.rejects(recordReversed(store.db, { key, how: 'never made', retireIdentity: false, audit: [] }), { problem: 'in_progress' });
  });

  it('takes a person\'s word for a write in doubt, once, with the reason on record', async () => {
    await openIntent(store.db, mine());
    const settlement = { key, outcome: 'done' as const, externalId: `47-${n}`, by: 'jane', reason: 'found it in the list', process, links: [link({ canonicalId: `P-${n}`, externalId: `47-${n}` })], audit: [auditEntry({ process, actor: 'jane', action: 'posting.settled' })] };
    await assert.rejects(settleByPerson(store.db, settlement), { problem: 'in_progress' });
    await recordInDoubt(store.db, { key, generation: 1, attempt: 1, error: null, audit: [] });
    assert.equal(await settleByPerson(store.db, settlement), 'recorded');
    assert.equal(await settleByPerson(store.db, settlement), 'already');
    await assert.rejects(settleByPerson(store.db, { ...settlement, outcome: 'not_done', externalId: null }), { problem: 'not_in_doubt' });
    assert.partialDeepStrictEqual(await openIntent(store.db, mine()), { status: 'done', externalId: `47-${n}`, result: { settledBy: 'jane', reason: 'found it in the list' } });
    assert.deepEqual((await auditOf(store.db, process)).map((row) => row.actor), ['jane']);
  });

  it('writes again without a look-up after a person said it was not done', async () => {
    await openIntent(store.db, mine());
    await recordInDoubt(store.db, { key, generation: 1, attempt: 1, error: null, audit: [] });
    await settleByPerson(store.db, { key, outcome: 'not_done', externalId: null, by: 'jane', reason: 'not in the list', process, links: [], audit: [] });
    assert.partialDeepStrictEqual(await openIntent(store.db, mine()), { status: 'retry', previous: 'not_done', mustLookUp: false });
  });

  it('lets one posting at a time write a record, whoever wants it', async () => {
    const other = `${key}-of-another-deal`;
    assert.partialDeepStrictEqual(await openIntent(store.db, mine()), { status: 'first' });
    assert.partialDeepStrictEqual(await openIntent(store.db, mine({ key: other })), { status: 'busy' });
    await recordDone(store.db, recorded());
    assert.partialDeepStrictEqual(await openIntent(store.db, mine({ key: other })), { status: 'first' });
  });

  it('holds up no other posting of a record when one that is done is asked for again', async () => {
    await openIntent(store.db, mine());
    await recordDone(store.db, recorded());
    assert.equal((await openIntent(store.db, mine())).status, 'done');
    assert.partialDeepStrictEqual(await openIntent(store.db, mine({ key: `${key}-v2` })), { status: 'first' });
  });

  it('does not lock up when retries open a posting while its attempts record', async () => {
    for (let round = 0; round < 20; round += 1) {
      const roundKey = `${key}-${round}`;
      const again = mine({ key: roundKey, leaseMs: 1, canonicalId: `P-${n}-${round}` });
      await openIntent(store.db, again);
      await pause(3);
      const ends = [recordDone(store.db, recorded({ key: roundKey, links: [] })), openIntent(store.db, again), openIntent(store.db, again), recordInDoubt(store.db, { key: roundKey, generation: 1, attempt: 1, error: null, audit: [] })];
      await Promise.all(ends);
      assert.equal((await openIntent(store.db, again)).status, 'done');
    }
  });

  it('keeps the lease of an attempt whose call takes long, and not of one that another has taken over from', async () => {
    const opened = await openIntent(store.db, mine({ leaseMs: 200 }));
    assert.ok(opened.status === 'first');
    const lease = { key, generation: opened.generation, attempt: opened.attempt, leaseMs: 30_000 };
    assert.equal(await renewIntent(store.db, lease), true);
    await new Promise((resolve) => setTimeout(resolve, 250));
    assert.partialDeepStrictEqual(await openIntent(store.db, mine()), { status: 'busy' });
    assert.equal(await renewIntent(store.db, { ...lease, attempt: 0 }), false);
    await recordDone(store.db, recorded());
    assert.equal(await renewIntent(store.db, lease), false);
  });

  it('remembers what stood before the first attempt, whatever a later one finds', async () => {
    await openIntent(store.db, mine({ existed: null }));
    await recordInDoubt(store.db, { key, generation: 1, attempt: 1, error: null, audit: [] });
    assert.partialDeepStrictEqual(await openIntent(store.db, mine({ existed: '4711' })), { status: 'retry', existed: null });
  });

  it('tells which processes wrote a record that still stands', async () => {
    const record = { objectType: 'project', canonicalId: `P-${n}`, system: 'netsuite', step: 'project' };
    await openIntent(store.db, mine());
    await recordDone(store.db, recorded());
    const other = { key: `${key}-of-another-deal`, process: `${process}-other` };
    await openIntent(store.db, mine(other));
    await recordDone(store.db, recorded({ ...other, audit: [] }));
    assert.deepEqual((await livePostings(store.db, record)).map((posting) => posting.process), [process, other.process]);
    await recordReversed(store.db, { key, how: 'kept', retireIdentity: false, audit: [] });
    assert.deepEqual((await livePostings(store.db, record)).map((posting) => posting.process), [other.process]);
  });

  it('lists what a process wrote', async () => {
    await openIntent(store.db, mine());
    await openIntent(store.db, mine({ key: `${key}-b`, step: 'rate-card', objectType: 'rate_card' }));
    assert.deepEqual((await postingsOf(store.db, process)).map((posting) => [posting.step, posting.state]), [['project', 'intent'], ['rate-card', 'intent']]);
  });

  it('says which key it does not know', async () => {
    await assert.rejects(recordDone(store.db, recorded({ key: 'nobody' })), { problem: 'unknown', message: /no posting nobody: open an intent first/ });
  });
});
