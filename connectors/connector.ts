import type { Log } from './ports.ts';

/** What a connector is made from: one entry of config/systems.yaml with its address and credentials resolved. */
export interface ConnectorSettings {
  /** The system's ID in the configuration: "netsuite". */
  readonly system: string;
  readonly baseUrl: string;
  /** From the secrets provider; each connector parses them by its own schema. */
  readonly credentials: unknown;
  readonly limits: { readonly concurrency: number | null; readonly requestsPerSecond: number | null; readonly timeoutSeconds: number };
  /** The `options` of the system's configuration, parsed by the connector's `options.ts`. */
  readonly options: unknown;
  readonly log: Log;
}
