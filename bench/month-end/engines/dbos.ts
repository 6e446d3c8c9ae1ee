import pg from 'pg';
import type { Engine } from './engine.ts';
import { startPeer } from './peer.ts';

const SYSTEM_DATABASE = 'timesheets_dbos_sys';
/**
 * What gave the most timesheets per second here of what was tried (15 to 100 workflows at a time, looked for every 10 to 1,000 ms): a queue starts at most
 * as many workflows as are free each time it looks, by default once a second.
 */
const WORKER_CONCURRENCY = 100;
const POLLING_MS = 50;

/** DBOS: one workflow for each timesheet on a queue, its system database in the PostgreSQL server that keeps the outcomes. */
export const dbosEngine: Engine = {
  name: 'dbos',
  title: 'DBOS',
  settings: `DBOS in PostgreSQL with fsync and synchronous_commit on, which keeps the outcomes too; a queue of ${WORKER_CONCURRENCY} workflows at a time, looked at every ${POLLING_MS} ms (by default every second); the ERP's limit held by the connector`,
  start: (ground) => startPeer({
    name: 'dbos',
    file: 'bench/month-end/peers/dbos.ts',
    async prepare({ storeUrl }) {
      const client = new pg.Client({ connectionString: storeUrl });
      await client.connect();
      await client.query(`create database ${SYSTEM_DATABASE}`).finally(() => client.end());
      const systemDatabase = new URL(storeUrl);
      systemDatabase.pathname = `/${SYSTEM_DATABASE}`;
      return { engine: { systemDatabaseUrl: systemDatabase.href, workerConcurrency: String(WORKER_CONCURRENCY), pollingMs: String(POLLING_MS) }, keeps: [] };
    },
  }, ground),
};
