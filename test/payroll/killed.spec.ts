import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const SENDER = fileURLToPath(new URL('killed-sender.ts', import.meta.url));
/** Where it is killed, one after the other; what is left each time is found by the next. */
const MOMENTS = [['half-written', '.csv.part'], ['written', '.csv.part'], ['renamed', '.csv'], ['half-written', '.manifest.json.part'], ['written', '.manifest.json.part']] as const;
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

  /** @param killed where the sender ends; it goes through unless told. @returns the checksum it told, empty where it was killed before */
  async function send(...killed: readonly string[]): Promise<string> {
    const child = spawn(process.execPath, [SENDER, folder, ...killed], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    assert.equal(child.signalCode, killed.length === 0 ? null : 'SIGKILL', killed.join(' '));
    return said.trim();
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
    for (const [moment, file] of MOMENTS) {
      await send(moment, file);
      assert.deepEqual(await offered(), [], `${moment} ${file}`);
      left.push(...(await readdir(join(folder, 'outgoing'))));
    }
    assert.ok(left.some((name) => name.endsWith('.part')), 'some were killed in the middle of a file');
    await send('renamed', '.manifest.json');
    const seen = await offered();
    const checksum = await send();
    assert.match(checksum, /^[0-9a-f]{64}$/);
    assert.deepEqual([seen, await offered()], [[checksum], [checksum]]);
    assert.deepEqual((await readdir(join(folder, 'outgoing'))).filter((name) => name.endsWith('.part')), []);
  });
});
