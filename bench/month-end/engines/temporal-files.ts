import { join } from 'node:path';
import { loadTemporalConfig } from '../../../scripts/temporal-server/config.ts';

/** The database of a local Temporal server with its write-ahead log. */
export function temporalFiles(dataDir: string): string[] {
  const file = join(dataDir, loadTemporalConfig().database.file);
  return [file, `${file}-wal`, `${file}-shm`];
}
