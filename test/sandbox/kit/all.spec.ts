import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startSandboxes } from '../../../sandbox/all.ts';
import { Credentials, ensureCredentials } from '../../../sandbox/credentials.ts';

const MAIN = fileURLToPath(new URL('../../../sandbox/main.ts', import.meta.url));

describe('all sandboxes', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'q2c-sandboxes-'));
  const running: ChildProcess[] = [];
  after(() => {
    for (const child of running) child.kill('SIGKILL');
    rmSync(dataDir, { recursive: true, force: true });
  });

  async function startProcess(): Promise<{ child: ChildProcess; url: string; complaints: () => string }> {
    const child = spawn(process.execPath, [MAIN, '--only', 'hubspot'], {
      env: { ...process.env, Q2C_DATA_DIR: dataDir, Q2C_PORT_OFFSET: '24870' },
    });
    running.push(child);
    let complaints = '';
    child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
    const [line]: unknown[] = await once(child.stdout, 'data');
    return { child, url: /http:\S+/.exec(String(line))?.[0] ?? '', complaints: () => complaints };
  }

  it('make the credentials of every system once, readable by their owner only', () => {
    const first = ensureCredentials(dataDir);
    assert.deepEqual(ensureCredentials(dataDir), first);
    assert.deepEqual(Credentials.parse(JSON.parse(readFileSync(join(dataDir, 'credentials.json'), 'utf8'))), first);
    if (process.platform !== 'win32') assert.equal(statSync(join(dataDir, 'credentials.json')).mode & 0o777, 0o600);
  });

  it('start together on free ports, each with its own page', async () => {
    const sandboxes = await startSandboxes({ only: ['salesforce', 'hubspot'] });
    try {
      for (const { name, url } of sandboxes.running) {
        const page = await fetch(url);
        assert.equal(page.status, 200, name);
        assert.match(await page.text(), /<!DOCTYPE html>/);
      }
      assert.throws(() => sandboxes.url('harvest'), /was not started/);
    } finally {
      await sandboxes.close();
    }
  });

  it('lose no answered write when their process is killed, and stop at once when asked to', async function () {
    this.timeout(60_000);
    const { accessToken } = ensureCredentials(dataDir).hubspot;
    const headers = { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' };
    const first = await startProcess();
    const written = await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        const answer = await fetch(`${first.url}/crm/v3/objects/deals`, {
          method: 'POST',
          headers,
          body: JSON.stringify({ properties: { dealname: `Deal ${n}` } }),
        });
        const body: unknown = await answer.json();
        return typeof body === 'object' && body !== null && 'id' in body ? String(body.id) : '';
      }),
    );
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');

    const second = await startProcess();
    for (const id of written) assert.equal((await fetch(`${second.url}/crm/v3/objects/deals/${id}`, { headers })).status, 200);
    second.child.kill('SIGTERM');
    const [code]: unknown[] = await once(second.child, 'exit');
    assert.equal(code, 0);
    assert.equal(second.complaints(), '');
  });
});
