import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { createSap } from '../../../connectors/sap/index.ts';
import { isUnsupported, type ErpPort, type RecordPort, type References, type Unsupported } from '../../../connectors/ports.ts';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';
import { sap } from '../../../sandbox/sap/sandbox.ts';
import { sandboxAdmin } from '../conformance/admin.ts';
import { recorded, type Exchange } from '../../support/recorded.ts';
import { silent } from '../conformance/documents.ts';
import { OUR_DESCRIPTION, PUBLISHED, trafficMisfits } from './descriptions.ts';

export const OPTIONS = {
  organizations: { US01: { companyCode: '1710', salesOrganization: '1710' }, DE01: { companyCode: '1010', salesOrganization: '1010' }, JP01: { companyCode: '1510', salesOrganization: '1510' } },
  taxTypes: { US: 'US1', DE: 'DE0' },
  paymentTerms: { '30': '0004' },
};
export const NONE: References = { customers: {}, contracts: {}, projects: {} };

const rowSchema = z.looseObject({ values: z.record(z.string(), z.unknown()) });
export type StoredValues = z.infer<typeof rowSchema>['values'];

export interface TestSystem {
  readonly url: () => string;
  readonly credentials: { readonly user: string; readonly password: string; readonly clientId: string; readonly clientSecret: string };
  readonly admin: ReturnType<typeof sandboxAdmin>;
  connect(options?: object, credentials?: unknown, baseUrl?: string): ErpPort;
  /** The records of a set as the system's administrator sees them. */
  rows(set: string): Promise<StoredValues[]>;
  /** All that was asked of the system, and what it answered. */
  readonly exchanges: readonly Exchange[];
  /** @throws AssertionError where something was asked or answered that SAP's services do not have */
  close(): Promise<void>;
}

/** An S/4HANA Cloud system of its own, on a free port. */
export async function startSystem(options: Readonly<Record<string, unknown>> = {}): Promise<TestSystem> {
  const secret = () => randomBytes(18).toString('base64url');
  const credentials = { user: 'Q2C_INTEGRATION', password: secret(), clientId: 'q2c', clientSecret: secret() };
  const exchanges: Exchange[] = [];
  const running: RunningSandbox = await startSandbox(recorded(sap, exchanges), { port: 0, options: { ...credentials, ...options } });
  const url = () => running.url;
  const admin = sandboxAdmin(url);
  const { user, password } = credentials;
  return {
    url,
    credentials,
    admin,
    connect: (own = {}, given = { user, password }, baseUrl = running.url) => createSap({ system: 'sap', baseUrl, credentials: given, options: { ...OPTIONS, ...own }, log: silent, limits: { concurrency: 10, requestsPerSecond: null, timeoutSeconds: 20 } }),
    rows: async (set) => z.array(rowSchema).parse((await admin.state())[set] ?? []).map((row) => row.values),
    exchanges,
    async close() {
      await running.close();
      assert.deepEqual(trafficMisfits(exchanges, { ...OUR_DESCRIPTION, ...PUBLISHED }), []);
    },
  };
}

export function offered<Document>(port: RecordPort<Document> | Unsupported): RecordPort<Document> {
  assert.ok(!isUnsupported(port));
  return port;
}
