import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { createDynamics } from '../../../connectors/dynamics/index.ts';
import { isUnsupported, type ErpPort, type RecordPort, type References, type Unsupported } from '../../../connectors/ports.ts';
import { dynamics } from '../../../sandbox/dynamics/sandbox.ts';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';
import { sandboxAdmin } from '../conformance/admin.ts';
import { recorded, type Exchange } from '../../support/recorded.ts';
import { silent } from '../conformance/documents.ts';
import { OUR_DESCRIPTION, PUBLISHED, trafficMisfits } from './descriptions.ts';

export const OPTIONS = { companies: { US01: 'us01', DE01: 'DE01', JP01: 'jp01' }, paymentTerms: { '30': 'Net30' }, authority: 'environment' };
export const NONE: References = { customers: {}, contracts: {}, projects: {} };

const rowSchema = z.looseObject({ recId: z.number(), values: z.record(z.string(), z.union([z.string(), z.number()])) });
export type StoredValues = z.infer<typeof rowSchema>['values'];

export interface TestEnvironment {
  readonly url: () => string;
  readonly credentials: Readonly<Record<string, string>>;
  readonly admin: ReturnType<typeof sandboxAdmin>;
  connect(options?: object, credentials?: unknown, limits?: { concurrency: number | null }): ErpPort;
  /** The rows of a table as the environment's administrator sees them. */
  rows(table: string): Promise<StoredValues[]>;
  put(path: string, body: object, method?: string): Promise<void>;
  /** All that was asked of the environment, and what it answered. */
  readonly exchanges: readonly Exchange[];
  /** @throws AssertionError where something was asked or answered that the data entities do not have */
  close(): Promise<void>;
}

/** A finance and operations environment of its own, on a free port. */
export async function startEnvironment(options: Readonly<Record<string, unknown>> = {}): Promise<TestEnvironment> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
  const app = { tenantId: randomUUID(), clientId: randomUUID(), clientSecret: randomBytes(24).toString('base64url') };
  const certificateThumbprint = randomBytes(32).toString('base64url');
  const exchanges: Exchange[] = [];
  const running: RunningSandbox = await startSandbox(recorded(dynamics, exchanges), { port: 0, options: { ...app, publicKeyPem: publicKey, certificateThumbprint, ...options } });
  const url = () => running.url;
  const admin = sandboxAdmin(url);
  const credentials = { ...app, privateKeyPem: privateKey, certificateThumbprint };
  return {
    url,
    credentials,
    admin,
    connect: (own = {}, given = app, limits = { concurrency: 10 }) => createDynamics({ system: 'dynamics', baseUrl: running.url, credentials: given, options: { ...OPTIONS, ...own }, log: silent, limits: { requestsPerSecond: null, timeoutSeconds: 20, ...limits } }),
    rows: async (table) => z.array(rowSchema).parse((await admin.state())[table] ?? []).map((row) => row.values),
    async put(path, body, method = 'PUT') {
      const answer = await fetch(`${running.url}/__admin/${path}`, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
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
