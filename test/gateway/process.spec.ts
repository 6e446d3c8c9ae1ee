import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { exampleDeal } from '../../starters/gateway/examples.ts';
import { readSecrets } from '../../connectors/secrets.ts';
import type { Store } from '../../store/database.ts';
import { freshStore } from '../store/support.ts';
import { canonicalRequest, secrets } from './support.ts';

const readySchema = z.looseObject({ msg: z.literal('gateway ready'), address: z.url() });

describe('gateway: as a process', function () {
  this.timeout(60_000);
  let store: Store;
  let dataDir: string;
  const children: ChildProcess[] = [];

  before(async () => {
    store = await freshStore();
    dataDir = await mkdtemp(path.join(tmpdir(), 'q2c-gateway-'));
    await writeFile(path.join(dataDir, 'credentials.json'), JSON.stringify({ canonical: { signingSecret: secrets.signingSecret }, harvest: { accessToken: 'another part\'s' } }), { mode: 0o600 });
  });
  after(async () => {
    for (const child of children) child.kill('SIGKILL');
    await store.close();
    await rm(dataDir, { recursive: true });
  });

  function start(env: Record<string, string>) {
    const child = spawn(process.execPath, ['starters/gateway/main.ts'], { env: { ...process.env, Q2C_DATA_DIR: dataDir, PORT: '0', TEMPORAL_ADDRESS: '127.0.0.1:9', LOG_LEVEL: 'info', ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    return { child, lines: createInterface({ input: child.stdout }) };
  }

  it('takes a deal over the network, keeps it, and stops in order when told to', async () => {
    const { child, lines } = start({ DATABASE_URL: store.url });
    let address = '';
    for await (const line of lines) {
      const ready = readySchema.safeParse(JSON.parse(line));
      if (!ready.success) continue;
      ({ address } = ready.data);
      break;
    }
    assert.match(address, /^http:\/\/127\.0\.0\.1:\d+$/);
    const { url, headers, payload } = canonicalRequest(exampleDeal, { at: new Date(), id: 'over-the-network' });
    const response = await fetch(new URL(url, address), { method: 'POST', headers, body: String(payload) });
    assert.equal(response.status, 202);
    const row = await store.db.selectFrom('inbox').selectAll().where('event_id', '=', 'over-the-network').executeTakeFirstOrThrow();
    assert.equal(row.business_key, exampleDeal.id);
    child.kill('SIGTERM');
    assert.deepEqual(await once(child, 'exit'), [0, null]);
  });

  it('without a store address ends with a message that says what to set', async () => {
    const { child, lines } = start({ DATABASE_URL: '' });
    const log: string[] = [];
    lines.on('line', (line) => log.push(line));
    assert.deepEqual(await once(child, 'close'), [1, null]);
    assert.match(log.join('\n'), /DATABASE_URL is not set/);
  });
});

describe('credentials', () => {
  it('are read from the data folder or from the file named by Q2C_SECRETS_FILE, and a broken file is not quoted', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'q2c-secrets-'));
    const file = path.join(folder, 'credentials.json');
    await assert.rejects(readSecrets(folder, {}), /npm start/);
    await writeFile(file, '{ "canonical": { "signingSecret": "whsec_hidden" } }');
    assert.deepEqual(await readSecrets(folder, {}), { canonical: { signingSecret: 'whsec_hidden' } });
    assert.deepEqual(await readSecrets('elsewhere', { Q2C_SECRETS_FILE: file }), { canonical: { signingSecret: 'whsec_hidden' } });
    await writeFile(file, '{ "canonical": "whsec_hidden" ');
    await assert.rejects(readSecrets(folder, {}), (error: Error) => !error.message.includes('hidden') && error.message.includes('JSON object'));
    await rm(folder, { recursive: true });
  });
});
