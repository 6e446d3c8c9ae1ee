import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { identityOf } from '../../scripts/processes.ts';
import { clearStalePid, startEmbeddedStore } from '../../scripts/store-server/embedded.ts';
import { removeTemporaryFolders, temporaryFolder, writeTree } from './support.ts';

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const result: pg.QueryResult<Record<string, unknown>> = await client.query(text);
    return result.rows;
  } finally {
    await client.end();
  }
}

describe('the embedded store', function () {
  this.timeout(90_000);
  after(removeTemporaryFolders);

  it('keeps every committed record when PostgreSQL is killed', async () => {
    const folder = temporaryFolder();
    const first = await startEmbeddedStore(folder, 0);
    await query(first.url, 'create table event (id int primary key)');
    await query(first.url, 'insert into event select generate_series(1, 500)');
    process.kill(first.pid, 'SIGKILL');
    await first.stop();
    assert.ok(existsSync(join(folder, 'postgres', 'postmaster.pid')));
    const second = await startEmbeddedStore(folder, 0);
    try {
      assert.deepEqual(await query(second.url, 'select count(*)::int as events from event'), [{ events: 500 }]);
      assert.deepEqual(await query(second.url, "select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit"), [{ fsync: 'on', commit: 'on' }]);
    } finally {
      await second.stop();
    }
  });

  it('has a password of its own that only the owner of the folder can read', async () => {
    const folder = temporaryFolder();
    const store = await startEmbeddedStore(folder, 0);
    try {
      assert.equal(statSync(join(folder, 'store.json')).mode & 0o777, 0o600);
      const wrong = new URL(store.url);
      wrong.password = 'guess';
      await assert.rejects(query(wrong.href, 'select 1'), /password authentication failed/);
    } finally {
      await store.stop();
    }
  });

  it('is run by one process at a time', async () => {
    const folder = temporaryFolder();
    const store = await startEmbeddedStore(folder, 0);
    try {
      await assert.rejects(startEmbeddedStore(folder, 0), /is run by process \d+ already/);
    } finally {
      await store.stop();
    }
  });

  it('stops a server of its folder that outlived its starter, and leaves any other process alone', async () => {
    const folder = temporaryFolder();
    const store = await startEmbeddedStore(folder, 0);
    assert.equal(await clearStalePid(join(folder, 'postgres')), 'stopped');
    assert.equal(identityOf(store.pid), undefined);
    await store.stop();

    const other = temporaryFolder();
    writeTree(other, { 'postgres/postmaster.pid': `${process.pid}\n${join(other, 'postgres')}\n` });
    assert.equal(await clearStalePid(join(other, 'postgres')), 'removed');
    assert.equal(await clearStalePid(join(other, 'postgres')), 'none');
  });

  it('does not begin anew beside data whose password is lost', async () => {
    const folder = temporaryFolder();
    writeTree(folder, { 'postgres/PG_VERSION': '18\n' });
    await assert.rejects(startEmbeddedStore(folder, 0), /password is gone, but the data .* is still there/);
    assert.equal(readFileSync(join(folder, 'postgres', 'PG_VERSION'), 'utf8'), '18\n');
  });
});
