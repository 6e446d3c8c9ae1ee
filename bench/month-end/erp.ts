import { Decimal } from 'decimal.js';
import { z } from 'zod';
import { netSuiteOptionsSchema } from '../../connectors/netsuite/options.ts';
import { seedNetSuite } from '../../starters/month-end/load.ts';
import type { Line } from './compare.ts';
import type { Month } from './month.ts';
import { SYSTEM } from './work.ts';

export interface Limits {
  readonly limit: number;
  readonly peak: number;
  readonly refused: number;
}

/** The NetSuite sandbox as seen from outside: emptied and filled before a run, asked afterwards. */
export interface Erp {
  /** As if nothing was ever posted: with the people and projects of the month, and none of their time. */
  prepare(month: Month): Promise<void>;
  /** Every line of labor it has. */
  lines(): Promise<Line[]>;
  /** Of all lines, added up exactly. */
  sums(): Promise<{ readonly lines: number; readonly hours: Decimal; readonly billed: ReadonlyMap<string, Decimal> }>;
  limits(): Promise<Limits>;
  /** What was counted so far does not count. */
  forgetLimits(): Promise<void>;
  /** The same, and the account lets in so many from now on, each for so long. */
  setLimits(limits: { readonly limit: number; readonly latencyMs: number }): Promise<void>;
  /** When it refused, milliseconds since 1970: of its last thousand requests, those there were too many of at once. */
  refusals(): Promise<number[]>;
}

const limitsSchema = z.object({ limit: z.number(), peak: z.number(), refused: z.number() });
const requestsSchema = z.array(z.object({ at: z.iso.datetime(), status: z.number() }));
const timeBillSchema = z.object({ externalId: z.string(), fields: z.object({ custcol_q2c_hours: z.number(), custcol_q2c_amount: z.number().optional(), custcol_q2c_currency: z.string().optional() }) });
const totalsSchema = z.array(z.object({ lines: z.number(), hours: z.string(), billed: z.array(z.object({ amount: z.string(), currency: z.string() })) }));
const stateSchema = z.looseObject({ timeBill: z.array(timeBillSchema).default([]) });

export function erpAt(url: string): Erp {
  async function put(limits: { readonly limit?: number; readonly latencyMs?: number }): Promise<void> {
    await (await fetch(`${url}/__admin/limits`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(limits) })).text();
  }

  return {
    async prepare(month) {
      await (await fetch(`${url}/__admin/reset`, { method: 'POST' })).text();
      await seedNetSuite(url, month.roster, subsidiariesOf(month));
    },
    async lines() {
      const { timeBill } = stateSchema.parse(await (await fetch(`${url}/__admin/state`)).json());
      return timeBill.map(({ externalId, fields }) => ({ key: externalId, hours: String(fields.custcol_q2c_hours), amount: String(fields.custcol_q2c_amount ?? 0), currency: fields.custcol_q2c_currency ?? '' }));
    },
    async sums() {
      const totals = totalsSchema.parse(await (await fetch(`${url}/__admin/time-totals`)).json());
      const billed = new Map<string, Decimal>();
      for (const { amount, currency } of totals.flatMap((row) => row.billed)) billed.set(currency, (billed.get(currency) ?? new Decimal(0)).plus(amount));
      return { lines: totals.reduce((sum, row) => sum + row.lines, 0), hours: totals.reduce((sum, row) => sum.plus(row.hours), new Decimal(0)), billed };
    },
    limits: async () => limitsSchema.parse(await (await fetch(`${url}/__admin/limits`)).json()),
    forgetLimits: () => put({}),
    setLimits: put,
    async refusals() {
      return requestsSchema.parse(await (await fetch(`${url}/__admin/requests`)).json()).flatMap(({ at, status }) => (status === 429 ? [Date.parse(at)] : []));
    },
  };
}

function subsidiariesOf({ config }: Month): Readonly<Record<string, string>> {
  return netSuiteOptionsSchema.parse(config.systems.find(({ id }) => id === SYSTEM)?.options ?? {}).subsidiaries;
}
