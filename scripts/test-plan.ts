import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { importsOf } from './check-imports.ts';

/** The spec files of one folder, or a part of them, which run in one process. */
export interface Suite {
  /** The folder below test/, e.g. "connectors/netsuite". */
  readonly folder: string;
  /** The folder, with the part's number where it has several. */
  readonly name: string;
  readonly files: readonly string[];
  /** It starts a Temporal server, a store or Tryton. */
  readonly needsServers: boolean;
}

/** A folder whose specs start servers runs in parts of so many files at the most: they can go on beside each other. */
const FILES_OF_A_PART = 4;

const serverStarters = /(^|\/)scripts\/((temporal-server|store-server|tryton)\/|test-store\.ts$)/;

/** The spec files by folder; those that need no server first, so that a wrong rule shows within seconds. */
export function planSuites(root: string): Suite[] {
  const test = join(root, 'test');
  const byFolder = new Map<string, string[]>();
  for (const file of filesBelow(test).filter((path) => path.endsWith('.spec.ts')).toSorted()) {
    const folder = relative(test, dirname(file)).replaceAll('\\', '/') || '.';
    byFolder.set(folder, [...(byFolder.get(folder) ?? []), file]);
  }
  const known = new Map<string, boolean>();
  const suites = [...byFolder].flatMap(([folder, files]) => {
    const needsServers = files.some((file) => reachesServers(file, root, known));
    return inParts(files, needsServers ? FILES_OF_A_PART : files.length).map((part, index, { length }) => ({ folder, name: length === 1 ? folder : `${folder} ${index + 1}/${length}`, files: part, needsServers }));
  });
  return suites.toSorted((a, b) => Number(a.needsServers) - Number(b.needsServers) || a.name.localeCompare(b.name));
}

/** Parts of nearly the same size, neighbours in different ones: specs of one kind are often named alike and take as long. */
function inParts(files: readonly string[], most: number): string[][] {
  const count = Math.ceil(files.length / most);
  return Array.from({ length: count }, (_, part) => files.filter((__, index) => index % count === part));
}

/** Whether a file of test/ imports, directly or through others of test/, what starts a server. */
function reachesServers(file: string, root: string, known: Map<string, boolean>): boolean {
  const before = known.get(file);
  if (before !== undefined) return before;
  known.set(file, false);
  const found = importsOf(readOrEmpty(file)).some(({ specifier, typeOnly }) => {
    if (typeOnly || !specifier.startsWith('.')) return false;
    const target = resolve(dirname(file), specifier);
    const shown = relative(root, target).replaceAll('\\', '/');
    return serverStarters.test(shown) || (shown.startsWith('test/') && reachesServers(target, root, known));
  });
  known.set(file, found);
  return found;
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)]));
}
