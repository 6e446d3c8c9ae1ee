import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const secretsSchema = z.record(z.string(), z.record(z.string(), z.unknown()));
export type Secrets = z.infer<typeof secretsSchema>;

/**
 * Credentials by name: from the file Q2C_SECRETS_FILE names (a mounted secret, in production), else .data/credentials.json, which the sandboxes fill.
 * A name may be overridden by the environment: Q2C_SECRET_NETSUITE='{"accountId": …}'.
 * @throws Error when the file is there but not readable as such
 */
export async function readSecrets(dataDir: string, environment: NodeJS.ProcessEnv = process.env): Promise<Secrets> {
  const file = environment['Q2C_SECRETS_FILE'] ?? join(dataDir, 'credentials.json');
  const secrets = secretsSchema.parse(JSON.parse((await readOrNothing(file)) ?? '{}'));
  for (const [name, value] of Object.entries(environment)) {
    const system = /^Q2C_SECRET_([A-Z0-9_]+)$/.exec(name)?.[1];
    if (system !== undefined && value !== undefined) secrets[system.toLowerCase().replaceAll('_', '-')] = z.record(z.string(), z.unknown()).parse(JSON.parse(value));
  }
  return secrets;
}

async function readOrNothing(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
