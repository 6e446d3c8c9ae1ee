import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const projectFolder = join(import.meta.dirname, '..');

/** The folder with all run-time state: Q2C_DATA_DIR, else .data of this checkout. Made if it is missing. */
export function dataFolder(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const given = environment['Q2C_DATA_DIR'];
  const folder = given === undefined || given === '' ? join(projectFolder, '.data') : resolve(given);
  mkdirSync(folder, { recursive: true });
  return folder;
}
