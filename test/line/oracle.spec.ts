import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { closedWonId } from '../../domain/process/deal-process.ts';
import { identitiesOf } from '../../store/identity-map.ts';
import { postingsOf } from '../../store/posting-settlement.ts';
import { aSale, aSoldLine } from '../support/sales.ts';
import { startSandboxLine, type SandboxLine } from '../support/sandbox-line.ts';
import { stopTemporalServer } from '../support/temporal.ts';

const rowsSchema = z.array(z.looseObject({ id: z.number(), parent: z.number().nullable(), values: z.record(z.string(), z.unknown()) }));

describe('A closed-won deal becomes an active project in Oracle Fusion Cloud, chosen by configuration alone', function () {
  this.timeout(60_000);
  let line: SandboxLine;
  before(async () => {
    line = await startSandboxLine({ overlays: ['oracle'] });
  });
  after(async () => {
    await line.stop();
    await stopTemporalServer();
  });

  const rows = async (resource: string) => rowsSchema.parse((await line.admin('oracle').state())[resource] ?? []);
  /** What Oracle holds for a client, by its name. */
  async function held(clientName: string) {
    const parties = (await rows('hubOrganizations')).filter((row) => row.values['OrganizationName'] === clientName);
    const contracts = (await rows('contracts')).filter((row) => parties.some((party) => party.id === row.values['PrimaryPartyId']));
    const contractLines = (await rows('contracts.ContractLine')).filter((row) => contracts.some((contract) => contract.id === row.parent));
    const projects = (await rows('projects')).filter((row) => contractLines.some((each) => each.values['ItemNameTxt'] === row.values['ProjectNumber']));
    const numbers = projects.map((project) => String(project.values['ProjectNumber']));
    return {
      parties, contracts, contractLines, projects,
      tasks: (await rows('projects.Tasks')).filter((row) => projects.some((project) => project.id === row.parent)),
      schedules: (await rows('rateSchedules')).filter((row) => numbers.some((number) => row.values['RateScheduleName'] === `${number}-RATE`)),
      accounts: z.array(z.looseObject({ kind: z.string(), name: z.string(), status: z.string().optional() })).parse((await line.admin('oracle').state())['setUp'] ?? []).filter((each) => each.kind === 'customerAccounts' && parties.some((party) => party.values['PartyNumber'] === each.name)),
    };
  }

  it('makes exactly one of everything, at the value of the deal', async () => {
    const sale = aSale({ crm: 'salesforce' });
    const deal = await line.sell(sale);
    await line.ended(deal, 'activated');
    const { parties, contracts, contractLines, projects, schedules, accounts, tasks } = await held(sale.client.name);
    assert.deepEqual([parties.length, accounts.length, contracts.length, contractLines.length, projects.length, schedules.length], [1, 1, 1, 1, 1, 1]);
    assert.deepEqual([contracts[0]?.values['OrgName'], contracts[0]?.values['CurrencyCode'], contracts[0]?.values['StsCode'], projects[0]?.values['ProjectStatusCode'], accounts[0]?.status], ['Northwind US01', 'USD', 'DRAFT', 'ACTIVE', 'A']);
    assert.equal(contractLines[0]?.values['LineValueAmount'], sale.lines.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0));
    assert.ok(tasks.some((task) => task.values['ChargeableFlag'] === true));
    const plans = [...(await rows('contracts.BillPlan')), ...(await rows('contracts.RevenuePlan'))];
    for (const field of ['BillPlanId', 'RevenuePlanId']) assert.equal(plans.find((plan) => plan.id === contractLines[0]?.values[field])?.parent, contracts[0]?.id, field);
    const links = (await identitiesOf(line.store.db, closedWonId(deal))).filter((link) => link.system === 'oracle').map((link) => link.object_type).toSorted();
    assert.deepEqual(links, ['billing_schedule', 'contract', 'customer', 'project', 'rate_card']);
  });

  it('makes a project in each business unit that sells, for one organization with one account', async () => {
    const tag = randomUUID().slice(0, 8);
    const sale = aSale({
      client: { name: `Aurelia Foods ${tag}`, street: '12 rue des Halles', city: 'Lyon', region: 'Auvergne-Rhône-Alpes', postalCode: '69002', country: 'FR', taxRegistration: 'FR40303265045', parent: null },
      currency: 'EUR', legalEntity: 'DE01', serviceLine: 'DATA', practice: 'Technology',
      lines: [
        aSoldLine({ quantity: 480, unitPrice: 175, legalEntity: 'DE01', person: 'jonas.weber@northwind-consulting.example' }),
        aSoldLine({ laborCategory: 'SENIOR_CONSULTANT', quantity: 200, unitPrice: 225.5, legalEntity: 'GB01', serviceLine: 'CLOUD', person: 'oliver.hughes@northwind-consulting.example' }),
      ],
    });
    await line.ended(await line.sell(sale), 'activated');
    const { parties, accounts, contracts, projects } = await held(sale.client.name);
    assert.deepEqual([parties.length, accounts.length, contracts.map((row) => row.values['OrgName']).toSorted(), projects.map((row) => row.values['BusinessUnitName']).toSorted()], [1, 1, ['Northwind DE01', 'Northwind GB01'], ['Northwind DE01', 'Northwind GB01']]);
  });

  it('is made once where the connection breaks after account, contract, project, task and rates were written', async () => {
    const sale = aSale();
    for (const path of ['CustomerAccountService', '/contracts$', '/projects$', '/Tasks$', '/rateSchedules$']) await line.admin('oracle').fault({ kind: 'cut-after', method: 'POST', path });
    await line.ended(await line.sell(sale), 'activated');
    const { parties, accounts, contracts, projects, schedules, tasks } = await held(sale.client.name);
    assert.deepEqual([parties.length, accounts.length, contracts.length, projects.length, schedules.length], [1, 1, 1, 1, 1]);
    assert.equal(new Set(tasks.map((task) => task.values['TaskNumber'])).size, tasks.length);
  });

  it('leaves no contract behind when the deal is aborted, the project rejected and the account inactive', async () => {
    const sale = aSale();
    const deal = await line.sell({ ...sale, lines: [...sale.lines, aSoldLine({ laborCategory: 'ANALYST', quantity: 10, unitPrice: 150, person: 'left.the.firm@northwind-consulting.example' })] });
    const open = await line.openCase(deal);
    const before = await held(sale.client.name);
    await line.resolve(open.case_id, { action: 'abort', by: 'fiona', reason: 'the client withdrew' });
    await line.ended(deal, 'aborted');
    const { contracts, accounts } = await held(sale.client.name);
    const projects = (await rows('projects')).filter((row) => before.projects.some((project) => project.id === row.id));
    assert.deepEqual([contracts.length, accounts.map((each) => each.status), projects.map((row) => row.values['ProjectStatusCode'])], [0, ['I'], before.projects.map(() => 'REJECTED')]);
    assert.deepEqual((await postingsOf(line.store.db, closedWonId(deal))).filter((posting) => posting.state !== 'reversed').map((posting) => posting.key), []);
  });
});
