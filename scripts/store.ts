// `npm run store`: the embedded PostgreSQL in the foreground.
import { setTimeout as sleep } from 'node:timers/promises';
import { dataFolder } from './data-folder.ts';
import { runInForeground } from './foreground.ts';
import { portOffset, portsFor } from './ports.ts';
import { finishStore, prepareStore } from './store-server/embedded.ts';
import { loadTemporalConfig } from './temporal-server/config.ts';

async function main(): Promise<number> {
  const given = process.env['DATABASE_URL'];
  if (given !== undefined && given !== '') {
    console.log('DATABASE_URL names a PostgreSQL of your own, so no embedded one is started.');
    return 0;
  }
  const port = portsFor(loadTemporalConfig(), portOffset(undefined)).store;
  const prepared = await prepareStore(dataFolder(), port);
  try {
    return await runInForeground(prepared, async (running) => {
      while (running() && !(await finishStore(prepared.url))) await sleep(100);
      if (running()) console.log(`The store is ready, for this machine only. Ctrl-C stops it.\nDATABASE_URL=${prepared.url}`);
    });
  } finally {
    prepared.release();
  }
}

try {
  process.exit(await main());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
