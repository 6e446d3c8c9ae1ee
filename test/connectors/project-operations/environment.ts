import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { createProjectOperations } from '../../../connectors/project-operations/index.ts';
import { isUnsupported, type ErpPort, type RecordPort, type References, type Unsupported } from '../../../connectors/ports.ts';
import { startSandbox } from '../../../sandbox/kit/sandbox.ts';
import { projectOperations } from '../../../sandbox/project-operations/sandbox.ts';
import { sandboxAdmin } from '../conformance/admin.ts';
import { recorded, type Exchange } from '../../support/recorded.ts';
import { silent } from '../conformance/documents.ts';
import { OUR_DESCRIPTION, PUBLISHED, trafficMisfits } from './descriptions.ts';

export const OPTIONS = { organizationalUnits: { US01: 'Northwind US', DE01: 'Northwind Germany', JP01: 'Northwind Japan' }, authority: 'environment', confirmAgainAfterSeconds: 0 };
export const NONE: References = { customers: {}, contracts: {}, projects: {} };

const value = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const page = z.looseObject({ value: z.array(z.record(z.string(), value)), '@odata.nextLink': z.string().optional() });
const tokenSchema = z.looseObject({ access_token: z.string() });
/** A row with its primary key, whatever that is called, as `id`. */
export type StoredRow = Readonly<Record<string, z.infer<typeof value>>> & { readonly id: string };
const KEYS: Readonly<Record<string, string>> = { bookableresourcecategories: 'bookableresourcecategoryid', transactioncurrencies: 'transactioncurrencyid' };

export interface TestEnvironment {
  readonly url: () => string;
  readonly credentials: Readonly<Record<string, string>>;
  readonly admin: ReturnType<typeof sandboxAdmin>;
  connect(options?: object, credentials?: unknown, address?: string): ErpPort;
  /** The rows of a table as another application sees them; "id eq …" stands for the primary key. */
  rows(set: string, filter?: string): Promise<StoredRow[]>;
  mode(name: string): Promise<void>;
  /** All that was asked of the environment, and what it answered. */
  readonly exchanges: readonly Exchange[];
  /** @throws AssertionError where something was asked or answered that the tables do not have */
  close(): Promise<void>;
}

let pair: { readonly privateKey: string; readonly publicKey: string } | undefined;

/** A Dataverse environment of its own with Project Operations, on a free port; its clock is ours unless told. */
export async function startEnvironment(options: Readonly<Record<string, unknown>> = {}, now: () => Date = () => new Date()): Promise<TestEnvironment> {
  pair ??= generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
  const { privateKey, publicKey } = pair;
  const app = { tenantId: randomUUID(), clientId: randomUUID(), clientSecret: randomBytes(24).toString('base64url') };
  const certificateThumbprint = randomBytes(32).toString('base64url');
  const exchanges: Exchange[] = [];
  const running = await startSandbox(recorded(projectOperations, exchanges), { port: 0, now, options: { ...app, publicKeyPem: publicKey, certificateThumbprint, ...options } });
  const url = () => running.url;
  const admin = sandboxAdmin(url);
  let token: string | undefined;

  async function signIn(): Promise<string> {
    const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: app.clientId, client_secret: app.clientSecret, scope: `${running.url}/.default` });
    return tokenSchema.parse(await (await fetch(`${running.url}/${app.tenantId}/oauth2/v2.0/token`, { method: 'POST', body })).json()).access_token;
  }

  async function rows(set: string, filter?: string): Promise<StoredRow[]> {
    token ??= await signIn();
    const key = KEYS[set] ?? `${set.replace(/s$/, '')}id`;
    const found: StoredRow[] = [];
    let next: string | undefined = `${running.url}/api/data/v9.2/${set}${filter === undefined ? '' : `?$filter=${encodeURIComponent(filter.replace(/^id eq /, `${key} eq `))}`}`;
    while (next !== undefined) {
      const answer = await fetch(next, { headers: { authorization: `Bearer ${token}` } });
      const text = await answer.text();
      assert.equal(answer.status, 200, text);
      const read: z.infer<typeof page> = page.parse(JSON.parse(text));
      found.push(...read.value.map((each) => ({ ...each, id: String(each[key]) })));
      next = read['@odata.nextLink'];
    }
    return found;
  }

  return {
    url,
    credentials: { ...app, privateKeyPem: privateKey, certificateThumbprint },
    admin,
    connect: (own = {}, given = app, address = running.url) => createProjectOperations({ system: 'project-operations', baseUrl: address, credentials: given, options: { ...OPTIONS, ...own }, log: silent, limits: { concurrency: 10, requestsPerSecond: null, timeoutSeconds: 20 } }),
    rows,
    async mode(name) {
      const answer = await fetch(`${running.url}/__admin/mode`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ mode: name }) });
      assert.ok(answer.ok, await answer.text());
    },
    exchanges,
    async close() {
      await running.close();
      assert.deepEqual(trafficMisfits(exchanges, PUBLISHED ?? OUR_DESCRIPTION), []);
    },
  };
}

export function offered<Document>(port: RecordPort<Document> | Unsupported): RecordPort<Document> {
  assert.ok(!isUnsupported(port));
  return port;
}
