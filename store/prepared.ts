import type { Pool, PoolClient } from 'pg';
import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';

const PREPARED = /^\s*\/\* prepared: ([a-z_]{1,60}) \*\//;

/**
 * Lets the statements of the hot path be parsed and planned once per connection: a statement that begins with the comment
 * `prepared: <name>` is sent as a named query. Its text must be the same each time.
 */
export function preparingPool(pool: Pool): PostgresPool {
  const wrapped = new WeakMap<PoolClient, PostgresPoolClient>();
  return {
    async connect() {
      const client = await pool.connect();
      const known = wrapped.get(client) ?? preparingClient(client);
      wrapped.set(client, known);
      return known;
    },
    end: () => pool.end(),
  };
}

function preparingClient(client: PoolClient): PostgresPoolClient {
  // The pool listens to idle connections only: one that is lost between two statements of a transaction would else end the process. The next statement fails.
  client.on('error', () => undefined);
  function query<R>(text: string, values: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  function query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  function query(first: unknown, values: readonly unknown[] = []): unknown {
    if (typeof first !== 'string') throw new TypeError('the store reads in pages, not by cursors');
    const name = PREPARED.exec(first)?.[1];
    return client.query({ ...(name === undefined ? {} : { name }), text: first, values: [...values] });
  }
  return { query, release: () => client.release() };
}
