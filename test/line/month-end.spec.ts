import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, describe, it } from 'mocha';
import { projectFolder } from '../../scripts/data-folder.ts';
import { endLeftovers } from '../../scripts/leftovers.ts';
import { busyPorts, portsFor } from '../../scripts/ports.ts';
import { loadTemporalConfig } from '../../scripts/temporal-server/config.ts';

const CONSULTANTS = 60;

describe('npm start -- --month-end', function () {
  this.timeout(300_000);
  let dataDir = '';
  let offset = 0;
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'q2c-month-'));
    offset = await freeOffset();
  });
  after(async () => {
    await endLeftovers(join(dataDir, 'month-end'));
    await rm(dataDir, { recursive: true, force: true });
  });

  /** Runs it as a user does, to its end. */
  async function monthEnd(): Promise<{ readonly code: number | null; readonly said: string }> {
    const child = spawn(process.execPath, [join(projectFolder, 'scripts', 'start.ts'), '--month-end', '--consultants', String(CONSULTANTS), '--port-offset', String(offset)], {
      cwd: projectFolder,
      env: { ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(TEMPORAL_|Q2C_|DATABASE_URL|PORT$)/.test(name) || name === 'Q2C_CACHE_DIR')), Q2C_DATA_DIR: dataDir },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
    const limit = new AbortController();
    const code = await Promise.race([new Promise<number | null>((resolve) => child.once('exit', resolve)), delay(140_000, undefined, { signal: limit.signal, ref: false }).catch(() => undefined)]);
    limit.abort();
    if (code !== undefined) return { code, said };
    child.kill('SIGINT');
    throw new Error(`the month has not come to its end; it said:\n${said}`);
  }

  const linesOf = (said: string) => said.split('\n').filter((row) => / {2}(agrees|DIFFERS)/.test(row)).map((row) => row.trim());

  it('posts a month that reconciles to the cent with what the ERP says, and changes nothing when it is run again', async () => {
    const first = await monthEnd();
    assert.equal(first.code, 0, first.said);
    const timesheets = Number(/about (\d+) timesheets/.exec(first.said)?.[1]);
    assert.ok(timesheets >= CONSULTANTS * 4, first.said);
    const [, lines, received, known, invalid] = /(\d+) timesheets came in: (\d+) new, (\d+) known before, (\d+) unreadable/.exec(first.said) ?? [];
    assert.equal(Number(received) + Number(known) + Number(invalid), Number(lines), 'every line sent has an answer');
    assert.ok(Number(received) > 0);
    assert.match(first.said, /reconciles/i);
    const books = linesOf(first.said);
    assert.ok(books.length > 1 && books.every((row) => row.endsWith('agrees')), books.join('\n'));

    const second = await monthEnd();
    assert.equal(second.code, 0, second.said);
    const [, , newlyReceived, knownThen] = /(\d+) timesheets came in: (\d+) new, (\d+) known before, (\d+) unreadable/.exec(second.said) ?? [];
    assert.deepEqual([Number(newlyReceived), Number(knownThen)], [0, Number(received) + Number(known)], 'everything is known');
    assert.deepEqual(linesOf(second.said), books, 'the ERP has what it had');
  });
});

/** An offset at which all ports are free now. */
async function freeOffset(): Promise<number> {
  const config = loadTemporalConfig();
  for (;;) {
    const offset = 10_000 + Math.floor(Math.random() * 20_000);
    if ((await busyPorts(portsFor(config, offset), ['temporal', 'ui', 'temporalMetrics', 'store', 'gateway', 'console', 'salesforce', 'hubspot', 'netsuite', 'harvest', 'workerMetrics'])).length === 0) return offset;
  }
}
