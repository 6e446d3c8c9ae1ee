import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';

/**
 * A client connected as the SDK's environment configuration says (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS_*,
 * TEMPORAL_PROFILE, a temporal.toml): the same build works with the local server, a cluster of your own and a cloud namespace.
 */
export async function connectClient(): Promise<{ readonly client: Client; close(): Promise<void> }> {
  const config = loadClientConnectConfig();
  const connection = await Connection.connect(config.connectionOptions);
  return { client: new Client({ connection, namespace: config.namespace ?? 'default' }), close: () => connection.close() };
}
