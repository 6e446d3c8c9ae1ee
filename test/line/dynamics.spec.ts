import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { closedWonId, type DealReference } from '../../domain/process/deal-process.ts';
import type { SampleDeal } from '../../starters/story/sample-deals.ts';
import { auditOf } from '../../store/audit-trail.ts';
import { identitiesOf } from '../../store/identity-map.ts';
import { postingsOf } from '../../store/posting-settlement.ts';
import { aSale, aSoldLine } from '../support/sales.ts';
import { startSandboxLine, type SandboxLine } from '../support/sandbox-line.ts';
import { stopTemporalServer } from '../support/temporal.ts';

const rows = z.array(z.looseObject({ values: z.record(z.string(), z.union([z.string(), z.number()])) }));

describe('A closed-won deal becomes an activated project in Dynamics 365, chosen by configuration alone', function () {
  this.timeout(60_000);
  let line: SandboxLine;
  before(async () => {
    line = await startSandboxLine({ overlays: ['dynamics'] });
  });
  after(async () => {
    await line.stop();
    await stopTemporalServer();
  });

  const table = async (name: string) => rows.parse((await line.admin('dynamics').state())[name] ?? []).map((row) => row.values);
  /** What Dynamics holds for a client, by its name. */
  async function held(clientName: string) {
    const customers = (await table('CustTable')).filter((row) => row['organizationname'] === clientName);
    const accounts = new Set(customers.map((row) => row['customeraccount']));
    const projects = (await table('ProjTable')).filter((row) => accounts.has(row['customeraccount'] ?? ''));
    const contracts = new Set((await table('ProjFundingSource')).filter((row) => accounts.has(row['customeraccount'] ?? '')).map((row) => row['projectcontractid']));
    const of = async (name: string) => (await table(name)).filter((row) => projects.some((project) => project['projectid'] === row['projectid']));
    return { customers, projects, contracts: (await table('ProjInvoiceTable')).filter((row) => contracts.has(row['projectcontractid'] ?? '')), tasks: await of('ProjTasks'), prices: await of('ProjHourSalesPrice') };
  }
  async function sell(sale: SampleDeal): Promise<DealReference> {
    return line.sell(sale);
  }

  for (const crm of ['salesforce', 'hubspot'] as const) {
    it(`makes exactly one of everything at the prices of a deal from ${crm}`, async () => {
      const sale = aSale({ crm });
      const deal = await sell(sale);
      await line.ended(deal, 'activated');
      const { customers, contracts, projects, tasks, prices } = await held(sale.client.name);
      assert.deepEqual(customers.map((row) => [row['dataareaid'], row['salescurrencycode'], row['onholdstatus']]), [['us01', 'USD', 'No']]);
      assert.deepEqual(contracts.map((row) => [row['dataareaid'], row['salescurrency']]), [['us01', 'USD']]);
      assert.deepEqual(projects.map((row) => [row['projectstage'], row['projectgroup'], row['projectcontractid']]), [['InProcess', 'TM', contracts[0]?.['projectcontractid']]]);
      assert.ok(tasks.length > 0 && new Set(tasks.map((task) => task['taskname'])).size === tasks.length);
      for (const { laborCategory, unitPrice } of sale.lines) assert.ok(prices.some((price) => price['resourcecategoryid'] === laborCategory && price['salespricing'] === unitPrice), laborCategory);
      const links = (await identitiesOf(line.store.db, closedWonId(deal))).filter((link) => link.system === 'dynamics').map((link) => link.object_type).toSorted();
      assert.deepEqual(links, ['contract', 'customer', 'project', 'rate_card']);
      const told = (await auditOf(line.store.db, closedWonId(deal))).filter((entry) => entry.action === 'step.not_offered' && entry.system === 'dynamics');
      assert.ok(told.length > 0 && told.every((entry) => entry.message.includes('on-account transactions')), 'that no billing schedule was made is told, not kept quiet');
    });
  }

  it('makes a project in each company that sells, under one party', async () => {
    const tag = randomUUID().slice(0, 8);
    const sale = aSale({
      client: { name: `Aurelia Foods France ${tag}`, street: '12 rue des Halles', city: 'Lyon', region: 'Auvergne-Rhône-Alpes', postalCode: '69002', country: 'FR', taxRegistration: 'FR40303265045', parent: null },
      currency: 'EUR', legalEntity: 'DE01', serviceLine: 'DATA', practice: 'Technology',
      lines: [
        aSoldLine({ quantity: 480, unitPrice: 175, legalEntity: 'DE01', person: 'jonas.weber@northwind-consulting.example' }),
        aSoldLine({ laborCategory: 'SENIOR_CONSULTANT', quantity: 200, unitPrice: 225.5, legalEntity: 'GB01', serviceLine: 'CLOUD', person: 'oliver.hughes@northwind-consulting.example' }),
      ],
    });
    await line.ended(await sell(sale), 'activated');
    const { customers, contracts, projects } = await held(sale.client.name);
    assert.deepEqual([customers.map((row) => row['dataareaid']).toSorted(), new Set(customers.map((row) => row['partynumber'])).size], [['de01', 'gb01'], 1]);
    assert.deepEqual([contracts.map((row) => row['dataareaid']).toSorted(), projects.map((row) => row['dataareaid']).toSorted()], [['de01', 'gb01'], ['de01', 'gb01']]);
  });

  it('is made once where the connection breaks after the contract, the project and a price were written', async () => {
    const sale = aSale();
    for (const path of ['ProjectContracts$', 'Projects$', 'ProjHourSalesPricesV2$']) await line.admin('dynamics').fault({ kind: 'cut-after', method: 'POST', path });
    await line.ended(await sell(sale), 'activated');
    const { customers, contracts, projects, prices } = await held(sale.client.name);
    assert.deepEqual([customers.length, contracts.length, projects.length, prices.length > 0], [1, 1, 1, true]);
  });

  it('leaves nothing behind when the deal is aborted', async () => {
    const sale = aSale();
    const deal = await sell({ ...sale, lines: [...sale.lines, aSoldLine({ laborCategory: 'ANALYST', quantity: 10, unitPrice: 150, person: 'left.the.firm@northwind-consulting.example' })] });
    const open = await line.openCase(deal);
    await line.resolve(open.case_id, { action: 'abort', by: 'fiona', reason: 'the client withdrew' });
    await line.ended(deal, 'aborted');
    const { customers, contracts, projects } = await held(sale.client.name);
    assert.deepEqual([customers.length, contracts.length, projects.length], [0, 0, 0]);
    assert.deepEqual((await postingsOf(line.store.db, closedWonId(deal))).filter((posting) => posting.state !== 'reversed').map((posting) => posting.key), []);
  });
});
