import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { connectorOptionSchemas } from '../connectors/options.ts';
import { activateFirmConfig } from '../starters/config/activate.ts';
import { loadFirmConfig, type ConfigMistake } from '../starters/config/load.ts';
import { openStore } from '../store/database.ts';
import { migrateStore } from '../store/migrate.ts';
import { projectFolder } from './data-folder.ts';

/**
 * Brings the store to the newest migration and makes the files under config/ the configuration in force.
 * @throws Error listing every mistake in the files.
 */
export async function activateFiles(input: { readonly databaseUrl: string; readonly localTemporal: { readonly address: string; readonly namespace: string } | undefined; readonly overlays: readonly string[] }): Promise<void> {
  const loaded = await loadFirmConfig(join(projectFolder, 'config'), { overlays: input.overlays, optionSchemas: connectorOptionSchemas });
  if (!loaded.ok) throw new Error(`The configuration has ${loaded.mistakes.length === 1 ? 'a mistake' : `${loaded.mistakes.length} mistakes`}:\n${loaded.mistakes.map(described).join('\n')}`);
  const external = input.localTemporal === undefined ? loadClientConnectConfig() : undefined;
  const connection = await Connection.connect(external?.connectionOptions ?? { address: input.localTemporal?.address ?? '' });
  const client = new Client({ connection, namespace: external?.namespace ?? input.localTemporal?.namespace ?? 'default' });
  const store = openStore(input.databaseUrl, { applicationName: 'q2c start', connections: 2 });
  try {
    await migrateStore(store);
    await activateFirmConfig({ store, client, config: loaded.config, hash: loaded.hash, files: loaded.files, by: 'npm start' });
  } finally {
    await store.close();
    await connection.close();
  }
}

function described(mistake: ConfigMistake): string {
  return `  ${mistake.file}:${mistake.line}: ${mistake.path === '' ? '' : `${mistake.path}: `}${mistake.message}`;
}
