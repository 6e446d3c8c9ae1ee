import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureCredentials, generateCredentials, type Credentials } from './credentials.ts';
import { hubspot } from './hubspot/sandbox.ts';
import { startSandbox, type RunningSandbox, type SandboxDefinition } from './kit/sandbox.ts';
import { salesforce } from './salesforce/sandbox.ts';

/** In the order of their ports. */
export const SANDBOX_NAMES = ['salesforce', 'hubspot', 'netsuite', 'harvest'] as const;
export type SandboxName = (typeof SANDBOX_NAMES)[number];

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
  readonly notice?: (text: string) => void;
}

export interface RunningSandboxes {
  readonly credentials: Credentials;
  readonly running: readonly RunningSandbox[];
  /** The base URL of one sandbox; throws when it was not started. */
  url(name: SandboxName): string;
  close(): Promise<void>;
}

export const FIRST_SANDBOX_PORT = 9101;

/** Starts the vendors' stand-ins on the loopback address. If one cannot start, those already up are closed and the error is thrown. */
export async function startSandboxes(settings: StartSettings = {}): Promise<RunningSandboxes> {
  const credentials =
    settings.credentials ?? (settings.dataDir === undefined ? generateCredentials() : ensureCredentials(settings.dataDir));
  const portBase = settings.portBase ?? (settings.dataDir === undefined ? 0 : FIRST_SANDBOX_PORT);
  const running: RunningSandbox[] = [];
  try {
    for (const [position, name] of SANDBOX_NAMES.entries()) {
      if (settings.only !== undefined && !settings.only.includes(name)) continue;
      const definition = await definitionOf(name);
      if (definition === undefined) {
        settings.notice?.(`the ${name} sandbox is not there yet: skipped`);
        continue;
      }
      running.push(
        await startSandbox(definition, {
          port: portBase === 0 ? 0 : portBase + position,
          options: { ...credentials[name], ...settings.options?.[name] },
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

export function isSandboxName(text: string): text is SandboxName {
  return SANDBOX_NAMES.some((name) => name === text);
}

async function definitionOf(name: SandboxName): Promise<SandboxDefinition | undefined> {
  if (name === 'salesforce') return salesforce;
  if (name === 'hubspot') return hubspot;
  const file = new URL(`./${name}/sandbox.ts`, import.meta.url);
  if (!existsSync(fileURLToPath(file))) return undefined;
  const module: unknown = await import(file.href);
  const definition = typeof module === 'object' && module !== null ? Reflect.get(module, name) : undefined;
  if (isDefinition(definition)) return definition;
  throw new Error(`sandbox/${name}/sandbox.ts does not export a sandbox definition named '${name}'`);
}

function isDefinition(value: unknown): value is SandboxDefinition {
  return typeof value === 'object' && value !== null && 'register' in value && typeof value.register === 'function';
}
