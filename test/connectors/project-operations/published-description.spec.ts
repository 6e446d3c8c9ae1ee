import assert from 'node:assert/strict';
import type { References } from '../../../connectors/ports.ts';
import { lookupColumn, TABLES, type Column } from '../../../sandbox/project-operations/tables.ts';
import { differences } from '../../support/odata/described.ts';
import { operationsOf, type Operation } from '../../support/odata/operations.ts';
import { callContext, dealOf, uniqueTag } from '../conformance/documents.ts';
import { askedMisfits, CHOICES, OUR_DESCRIPTION, PUBLISHED, trafficMisfits } from './descriptions.ts';
import { NONE, offered, startEnvironment } from './environment.ts';

const ID = '712c0000-0000-8000-8000-000000000000';
const TYPES: Readonly<Record<Column['kind'], string>> = { string: 'String', int: 'Int32', decimal: 'Decimal', money: 'Decimal', boolean: 'Boolean', datetime: 'DateTimeOffset', choice: 'Int32' };

function asked(method: string, path: string, body?: object): Operation {
  return operationsOf({ method, url: `/api/data/v9.2/${path}`, contentType: '', body: body === undefined ? '' : JSON.stringify(body), status: 0, answerType: '', answer: '' }, '/api/data/v9.2')[0] ?? assert.fail();
}

describe("Project Operations' tables, as their published descriptions have them", function () {
  this.timeout(20_000);

  it("are the same in data.json as in an environment's $metadata (needs it at hand: test/fixtures/vendors/project-operations/README.md)", function () {
    if (PUBLISHED === undefined) this.skip();
    // A length is no part of Dataverse's $metadata.
    assert.deepEqual(differences(OUR_DESCRIPTION, PUBLISHED).filter((difference) => !/: (?:maxLength|precision|scale) is/.test(difference)), []);
  });

  it('have no table, column, reference or choice in our sandbox that the descriptions do not have', () => {
    for (const { set, name, key, columns, lookups } of TABLES) {
      assert.equal(OUR_DESCRIPTION.sets[set]?.type, name);
      const shape = OUR_DESCRIPTION.types[name];
      assert.deepEqual(shape?.keys, [key]);
      for (const [column, kept] of Object.entries(columns)) {
        const described: { readonly type: string; readonly maxLength?: number } | undefined = shape?.fields[column];
        assert.deepEqual([column, described?.type, described?.maxLength], [column, TYPES[kept.kind], kept.kind === 'string' ? kept.max : undefined], `${name}.${column}`);
        const choices = CHOICES[`${name}.${column}`];
        if (kept.kind === 'choice' && choices !== undefined) assert.deepEqual(kept.values.toSorted(), choices.toSorted(), `${name}.${column}`);
      }
      for (const [navigation, to] of Object.entries(lookups)) assert.deepEqual([shape?.navigations[navigation]?.to, shape?.fields[lookupColumn(navigation)]?.type], [OUR_DESCRIPTION.sets[to]?.type, 'Guid'], `${name}.${navigation}`);
    }
  });

  for (const billingMethod of ['time_and_materials', 'milestone'] as const) {
    it(`take every step of a deal from the connector, billed by ${billingMethod}`, async () => {
      const environment = await startEnvironment();
      const erp = environment.connect();
      const sold = dealOf(uniqueTag(), { billingMethod });
      const { externalId: account } = await erp.customer.write({ document: { ...sold.customer, name: 'Ä'.repeat(255) }, references: NONE }, null, callContext());
      const references: References = { ...NONE, customers: { [sold.customer.id]: account } };
      const { externalId: contract } = await offered(erp.contract).write({ document: { ...sold.contract, purchaseOrder: 'P'.repeat(60) }, references }, null, callContext());
      const known = { ...references, contracts: { [sold.contract.id]: contract } };
      const { externalId: project } = await erp.project.write({ document: { ...sold.project, name: 'Ü'.repeat(200) }, references: known }, null, callContext());
      const all = { ...known, projects: { [sold.project.id]: project } };
      await offered(erp.rateCard).write({ document: { project: sold.project, rateCard: sold.project.rateCard }, references: all }, null, callContext());
      await offered(erp.billingSchedule).write({ document: { project: sold.project, schedule: sold.project.billingSchedule }, references: all }, null, callContext());
      await erp.setProjectStatus({ document: sold.project, externalId: project }, 'active', callContext());
      await environment.close();
      const written = new Set(environment.exchanges.filter(({ url }) => url.endsWith('$batch')).flatMap((exchange) => operationsOf(exchange, '/api/data/v9.2')).map(({ path }) => path.replace(/\(.*$/s, '')));
      const schedule = billingMethod === 'milestone' ? 'msdyn_contractlinescheduleofvalues' : 'msdyn_contractlineinvoiceschedules';
      for (const set of ['accounts', 'salesorders', 'salesorderdetails', 'msdyn_projects', 'annotations', 'pricelevels', 'msdyn_resourcecategorypricelevels', 'msdyn_orderpricelists', schedule]) assert.ok(written.has(set), `${set} was not written; ${[...written].join()}`);
      assert.deepEqual(trafficMisfits(environment.exchanges, OUR_DESCRIPTION), []);
    });
  }

  for (const [what, operation, expected] of [
    ['a column that there is not', asked('PATCH', `accounts(${ID})`, { vatnumber: '1' }), 'account.vatnumber is not described'],
    ['a text that is too long', asked('PATCH', `accounts(${ID})`, { name: 'x'.repeat(161) }), 'is not of String(160)'],
    ['a choice that there is not', asked('PATCH', `salesorderdetails(${ID})`, { msdyn_billingmethod: 192_350_002 }), 'is none of its choices'],
    ['a choice by its label', asked('PATCH', `salesorderdetails(${ID})`, { msdyn_billingmethod: 'Fixed Price' }), 'is not of Int32'],
    ['a reference in the case of its column', asked('PATCH', `msdyn_journallines(${ID})`, { 'msdyn_project@odata.bind': `/msdyn_projects(${ID})` }), 'msdyn_journalline.msdyn_project@odata.bind is not described'],
    ['a reference to a row of another table', asked('PATCH', `salesorders(${ID})`, { 'customerid_account@odata.bind': `/contacts(${ID})` }), 'is no account'],
    ['a lookup as if it were a column', asked('PATCH', `salesorders(${ID})`, { _customerid_value: ID }), 'cannot be given at update'],
    ['a task, which only the schedule engine makes', asked('PATCH', `msdyn_projecttasks(${ID})`, { msdyn_subject: 'Design' }), 'is not offered'],
    ['an actual, which only a journal makes', asked('POST', 'msdyn_actuals', { msdyn_description: 'Design' }), 'is not offered'],
    ['five decimals of money', asked('PATCH', `msdyn_journallines(${ID})`, { msdyn_price: 1.234_56 }), 'is not of Decimal(19,4)'],
    ['a date without a time', asked('PATCH', `msdyn_projects(${ID})`, { msdyn_scheduledstart: '2026-12-01' }), 'is not of DateTimeOffset'],
    ['an unknown column to read', asked('GET', 'accounts?$select=colour'), 'colour is not described'],
  ] as const) {
    it(`are held against a request with ${what}`, () => assert.ok(askedMisfits(OUR_DESCRIPTION, operation).join('; ').includes(expected), askedMisfits(OUR_DESCRIPTION, operation).join('; ')));
  }
});
