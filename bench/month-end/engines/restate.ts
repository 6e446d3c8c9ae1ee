import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lastingPorts } from '../../support/installation.ts';
import { startProcess } from '../../support/processes.ts';
import type { Engine } from './engine.ts';
import { startPeer } from './peer.ts';

const require = createRequire(import.meta.url);

/** Restate: one workflow for each timesheet, a server of one node with its data on disk. */
export const restateEngine: Engine = {
  name: 'restate',
  title: 'Restate',
  settings: 'Restate server of one node with its default durable log on disk (RocksDB, write-ahead log with fsync), outcomes in PostgreSQL with fsync and synchronous_commit on; its limits on invocations as they come; the ERP\'s limit held by the connector',
  start: (ground) => startPeer({
    name: 'restate',
    file: 'bench/month-end/peers/restate.ts',
    async prepare({ dataDir }) {
      const [ingress = 0, admin = 0, node = 0, service = 0] = await lastingPorts(4);
      const local = (port: number) => `http://127.0.0.1:${port}`;
      const folder = join(dataDir, 'restate');
      const configFile = join(dataDir, 'restate.toml');
      await writeFile(configFile, [
        'cluster-name = "bench"',
        'node-name = "bench"',
        `base-dir = ${JSON.stringify(folder)}`,
        'listen-mode = "tcp"',
        `bind-address = "127.0.0.1:${node}"`,
        `advertised-address = "${local(node)}/"`,
        'disable-telemetry = true',
        'log-filter = "warn"',
        '[ingress]',
        `bind-address = "127.0.0.1:${ingress}"`,
        '[admin]',
        `bind-address = "127.0.0.1:${admin}"`,
        '',
      ].join('\n'));
      return {
        engine: { ingress: local(ingress), servicePort: String(service) },
        startServer: () => startProcess({
          name: 'restate-server',
          // The npm command is a launcher; a crash has to strike the server itself.
          command: require.resolve(`@restatedev/restate-server-${platform()}-${arch()}/bin/restate-server`),
          args: ['--no-logo', '--config-file', configFile],
          dataDir,
          environment: {},
          ready: async () => (await fetch(`${local(admin)}/health`)).ok && (await fetch(`${local(ingress)}/restate/health`)).ok,
        }),
        async introduce() {
          const answer = await fetch(`${local(admin)}/deployments`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ uri: local(service) }) });
          const text = await answer.text();
          if (!answer.ok) throw new Error(`Restate does not take the service: ${answer.status} ${text}`);
        },
        keeps: [folder],
      };
    },
  }, ground),
};
