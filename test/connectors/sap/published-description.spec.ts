import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { isUnsupported, type ErpPort } from '../../../connectors/ports.ts';
import { answerMisfits, requestMisfits } from '../../support/odata/check.ts';
import { differences } from '../../support/odata/described.ts';
import { modelOfMetadata } from '../../support/odata/model.ts';
import { operationsOf, type Operation } from '../../support/odata/operations.ts';
import { callContext, dealOf, uniqueTag } from '../conformance/documents.ts';
import { laborLine, reversalOf } from '../conformance/labor-documents.ts';
import { OUR_DESCRIPTION, PUBLISHED, trafficMisfits } from './descriptions.ts';
import { NONE, offered, startSystem, type TestSystem } from './environment.ts';

const ORDERS = { model: OUR_DESCRIPTION['API_SALES_ORDER_SRV'] ?? assert.fail(), version: 2 } as const;
const PROJECTS = { model: OUR_DESCRIPTION['API_ENTERPRISE_PROJECT_SRV;v=0002'] ?? assert.fail(), version: 2 } as const;

function asked(method: string, url: string, body?: object): Operation {
  return { ...(operationsOf({ method, url: `/${url}`, contentType: '', body: body === undefined ? '' : JSON.stringify(body), status: 0, answerType: '', answer: '' }, '')[0] ?? assert.fail()) };
}

describe("SAP's services, as SAP describes them", function () {
  this.timeout(20_000);
  let system: TestSystem;
  let erp: ErpPort;

  before(async () => {
    system = await startSystem();
    erp = system.connect({ billingDateCategory: '01', profitCenters: { US01: 'YB600' } });
  });
  after(() => system.close());

  for (const [service, ours] of Object.entries(OUR_DESCRIPTION)) {
    it(`are the same in services.json as in the EDMX that SAP publishes of ${service} (needs it at hand: test/fixtures/vendors/sap/README.md)`, function () {
      const published = PUBLISHED[service];
      if (published === undefined) this.skip();
      assert.deepEqual(differences(ours, published), []);
    });

    it(`have nothing in our sandbox's ${service} that services.json does not have`, async () => {
      const { user, password } = system.credentials;
      const answer = await fetch(`${system.url()}/sap/opu/odata/sap/${service}/$metadata`, { headers: { authorization: `Basic ${btoa(`${user}:${password}`)}` } });
      const offered = modelOfMetadata(await answer.text());
      assert.deepEqual(Object.keys(offered.types).toSorted(), Object.keys(ours.types).toSorted());
      assert.deepEqual(differences(offered, ours), []);
    });
  }

  it('take every step of a deal and of time from the connector as it writes and reads it', async () => {
    const deal = dealOf(uniqueTag(), { billingMethod: 'fixed_fee', customer: { name: 'Ä'.repeat(255), legalEntities: ['US01'], taxRegistrationNumber: '9'.repeat(40) } });
    const { externalId: partner } = await erp.customer.write({ document: deal.customer, references: NONE }, null, callContext());
    await erp.customer.write({ document: { ...deal.customer, legalEntities: ['US01', 'DE01'] }, references: NONE }, null, callContext());
    const references = { ...NONE, customers: { [deal.customer.id]: partner } };
    const lines = deal.contract.lines.map((line) => ({ ...line, description: 'A very long description of what was sold '.repeat(5) }));
    const { externalId: order } = await offered(erp.contract).write({ document: { ...deal.contract, lines, purchaseOrder: 'P'.repeat(60) }, references }, null, callContext());
    await offered(erp.contract).write({ document: { ...deal.contract, lines: [...lines.slice(0, 1), { ...lines[0] ?? assert.fail(), projectNumber: 'US01-DATA-OTHER' }] }, references }, null, callContext());
    const known = { ...references, contracts: { [deal.contract.id]: order } };
    await erp.project.write({ document: { ...deal.project, name: 'Ü'.repeat(200) }, references: known }, null, callContext());
    await erp.project.write({ document: deal.project, references: known }, null, callContext());
    const billing = { project: deal.project, schedule: deal.project.billingSchedule };
    await offered(erp.billingSchedule).write({ document: billing, references: known }, null, callContext());
    await offered(erp.billingSchedule).write({ document: { ...billing, schedule: { ...billing.schedule, items: billing.schedule.items.map((item) => ({ ...item, billOn: '2027-02-28' })) } }, references: known }, null, callContext());
    await erp.setProjectStatus({ document: deal.project, externalId: deal.project.number }, 'active', callContext());
    await system.admin.seed({ YY1_Q2CPEOPLE: [{ PersonWorkAgreementExternalID: 'EMP1', CompanyCode: '1710', DefaultEmailAddress: 'ada@northwind-consulting.example' }] });
    const place = { system: 'sap', legalEntity: 'US01', currency: 'USD', costCenter: 'US01-TECH', people: ['ada@northwind-consulting.example'], projects: [deal.project.number], task: '2-1' };
    const entry = laborLine(place);
    assert.ok(!isUnsupported(erp.labor));
    for (const posting of [entry, reversalOf(entry)]) assert.deepEqual((await erp.labor.post([posting, laborLine(place)], callContext())).map((answer) => answer.outcome), ['posted', 'posted']);
    await erp.customer.undo({ document: { document: deal.customer, references: NONE }, externalId: partner, created: true }, callContext());


    const written = new Set(system.exchanges.flatMap((exchange) => {
      const [root = '', service = ''] = /^\/sap\/opu\/odata\/sap\/([^/]+)/.exec(exchange.url) ?? [];
      const model = OUR_DESCRIPTION[service];
      return model === undefined ? [] : operationsOf(exchange, root).map(({ method, path }) => `${method} ${path.replaceAll(/\('?(?:[^()']|'(?:[^']|'')*')*\)/g, '')}`);
    }));
    for (const each of ['POST A_BusinessPartner', 'PATCH A_BusinessPartner', 'PATCH A_BusinessPartnerAddress', 'PATCH A_BusinessPartnerTaxNumber', 'POST A_Customer/to_CustomerCompany', 'POST A_Customer/to_CustomerSalesArea', 'POST A_SalesOrder', 'PATCH A_SalesOrder', 'POST A_SalesOrder/to_Item', 'PATCH A_SalesOrderItemPrElement', 'PATCH A_SalesOrderText', 'POST A_EnterpriseProject', 'PATCH A_EnterpriseProject', 'POST A_EnterpriseProjectElement/to_SubProjElement', 'PATCH A_EnterpriseProjectElement', 'POST A_SalesOrderItemBillingPlan/to_BillingPlanItem', 'PATCH A_SlsOrderItemBillingPlanItem', 'PATCH A_SalesOrderItem', 'POST ChangeEntProjProcgStatus', 'GET TimeSheetEntryCollection', 'POST TimeSheetEntryCollection']) assert.ok(written.has(each), `${each} was not sent; ${[...written].join(', ')}`);
    assert.deepEqual(trafficMisfits(system.exchanges, OUR_DESCRIPTION), []);
  });

  for (const [what, operation, expected] of [
    ['a field that there is not', asked('POST', 'A_SalesOrderItem', { Colour: 'red' }), 'A_SalesOrderItemType.Colour is not described'],
    ['a text that is too long', asked('POST', 'A_SalesOrderItem', { SalesOrderItemText: 'x'.repeat(41) }), 'is not of String(40)'],
    ['a number where SAP wants its digits', asked('POST', 'A_SalesOrderItem', { RequestedQuantity: 1 }), 'is not of Decimal(15,3)'],
    ['too many decimals, in a record below it', asked('POST', 'A_SalesOrder', { to_Item: [{ to_PricingElement: [{ ConditionRateValue: '0.0000000001' }] }] }), 'A_SalesOrderItemPrElementType.ConditionRateValue: "0.0000000001" is not of Decimal(24,9)'],
    ['one record where there are many', asked('POST', 'A_SalesOrder', { to_Item: {} }), 'A_SalesOrderType.to_Item is a list'],
    ['a date of its own making', asked('POST', 'A_SalesOrder', { SalesOrderDate: '2026-11-21' }), 'SalesOrderDate: "2026-11-21" is not of DateTime'],
    ['a field that SAP fills in', asked('POST', 'A_SalesOrder', { TotalNetAmount: '1.00' }), 'TotalNetAmount cannot be given at create'],
    ['a record below the one that is changed', asked('PATCH', "A_SalesOrder('1')", { to_Item: [] }), 'to_Item cannot be changed with its parent'],
    ['half a key', asked('GET', "A_SalesOrderItem('10')"), 'is no key of A_SalesOrderItemType'],
    ['a key of another type', asked('GET', "A_SalesOrderItem(SalesOrder='1',SalesOrderItem=10)"), 'A_SalesOrderItemType.SalesOrderItem: 10 is not of String(6)'],
    ['a way that leads nowhere', asked('GET', "A_SalesOrder('1')/to_Nowhere"), "to_Nowhere of A_SalesOrder('1')/to_Nowhere is not described"],
    ['an unknown field to read', asked('GET', 'A_SalesOrder?$select=SalesOrder,Colour'), 'A_SalesOrderType: Colour is not described'],
    ['an unknown field to look for', asked('GET', "A_SalesOrder?$filter=SalesOrder eq '1' and Colour eq 'red'"), 'A_SalesOrderType: Colour is not described'],
    ['a field that cannot be looked for', asked('GET', "A_SalesOrderText?$filter=LongText eq 'a'"), 'LongText cannot be filtered by'],
    ['an operator of version 4', asked('GET', "A_SalesOrder?$filter=SalesOrder in ('1','2')"), 'A_SalesOrderType: in is not described'],
    ['an option that there is not', asked('GET', 'A_SalesOrder?$search=x'), '$search is no option'],
    ['deleting what cannot be', asked('DELETE', "A_SalesOrderItemBillingPlan(SalesOrder='1',SalesOrderItem='10',BillingPlan='1')"), 'is not offered'],
  ] as const) {
    it(`are held against a request with ${what}`, () => assert.ok(requestMisfits(ORDERS, operation).join('; ').includes(expected), requestMisfits(ORDERS, operation).join('; ')));
  }

  it('are held against answers: their fields, types, keys, lists and addresses', () => {
    const answered = (path: string, d: object): string => answerMisfits(PROJECTS, { ...asked('GET', path), status: 200, answer: { d } }).join('; ');
    const uuid = '0db121b4-b001-4a10-b810-9b3b689472c4';
    assert.equal(answered(`A_EnterpriseProject(guid'${uuid}')`, { __metadata: { type: 'API_ENTERPRISE_PROJECT_SRV.A_EnterpriseProjectType', uri: `https://s4.example/A_EnterpriseProject(guid'${uuid}')` }, ProjectUUID: uuid, IsBillingRelevant: true, to_EnterpriseProjectElement: { __deferred: {} } }), '');
    for (const [d, expected] of [[{ ProjectUUID: uuid, Colour: 1 }, 'Colour is not described'], [{ ProjectUUID: 'x' }, 'is not of Guid'], [{ Project: 'P' }, 'without its key ProjectUUID'], [{ results: [] }, 'answered with a list'], [{ ProjectUUID: uuid, IsBillingRelevant: 'X' }, 'IsBillingRelevant: "X" is not of Boolean'], [{ ProjectUUID: uuid, __metadata: { type: 'A_EnterpriseProjectType', uri: `https://s4.example/A_EnterpriseProject('${uuid}')` } }, 'the type is said to be A_EnterpriseProjectType, not a service\'s A_EnterpriseProjectType; A_EnterpriseProjectType.ProjectUUID']] as const) assert.ok(answered(`A_EnterpriseProject(guid'${uuid}')`, d).includes(expected), answered(`A_EnterpriseProject(guid'${uuid}')`, d));
  });

  it('are held against calls of functions: how they are called, with all that they need and no more', () => {
    const called = (method: string, url: string): string => requestMisfits(PROJECTS, asked(method, url)).join('; ');
    const uuid = "guid'0db121b4-b001-4a10-b810-9b3b689472c4'";
    assert.equal(called('POST', `ChangeEntProjProcgStatus?ProjectUUID=${uuid}&ProcessingStatus='10'`), '');
    assert.equal(called('GET', `ChangeEntProjProcgStatus?ProjectUUID='1'&Colour='red'`), "ChangeEntProjProcgStatus is called by POST, not GET; ChangeEntProjProcgStatus.ProjectUUID: '1' is not of Guid; ChangeEntProjProcgStatus has no parameter Colour; ChangeEntProjProcgStatus is called without ProcessingStatus");
  });
});
