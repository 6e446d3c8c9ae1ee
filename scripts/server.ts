// `npm run server`: the local Temporal server of temporal-dev.yaml in the foreground.
import { setTimeout as sleep } from 'node:timers/promises';
import { dataFolder } from './data-folder.ts';
import { runInForeground } from './foreground.ts';
import { portOffset, portsFor } from './ports.ts';
import { loadTemporalConfig, toArguments } from './temporal-server/config.ts';
import { alignNamespace, temporalAnswers } from './temporal-server/namespace.ts';
import { obtainTemporalServer } from './temporal-server/obtain.ts';

async function main(): Promise<number> {
  const base = loadTemporalConfig();
  const ports = portsFor(base, portOffset(undefined));
  const config = { ...base, ports: { frontend: ports.temporal, ui: ports.ui, metrics: ports.temporalMetrics } };
  const server = await obtainTemporalServer({ version: base.cliVersion, progress: console.log });
  if (server.kind === 'address') {
    console.log(`The environment names the Temporal server ${server.address} (namespace ${server.namespace}), so no local one is started.`);
    return 0;
  }
  const address = `${config.ip}:${config.ports.frontend}`;
  return runInForeground({ command: server.path, args: toArguments(config, dataFolder()) }, async (running) => {
    while (running() && !(await temporalAnswers(address, config.namespace.name))) await sleep(200);
    if (!running()) return;
    const changes = await alignNamespace(address, config);
    if (changes.added.length > 0) console.log(`Added the search attributes ${changes.added.join(', ')}.`);
    console.log(`Temporal ${address}, web pages http://${config.ip}:${config.ports.ui}. Ctrl-C stops it.`);
  });
}

try {
  process.exit(await main());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
