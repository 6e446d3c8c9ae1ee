import { z } from 'zod';
import { timePersonSchema, timeProjectSchema } from '../../domain/model/time/context.ts';
import { netSuiteOptionsSchema } from '../../connectors/netsuite/options.ts';
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
  limits(): Promise<Limits>;
}

const limitsSchema = z.object({ limit: z.number(), peak: z.number(), refused: z.number() });
const idsSchema = z.record(z.string(), z.array(z.string()));
const timeBillSchema = z.object({ externalId: z.string(), fields: z.object({ custcol_q2c_hours: z.number(), custcol_q2c_amount: z.number().optional(), custcol_q2c_currency: z.string().optional() }) });
const stateSchema = z.looseObject({ timeBill: z.array(timeBillSchema).default([]) });
const RECORDS_AT_ONCE = 2_000;

export function erpAt(url: string): Erp {
  async function seed(collection: string, records: readonly object[]): Promise<string[]> {
    const ids: string[] = [];
    for (let first = 0; first < records.length; first += RECORDS_AT_ONCE) {
      const answer = await fetch(`${url}/__admin/seed`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ [collection]: records.slice(first, first + RECORDS_AT_ONCE) }) });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`the NetSuite sandbox does not take the ${collection} records: ${answer.status} ${text}`);
      ids.push(...(idsSchema.parse(JSON.parse(text))[collection] ?? []));
    }
    return ids;
  }

  return {
    async prepare(month) {
      await (await fetch(`${url}/__admin/reset`, { method: 'POST' })).text();
      const subsidiaryOf = subsidiaries(month);
      const documents = (kind: string) => month.references.filter((row) => row.kind === kind).map(({ document }) => document);
      const people = z.array(timePersonSchema).parse(documents('person'));
      await seed('employee', people.map(({ email, legalEntity }) => ({ entityId: email, email, subsidiary: { id: subsidiaryOf(legalEntity) } })));
      const projects = z.array(timeProjectSchema).parse(documents('project'));
      const jobs = await seed('job', projects.map(({ number, legalEntity }) => ({ entityId: number, companyName: number, subsidiary: { id: subsidiaryOf(legalEntity) }, allowTime: true })));
      await seed('projectTask', projects.flatMap(({ tasks }, index) => tasks.map(({ code }) => ({ title: `${code} Work`, project: { id: jobs[index] ?? '' } }))));
    },
    async lines() {
      const { timeBill } = stateSchema.parse(await (await fetch(`${url}/__admin/state`)).json());
      return timeBill.map(({ externalId, fields }) => ({ key: externalId, hours: String(fields.custcol_q2c_hours), amount: String(fields.custcol_q2c_amount ?? 0), currency: fields.custcol_q2c_currency ?? '' }));
    },
    limits: async () => limitsSchema.parse(await (await fetch(`${url}/__admin/limits`)).json()),
  };
}

function subsidiaries({ config }: Month): (legalEntity: string) => string {
  const { subsidiaries: known } = netSuiteOptionsSchema.parse(config.systems.find(({ id }) => id === SYSTEM)?.options ?? {});
  return (legalEntity) => {
    const id = known[legalEntity];
    if (id === undefined) throw new Error(`config/systems.yaml names no subsidiary of ${SYSTEM} for ${legalEntity}`);
    return id;
  };
}
