import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clockify } from './clockify/sandbox.ts';
import { dynamics } from './dynamics/sandbox.ts';
import { ensureCredentials, generateCredentials, type Credentials } from './credentials.ts';
import { harvest } from './harvest/sandbox.ts';
import { hubspot } from './hubspot/sandbox.ts';
import { startSandbox, type RunningSandbox, type SandboxDefinition } from './kit/sandbox.ts';
import { FIRST_SANDBOX_PORT, SANDBOX_NAMES, SANDBOX_PORT_OFFSETS, type SandboxName } from './names.ts';
import { legacy } from './legacy/sandbox.ts';
import { netsuite } from './netsuite/sandbox.ts';
import { oracle } from './oracle/sandbox.ts';
import { payroll } from './payroll/sandbox.ts';
import { projectOperations } from './project-operations/sandbox.ts';
import { salesforce } from './salesforce/sandbox.ts';
import { snowflake } from './snowflake/sandbox.ts';
import { jira } from './jira/sandbox.ts';
import { scim } from './scim/sandbox.ts';
import { sap } from './sap/sandbox.ts';
import { kantata } from './kantata/sandbox.ts';
import { lago } from './lago/sandbox.ts';
import { stripe } from './stripe/sandbox.ts';
import { gusto } from './gusto/sandbox.ts';

const DEFINITIONS: Readonly<Record<SandboxName, SandboxDefinition>> = { salesforce, hubspot, netsuite, harvest, clockify, payroll, dynamics, 'project-operations': projectOperations, snowflake, scim, jira, oracle, sap, kantata, legacy, stripe, lago, gusto };

export interface StartSettings {
  /** State goes to `<dataDir>/sandbox/<name>.sqlite` and credentials to `<dataDir>/credentials.json`; without it both live in memory. */
  readonly dataDir?: string;
  /** The first sandbox's port, the others follow; 0 takes free ports. */
  readonly portBase?: number;
  readonly only?: readonly SandboxName[];
  /** The gateway's base URL; events go to `<webhookBaseUrl>/webhooks/<name>`. Without it no events are sent. */
  readonly webhookBaseUrl?: string;
  readonly credentials?: Credentials;
  /** More options per sandbox, such as shorter token lifetimes or lower limits. */
  readonly options?: Readonly<Partial<Record<SandboxName, Record<string, unknown>>>>;
}

export interface RunningSandboxes {
  readonly credentials: Credentials;
  readonly running: readonly RunningSandbox[];
  /** The base URL of one sandbox; throws when it was not started. */
  url(name: SandboxName): string;
  close(): Promise<void>;
}

/** Starts the vendors' stand-ins on the loopback address. If one cannot start, those already up are closed and the error is thrown. */
export async function startSandboxes(settings: StartSettings = {}): Promise<RunningSandboxes> {
  const credentials =
    settings.credentials ?? (settings.dataDir === undefined ? generateCredentials() : ensureCredentials(settings.dataDir));
  const portBase = settings.portBase ?? (settings.dataDir === undefined ? 0 : FIRST_SANDBOX_PORT);
  const running: RunningSandbox[] = [];
  try {
    for (const name of SANDBOX_NAMES) {
      if (settings.only !== undefined && !settings.only.includes(name)) continue;
      running.push(
        await startSandbox(DEFINITIONS[name], {
          port: portBase === 0 ? 0 : portBase + SANDBOX_PORT_OFFSETS[name],
          options: { ...(name === 'payroll' || name === 'legacy' ? { folder: exchangeFolder(name, settings.dataDir) } : credentials[name]), ...settings.options?.[name] },
          ...(settings.dataDir === undefined ? {} : { dataFile: join(settings.dataDir, 'sandbox', `${name}.sqlite`) }),
          ...(settings.webhookBaseUrl === undefined ? {} : { webhookUrl: `${settings.webhookBaseUrl}/webhooks/${name}` }),
        }),
      );
    }
  } catch (error) {
    await Promise.all(running.map((sandbox) => sandbox.close()));
    throw error;
  }
  return {
    credentials,
    running,
    url(name) {
      const found = running.find((sandbox) => sandbox.name === name);
      if (found === undefined) throw new Error(`the ${name} sandbox was not started`);
      return found.url;
    },
    close: async () => void (await Promise.all(running.map((sandbox) => sandbox.close()))),
  };
}

/** The bureau and the legacy ERP work in the folders that files for them are written to. */
function exchangeFolder(name: 'payroll' | 'legacy', dataDir: string | undefined): string {
  return dataDir === undefined ? mkdtempSync(join(tmpdir(), `q2c-${name}-`)) : join(dataDir, name);
}
