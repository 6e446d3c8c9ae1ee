import { Client, Connection, type ClientInterceptors } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';

export interface ConnectedClient {
  readonly client: Client;
  close(): Promise<void>;
}

/**
 * A client connected as the SDK's environment configuration says (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS_*,
 * TEMPORAL_PROFILE, a temporal.toml): the same build works with the local server, a cluster of your own and a cloud namespace.
 */
export async function connectClient(interceptors: ClientInterceptors = {}): Promise<ConnectedClient> {
  const config = loadClientConnectConfig();
  const connection = await Connection.connect(config.connectionOptions);
  return clientOf(connection, config.namespace, interceptors);
}

/** The same, connecting at the first call: for parts that must run while Temporal is away. */
export function lazyClient(interceptors: ClientInterceptors = {}): ConnectedClient {
  const config = loadClientConnectConfig();
  return clientOf(Connection.lazy(config.connectionOptions), config.namespace, interceptors);
}

function clientOf(connection: Connection, namespace = 'default', interceptors: ClientInterceptors): ConnectedClient {
  return { client: new Client({ connection, namespace, interceptors }), close: () => connection.close() };
}
