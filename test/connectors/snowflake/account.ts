import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { createSnowflake } from '../../../connectors/snowflake/index.ts';
import type { WarehousePort, WarehouseRow, WarehouseTable } from '../../../connectors/warehouse-port.ts';
import { plainSum } from '../../../connectors/warehouse-rows.ts';
import { startSandbox } from '../../../sandbox/kit/sandbox.ts';
import { snowflake } from '../../../sandbox/snowflake/sandbox.ts';
import { sandboxAdmin } from '../conformance/admin.ts';
import { silent } from '../conformance/documents.ts';
import { misfits } from './description.ts';
import { noting, type Exchange } from './exchanges.ts';

export const OPTIONS = { database: 'ANALYTICS', schema: 'Q2C', warehouse: 'LOADING', role: 'Q2C_LOADER' };

/** A Snowflake account of its own, on a free port. */
export async function startAccount(options: Readonly<Record<string, unknown>> = {}, now?: () => Date) {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
  const oauth = { clientId: 'client', clientSecret: randomBytes(18).toString('base64url'), refreshToken: randomBytes(18).toString('base64url') };
  const programmaticAccessToken = randomBytes(24).toString('base64url');
  const exchanges: Exchange[] = [];
  const running = await startSandbox(noting(snowflake, exchanges), { port: 0, options: { account: 'NWORG-PROD', user: 'Q2C_SERVICE', publicKeyPem: pair.publicKey, oauth, programmaticAccessToken, ...options }, ...(now === undefined ? {} : { now }) });
  const keyPair = { account: 'nworg-prod', user: 'q2c_service', privateKeyPem: pair.privateKey };
  const admin = sandboxAdmin(() => running.url);
  const tableState = z.object({ tables: z.array(z.object({ name: z.string(), columns: z.array(z.object({ name: z.string() })) })).default([]) });
  return {
    url: running.url,
    admin,
    keyPair,
    oauth,
    programmaticAccessToken,
    connect: (credentials: unknown = keyPair, more: object = {}): WarehousePort => createSnowflake({ system: 'snowflake', baseUrl: running.url, credentials, options: { ...OPTIONS, ...more }, log: silent, limits: { concurrency: 4, requestsPerSecond: null, timeoutSeconds: 10 } }),
    /** As somebody with a worksheet would see them. */
    async rows({ name, columns }: WarehouseTable): Promise<WarehouseRow[]> {
      const state = await admin.state();
      const known = tableState.parse(state).tables.find((table) => table.name === name.toUpperCase());
      if (known === undefined) throw new Error(`no table ${name}`);
      const stored = z.array(z.record(z.string(), z.string().nullable())).parse(state[`rows of ${name.toUpperCase()}`] ?? []);
      return stored.map((row) => Object.fromEntries(columns.map(({ name: column, type }) => {
        const value = row[column.toUpperCase()] ?? null;
        if (value === null) return [column, null];
        if (type === 'decimal') return [column, plainSum(value)];
        return [column, type === 'timestamp' ? `${value.replace(' ', 'T').slice(0, 23)}Z` : value];
      })));
    },
    mode: async (mode: string) => void (await fetch(`${running.url}/__admin/mode`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ mode }) })),
    /** All that was asked of the account, and what it answered. */
    exchanges,
    /** @throws AssertionError where something was asked or answered that is not in our description of the SQL API */
    async close() {
      await running.close();
      assert.deepEqual(misfits(exchanges), []);
    },
  };
}
export type Account = Awaited<ReturnType<typeof startAccount>>;
