import { join } from 'node:path';
import { loadTemporalConfig } from '../../../scripts/temporal-server/config.ts';
import { startTemporal, type RunningTemporal } from '../../../scripts/temporal-server/start.ts';

/** Of the Temporal server that our line and plain Temporal each have: on disk at every commit, as PostgreSQL and Restate are. */
export const TEMPORAL_SERVER = 'Temporal dev server with the settings of temporal-dev.yaml, but durable at every commit (SQLite file, write-ahead log with fsync: synchronous=full)';

export async function startTemporalServer(place: { readonly dataDir: string; readonly port: number; readonly tell: (line: string) => void }): Promise<RunningTemporal> {
  return await startTemporal({ dataDir: place.dataDir, port: place.port, progress: place.tell, pragmas: { synchronous: 'full' } });
}

/** The database of a local Temporal server with its write-ahead log. */
export function temporalFiles(dataDir: string): string[] {
  const file = join(dataDir, loadTemporalConfig().database.file);
  return [file, `${file}-wal`, `${file}-shm`];
}
