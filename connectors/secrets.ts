import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

/** Each system's credentials, unparsed: whoever uses a system parses its entry by its own schema. */
export type Secrets = Readonly<Record<string, unknown>>;

const credentialsSchema = z.record(z.string(), z.unknown());
const secretsSchema = z.record(z.string(), credentialsSchema);

/** The folder with all run-time state: `Q2C_DATA_DIR`, or `.data` in the working directory. */
export function dataDirectory(env: NodeJS.ProcessEnv = process.env): string {
  return path.resolve(env['Q2C_DATA_DIR'] ?? '.data');
}

/**
 * Reads the credentials from the file named by `Q2C_SECRETS_FILE`, or `credentials.json` in the data folder.
 * One system's may come from the environment instead: Q2C_SECRET_NETSUITE='{"accountId": …}'.
 * @throws Error saying what is wrong with the file or variable; never its content.
 */
export async function readSecrets(dataDir: string, env: NodeJS.ProcessEnv = process.env): Promise<Secrets> {
  const named = env['Q2C_SECRETS_FILE'];
  const file = named ?? path.join(dataDir, 'credentials.json');
  const what = named === undefined ? 'credentials.json in the data folder' : 'the file named by Q2C_SECRETS_FILE';
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new Error(`${what} cannot be read: run "npm start" once to have it made, or set Q2C_SECRETS_FILE to your own`, { cause: error });
  });
  const parsed = secretsSchema.safeParse(jsonOrUndefined(text));
  if (!parsed.success) throw new Error(`${what} is not a JSON object of { "<system>": { … } }: mend it or let "npm start" make it anew`);
  return { ...parsed.data, ...secretsOfEnvironment(env) };
}

function secretsOfEnvironment(env: NodeJS.ProcessEnv): Secrets {
  const found: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(env)) {
    const system = /^Q2C_SECRET_([A-Z0-9_]+)$/.exec(name)?.[1];
    if (system === undefined) continue;
    const credentials = credentialsSchema.safeParse(jsonOrUndefined(value ?? ''));
    if (!credentials.success) throw new Error(`${name} is not a JSON object of credentials: mend it or unset it`);
    found[system.toLowerCase().replaceAll('_', '-')] = credentials.data;
  }
  return found;
}

/** A parse error would quote the text around it, which is secret. */
function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
