import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';

/**
 * Connections as the SDK's environment configuration says (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS_*,
 * TEMPORAL_PROFILE, a temporal.toml): the same build runs against the local server, a cluster of your own or a cloud namespace.
 */
export async function connectClient(): Promise<{ readonly client: Client; readonly namespace: string; close(): Promise<void> }> {
  const config = loadClientConnectConfig();
  const connection = await Connection.connect(config.connectionOptions);
  const namespace = config.namespace ?? 'default';
  return { client: new Client({ connection, namespace }), namespace, close: () => connection.close() };
}

export async function connectWorker(): Promise<{ readonly connection: NativeConnection; readonly namespace: string }> {
  const config = loadClientConnectConfig();
  return { connection: await NativeConnection.connect(config.connectionOptions), namespace: config.namespace ?? 'default' };
}
