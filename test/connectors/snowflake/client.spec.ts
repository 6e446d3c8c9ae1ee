import assert from 'node:assert/strict';
import type { WarehousePort, WarehouseTable } from '../../../connectors/warehouse-port.ts';
import type { CallContext } from '../../../connectors/ports.ts';
import { callContext } from '../conformance/documents.ts';
import { failureOf } from '../conformance/records.ts';
import { startAccount, type Account } from './account.ts';

const TABLE: WarehouseTable = { name: 'fact_time', key: ['entry'], columns: [{ name: 'entry', type: 'text', nullable: false }, { name: 'hours', type: 'decimal', nullable: false }, { name: 'note', type: 'text', nullable: true }] };
const ROW = { entry: 'E-1', hours: '7.5', note: null };

describe('Snowflake, statement by statement', () => {
  let account: Account;
  let port: WarehousePort;
  before(async () => {
    account = await startAccount();
    port = account.connect();
    await port.prepare([TABLE], callContext());
  });
  afterEach(() => account.mode('default'));
  after(() => account?.close());
  const merges = async () => (await account.admin.requests()).filter(({ url }) => url.includes('retry=true') && url.includes('statements?'));

  it('lets in a key pair, a refreshed OAuth token and a programmatic access token', async () => {
    for (const credentials of [account.keyPair, account.oauth, { programmaticAccessToken: account.programmaticAccessToken }]) {
      assert.equal((await account.connect(credentials).totals(TABLE, callContext())).sums['hours'], '0');
    }
  });

  it('takes the account locator with or without its region', async () => {
    const other = await startAccount({ account: 'XY12345' });
    try {
      const connected = other.connect({ ...other.keyPair, account: 'xy12345.eu-central-1' });
      await connected.prepare([TABLE], callContext());
    } finally {
      await other.close();
    }
  });

  it('says whose key or token is not accepted, without repeating it', async () => {
    const stranger = await startAccount();
    try {
      for (const [credentials, code] of [[{ ...account.keyPair, privateKeyPem: stranger.keyPair.privateKeyPem }, 'CREDENTIALS_REFUSED'], [{ ...account.oauth, refreshToken: 'revoked' }, 'SNOWFLAKE_LOGIN_REFUSED'], [{ programmaticAccessToken: 'wrong-token' }, 'CREDENTIALS_REFUSED']] as const) {
        const failure = await failureOf(() => account.connect(credentials).totals(TABLE, callContext()));
        assert.deepEqual([failure.kind, failure.code, failure.written], ['configuration', code, 'no']);
        assert.doesNotMatch(JSON.stringify(failure), /wrong-token|revoked"|PRIVATE KEY/);
      }
    } finally {
      await stranger.close();
    }
  });

  it('waits for a statement that is still running, and shows that it lives', async () => {
    await account.mode('slow');
    const beats: string[] = [];
    const context: CallContext = { ...callContext(), heartbeat: (detail) => void beats.push(detail) };
    assert.deepEqual(await port.merge(TABLE, [ROW], context), { inserted: 1, updated: 0 });
    assert.ok(beats.length >= 3, `${beats.length} heartbeats`);
    assert.deepEqual(await account.rows(TABLE), [ROW]);
  });

  it('cancels a running statement when the step is cancelled', async () => {
    await account.mode('slow');
    const controller = new AbortController();
    const context: CallContext = { ...callContext(), signal: controller.signal, heartbeat: () => undefined };
    const work = port.merge(TABLE, [{ ...ROW, entry: 'E-cancelled' }], context);
    setTimeout(() => controller.abort(new Error('the worker stops')), 100);
    await assert.rejects(work);
    assert.ok((await account.admin.requests()).some(({ url, status }) => url.endsWith('/cancel') && status === 200));
    assert.ok((await account.rows(TABLE)).every((row) => row['entry'] !== 'E-cancelled'));
  });

  it('does not run a write twice that is sent again under the same request ID', async () => {
    const context = { ...callContext(), idempotencyKey: 'warehouse/fact_time/page-7' };
    const rows = [{ ...ROW, entry: 'E-7' }];
    await account.admin.fault({ kind: 'cut-after', method: 'POST', path: '^/api/v2/statements$', times: 1 });
    assert.equal((await failureOf(() => port.merge(TABLE, rows, context))).kind, 'in_doubt');
    assert.deepEqual(await port.merge(TABLE, rows, context), { inserted: 1, updated: 0 }, 'the counts of the one time it ran');
    const requestId = async () => new URL((await merges()).at(-1)?.url ?? '', account.url).searchParams.get('requestId');
    const first = await requestId();
    const { statements = [] } = await account.admin.state();
    assert.equal(statements.filter((statement) => statement['requestId'] === first).length, 1);
    assert.deepEqual(await port.merge(TABLE, [{ ...ROW, entry: 'E-7', note: 'corrected' }], context), { inserted: 0, updated: 1 });
    assert.notEqual(await requestId(), first);
  });

  it('is tried again when Snowflake ended the statement for its length, which leaves nothing behind', async () => {
    await account.mode('statement-timeout');
    const failure = await failureOf(() => port.merge(TABLE, [{ ...ROW, entry: 'E-8' }], callContext()));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['transient', 'SNOWFLAKE_STATEMENT_TIMEOUT', 'no']);
  });

  it('reads a result in many packed partitions', async () => {
    const small = await startAccount({ partitionRows: 1 });
    try {
      const connected = small.connect();
      await connected.prepare([TABLE], callContext());
      await connected.prepare([TABLE], callContext());
      const paged = (await small.admin.requests()).filter(({ url }) => url.includes('partition='));
      assert.equal(paged.length, TABLE.columns.length - 1);
    } finally {
      await small.close();
    }
  });

  it('splits a batch whose text would be too long', async () => {
    const before = (await merges()).length;
    const rows = Array.from({ length: 30 }, (_, index) => ({ entry: `L-${index}`, hours: '1', note: 'n'.repeat(50_000) }));
    assert.deepEqual(await port.merge(TABLE, rows, callContext()), { inserted: 30, updated: 0 });
    assert.equal((await merges()).length - before, 4);
  });

  it('waits for its owner where database, schema, virtual warehouse or role are not there', async () => {
    for (const [options, code] of [[{ database: 'NOWHERE' }, 'SNOWFLAKE_002043'], [{ schema: 'NOWHERE' }, 'SNOWFLAKE_002043'], [{ warehouse: 'NOWHERE' }, 'SNOWFLAKE_000606']] as const) {
      const failure = await failureOf(() => account.connect(account.keyPair, options).totals(TABLE, callContext()));
      assert.deepEqual([failure.kind, failure.code], ['configuration', code]);
    }
  });

  it('sends no more at once than Snowflake takes', async () => {
    const now = new Date();
    const limited = await startAccount({ requestsPerSecond: 1 }, () => now);
    try {
      const failure = await failureOf(() => limited.connect().prepare([TABLE], callContext()));
      assert.deepEqual([failure.kind, failure.code, failure.retryAfterMs, failure.written], ['transient', 'SNOWFLAKE_RATE_LIMIT', 2000, 'no']);
    } finally {
      await limited.close();
    }
  });
});
