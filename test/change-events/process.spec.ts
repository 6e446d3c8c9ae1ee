import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, afterEach, before, describe, it } from 'mocha';
import { activateConfig, storeConfig } from '../../store/config-versions.ts';
import type { Store } from '../../store/database.ts';
import { pubSubLab, type PubSubLab } from '../connectors/salesforce/pubsub-lab.ts';
import { freshStore } from '../store/support.ts';

const main = fileURLToPath(new URL('../../starters/change-events/main.ts', import.meta.url));

describe('The subscriptions to change events as a process of their own', function () {
  this.timeout(60_000);
  let org: PubSubLab;
  let store: Store;
  let folder: string;
  const children: ChildProcess[] = [];

  before(async () => {
    [org, store, folder] = await Promise.all([pubSubLab(), freshStore(), mkdtemp(join(tmpdir(), 'q2c-change-events-'))]);
    await writeFile(join(folder, 'credentials.json'), JSON.stringify({ salesforce: org.credentials }));
    const system = { id: 'salesforce', kind: 'crm', product: 'salesforce', name: 'Salesforce', address: org.url, credentials: 'salesforce', limits: { concurrency: null, requestsPerSecond: null, timeoutSeconds: 30 }, options: org.subscribing({ ahead: 10 }) };
    await storeConfig(store.db, { hash: 'of the test', document: { systems: [system] }, files: {} });
    await activateConfig(store.db, { hash: 'of the test', by: 'test' });
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });
  after(async () => {
    await org.close();
    await store.close();
    await rm(folder, { recursive: true });
  });

  const start = (environment: Record<string, string> = {}): ChildProcess => {
    const child = spawn(process.execPath, [main], { env: { ...process.env, DATABASE_URL: store.url, Q2C_DATA_DIR: folder, TEMPORAL_ADDRESS: '127.0.0.1:1', LOG_LEVEL: 'fatal', ...environment }, stdio: 'ignore' });
    children.push(child);
    return child;
  };
  const kept = async () => (await store.db.selectFrom('inbox').select('business_key').orderBy('id').execute()).map((row) => row.business_key);
  const until = async (reached: () => Promise<boolean>): Promise<void> => {
    while (!(await reached())) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const won = (count: number) => org.deals(Array.from({ length: count }, () => ({ StageName: 'Closed Won' })));

  it('lose and double nothing when the process is killed while events come in', async () => {
    const first = start();
    await until(async () => (await store.db.selectFrom('watermark').select('name').execute()).length > 0);
    const ids = [...(await won(60))];
    await until(async () => (await kept()).length > 0);
    first.kill('SIGKILL');
    await once(first, 'exit');
    ids.push(...(await won(40)));
    const second = start();
    await until(async () => (await kept()).length >= ids.length);
    second.kill('SIGTERM');
    assert.deepEqual(await once(second, 'exit'), [0, null]);
    assert.deepEqual(await kept(), ids);
  });

  it('say what is missing where there is no store', async () => {
    const child = start({ DATABASE_URL: '' });
    assert.deepEqual(await once(child, 'exit'), [1, null]);
  });
});
