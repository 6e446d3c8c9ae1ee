import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { z } from 'zod';
import { createKantata, createKantataResources } from '../../../connectors/kantata/index.ts';
import type { ResourcePort, TimePort } from '../../../connectors/ports.ts';
import { kantata } from '../../../sandbox/kantata/sandbox.ts';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';
import { sandboxAdmin } from '../conformance/admin.ts';
import { silent } from '../conformance/documents.ts';

type Row = Record<string, unknown>;
interface Changes {
  readonly credentials?: unknown;
  readonly baseUrl?: string;
}

export interface KantataAccount {
  readonly sandbox: RunningSandbox;
  readonly accessToken: string;
  readonly admin: ReturnType<typeof sandboxAdmin>;
  time(options?: Row, changes?: Changes): TimePort;
  resources(options?: Row, changes?: Changes): ResourcePort;
  /** Kantata as its own pages show it, past the connector. Throws for an answer outside 2xx. */
  call(method: string, path: string, body?: object): Promise<unknown>;
  /** The objects of an answer, in its order. */
  rows(path: string): Promise<Row[]>;
  /** Everything the account has of a kind. */
  all(collection: string): Promise<Row[]>;
  seedOne(collection: string, record: object): Promise<string>;
  mode(mode: string): Promise<void>;
}

const answer = z.looseObject({ results: z.array(z.object({ key: z.string(), id: z.string() })) });
const objects = z.record(z.string(), z.record(z.string(), z.unknown()));

export async function startAccount(settings: { readonly now?: () => number; readonly options?: Row } = {}): Promise<KantataAccount> {
  const { now } = settings;
  const accessToken = randomBytes(32).toString('hex');
  const sandbox = await startSandbox(kantata, { port: 0, options: { accessToken, requestsPerSecond: null, ...settings.options }, ...(now === undefined ? {} : { now: () => new Date(now()) }) });
  const admin = sandboxAdmin(() => sandbox.url);
  const call: KantataAccount['call'] = async (method, path, body) => {
    const response = await fetch(`${sandbox.url}/api/v1${path}`, { method, headers: { authorization: `Bearer ${accessToken}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: HTTP ${response.status} ${text}`);
    return text === '' ? null : JSON.parse(text);
  };
  const settingsOf = (system: string, options: Row, changes: Changes) => ({ system, baseUrl: sandbox.url, credentials: { accessToken }, options, log: silent, limits: { concurrency: 8, requestsPerSecond: null, timeoutSeconds: 20 }, ...changes });
  return {
    sandbox,
    accessToken,
    admin,
    call,
    time: (options = {}, changes = {}) => createKantata(settingsOf('kantata', options, changes), now),
    resources: (options = {}, changes = {}) => createKantataResources(settingsOf('kantata-resources', options, changes)),
    async rows(path) {
      const body = answer.parse(await call('GET', path));
      return body.results.flatMap(({ key, id }): Row[] => {
        const row = objects.parse(body[key])[id];
        return row === undefined ? [] : [row];
      });
    },
    all: async (collection) => (await admin.state())[collection] ?? [],
    seedOne: async (collection, record) => (await admin.seed({ [collection]: [record] }))[collection]?.[0] ?? '',
    async mode(mode) {
      const response = await fetch(`${sandbox.url}/__admin/mode`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ mode }) });
      if (!response.ok) throw new Error(await response.text());
    },
  };
}

export interface Exchange {
  readonly method: string;
  /** Below /api/v1. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly status: number;
  readonly answer: unknown;
}

interface RelayHooks {
  /** Run before a request is passed on. */
  readonly before?: (url: string) => Promise<void>;
  /** Whether the answer to this request is lost on its way back. */
  readonly loses?: (method: string) => boolean;
}

/** Passes requests on to the account, and keeps them. */
export async function throughRelay(account: KantataAccount, work: (baseUrl: string) => Promise<void>, { before, loses }: RelayHooks = {}): Promise<readonly Exchange[]> {
  const seen: Exchange[] = [];
  const pass = async (method: string, url: string, headers: Record<string, string>, body: Buffer) => {
    await before?.(url);
    const answer = await fetch(`${account.sandbox.url}${url}`, { method, headers, ...(body.length === 0 ? {} : { body }) });
    const text = await answer.text();
    const { pathname, searchParams } = new URL(url, account.sandbox.url);
    seen.push({ method, path: pathname.replace(/^\/api\/v1/, ''), query: searchParams, body: body.length === 0 ? undefined : JSON.parse(body.toString()), status: answer.status, answer: text === '' ? undefined : JSON.parse(text) });
    return { status: answer.status, text };
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = 'GET', url = '/', headers } = request;
      const isLost = loses?.(method) ?? false;
      const given = Object.fromEntries(['authorization', 'content-type', 'accept'].flatMap((name) => (typeof headers[name] === 'string' ? [[name, headers[name]]] : [])));
      void pass(method, url, given, Buffer.concat(chunks)).then(({ status, text }) => (isLost ? request.socket.destroy() : response.writeHead(status, { 'content-type': 'application/json' }).end(text)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  try {
    await work(`http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
  return seen;
}
