import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { createOracle } from '../../../connectors/oracle/index.ts';
import { isUnsupported, type ErpPort, type RecordPort, type References, type Unsupported } from '../../../connectors/ports.ts';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';
import { oracle } from '../../../sandbox/oracle/sandbox.ts';
import { sandboxAdmin } from '../conformance/admin.ts';
import { recorded, type Exchange } from '../../support/recorded.ts';
import { silent } from '../conformance/documents.ts';
import { trafficMisfits } from './descriptions.ts';

const ENTITIES = ['US01', 'DE01', 'JP01'];
const SCOPE = 'urn:opc:resource:fa:instanceid=1urn:opc:resource:consumer::all';

export const OPTIONS = {
  businessUnits: Object.fromEntries(ENTITIES.map((code) => [code, `Northwind ${code}`])),
  legalEntities: { US01: 'Northwind US01 Legal Entity' },
  projectTemplates: { time_and_materials: 'T-TM', fixed_fee: 'T-FP' },
  paymentTerms: { '30': 'Net 30' },
  identityDomain: 'environment',
  scope: SCOPE,
};
export const WITH_ACCOUNTS = {
  customerAccounts: { sets: { US01: '300100900000001', DE01: '300100900000004', JP01: '300100900000007' } },
  billPlans: { time_and_materials: { method: 'Rate Based', revenueMethod: 'As Incurred' }, fixed_fee: { method: 'Amount Based', revenueMethod: 'Amount Based' } },
};
export const NONE: References = { customers: {}, contracts: {}, projects: {} };

const valueSchema = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const rowSchema = z.looseObject({ id: z.number(), parent: z.number().nullable(), values: z.record(z.string(), valueSchema) });
export type StoredRow = z.infer<typeof rowSchema>;

export interface TestEnvironment {
  readonly url: () => string;
  readonly credentials: Readonly<Record<'username' | 'password' | 'clientId' | 'clientSecret' | 'certificateAlias' | 'privateKeyPem', string>>;
  readonly admin: ReturnType<typeof sandboxAdmin>;
  connect(options?: object, credentials?: unknown, limits?: { concurrency: number | null }): ErpPort;
  /** The records of a resource as the environment's administrator sees them. */
  rows(...resources: readonly string[]): Promise<StoredRow[]>;
  /** Those with this value. */
  rowsWith(resource: string, field: string, value: unknown): Promise<StoredRow[]>;
  childrenOf(resource: string, parent: StoredRow | undefined): Promise<StoredRow[]>;
  setUp(kind: string): Promise<Record<string, unknown>[]>;
  /** @param most - the run is still under way after so many */
  importCosts(most?: number): Promise<unknown>;
  /** Runs before the answer to each such reading is sent, until it is told otherwise. */
  during(url: RegExp | null, work?: () => Promise<unknown>): void;
  /** A fault with all that the sandbox's admin endpoint takes. */
  order(fault: object): Promise<void>;
  /** All that was asked of the environment, and what it answered. */
  readonly exchanges: readonly Exchange[];
  /** @throws AssertionError where something was asked or answered that is not described */
  close(): Promise<void>;
}

/** An Oracle Fusion environment of its own, on a free port. */
export async function startEnvironment(options: Readonly<Record<string, unknown>> = {}): Promise<TestEnvironment> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
  const given = { username: 'q2c.integration', password: randomBytes(18).toString('base64url'), clientId: randomBytes(16).toString('hex'), clientSecret: randomBytes(24).toString('base64url'), certificateAlias: 'q2c' };
  let meanwhile: { readonly url: RegExp; readonly work: () => Promise<unknown> } | null = null;
  const definition: typeof oracle = {
    ...oracle,
    register(context) {
      context.app.addHook('onSend', async (request, _reply, payload) => {
        if (request.method === 'GET' && meanwhile?.url.test(request.url) === true) await meanwhile.work();
        return payload;
      });
      return oracle.register(context);
    },
  };
  const exchanges: Exchange[] = [];
  const running: RunningSandbox = await startSandbox(recorded(definition, exchanges), { port: 0, options: { ...given, publicKeyPem: publicKey, scope: SCOPE, ...options } });
  const url = () => running.url;
  const admin = sandboxAdmin(url);
  const credentials = { ...given, privateKeyPem: privateKey };
  const rows = async (...resources: readonly string[]) => {
    const state = await admin.state();
    return resources.flatMap((resource) => z.array(rowSchema).parse(state[resource] ?? []));
  };
  return {
    url, credentials, admin, rows, exchanges,
    connect: (own = {}, offered = credentials, limits = { concurrency: 10 }) => createOracle({ system: 'oracle', baseUrl: running.url, credentials: offered, options: { ...OPTIONS, ...own }, log: silent, limits: { requestsPerSecond: null, timeoutSeconds: 20, ...limits } }),
    rowsWith: async (resource, field, value) => (await rows(resource)).filter((row) => row.values[field] === value),
    childrenOf: async (resource, parent) => (parent === undefined ? [] : (await rows(resource)).filter((row) => row.parent === parent.id)),
    setUp: async (kind) => ((await admin.state())['setUp'] ?? []).filter((value) => value['kind'] === kind),
    during(url, work = () => Promise.resolve()) {
      meanwhile = url === null ? null : { url, work };
    },
    async importCosts(most) {
      const answer = await fetch(`${running.url}/__admin/import-costs`, { method: 'POST', ...(most === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ most }) }) });
      assert.equal(answer.status, 200);
      return answer.json();
    },
    async order(fault) {
      const answer = await fetch(`${running.url}/__admin/faults`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(fault) });
      assert.equal(answer.status, 201, await answer.text());
    },
    async close() {
      await running.close();
      assert.deepEqual(trafficMisfits(exchanges), []);
    },
  };
}

export function offered<Document>(port: RecordPort<Document> | Unsupported): RecordPort<Document> {
  assert.ok(!isUnsupported(port));
  return port;
}

export function pick(values: StoredRow['values'] | undefined, ...fields: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(fields.map((field) => [field, values?.[field]]));
}
