import assert from 'node:assert/strict';
import { createServer, connect as connectSocket, type Server, type Socket } from 'node:net';
import pg from 'pg';
import { z } from 'zod';
import { createWarehousePostgres } from '../../../connectors/warehouse-postgres/index.ts';
import type { WarehousePort, WarehouseTable } from '../../../connectors/warehouse-port.ts';
import { plainSum } from '../../../connectors/warehouse-rows.ts';
import { emptyDatabase } from '../../store/support.ts';
import { callContext, silent } from '../conformance/documents.ts';
import { failureOf } from '../conformance/records.ts';
import { describeWarehousePort } from '../conformance/warehouse.ts';

const TABLE: WarehouseTable = { name: 'fact_time', key: ['entry'], columns: [{ name: 'entry', type: 'text', nullable: false }, { name: 'hours', type: 'decimal', nullable: false }] };
const anyRows = z.array(z.record(z.string(), z.string().nullable()));

function connect(url: string, options: object = {}): WarehousePort {
  return createWarehousePostgres({ system: 'warehouse-db', baseUrl: 'postgres://unused', credentials: { url }, options, log: silent, limits: { concurrency: 2, requestsPerSecond: null, timeoutSeconds: 5 } });
}

describe('PostgreSQL as the warehouse', function () {
  this.timeout(30_000);
  let url: string;
  let reader: pg.Client;
  let port: WarehousePort;
  before(async () => {
    url = await emptyDatabase();
    reader = new pg.Client({ connectionString: url, options: '-c timezone=UTC' });
    await reader.connect();
    port = connect(url);
  });
  after(() => reader?.end());

  describeWarehousePort(
    {
      name: 'PostgreSQL',
      port: () => port,
      write: null,
      async rows({ name, columns }) {
        const selected = columns.map((column) => (column.type === 'timestamp' ? `to_char("${column.name}", 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')` : `"${column.name}"::text`) + ` as "${column.name}"`);
        const { rows } = await reader.query(`select ${selected.join(', ')} from q2c."${name}"`);
        const decimals = columns.filter(({ type }) => type === 'decimal').map((column) => column.name);
        return anyRows.parse(rows).map((row) => Object.fromEntries(Object.entries(row).map(([column, value]) => [column, value !== null && decimals.includes(column) ? plainSum(value) : value])));
      },
    },
    null,
  );

  describe('beside what every warehouse promises', () => {
    let server: Server;
    let behind: WarehousePort;
    let sockets: Socket[];
    /** What becomes of the next answer. */
    let cutAnswerOf: string | null = null;
    before(async () => {
      sockets = [];
      const target = new URL(url);
      server = createServer((client) => {
        const upstream = connectSocket(Number(target.port), target.hostname);
        sockets.push(client, upstream);
        let doomed = false;
        client.on('data', (bytes) => {
          if (cutAnswerOf !== null && bytes.includes(cutAnswerOf)) doomed = true;
          upstream.write(bytes);
        });
        upstream.on('data', (bytes) => {
          if (!doomed) return void client.write(bytes);
          // ReadyForQuery after the statement's own completion: it has taken effect.
          if (bytes.includes('SELECT 1')) client.destroy();
        });
        for (const socket of [client, upstream]) socket.on('error', () => undefined).on('close', () => void (client.destroy(), upstream.destroy()));
      });
      await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      assert.ok(typeof address === 'object' && address !== null);
      behind = connect(Object.assign(new URL(url), { port: String(address.port) }).href);
      await behind.prepare([TABLE], callContext());
    });
    after(() => {
      for (const socket of sockets) socket.destroy();
      server?.close();
    });

    it('has each row once where the answer of a write is lost and the batch is sent again', async () => {
      cutAnswerOf = 'json_array_elements';
      const failure = await failureOf(() => behind.merge(TABLE, [{ entry: 'E-1', hours: '7.5' }], callContext()));
      assert.deepEqual([failure.kind, failure.code, failure.written], ['in_doubt', 'WAREHOUSE_CONNECTION_LOST', 'unknown']);
      cutAnswerOf = null;
      assert.deepEqual(await behind.merge(TABLE, [{ entry: 'E-1', hours: '7.5' }], callContext()), { inserted: 0, updated: 0 });
      assert.deepEqual(await behind.totals(TABLE, callContext()), { rows: 1, sums: { hours: '7.5' } });
    });

    it('is tried again where the server is not there, and waits for its owner where the login or the database is wrong', async () => {
      const wrong = (change: object) => connect(Object.assign(new URL(url), change).href);
      for (const [warehouse, expected] of [[wrong({ port: '1' }), ['transient', 'WAREHOUSE_UNREACHABLE']], [wrong({ pathname: '/nowhere' }), ['configuration', 'WAREHOUSE_3D000']], [wrong({ password: 'guessed' }), ['configuration', 'CREDENTIALS_REFUSED']]] as const) {
        const failure = await failureOf(() => warehouse.totals(TABLE, callContext()));
        assert.deepEqual([failure.kind, failure.code], expected);
        assert.doesNotMatch(JSON.stringify(failure), /guessed/);
      }
    });

    it('writes into a schema that others made, without the right to make one', async () => {
      await reader.query(`create schema analytics; create role loader login password 'secret-word'; grant usage, create on schema analytics to loader`);
      const loader = Object.assign(new URL(url), { username: 'loader', password: 'secret-word' }).href;
      await connect(loader, { schema: 'analytics' }).prepare([TABLE], callContext());
      const failure = await failureOf(() => connect(loader, { schema: 'other' }).prepare([TABLE], callContext()));
      assert.deepEqual([failure.kind, failure.code], ['configuration', 'WAREHOUSE_42501']);
    });

    it('ends its connection when the step is cancelled', async () => {
      await reader.query('begin; lock table q2c.fact_time in access exclusive mode');
      const controller = new AbortController();
      const work = port.merge(TABLE, [{ entry: 'E-2', hours: '1' }], { ...callContext(), signal: controller.signal });
      setTimeout(() => controller.abort(new Error('the worker stops')), 100);
      await assert.rejects(work, /the worker stops/);
      await reader.query('rollback');
      await port.merge(TABLE, [{ entry: 'E-3', hours: '1' }], callContext());
    });

    it('has each row once when two loaders write the same at once', async () => {
      const rows = Array.from({ length: 200 }, (_, index) => ({ entry: `P-${index}`, hours: '0.1' }));
      const counts = await Promise.all([port.merge(TABLE, rows, callContext()), port.merge(TABLE, rows, callContext())]);
      assert.equal(counts.reduce((sum, { inserted }) => sum + inserted, 0), 200);
    });
  });
});
