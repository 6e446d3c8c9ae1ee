import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const SENDER = fileURLToPath(new URL('killed-sender.ts', import.meta.url));
const manifestSchema = z.looseObject({ file: z.looseObject({ name: z.string(), sha256: z.string() }) });

describe('A worker that is killed while it writes payroll files', function () {
  this.timeout(60_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'q2c-killed-'));
    await mkdir(join(folder, 'outgoing'));
  });
  after(async () => {
    await rm(folder, { recursive: true });
  });

  /** @param killAt the name of a file: as soon as something happens to it the sender is killed. @returns the checksum it told, empty where it was killed before */
  async function send(killAt: RegExp | null): Promise<string> {
    const child = spawn(process.execPath, [SENDER, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    await once(child.stdout, 'data');
    const exited = once(child, 'exit');
    const watching = watch(join(folder, 'outgoing'), (_event, name) => {
      if (killAt?.test(name ?? '') === true) child.kill('SIGKILL');
    });
    await exited;
    watching.close();
    return /^[0-9a-f]{64}$/m.exec(said)?.[0] ?? '';
  }

  /** Checksums of what the bureau could take up at this moment. */
  async function offered(): Promise<string[]> {
    const outgoing = join(folder, 'outgoing');
    const files = await readdir(outgoing).catch(() => []);
    const manifests = files.filter((name) => name.endsWith('.manifest.json'));
    return await Promise.all(manifests.map(async (name) => {
      const { file } = manifestSchema.parse(JSON.parse(await readFile(join(outgoing, name), 'utf8')));
      const hours = await readFile(join(outgoing, file.name));
      assert.equal(createHash('sha256').update(hours).digest('hex'), file.sha256, 'whoever sees a manifest finds its hours complete');
      return file.sha256;
    }));
  }

  it('offers the hours complete or not at all, and once', async () => {
    const left: string[] = [];
    for (const killAt of [/\.csv\.part$/, /\.csv\.part$/, /\.csv$/, /\.csv$/, /manifest\.json\.part$/, /manifest\.json\.part$/]) {
      await send(killAt);
      assert.ok((await offered()).length <= 1);
      left.push(...(await readdir(join(folder, 'outgoing'))));
    }
    assert.ok(left.some((name) => name.endsWith('.part')), 'some were killed in the middle of a file');
    const checksum = await send(null);
    assert.match(checksum, /^[0-9a-f]{64}$/);
    assert.deepEqual(await offered(), [checksum]);
    assert.deepEqual((await readdir(join(folder, 'outgoing'))).filter((name) => name.endsWith('.part')), []);
  });
});
