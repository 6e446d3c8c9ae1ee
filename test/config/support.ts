import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONFIG_DIR } from '../builders/firm.ts';

/** A copy of the example firm's configuration that a test may spoil or extend. */
export interface ConfigCopy {
  readonly dir: string;
  edit(file: string, change: (text: string) => string): Promise<void>;
  append(file: string, text: string): Promise<void>;
  remove(): Promise<void>;
}

export async function copyOfConfig(): Promise<ConfigCopy> {
  const parent = await mkdtemp(join(tmpdir(), 'q2c-config-'));
  const dir = join(parent, 'config');
  await cp(CONFIG_DIR, dir, { recursive: true });
  async function edit(file: string, change: (text: string) => string): Promise<void> {
    const before = await readFile(join(dir, file), 'utf8');
    const after = change(before);
    if (after === before) throw new Error(`the edit changed nothing in ${file}`);
    await writeFile(join(dir, file), after);
  }
  return { dir, edit, append: (file, text) => edit(file, (before) => `${before}${text}`), remove: () => rm(parent, { recursive: true, force: true }) };
}
