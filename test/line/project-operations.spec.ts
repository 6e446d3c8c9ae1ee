import assert from 'node:assert/strict';
import { z } from 'zod';
import { closedWonId } from '../../domain/process/deal-process.ts';
import { auditOf } from '../../store/audit-trail.ts';
import { identitiesOf } from '../../store/identity-map.ts';
import { postingsOf } from '../../store/posting-settlement.ts';
import { aSale, aSoldLine } from '../support/sales.ts';
import { startSandboxLine, type SandboxLine } from '../support/sandbox-line.ts';
import { stopTemporalServer } from '../support/temporal.ts';

const rows = z.array(z.looseObject({ id: z.string(), values: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])) }));

describe('A closed-won deal becomes an activated project in Project Operations, chosen by configuration alone', function () {
  this.timeout(60_000);
  let line: SandboxLine;
  before(async () => {
    line = await startSandboxLine({ overlays: ['project-operations'] });
  });
  after(async () => {
    await line.stop();
    await stopTemporalServer();
  });

  const table = async (name: string) => rows.parse((await line.admin('project-operations').state())[name] ?? []);
  /** What Project Operations holds for a client, by its name. */
  async function held(clientName: string) {
    const accounts = (await table('accounts')).filter(({ values }) => values['name'] === clientName);
    const of = async (name: string, column: string, owners: readonly { readonly id: string }[]) => (await table(name)).filter(({ values }) => owners.some(({ id }) => id === values[column]));
    const contracts = await of('salesorders', '_customerid_value', accounts);
    const lines = await of('salesorderdetails', '_salesorderid_value', contracts);
    const attached = await of('msdyn_orderpricelists', '_msdyn_contract_value', contracts);
    const lists = (await table('pricelevels')).filter(({ id }) => attached.some(({ values }) => values['_msdyn_pricelist_value'] === id));
    return { accounts, contracts, lines, projects: await of('msdyn_projects', '_msdyn_customer_value', accounts), prices: await of('msdyn_resourcecategorypricelevels', '_msdyn_pricelist_value', lists), runs: await of('msdyn_contractlineinvoiceschedules', '_msdyn_contractlineid_value', lines) };
  }

  it('makes exactly one of everything at the prices of the deal, also where an answer is lost on the way', async () => {
    const sale = aSale({ crm: 'salesforce' });
    await line.admin('project-operations').fault({ kind: 'cut-after', method: 'POST', path: '\\$batch$', times: 3 });
    const deal = await line.sell(sale);
    await line.ended(deal, 'activated');
    const { accounts, contracts, lines, projects, prices, runs } = await held(sale.client.name);
    assert.deepEqual([accounts.length, contracts.length, projects.length], [1, 1, 1]);
    assert.deepEqual(lines.map(({ values }) => values['_msdyn_project_value']), projects.map(({ id }) => id));
    for (const { unitPrice } of sale.lines) assert.ok(prices.some(({ values }) => values['msdyn_price'] === unitPrice), String(unitPrice));
    assert.ok(runs.length > 0, 'its invoice runs are planned');
    const links = (await identitiesOf(line.store.db, closedWonId(deal))).filter((link) => link.system === 'project-operations').map((link) => link.object_type).toSorted();
    assert.deepEqual(links, ['billing_schedule', 'contract', 'customer', 'project', 'rate_card']);
    assert.ok((await auditOf(line.store.db, closedWonId(deal))).length > 0);
  });

  it('leaves nothing in use behind when the deal is aborted', async () => {
    const sale = aSale();
    const deal = await line.sell({ ...sale, lines: [...sale.lines, aSoldLine({ laborCategory: 'ANALYST', quantity: 10, unitPrice: 150, person: 'left.the.firm@northwind-consulting.example' })] });
    const open = await line.openCase(deal);
    await line.resolve(open.case_id, { action: 'abort', by: 'fiona', reason: 'the client withdrew' });
    await line.ended(deal, 'aborted');
    const { accounts, contracts, projects } = await held(sale.client.name);
    assert.deepEqual([accounts.map(({ values }) => values['statecode']).filter((state) => state === 0).length, contracts.length, projects.length], [0, 0, 0]);
    assert.deepEqual((await postingsOf(line.store.db, closedWonId(deal))).filter((posting) => posting.state !== 'reversed').map((posting) => posting.key), []);
  });
});
