import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import type { LegacyOptions } from './options.ts';

/** The ERP's side of the folders: what it writes is there whole or not at all. */
export function openFiles({ folder, encoding }: LegacyOptions) {
  const at = (path: string) => join(folder, path);
  const content = (records: readonly (readonly (string | number)[])[]) => Buffer.from(stringify(records.map((record) => [...record]), { record_delimiter: 'windows' }), encoding === 'utf-8' ? 'utf8' : 'latin1');
  return {
    encoding,
    content,
    async prepare(): Promise<void> {
      for (const name of ['in', 'done', 'failed', 'out/old']) await mkdir(at(name), { recursive: true });
    },
    list: (name: string) => readdir(at(name)),
    read: (path: string) => readFile(at(path)),
    readIfThere: (path: string) => readFile(at(path)).catch(() => undefined),
    changedAt: async (path: string) => (await stat(at(path))).mtimeMs,
    async write(path: string, bytes: Buffer): Promise<void> {
      await mkdir(dirname(at(path)), { recursive: true });
      await writeFile(`${at(path)}.tmp`, bytes);
      await rename(`${at(path)}.tmp`, at(path));
    },
    /** Also where it is moved already. */
    move: (from: string, to: string) => rename(at(from), at(to)).catch(() => undefined),
    remove: (path: string) => rm(at(path), { force: true }),
  };
}

export type Files = ReturnType<typeof openFiles>;
