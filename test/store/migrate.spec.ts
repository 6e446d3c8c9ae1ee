import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { openStore } from '../../store/database.ts';
import { migrateStore } from '../../store/migrate.ts';
import { emptyDatabase } from './support.ts';

describe('Migrations of the store', function () {
  this.timeout(30_000);

  it('run once in all when ten processes start at the same time', async () => {
    const url = await emptyDatabase();
    const stores = Array.from({ length: 10 }, () => openStore(url, { connections: 2 }));
    try {
      const ran = await Promise.all(stores.map(migrateStore));
      assert.equal(ran.filter((names) => names.length > 0).length, 1, 'one process migrates, the others find it done');
      const again = await Promise.all(stores.map(migrateStore));
      assert.deepEqual(again.flat(), []);
    } finally {
      await Promise.all(stores.map((store) => store.close()));
    }
  });

  it('leave a store that gives back exact values: instants as ISO, dates as days, numerics as decimals, bigints as numbers', async () => {
    const store = openStore(await emptyDatabase());
    try {
      const { rows } = await sql`
        select '2026-11-21 08:15:20.1+01'::timestamptz(3) as at, '2026-03-29'::date as day, 12345678901234567890.10::numeric as amount, 9007199254740991::bigint as id
      `.execute(store.db);
      assert.deepEqual(rows, [{ at: '2026-11-21T07:15:20.100Z', day: '2026-03-29', amount: '12345678901234567890.10', id: 9007199254740991 }]);
      await assert.rejects(sql`select 9007199254740993::bigint as id`.execute(store.db), /cannot hold exactly/);
    } finally {
      await store.close();
    }
  });

  it('name the migration that failed', async () => {
    const store = openStore(await emptyDatabase());
    try {
      await sql`create table inbox (id int)`.execute(store.db);
      await assert.rejects(migrateStore(store), /migration 0002-inbox failed and was rolled back: relation "inbox" already exists/);
    } finally {
      await store.close();
    }
  });
});
