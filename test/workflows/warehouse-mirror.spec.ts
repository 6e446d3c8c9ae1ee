import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { WorkflowFailedError } from '@temporalio/client';
import { sql } from 'kysely';
import { createWarehousePostgres } from '../../connectors/warehouse-postgres/index.ts';
import type { WarehousePort, WarehouseRow } from '../../connectors/warehouse-port.ts';
import { SystemFailure, type Failure } from '../../domain/failure.ts';
import { LINE_QUEUE } from '../../domain/process/task-queues.ts';
import { casesOf } from '../../store/cases.ts';
import type { warehouseMirror, WarehouseMirrorInput } from '../../workflows/warehouse-mirror.ts';
import { reportingTable } from '../../store/reporting-tables.ts';
import { callContext, silent } from '../connectors/conformance/documents.ts';
import { startAccount } from '../connectors/snowflake/account.ts';
import { emptyDatabase } from '../store/support.ts';
import { startTestLine, type TestLine } from '../support/line.ts';
import { stopTemporalServer } from '../support/temporal.ts';

const PROCESS = 'warehouse-mirror/snowflake';

/** A warehouse in memory that takes three rows at a time. */
function createMemoryWarehouse() {
  const tables = new Map<string, Map<string, WarehouseRow>>();
  const batches: string[] = [];
  let asked = 0;
  let interrupt: (() => Promise<void>) | null = null;
  let order: { readonly failure: Pick<Failure, 'kind'>; readonly after: boolean } | null = null;
  const failing = (after: boolean) => {
    if (order === null || order.after !== after) return;
    const { kind } = order.failure;
    order = null;
    throw new SystemFailure({ kind, code: 'ORDERED_FAILURE', message: 'the warehouse failed on order.', mend: 'Order no more failures.', system: 'snowflake', object: 'warehouse', written: after ? 'unknown' : 'no', retryAfterMs: 20 });
  };
  const port: WarehousePort = {
    kind: 'warehouse',
    system: 'snowflake',
    batchSize: 3,
    async prepare(made) {
      asked += 1;
      for (const { name } of made) if (!tables.has(name)) tables.set(name, new Map());
      return Promise.resolve();
    },
    async merge({ name, key }, rows) {
      const first = interrupt;
      interrupt = null;
      await first?.();
      failing(false);
      const table = tables.get(name) ?? new Map<string, WarehouseRow>();
      let inserted = 0;
      for (const row of rows) {
        const id = key.map((column) => row[column]).join('|');
        if (!table.has(id)) inserted += 1;
        table.set(id, row);
      }
      tables.set(name, table);
      batches.push(`${name} ${rows.length}`);
      failing(true);
      return { inserted, updated: rows.length - inserted };
    },
    async totals({ name, columns }) {
      asked += 1;
      const rows = [...(tables.get(name)?.values() ?? [])];
      const cents = (text: string | null | undefined) => BigInt(Math.round(Number(text ?? '0') * 100));
      const sums = columns.filter(({ type }) => type === 'decimal').map((column): [string, string] => [column.name, String(Number(rows.reduce((sum, row) => sum + cents(row[column.name]), 0n)) / 100)]);
      return Promise.resolve({ rows: rows.length, sums: Object.fromEntries(sums) });
    },
  };
  return { port, tables, batches, asked: () => asked, beforeMerge: (work: () => Promise<void>) => void (interrupt = work), fail: (kind: Failure['kind'], after = false) => void (order = { failure: { kind }, after }) };
}

describe('The mirror of the reporting facts', function () {
  this.timeout(120_000);
  const memory = createMemoryWarehouse();
  let warehouse: WarehousePort = memory.port;
  let line: TestLine;
  before(async () => {
    line = await startTestLine({ overlays: ['snowflake'], systems: (inMemory) => ({ ...inMemory, warehouse: () => warehouse }) });
    await sql`insert into reporting.dim_client (client_id, name) values ('C-1', 'Acme')`.execute(line.store.db);
    await sql`
      insert into reporting.dim_project (project_id, number, name, client_id, legal_entity, region, service_line, billing_method, currency, start_date, crm, opportunity_id, deal_version, process)
      select 'P-' || n, 'US01-TECH-' || n, 'Migration', 'C-1', 'US01', 'NA', 'TECHNOLOGY', 'milestone', 'USD', '2026-12-01', 'salesforce', '006', '1', 'closed-won/salesforce/006' from generate_series(1, 8) n`.execute(line.store.db);
    await sql`insert into reporting.fact_booking (project_id, currency, amount, booked_on) select 'P-' || n, 'USD', 1000.25, '2026-11-20' from generate_series(1, 8) n`.execute(line.store.db);
  });
  after(async () => {
    await line.stop();
    await stopTemporalServer();
  });

  const mirror = (input: Partial<WarehouseMirrorInput> = {}) => line.client.workflow.execute<typeof warehouseMirror>('warehouseMirror', { workflowId: `${PROCESS}-${randomUUID()}`, taskQueue: LINE_QUEUE, args: [{ warehouse: 'snowflake', ...input }] });
  const amounts = () => [...(memory.tables.get('fact_booking')?.values() ?? [])].map((row) => row['amount']);
  const cases = async () => (await casesOf(line.store.db, PROCESS)).map(({ case_id, code, state }) => [case_id, code, state]);
  const becomes = (expected: string[][]) => line.until(`the cases are ${JSON.stringify(expected)}`, async () => JSON.stringify(await cases()) === JSON.stringify(expected));

  it('brings everything over in pages and in several runs, and then has nothing to do', async () => {
    const first = await mirror({ pagesARun: 2 });
    assert.deepEqual(first, { pages: 7, rows: 17, inserted: 17, updated: 0, tables: ['dim_client', 'dim_project', 'fact_booking'], behind: [] });
    assert.deepEqual(memory.batches, ['dim_client 1', 'dim_project 3', 'dim_project 3', 'dim_project 2', 'fact_booking 3', 'fact_booking 3', 'fact_booking 2']);
    assert.deepEqual(amounts(), Array.from({ length: 8 }, () => '1000.25'));
    const asked = memory.asked();
    assert.deepEqual(await mirror(), { pages: 0, rows: 0, inserted: 0, updated: 0, tables: [], behind: [] });
    assert.equal(memory.asked(), asked, 'a warehouse that nothing is for is left asleep');
    await mirror({ compareAll: true });
    assert.ok(memory.asked() > asked);
  });

  it('brings over what changed since, and marks what is gone', async () => {
    await sql`update reporting.fact_booking set amount = 2000 where project_id = 'P-3'`.execute(line.store.db);
    await sql`delete from reporting.fact_booking where project_id = 'P-4'`.execute(line.store.db);
    assert.deepEqual(await mirror(), { pages: 1, rows: 2, inserted: 0, updated: 2, tables: ['fact_booking'], behind: [] });
    const gone = memory.tables.get('fact_booking')?.get('P-4|USD');
    assert.deepEqual([gone?.['amount'], gone?.['is_deleted']], [null, 'true']);
  });

  it('has each row once where an answer is lost after the write', async () => {
    await sql`update reporting.dim_client set name = 'Acme Corp.' where client_id = 'C-1'`.execute(line.store.db);
    memory.fail('in_doubt', true);
    assert.equal((await mirror()).rows, 1);
    assert.deepEqual([...(memory.tables.get('dim_client')?.values() ?? [])].map((row) => row['name']), ['Acme Corp.']);
  });

  it('ends with what is newest where two brought the same row over at once', async () => {
    const { db } = line.store;
    const rename = (name: string) => sql`update reporting.dim_client set name = ${name} where client_id = 'C-1'`.execute(db);
    await rename('Acme 1');
    memory.beforeMerge(async () => {
      await rename('Acme 2');
      await mirror();
    });
    await mirror();
    assert.equal(memory.tables.get('dim_client')?.get('C-1')?.['name'], 'Acme 2');
  });

  it('that fails for good opens one case and ends; the next one that goes well closes it', async () => {
    await sql`update reporting.dim_client set name = 'Acme Inc.' where client_id = 'C-1'`.execute(line.store.db);
    memory.fail('configuration');
    await assert.rejects(mirror(), WorkflowFailedError);
    await becomes([[`exception/${PROCESS}/1`, 'ORDERED_FAILURE', 'open']]);
    await mirror();
    await becomes([[`exception/${PROCESS}/1`, 'ORDERED_FAILURE', 'closed']]);
    assert.equal(memory.tables.get('dim_client')?.get('C-1')?.['name'], 'Acme Inc.');
  });

  it('says what differs where somebody took rows out of the warehouse, and sends everything again when told', async () => {
    memory.tables.get('fact_booking')?.delete('P-1|USD');
    await assert.rejects(mirror({ compareAll: true }), WorkflowFailedError);
    const open = [`exception/${PROCESS}/1`, 'ORDERED_FAILURE', 'closed'];
    await becomes([open, [`exception/${PROCESS}/2`, 'WAREHOUSE_DIFFERS', 'open']]);
    const [, told] = await casesOf(line.store.db, PROCESS);
    assert.match(JSON.stringify(told), /fact_booking: 8 rows here, 7 there; fact_booking.amount: 8001.5 here, 7001.25 there/);
    await assert.rejects(mirror(), WorkflowFailedError);
    assert.equal((await cases()).length, 2);
    assert.deepEqual((await mirror({ anew: true, pagesARun: 3 })).rows, 17);
    await becomes([open, [`exception/${PROCESS}/2`, 'WAREHOUSE_DIFFERS', 'closed']]);
    assert.equal(amounts().length, 8);
  });

  it('fills Snowflake the same way, with a statement for each page and one look at what is there', async () => {
    const account = await startAccount();
    try {
      warehouse = account.connect(account.keyPair, { batchSize: 4 });
      const sent = await mirror({ anew: true });
      assert.deepEqual([sent.rows, sent.inserted, sent.behind], [17, 17, []]);
      const table = reportingTable('fact_booking');
      const row = (await account.rows(table)).find((each) => each['project_id'] === 'P-1') ?? assert.fail('P-1 is not there');
      await warehouse.merge(table, [{ ...row, amount: '7' }], callContext());
      await assert.rejects(mirror({ compareAll: true }), WorkflowFailedError);
      // Snowflake runs no request twice: what is sent anew must not pass for what was sent before.
      assert.deepEqual((await mirror({ anew: true })).updated, 1);
      assert.equal((await account.rows(table)).find((each) => each['project_id'] === 'P-1')?.['amount'], '1000.25');
      await sql`update reporting.fact_booking set amount = 0.1 where project_id = 'P-2'`.execute(line.store.db);
      assert.deepEqual(await mirror(), { pages: 1, rows: 1, inserted: 0, updated: 1, tables: ['fact_booking'], behind: [] });
      const { tables = [] } = await account.admin.state();
      assert.equal(tables.length, 11);
    } finally {
      warehouse = memory.port;
      await account.close();
    }
  });

  it('fills a PostgreSQL warehouse the same way', async () => {
    const url = await emptyDatabase();
    warehouse = createWarehousePostgres({ system: 'snowflake', baseUrl: 'postgres://unused', credentials: { url }, options: { batchSize: 4 }, log: silent, limits: { concurrency: 2, requestsPerSecond: null, timeoutSeconds: 10 } });
    const sent = await mirror({ anew: true });
    assert.deepEqual([sent.rows, sent.inserted, sent.behind], [17, 17, []]);
    warehouse = memory.port;
  });
});
