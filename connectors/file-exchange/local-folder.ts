import { mkdir, open, readdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { bounded } from './bounded.ts';
import { FileTooLarge, temporaryName, type FileSession, type FileTransport } from './transport.ts';

/** Files in a folder of this machine or a mounted share. */
export function localFolder(folder: string): FileTransport {
  const session: FileSession = {
    async read(path, mostBytes) {
      const file = await open(join(folder, path), 'r').catch(nullWhereMissing);
      if (file === null) return null;
      try {
        const { size, mtimeMs } = await file.stat();
        if (size > mostBytes) throw new FileTooLarge(`${path} has ${size} bytes`);
        return { content: await bounded(path, file.createReadStream({ autoClose: false }), mostBytes), modifiedAt: mtimeMs };
      } finally {
        await file.close();
      }
    },

    async list(name) {
      const entries = await readdir(join(folder, name), { withFileTypes: true }).catch(nullWhereMissing);
      return entries === null ? null : entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
    },

    async publish(path, content) {
      const target = join(folder, path);
      await mkdir(dirname(target), { recursive: true });
      const file = await open(temporaryName(target), 'w', 0o640);
      try {
        await file.writeFile(content);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporaryName(target), target);
      await flushFolder(dirname(target));
    },
  };
  return { use: async (_signal, work) => await work(session) };
}

/** A rename is on disk once its folder is. Windows cannot open folders, and needs not. */
async function flushFolder(folder: string): Promise<void> {
  const opened = await open(folder, 'r').catch(() => undefined);
  await opened?.sync().catch(() => undefined);
  await opened?.close();
}

function nullWhereMissing(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
  throw error;
}
