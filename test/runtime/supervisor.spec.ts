import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endLeftovers, recordRun } from '../../scripts/leftovers.ts';
import { tryLock } from '../../scripts/lock.ts';
import { identityOf, isRunning, type ProcessIdentity } from '../../scripts/processes.ts';
import { supervise, type Part } from '../../scripts/supervisor.ts';
import { removeTemporaryFolders, temporaryFolder } from './support.ts';

/** A part whose process writes its number and name to files of the folder and then waits; on Ctrl-C it notes its end. */
function part(folder: string, name: string, needs: readonly string[] = [], script = ''): Part {
  const ready = join(folder, `${name}.pid`);
  const program = `
    const { writeFileSync, appendFileSync } = require('node:fs');
    process.on('SIGINT', () => { appendFileSync(${JSON.stringify(join(folder, 'ends'))}, '${name} '); process.exit(0); });
    appendFileSync(${JSON.stringify(join(folder, 'starts'))}, '${name} ');
    ${script}
    writeFileSync(${JSON.stringify(ready)}, String(process.pid));
    setInterval(() => {}, 1000);`;
  return {
    name, needs, readyWithinMs: 10_000,
    launch: () => Promise.resolve({ command: process.execPath, args: ['-e', program] }),
    ready: () => Promise.resolve(existsSync(ready) && identityOf(Number(readFileSync(ready, 'utf8'))) !== undefined),
  };
}

function pidOf(folder: string, name: string): number {
  return Number(readFileSync(join(folder, `${name}.pid`), 'utf8'));
}

const settings = (dataDir: string, lines: string[] = []) => ({
  dataDir, runId: `test-${Math.random()}`, restart: true, signal: new AbortController().signal,
  tell: (line: string) => lines.push(line),
  onLost: () => undefined,
});

async function until(condition: () => boolean, withinMs = 10_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!condition()) {
    assert.ok(Date.now() < deadline, 'did not happen in time');
    await sleep(50);
  }
}

describe('what npm start starts', () => {
  after(removeTemporaryFolders);

  it('comes up after what it needs and goes down before it', async () => {
    const folder = temporaryFolder();
    const supervisor = await supervise([part(folder, 'store'), part(folder, 'worker', ['store']), part(folder, 'gateway', ['worker'])], settings(folder));
    await supervisor.stop();
    assert.equal(readFileSync(join(folder, 'starts'), 'utf8'), 'store worker gateway ');
    assert.equal(readFileSync(join(folder, 'ends'), 'utf8'), 'gateway worker store ');
  });

  it('is started again when it is killed', async () => {
    const folder = temporaryFolder();
    const lines: string[] = [];
    const supervisor = await supervise([part(folder, 'worker')], settings(folder, lines));
    try {
      const first = pidOf(folder, 'worker');
      process.kill(first, 'SIGKILL');
      await until(() => pidOf(folder, 'worker') !== first);
      assert.ok(lines.some((line) => line.startsWith('worker ended (SIGKILL); starting it again in 1 s')));
    } finally {
      await supervisor.stop();
    }
  });

  it('is tried again and again when it does not come up the second time', async function () {
    this.timeout(30_000);
    const folder = temporaryFolder();
    const lines: string[] = [];
    const broken = join(folder, 'broken');
    const supervisor = await supervise([part(folder, 'worker', [], `if (require('node:fs').existsSync(${JSON.stringify(broken)})) process.exit(7);`)], settings(folder, lines));
    try {
      const first = pidOf(folder, 'worker');
      writeFileSync(broken, '');
      process.kill(first, 'SIGKILL');
      await until(() => lines.some((line) => /worker ended before it was ready \(exit code 7\)/.test(line)));
      rmSync(broken);
      await until(() => lines.includes('worker runs again'));
      assert.notEqual(pidOf(folder, 'worker'), first);
    } finally {
      await supervisor.stop();
    }
  });

  it('is named with the end of its log when it does not come up, and the others are stopped', async () => {
    const folder = temporaryFolder();
    const parts = [part(folder, 'store'), part(folder, 'gateway', ['store'], "console.error('DATABASE_URL is not set'); process.exit(3);")];
    await assert.rejects(supervise(parts, settings(folder)), /gateway ended before it was ready \(exit code 3\)[\s\S]*DATABASE_URL is not set/);
    assert.equal(identityOf(pidOf(folder, 'store')), undefined);
  });

  it('is ended at the next start when the first was killed', async () => {
    const folder = temporaryFolder();
    const left = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    const identity = identityOf(left.pid ?? 0);
    assert.ok(identity !== undefined);
    recordRun(folder, { runId: 'killed', parts: [{ name: 'worker', ...identity }] });
    assert.deepEqual(await endLeftovers(folder), ['worker']);
    assert.ok(!isRunning(identity));
    assert.ok(!existsSync(join(folder, 'pids.json')));
  });

  it("never touches somebody else's process that was given the number of one of ours", async () => {
    const folder = temporaryFolder();
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    const identity = identityOf(other.pid ?? 0);
    assert.ok(identity !== undefined);
    try {
      recordRun(folder, { runId: 'killed', parts: [{ name: 'worker', pid: identity.pid, startedAt: 'another boot:1' }] });
      assert.deepEqual(await endLeftovers(folder), []);
      assert.ok(isRunning(identity));
    } finally {
      other.kill('SIGKILL');
      await once(other, 'exit');
    }
  });
});

describe('the lock of a data folder', () => {
  after(removeTemporaryFolders);

  it('is held by one process at a time', () => {
    const path = join(temporaryFolder(), 'start.lock');
    const first = tryLock(path);
    assert.equal(first.kind, 'held');
    const second = tryLock(path);
    assert.ok(second.kind === 'taken' && second.by.pid === process.pid);
    if (first.kind === 'held') first.lock.release();
    assert.equal(tryLock(path).kind, 'held');
  });

  it('is free again when its holder was killed, also when the number of that process is in use again', () => {
    const ended = spawnSync(process.execPath, ['-e', '']).pid;
    for (const holder of [{ pid: ended, startedAt: 'boot:1' }, { pid: process.pid, startedAt: 'an earlier process' }] satisfies ProcessIdentity[]) {
      const path = join(temporaryFolder(), 'start.lock');
      writeFileSync(path, JSON.stringify(holder));
      assert.equal(tryLock(path).kind, 'held');
    }
  });
});
