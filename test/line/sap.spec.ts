import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { closedWonId } from '../../domain/process/deal-process.ts';
import { auditOf } from '../../store/audit-trail.ts';
import { identitiesOf } from '../../store/identity-map.ts';
import { postingsOf } from '../../store/posting-settlement.ts';
import { aSale, aSoldLine } from '../support/sales.ts';
import { startSandboxLine, type SandboxLine } from '../support/sandbox-line.ts';
import { stopTemporalServer } from '../support/temporal.ts';

const rows = z.array(z.looseObject({ values: z.record(z.string(), z.unknown()) }));

describe('A closed-won deal becomes a released project in SAP S/4HANA Cloud, chosen by configuration alone', function () {
  this.timeout(60_000);
  let line: SandboxLine;
  before(async () => {
    line = await startSandboxLine({ overlays: ['sap'] });
  });
  after(async () => {
    await line.stop();
    await stopTemporalServer();
  });

  const recordsOf = async (set: string) => rows.parse((await line.admin('sap').state())[set] ?? []).map((row) => row.values);
  const among = (values: readonly unknown[]) => (value: unknown) => values.includes(value);
  /** What SAP holds for a client, by its name. */
  async function held(clientName: string) {
    const partners = (await recordsOf('A_BusinessPartner')).filter((row) => row['OrganizationBPName1'] === clientName);
    const orders = (await recordsOf('A_SalesOrder')).filter((row) => partners.some((partner) => partner['Customer'] === row['SoldToParty']));
    const items = (await recordsOf('A_SalesOrderItem')).filter((row) => orders.some((order) => order['SalesOrder'] === row['SalesOrder']));
    const projects = (await recordsOf('A_EnterpriseProject')).filter((row) => items.some((item) => item['PurchaseOrderByShipToParty'] === row['Project']));
    const isOfProject = among(projects.map((project) => project['ProjectUUID']));
    return {
      partners, orders, items, projects,
      companies: (await recordsOf('A_CustomerCompany')).filter((row) => partners.some((partner) => partner['Customer'] === row['Customer'])),
      elements: (await recordsOf('A_EnterpriseProjectElement')).filter((row) => isOfProject(row['ProjectUUID']) && row['ProjectElementUUID'] !== row['ProjectUUID']),
    };
  }

  it('makes exactly one of everything, at the value of the deal', async () => {
    const sale = aSale({ crm: 'salesforce' });
    const deal = await line.sell(sale);
    await line.ended(deal, 'activated');
    const { partners, orders, items, projects, elements } = await held(sale.client.name);
    assert.deepEqual([partners.length, orders.length, items.length, projects.length], [1, 1, 1, 1]);
    assert.deepEqual([orders[0]?.['SalesOrganization'], orders[0]?.['TransactionCurrency']], ['1710', 'USD']);
    assert.equal(Number(items[0]?.['NetAmount']), sale.lines.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0));
    assert.deepEqual([projects[0]?.['ProcessingStatus'], items[0]?.['WBSElement']], ['10', projects[0]?.['Project']]);
    assert.ok(elements.length > 0 && elements.every((element) => String(element['ProjectElement']).startsWith(`${String(projects[0]?.['Project'])}.`)));
    const links = (await identitiesOf(line.store.db, closedWonId(deal))).filter((link) => link.system === 'sap').map((link) => link.object_type).toSorted();
    assert.deepEqual(links, ['billing_schedule', 'contract', 'customer', 'project']);
    const told = (await auditOf(line.store.db, closedWonId(deal))).filter((entry) => entry.action === 'step.not_offered' && entry.system === 'sap');
    assert.ok(told.length > 0 && told.every((entry) => entry.message.includes('condition records')), 'that no rate card was made is told, not kept quiet');
  });

  it('makes a project in each company that sells, for one business partner', async () => {
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
    const { partners, orders, projects, companies } = await held(sale.client.name);
    assert.deepEqual([partners.length, companies.map((row) => row['CompanyCode']).toSorted()], [1, ['1010', '1110']]);
    assert.deepEqual([orders.map((row) => row['SalesOrganization']).toSorted(), projects.length], [['1010', '1110'], 2]);
  });

  it('is made once where the connection breaks after the partner, the order and the project were written', async () => {
    const sale = aSale();
    for (const path of ['A_BusinessPartner$', 'A_SalesOrder$', 'A_EnterpriseProject$']) await line.admin('sap').fault({ kind: 'cut-after', method: 'POST', path });
    await line.ended(await line.sell(sale), 'activated');
    const { partners, orders, projects, elements } = await held(sale.client.name);
    assert.deepEqual([partners.length, orders.length, projects.length, elements.length > 0], [1, 1, 1, true]);
  });

  it('leaves no order and no project behind when the deal is aborted, and the partner out of use', async () => {
    const sale = aSale();
    const deal = await line.sell({ ...sale, lines: [...sale.lines, aSoldLine({ laborCategory: 'ANALYST', quantity: 10, unitPrice: 150, person: 'left.the.firm@northwind-consulting.example' })] });
    const open = await line.openCase(deal);
    await line.resolve(open.case_id, { action: 'abort', by: 'fiona', reason: 'the client withdrew' });
    await line.ended(deal, 'aborted');
    const { partners, orders, projects } = await held(sale.client.name);
    assert.deepEqual([partners.map((row) => row['IsMarkedForArchiving']), orders.length, projects.length], [[true], 0, 0]);
    assert.deepEqual((await postingsOf(line.store.db, closedWonId(deal))).filter((posting) => posting.state !== 'reversed').map((posting) => posting.key), []);
  });
});
