import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';

/** A worker's connection as the SDK's environment configuration says: the same build runs against the local server, a cluster of your own or a cloud namespace. */
export async function connectWorker(): Promise<{ readonly connection: NativeConnection; readonly namespace: string }> {
  const config = loadClientConnectConfig();
  return { connection: await NativeConnection.connect(config.connectionOptions), namespace: config.namespace ?? 'default' };
}
