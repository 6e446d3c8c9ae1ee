import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const credentialsSchema = z.record(z.string(), z.record(z.string(), z.unknown()));

/** The test credentials of this installation's local systems; sandbox/credentials.ts makes them and owns their shapes. */
export function readCredentials(dataDir: string): z.infer<typeof credentialsSchema> {
  const file = join(dataDir, 'credentials.json');
  return existsSync(file) ? credentialsSchema.parse(JSON.parse(readFileSync(file, 'utf8'))) : {};
}
