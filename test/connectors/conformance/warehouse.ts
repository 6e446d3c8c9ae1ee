import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { WarehousePort, WarehouseRow, WarehouseTable } from '../../../connectors/warehouse-port.ts';
import { plainSum } from '../../../connectors/warehouse-rows.ts';
import { theyTakeBadAnswers, type ExceptionsOf } from './bad-answers.ts';
import { callContext } from './documents.ts';
import { AT_ITS_LIMIT, failureOf, LIMIT_MS, type FaultBoard } from './records.ts';
import { onBothSidesOfTheDateLine } from './zones.ts';

/** A warehouse, as the conformance suite drives it. */
export interface WarehouseCase {
  readonly name: string;
  readonly port: () => WarehousePort;
  /** The rows of a table as somebody else reads them: by column, decimals without trailing zeros, dates YYYY-MM-DD, booleans "true" and "false". */
  readonly rows: (table: WarehouseTable) => Promise<WarehouseRow[]>;
  /** The faults' `path` (a regular expression) and `method` of the request that writes; null where it is not HTTP. */
  readonly write: { readonly method: string; readonly path: string } | null;
  readonly badAnswers?: ExceptionsOf<'prepare' | 'merge' | 'totals'>;
}

let tables = 0;

function aTable(change: Partial<WarehouseTable> = {}): WarehouseTable {
  tables += 1;
  return {
    name: `fact_${tables}`,
    key: ['source', 'entry'],
    columns: [
      { name: 'source', type: 'text', nullable: false },
      { name: 'entry', type: 'integer', nullable: false },
      { name: 'note', type: 'text', nullable: true },
      { name: 'amount', type: 'decimal', nullable: true },
      { name: 'hours', type: 'decimal', nullable: false },
      { name: 'worked_on', type: 'date', nullable: false },
      { name: 'decided_at', type: 'timestamp', nullable: true },
      { name: 'billable', type: 'boolean', nullable: false },
    ],
    ...change,
  };
}

function aRow(change: Partial<WarehouseRow> = {}): WarehouseRow {
  return { source: 'harvest', entry: '1', note: 'Design', amount: '260.5', hours: '7.5', worked_on: '2026-11-16', decided_at: '2026-11-17T09:30:00.125Z', billable: 'true', ...change };
}

/** Hundredths as a decimal with two digits: "-0.05". */
function centsText(cents: bigint): string {
  const digits = String(cents < 0n ? -cents : cents).padStart(3, '0');
  return `${cents < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

function sameRow(left: WarehouseRow | undefined, right: WarehouseRow): boolean {
  return left !== undefined && Object.keys(right).every((name) => left[name] === right[name]);
}

/** What every warehouse port promises (connectors/warehouse-port.ts). */
export function describeWarehousePort(warehouse: WarehouseCase, faults: FaultBoard | null): void {
  const prepared = async (change: Partial<WarehouseTable> = {}): Promise<WarehouseTable> => {
    const table = aTable(change);
    await warehouse.port().prepare([table], callContext());
    return table;
  };
  const merge = (table: WarehouseTable, rows: readonly WarehouseRow[]) => warehouse.port().merge(table, rows, callContext());
  const byEntry = async (table: WarehouseTable) => (await warehouse.rows(table)).toSorted((left, right) => Number(left['entry']) - Number(right['entry']));

  describe(`${warehouse.name}, as any warehouse port`, () => {
    afterEach(async () => faults?.clear());

    it('makes its tables, and finds them made the next time', async () => {
      const table = await prepared();
      await merge(table, [aRow()]);
      await warehouse.port().prepare([table], callContext());
      assert.deepEqual(await warehouse.rows(table), [aRow()]);
    });

    it('adds a column that came later and keeps the rows', async () => {
      const before = await prepared();
      await merge(before, [aRow()]);
      const after: WarehouseTable = { ...before, columns: [...before.columns, { name: 'practice', type: 'text', nullable: true }] };
      await warehouse.port().prepare([after], callContext());
      await merge(after, [aRow({ entry: '2', practice: 'Technology' })]);
      assert.deepEqual((await byEntry(after)).map((row) => [row['entry'], row['practice']]), [['1', null], ['2', 'Technology']]);
    });

    it('will not write into a column that would round what it is given', async () => {
      const table = await prepared({ columns: [...aTable().columns, { name: 'rate', type: 'integer', nullable: true }] });
      const wider: WarehouseTable = { ...table, columns: table.columns.map((column) => (column.name === 'rate' ? { ...column, type: 'decimal' } : column)) };
      const failure = await failureOf(() => warehouse.port().prepare([wider], callContext()));
      assert.deepEqual([failure.kind, failure.code, failure.written], ['configuration', 'WAREHOUSE_COLUMN_TYPE', 'no']);
      assert.match(failure.message, /rate/);
    });

    it('inserts what is new, updates what differs, and leaves the rest alone', async () => {
      const table = await prepared();
      assert.deepEqual(await merge(table, [aRow(), aRow({ entry: '2' }), aRow({ entry: '3' })]), { inserted: 3, updated: 0 });
      const second = [aRow(), aRow({ entry: '2', note: 'Build', amount: null }), aRow({ entry: '4' })];
      assert.deepEqual(await merge(table, second), { inserted: 1, updated: 1 });
      assert.deepEqual(await merge(table, second), { inserted: 0, updated: 0 });
      assert.deepEqual(await byEntry(table), [aRow(), aRow({ entry: '2', note: 'Build', amount: null }), aRow({ entry: '3' }), aRow({ entry: '4' })]);
    });

    it('takes back what it wrote before, whatever came in between', async () => {
      const table = await prepared();
      await merge(table, [aRow({ note: 'first' })]);
      await merge(table, [aRow({ note: 'second' })]);
      await merge(table, [aRow({ note: 'first' })]);
      assert.deepEqual(await warehouse.rows(table), [aRow({ note: 'first' })]);
    });

    it('knows a table whose columns are its key alone', async () => {
      const table = await prepared({ key: ['category'], columns: [{ name: 'category', type: 'text', nullable: false }] });
      assert.equal((await merge(table, [{ category: 'ENGINEER' }])).inserted, 1);
      assert.deepEqual(await merge(table, [{ category: 'ENGINEER' }, { category: 'ARCHITECT' }]), { inserted: 1, updated: 0 });
      assert.equal((await warehouse.port().totals(table, callContext())).rows, 2);
    });

    it('adds up to the last digit: yen, Kuwaiti dinars and hours', async () => {
      const table = await prepared();
      const amounts = ['0.1', '0.2', '12345678901234567.89', '-0.3', '150000', '1.005', '0.0000000001'];
      await merge(table, amounts.map((amount, index) => aRow({ entry: String(index), amount, hours: '0.1' })));
      await merge(table, [aRow({ entry: '99', amount: null, hours: '-0.7' })]);
      const totals = await warehouse.port().totals(table, callContext());
      assert.deepEqual(totals, { rows: 8, sums: { amount: '12345678901384568.8950000001', hours: '0' } });
      assert.deepEqual((await byEntry(table)).slice(0, 7).map((row) => row['amount']), amounts);
    });

    it('has no rows and zero sums before anything is written', async () => {
      const table = await prepared();
      assert.deepEqual(await warehouse.port().totals(table, callContext()), { rows: 0, sums: { amount: '0', hours: '0' } });
    });

    it('keeps every character, and tells an empty text from none', async () => {
      const table = await prepared();
      const notes = ['Größe 測試 🏗️', "Robert'); DROP TABLE fact_1;--", 'a "quoted" \\ backslash ? :1', 'two\nlines\tand a tab', '', null, 'x'.repeat(20_000), '{"json": [1, null]}', 'null'];
      await merge(table, notes.map((note, index) => aRow({ entry: String(index), note })));
      assert.deepEqual((await byEntry(table)).map((row) => row['note']), notes);
      assert.deepEqual(await merge(table, notes.map((note, index) => aRow({ entry: String(index), note }))), { inserted: 0, updated: 0 });
    });

    it('keeps days and instants as they are, on either side of the date line', async () => {
      const rows = [['2026-12-31', '2026-12-31T23:59:59.999Z'], ['2027-01-01', '2026-12-31T10:00:00.000Z'], ['2024-02-29', null]] as const;
      await onBothSidesOfTheDateLine(async () => {
        const table = await prepared();
        await merge(table, rows.map(([worked_on, decided_at], index) => aRow({ entry: String(index), worked_on, decided_at })));
        assert.deepEqual((await byEntry(table)).map((row) => [row['worked_on'], row['decided_at']]), rows.map((row) => [...row]));
      });
    });

    it('takes names that are words of SQL', async () => {
      const table = await prepared({ name: `order_${tables}`, key: ['select'], columns: [{ name: 'select', type: 'text', nullable: false }, { name: 'group', type: 'decimal', nullable: true }] });
      await merge(table, [{ select: 'from', group: '1' }]);
      assert.deepEqual(await warehouse.port().totals(table, callContext()), { rows: 1, sums: { group: '1' } });
    });

    it('takes a thousand rows and more, batch by batch', async () => {
      const table = await prepared();
      const port = warehouse.port();
      const rows = Array.from({ length: 1250 }, (_, index) => aRow({ entry: String(index), hours: '0.25' }));
      for (let start = 0; start < rows.length; start += port.batchSize) await port.merge(table, rows.slice(start, start + port.batchSize), callContext());
      const totals = await port.totals(table, callContext());
      assert.deepEqual([totals.rows, totals.sums['hours'], totals.sums['amount']], [1250, '312.5', '325625']);
      assert.deepEqual(await port.merge(table, rows.slice(0, port.batchSize), callContext()), { inserted: 0, updated: 0 });
    });

    it('writes nothing of a batch with a key that occurs twice, a missing value or a value of another type', async () => {
      const table = await prepared();
      for (const wrong of [aRow({ entry: '1' }), aRow({ entry: '2', hours: null }), aRow({ entry: '2', hours: '7,5' }), aRow({ entry: '2', worked_on: '16.11.2026' }), aRow({ entry: '2', billable: 'yes' }), aRow({ entry: '2', amount: '1.00000000001' }), aRow({ entry: '2', surprise: 'x' })]) {
        const failure = await failureOf(() => merge(table, [aRow({ entry: '1' }), wrong]));
        assert.deepEqual([failure.kind, failure.code, failure.written], ['contract', 'WAREHOUSE_ROWS', 'no']);
      }
      assert.deepEqual(await warehouse.rows(table), []);
    });

    it('has after any batches what the last of them said of each key, and counts what they changed', async () => {
      const entry = fc.record({ entry: fc.integer({ min: 0, max: 9 }), note: fc.option(fc.string({ unit: 'grapheme', maxLength: 8 })), amount: fc.option(fc.bigInt({ min: -(10n ** 14n), max: 10n ** 14n })), hours: fc.integer({ min: -99, max: 99 }) });
      const batches = fc.array(fc.uniqueArray(entry, { selector: (row) => row.entry, maxLength: 8 }), { minLength: 1, maxLength: 6 });
      await fc.assert(fc.asyncProperty(batches, async (batch) => {
        const table = await prepared();
        const model = new Map<string, WarehouseRow>();
        let cents = 0n;
        for (const rows of batch) {
          const given = rows.map(({ entry: id, note, amount, hours }) => aRow({ entry: String(id), note: note?.replaceAll('\0', '') ?? null, amount: amount === null ? null : centsText(amount), hours: String(hours) }));
          const expected = { inserted: given.filter((row) => !model.has(row['entry'] ?? '')).length, updated: given.filter((row) => model.has(row['entry'] ?? '') && !sameRow(model.get(row['entry'] ?? ''), row)).length };
          assert.deepEqual(await merge(table, given), expected);
          for (const row of given) model.set(row['entry'] ?? '', row);
        }
        for (const row of model.values()) cents += row['amount'] === null || row['amount'] === undefined ? 0n : BigInt(row['amount'].replace('.', ''));
        const totals = await warehouse.port().totals(table, callContext());
        assert.deepEqual([totals.rows, totals.sums['amount']], [model.size, plainSum(centsText(cents))]);
        assert.deepEqual((await byEntry(table)).map((row) => row['note']), [...model.values()].toSorted((left, right) => Number(left['entry']) - Number(right['entry'])).map((row) => row['note']));
      }), { seed: 20261121, numRuns: 12 });
    });

    it('calls a table that nobody made a matter of configuration', async () => {
      const failure = await failureOf(() => merge(aTable(), [aRow()]));
      assert.deepEqual([failure.kind, failure.written], ['configuration', 'no']);
    });

    if (faults !== null && warehouse.write !== null) describeFaults(warehouse.write, faults, { prepared, merge, warehouse });
  });
}

interface Tools {
  readonly prepared: () => Promise<WarehouseTable>;
  readonly merge: (table: WarehouseTable, rows: readonly WarehouseRow[]) => Promise<{ inserted: number; updated: number }>;
  readonly warehouse: WarehouseCase;
}

function describeFaults(write: { readonly method: string; readonly path: string }, faults: FaultBoard, { prepared, merge, warehouse }: Tools): void {
  const { rows, port } = warehouse;
  for (const kind of ['cut-before', 'cut-after'] as const) {
    it(`has each row once where the connection is ${kind === 'cut-before' ? 'cut before' : 'cut after'} the write and the batch is sent again`, async () => {
      const table = await prepared();
      await merge(table, [aRow()]);
      const batch = [aRow({ note: 'corrected' }), aRow({ entry: '2' })];
      await faults.next({ kind, ...write });
      const failure = await failureOf(() => merge(table, batch));
      assert.deepEqual([failure.kind, failure.written], ['in_doubt', 'unknown']);
      await merge(table, batch);
      assert.deepEqual((await rows(table)).map((row) => [row['entry'], row['note']]).toSorted(), [['1', 'corrected'], ['2', 'Design']]);
    });
  }

  let table: WarehouseTable;
  theyTakeBadAnswers([
    // What is there is read first.
    { name: 'prepare', writes: false, arrange: () => Promise.resolve(() => port().prepare([aTable()], callContext())) },
    {
      name: 'merge', writes: true, spoils: write,
      arrange: async () => {
        table = await prepared();
        return () => merge(table, [aRow()]);
      },
      afterwards: async () => {
        await merge(table, [aRow()]);
        assert.deepEqual(await rows(table), [aRow()]);
      },
    },
    {
      name: 'totals', writes: false,
      arrange: async () => {
        table = await prepared();
        await merge(table, [aRow()]);
        return async () => assert.deepEqual(await port().totals(table, callContext()), { rows: 1, sums: { amount: '260.5', hours: '7.5' } });
      },
    },
  ], faults, warehouse.badAnswers);

  it('is a matter for the administrator, and not written, where the account may not write', async () => {
    const mine = await prepared();
    await faults.next({ kind: 'status', status: 403, ...write });
    const failure = await failureOf(() => merge(mine, [aRow()]));
    assert.deepEqual([failure.kind, failure.written, await rows(mine)], ['configuration', 'no', []], `${failure.code}: ${failure.message}`);
  });

  it('waits as long as the limit asks', async () => {
    const table = await prepared();
    await faults.next({ ...AT_ITS_LIMIT, ...write });
    const failure = await failureOf(() => merge(table, [aRow()]));
    assert.deepEqual([failure.kind, failure.retryAfterMs, failure.written], ['transient', LIMIT_MS, 'no']);
  });

  it('goes on with a new token where the old one expires in between', async () => {
    const table = await prepared();
    await faults.next({ kind: 'expired-token', ...write });
    assert.deepEqual(await merge(table, [aRow()]), { inserted: 1, updated: 0 });
  });

  it('names a web page, another shape and an outage for what they are', async () => {
    const table = await prepared();
    for (const [fault, kind, code] of [
      [{ kind: 'html' }, 'contract', 'HTTP_HTML'],
      [{ kind: 'wrong-schema' }, 'contract', 'ANSWER_SCHEMA'],
      [{ kind: 'status', status: 503 }, 'in_doubt', undefined],
    ] as const) {
      await faults.next({ ...fault, ...write });
      const failure = await failureOf(() => merge(table, [aRow()]));
      assert.equal(failure.kind, kind);
      if (code !== undefined) assert.equal(failure.code, code);
      assert.equal(failure.written, 'unknown');
    }
    await merge(table, [aRow()]);
    assert.equal((await rows(table)).length, 1);
  });
}
