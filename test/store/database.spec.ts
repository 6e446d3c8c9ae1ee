import assert from 'node:assert/strict';
import fc from 'fast-check';
import { sql } from 'kysely';
import { openStore } from '../../store/database.ts';
import { putDocument } from '../../store/documents.ts';
import { canonicalJson, jsonText } from '../../store/json.ts';
import { leaseTokens } from '../../store/target-rate.ts';
import { asSuperuser, emptyDatabase, freshStore } from './support.ts';

describe('The store\'s connections', function () {
  this.timeout(30_000);

  it('are made anew after they were cut, and the loss of an idle one ends no process', async () => {
    const lost: Error[] = [];
    const store = await freshStore({ applicationName: 'cut me', onConnectionLost: (error) => lost.push(error) });
    try {
      await sql`select 1`.execute(store.db);
      await asSuperuser(store, [`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'cut me'`]);
      for (let waited = 0; waited < 2000 && lost.length === 0; waited += 20) await new Promise((resolve) => setTimeout(resolve, 20));
      assert.match(lost[0]?.message ?? '', /terminating connection/);
      assert.deepEqual((await sql`select 2 as two`.execute(store.db)).rows, [{ two: 2 }]);
    } finally {
      await store.close();
    }
  });

  it('hold no lock for ever for a transaction whose process went silent, which fails with its next statement and ends nothing else', async () => {
    const silent = await freshStore({ idleInTransactionMs: 100 });
    const other = openStore(silent.url);
    try {
      await leaseTokens(other.db, { target: 'erp', configured: 10, holder: 'a', want: 1, priority: 3 });
      const { promise: locked, resolve: onLocked } = Promise.withResolvers<void>();
      const { promise: awake, resolve: wakeUp } = Promise.withResolvers<void>();
      const sleeper = silent.db.transaction().execute(async (transaction) => {
        await sql`select 1 from target_rate where target = 'erp' for update`.execute(transaction);
        onLocked();
        await awake;
        await sql`select 1`.execute(transaction);
      });
      const rejected = assert.rejects(sleeper, /terminat|not queryable|idle-in-transaction/i);
      await locked;
      assert.equal((await leaseTokens(other.db, { target: 'erp', configured: 10, holder: 'b', want: 1, priority: 3 })).usableInMs.length, 1);
      wakeUp();
      await rejected;
      assert.deepEqual((await sql`select 2 as two`.execute(silent.db)).rows, [{ two: 2 }], 'on a new connection');
      assert.deepEqual((await sql`show idle_in_transaction_session_timeout`.execute(other.db)).rows, [{ idle_in_transaction_session_timeout: '1min' }]);
    } finally {
      await Promise.all([silent.close(), other.close()]);
    }
  });

  it('plan a statement of the hot path once', async () => {
    const store = await freshStore({ connections: 1 });
    try {
      for (let round = 0; round < 3; round += 1) await putDocument(store.db, { kind: 'k', schemaVersion: 1, body: { round } });
      const { rows } = await sql`select name, generic_plans + custom_plans as runs from pg_prepared_statements`.execute(store.db);
      assert.deepEqual(rows, [{ name: 'put_document', runs: 3 }]);
    } finally {
      await store.close();
    }
  });

  it('fail in time when the store is not there', async () => {
    const url = new URL(await emptyDatabase());
    url.port = '1';
    const store = openStore(url.href, { connectTimeoutMs: 500 });
    await assert.rejects(sql`select 1`.execute(store.db), { code: 'ECONNREFUSED' });
    await store.close();
    await store.close();
  });
});

describe('Canonical JSON', () => {
  it('is the same for the same value, in whatever order its members were set, and reads back as that value', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).toReversed());
        assert.equal(canonicalJson(reversed), canonicalJson(value));
        assert.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('leaves out what is undefined and writes no white space', () => {
    assert.equal(canonicalJson({ b: [undefined, 1], a: { d: undefined, c: 'x y' } }), '{"a":{"c":"x y"},"b":[null,1]}');
  });
});

describe('A jsonb parameter', function () {
  this.timeout(30_000);

  it('is accepted by the database whatever text it holds, and changes only what the database cannot hold', async () => {
    const store = await freshStore();
    try {
      const texts = fc.array(fc.string({ unit: fc.oneof(fc.string({ unit: 'binary', maxLength: 2 }), fc.constantFrom('\0', '\ud800', '\udc00', '\\', '\\u0000', '"')) }), { maxLength: 20 });
      await fc.assert(
        fc.asyncProperty(texts, async (sent) => {
          const { rows } = await sql<{ kept: string[] }>`select ${jsonText(sent)}::jsonb as kept`.execute(store.db);
          assert.deepEqual(rows[0]?.kept, sent.map((text) => text.toWellFormed().replaceAll('\0', '\ufffd')));
        }),
        { numRuns: 200 },
      );
    } finally {
      await store.close();
    }
  });
});
