import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { importsOf } from './check-imports.ts';

export interface Suite {
  /** The folder below test/, e.g. "connectors/netsuite". */
  readonly name: string;
  readonly files: readonly string[];
  /** It starts a Temporal server, a store or Tryton. */
  readonly needsServers: boolean;
}

const serverStarters = /(^|\/)scripts\/(temporal-server|store-server|tryton)\//;

/** The spec files by folder; those that need no server first, so that a wrong rule shows within seconds. */
export function planSuites(root: string): Suite[] {
  const test = join(root, 'test');
  const byFolder = new Map<string, string[]>();
  for (const file of filesBelow(test).filter((path) => path.endsWith('.spec.ts')).toSorted()) {
    const folder = relative(test, dirname(file)).replaceAll('\\', '/') || '.';
    byFolder.set(folder, [...(byFolder.get(folder) ?? []), file]);
  }
  const known = new Map<string, boolean>();
  const suites = [...byFolder].map(([name, files]) => ({ name, files, needsServers: files.some((file) => reachesServers(file, root, known)) }));
  return suites.toSorted((a, b) => Number(a.needsServers) - Number(b.needsServers) || a.name.localeCompare(b.name));
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
