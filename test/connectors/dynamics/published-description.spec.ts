import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { References } from '../../../connectors/ports.ts';
import { metadata } from '../../../sandbox/dynamics/metadata.ts';
import { answerMisfits, requestMisfits } from '../../support/odata/check.ts';
import { differences } from '../../support/odata/described.ts';
import { modelOfMetadata } from '../../support/odata/model.ts';
import { differencesFromOpenApi } from '../../support/odata/openapi.ts';
import { operationsOf, type Operation } from '../../support/odata/operations.ts';
import { vendorDescription } from '../../support/vendor-descriptions.ts';
import { callContext, dealOf, uniqueTag } from '../conformance/documents.ts';
import { checkingWith, OUR_DESCRIPTION, PUBLISHED, trafficMisfits } from './descriptions.ts';
import { NONE, offered, startEnvironment } from './environment.ts';

const CHECKING = checkingWith(OUR_DESCRIPTION);

function asked(method: string, url: string, body?: object): Operation {
  return operationsOf({ method, url: `/data/${url}`, contentType: '', body: body === undefined ? '' : JSON.stringify(body), status: 0, answerType: '', answer: '' }, '/data')[0] ?? assert.fail();
}

describe("Finance and operations' data entities, as an environment's $metadata describes them", function () {
  this.timeout(20_000);
  it("are the same in data.json as in an environment's $metadata (needs it at hand: test/fixtures/vendors/dynamics/README.md)", function () {
    if (PUBLISHED === undefined) this.skip();
    assert.deepEqual(differences(OUR_DESCRIPTION, PUBLISHED), []);
  });

  for (const [file, sets] of [['receivable', 'CustomersV3,CustomerGroups'], ['asset', 'Projects,ProjectsV2,ProjectTasks,ProjectGroups'], ['ledger', 'JournalTables,JournalTrans'], ['core', 'LegalEntities,Currencies,PaymentTerms']] as const) {
    it(`are the same in data.json as in Ballerina's OpenAPI description "${file}" (needs it at hand: test/fixtures/vendors/dynamics/README.md)`, function () {
      const description = vendorDescription(`dynamics/${file}.json`);
      if (description === undefined) this.skip();
      const compared = differencesFromOpenApi(OUR_DESCRIPTION, description);
      assert.deepEqual(compared.differences, []);
      assert.equal(compared.sets.join(), sets);
    });
  }

  it("have nothing in our sandbox that data.json does not have, and not a value of an enumeration more", () => {
    const sandbox = modelOfMetadata(metadata());
    assert.deepEqual(Object.keys(sandbox.sets).toSorted(), Object.keys(OUR_DESCRIPTION.sets).toSorted());
    assert.deepEqual(differences(sandbox, OUR_DESCRIPTION).filter((difference) => !/(?:Posted|TransactionID): (?:create|update) is true/.test(difference)), []);
  });

  for (const projectEntities of ['project_accounting', 'project_operations']) {
    it(`take every step of a deal from the connector by the entities of ${projectEntities}`, async () => {
      const environment = await startEnvironment(projectEntities === 'project_operations' ? { integratedCompanies: ['us01', 'de01', 'jp01'] } : {});
      const erp = environment.connect({ projectEntities });
      const sold = dealOf(uniqueTag(), { billingMethod: 'time_and_materials' });
      const { externalId: account } = await erp.customer.write({ document: sold.customer, references: NONE }, null, callContext());
      await erp.customer.write({ document: { ...sold.customer, name: 'Ä'.repeat(300) }, references: NONE }, null, callContext());
      const references: References = { ...NONE, customers: { [sold.customer.id]: account } };
      const { externalId: contract } = await offered(erp.contract).write({ document: { ...sold.contract, purchaseOrder: 'P'.repeat(60) }, references }, null, callContext());
      const known = { ...references, contracts: { [sold.contract.id]: contract } };
      const { externalId: project } = await erp.project.write({ document: { ...sold.project, name: 'Ü'.repeat(200) }, references: known }, null, callContext());
      await offered(erp.rateCard).write({ document: { project: sold.project, rateCard: sold.project.rateCard }, references: { ...known, projects: { [sold.project.id]: project } } }, null, callContext());
      await erp.setProjectStatus({ document: sold.project, externalId: project }, 'active', callContext());
      await environment.close();
      const sets = projectEntities === 'project_accounting' ? ['ProjectContracts', 'ProjectFundingSources', 'Projects'] : ['ProjectContractHeaders', 'ProjectContractLines', 'ProjectsV2'];
      const written = new Set(environment.exchanges.filter(({ method }) => method === 'POST').map(({ url }) => /^\/data\/(\w+)/.exec(url)?.[1]));
      for (const set of ['CustomersV3', ...sets, 'ProjectTasks', 'ProjHourSalesPricesV2']) assert.ok(written.has(set), `${set} was not written; ${[...written].join()}`);
      assert.deepEqual(trafficMisfits(environment.exchanges, OUR_DESCRIPTION), []);
    });
  }

  for (const [what, operation, expected] of [
    ['a value that an enumeration does not have', asked('POST', 'ProjectContractLines', { BillingMethod: 'TimeAndMaterial' }), 'BillingMethod: "TimeAndMaterial" is not of ProjContractBillingMethod'],
    ['a field of the other family of entities', asked('POST', 'ProjectsV2', { ProjectContractID: 'C' }), 'ProjectV2.ProjectContractID is not described'],
    ['null for a date', asked('PATCH', "ProjectsV2(dataAreaId='us01',ProjectId='P')", { ProjectedStartDate: null }), 'ProjectedStartDate cannot be null'],
    ['a date without a time', asked('POST', 'ProjectsV2', { ProjectedStartDate: '2026-11-21' }), 'is not of DateTimeOffset'],
    ['a number as a text', asked('POST', 'JournalTrans', { Hours: '1.5' }), 'Hours: "1.5" is not of Decimal'],
    ['what the ERP sets itself', asked('PATCH', "JournalTables(dataAreaId='us01',JournalBatchNumber='J')", { Posted: 'Yes' }), 'Posted cannot be given at update'],
    ['half a key', asked('GET', "CustomersV3('C-1')"), 'is no key of CustomerV3'],
    ["a date's key in quotes", asked('GET', "ProjHourSalesPricesV2?$filter=TransDate eq '2026-11-21'"), "TransDate: '2026-11-21' is not of DateTimeOffset"],
    ['an enumeration by another name', asked('GET', "CustomersV3?$filter=OnHoldStatus eq Microsoft.Dynamics.DataEntities.NoYes'No'"), 'is not of CustVendorBlocked'],
    ['an unknown field to read', asked('GET', 'CustomersV3?cross-company=true&$select=Colour'), 'CustomerV3: Colour is not described'],
    ['an option that there is not', asked('GET', 'CustomersV3?company=us01'), 'company is no option'],
  ] as const) {
    it(`are held against a request with ${what}`, () => assert.ok(requestMisfits(CHECKING, operation).join('; ').includes(expected), requestMisfits(CHECKING, operation).join('; ')));
  }

  it('are held against answers', () => {
    const answered = (answer: object): string => answerMisfits(CHECKING, { ...asked('GET', "Projects(dataAreaId='us01',ProjectID='P')"), status: 200, answer }).join('; ');
    assert.equal(answered({ '@odata.etag': 'W/"1"', dataAreaId: 'us01', ProjectID: 'P', ProjectStage: 'InProcess' }), '');
    for (const [answer, expected] of [[{ dataAreaId: 'us01', ProjectID: 'P', Colour: 'red' }, 'Colour is not described'], [{ dataAreaId: 'us01' }, 'without its key ProjectID'], [{ value: [] }, 'answered with a list'], [{ dataAreaId: 'us01', ProjectID: 'P', ProjectStage: 'Underway' }, 'is not of ProjStatus']] as const) assert.ok(answered(answer).includes(expected), answered(answer));
  });
});
