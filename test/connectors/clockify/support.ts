import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { createClockify } from '../../../connectors/clockify/index.ts';
import type { TimePort } from '../../../connectors/ports.ts';
import { clockify } from '../../../sandbox/clockify/sandbox.ts';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';
import { sandboxAdmin } from '../conformance/admin.ts';
import { silent } from '../conformance/documents.ts';

export interface ClockifyWorkspace {
  readonly sandbox: RunningSandbox;
  readonly credentials: ReturnType<typeof clockifyCredentials>;
  readonly admin: ReturnType<typeof sandboxAdmin>;
  port(options?: Record<string, unknown>, changes?: { readonly credentials?: unknown; readonly baseUrl?: string }): TimePort;
  /** Clockify as its own pages show it, past the connector. Throws for an answer outside 2xx. */
  call(method: string, path: string, body?: object): Promise<unknown>;
  rows(path: string): Promise<Record<string, unknown>[]>;
  seedOne(collection: string, record: object): Promise<string>;
}

export function clockifyCredentials() {
  const token = () => randomBytes(24).toString('base64url');
  return { apiKey: token(), workspaceId: randomBytes(12).toString('hex'), webhookTokens: { NEW_APPROVAL_REQUEST: token(), APPROVAL_REQUEST_STATUS_UPDATED: token() } };
}

export async function startWorkspace(settings: { readonly now?: () => number; readonly options?: Record<string, unknown>; readonly webhookUrl?: string } = {}): Promise<ClockifyWorkspace> {
  const { now, webhookUrl } = settings;
  const credentials = clockifyCredentials();
  const sandbox = await startSandbox(clockify, {
    port: 0,
    options: { ...credentials, requestsPerSecond: null, ...settings.options },
    ...(now === undefined ? {} : { now: () => new Date(now()) }),
    ...(webhookUrl === undefined ? {} : { webhookUrl }),
  });
  const admin = sandboxAdmin(() => sandbox.url);
  const call: ClockifyWorkspace['call'] = async (method, path, body) => {
    const answer = await fetch(`${sandbox.url}/api/v1/workspaces/${credentials.workspaceId}${path}`, { method, headers: { 'x-api-key': credentials.apiKey, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: HTTP ${answer.status} ${text}`);
    return text === '' ? null : JSON.parse(text);
  };
  return {
    sandbox,
    credentials,
    admin,
    call,
    port: (options = {}, changes = {}) => createClockify({ system: 'clockify', baseUrl: sandbox.url, credentials, options, log: silent, limits: { concurrency: 8, requestsPerSecond: null, timeoutSeconds: 20 }, ...changes }, now),
    rows: async (path) => z.array(z.record(z.string(), z.unknown())).parse(await call('GET', path)),
    seedOne: async (collection, record) => (await admin.seed({ [collection]: [record] }))[collection]?.[0] ?? '',
  };
}
