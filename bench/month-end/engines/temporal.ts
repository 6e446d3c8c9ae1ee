import { loadTemporalConfig } from '../../../scripts/temporal-server/config.ts';
import { lastingPorts } from '../../support/installation.ts';
import type { Engine } from './engine.ts';
import { startPeer } from './peer.ts';
import { startTemporalServer, TEMPORAL_SERVER, temporalFiles } from './temporal-server.ts';

/** Plain Temporal: one workflow for each timesheet, on the very server settings our own line has. */
export const temporalEngine: Engine = {
  name: 'temporal',
  title: 'plain Temporal',
  settings: `${TEMPORAL_SERVER}, the same as ours; outcomes in PostgreSQL with fsync and synchronous_commit on; a worker with the SDK's default limits; the ERP's limit held by the connector`,
  start: (ground) => startPeer({
    name: 'temporal',
    file: 'bench/month-end/peers/temporal.ts',
    async prepare({ dataDir, tell }) {
      const [port = 0] = await lastingPorts(1);
      return {
        engine: { address: `127.0.0.1:${port}`, namespace: loadTemporalConfig().namespace.name },
        startServer: () => startTemporalServer({ dataDir, port, tell }),
        keeps: temporalFiles(dataDir),
      };
    },
  }, ground),
};
