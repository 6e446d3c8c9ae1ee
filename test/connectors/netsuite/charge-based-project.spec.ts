import assert from 'node:assert/strict';
import { z } from 'zod';
import { externalIdOf } from '../../../connectors/netsuite/external-id.ts';
import { createNetSuite } from '../../../connectors/netsuite/index.ts';
import { isUnsupported, type ErpPort, type References } from '../../../connectors/ports.ts';
import { startSandboxes, type RunningSandboxes } from '../../../sandbox/all.ts';
import { sandboxAdmin } from '../conformance/admin.ts';
import { callContext, dealOf, silent, uniqueTag, type Deal, type DealTerms } from '../conformance/documents.ts';

const OPTIONS = { subsidiaries: { US01: '2' }, currencies: { USD: '1' }, items: { TECHNOLOGY: '12' } };
const NONE: References = { customers: {}, contracts: {}, projects: {} };
const recordSchema = z.looseObject({ id: z.string(), externalId: z.string().optional(), fields: z.record(z.string(), z.unknown()) });
const choiceIn = (value: unknown): unknown => Reflect.get(Object(value), 'choice');

describe('Projects in NetSuite that charges bill', function () {
  this.timeout(60_000);
  let sandboxes: RunningSandboxes;
  const url = () => sandboxes.url('netsuite');
  const admin = sandboxAdmin(url);
  const connect = (billableLines: 'time_bills' | 'charges'): ErpPort =>
    createNetSuite({ system: 'netsuite', baseUrl: url(), credentials: sandboxes.credentials.netsuite, options: { ...OPTIONS, billableLines }, log: silent, limits: { concurrency: 10, requestsPerSecond: null, timeoutSeconds: 20 } });
  const fieldsOf = async (record: string, ...parts: string[]) => z.array(recordSchema).parse((await admin.state())[record]).find((each) => each.externalId === externalIdOf(...parts))?.fields ?? {};
  const typesOf = async ({ project }: Deal) => [choiceIn((await fieldsOf('job', project.id))['jobBillingType']), choiceIn((await fieldsOf('billingSchedule', project.id, 'billing'))['scheduleType'])];

  before(async () => {
    sandboxes = await startSandboxes({ only: ['netsuite'] });
  });
  after(async () => sandboxes?.close());

  /** Customer, project and billing schedule, as the closed-won line writes them. */
  async function write(erp: ErpPort, deal: Deal): Promise<void> {
    const { project } = deal;
    const customer = { document: deal.customer, references: NONE };
    const written = await erp.customer.write(customer, await erp.customer.find(customer, callContext()), callContext());
    const job = { document: project, references: { ...NONE, customers: { [deal.customer.id]: written.externalId } } };
    const { externalId } = await erp.project.write(job, await erp.project.find(job, callContext()), callContext());
    assert.ok(!isUnsupported(erp.billingSchedule));
    const schedule = { document: { project, schedule: project.billingSchedule }, references: { ...job.references, projects: { [project.id]: externalId } } };
    await erp.billingSchedule.write(schedule, await erp.billingSchedule.find(schedule, callContext()), callContext());
  }
  const won = async (erp: ErpPort, terms: DealTerms = {}): Promise<Deal> => {
    const deal = dealOf(uniqueTag(), terms);
    await write(erp, deal);
    return deal;
  };

  it('are charge-based, with a schedule of that type, where they are billed by actuals', async () => {
    for (const billingMethod of ['time_and_materials', 'capped'] as const) assert.deepEqual(await typesOf(await won(connect('charges'), { billingMethod })), ['CB', 'CB']);
    const deal = await won(connect('charges'));
    assert.equal((await fieldsOf('billingSchedule', deal.project.id, 'billing'))['billForActuals'], undefined);
  });

  it('keep their fixed bid where a fee is billed, whose schedule bills it', async () => {
    const types = { fixed_fee: 'FBM', milestone: 'FBM', retainer: 'FBI' } as const;
    for (const billingMethod of ['fixed_fee', 'milestone', 'retainer'] as const) assert.deepEqual(await typesOf(await won(connect('charges'), { billingMethod })), [types[billingMethod], types[billingMethod]]);
  });

  it('are billed by their time without the option', async () => {
    assert.deepEqual(await typesOf(await won(connect('time_bills'))), ['TM', 'TM']);
  });

  it('stay billed by their time where they were made before', async () => {
    const deal = await won(connect('time_bills'));
    await write(connect('charges'), { ...deal, project: { ...deal.project, name: 'Amended' } });
    assert.equal((await fieldsOf('job', deal.project.id))['companyName'], 'Amended');
    assert.deepEqual(await typesOf(deal), ['TM', 'TM']);
  });

  it('change their billing type together with their schedule', async () => {
    const tag = uniqueTag();
    await write(connect('charges'), dealOf(tag));
    const amended = dealOf(tag, { billingMethod: 'milestone' });
    await write(connect('charges'), amended);
    assert.deepEqual(await typesOf(amended), ['FBM', 'FBM']);
  });
});
