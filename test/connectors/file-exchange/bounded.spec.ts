import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bounded } from '../../../connectors/file-exchange/bounded.ts';
import { localFolder } from '../../../connectors/file-exchange/local-folder.ts';
import { FileTooLarge } from '../../../connectors/file-exchange/transport.ts';

const MOST = 256 * 1024;

describe('A file that has more than it was said to have', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'q2c-bounded-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));
  const read = (path: string) => localFolder(folder).use(new AbortController().signal, (session) => session.read(path, MOST));

  it('is left at the bound: a device of no size that never ends', async function () {
    if (process.platform === 'win32') this.skip();
    await symlink('/dev/zero', join(folder, 'endless'));
    await assert.rejects(read('endless'), FileTooLarge);
  });

  it('is left at the bound, whatever the server that sends it said, and no more is asked of it', async () => {
    let given = 0;
    let ended = false;
    async function* server(): AsyncGenerator<Buffer> {
      try {
        for (;;) {
          await Promise.resolve();
          given += 1;
          yield Buffer.alloc(64 * 1024);
        }
      } finally {
        ended = true;
      }
    }
    await assert.rejects(bounded('a.ack.csv', server(), MOST), FileTooLarge);
    assert.deepEqual([given, ended], [5, true]);
  });

  it('is read whole up to the bound', async () => {
    const content = Buffer.alloc(MOST, 7);
    await writeFile(join(folder, 'full'), content);
    assert.deepEqual((await read('full'))?.content, content);
  });
});
