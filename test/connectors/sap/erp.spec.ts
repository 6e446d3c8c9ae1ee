import assert from 'node:assert/strict';
import { referenceOf } from '../../../connectors/sap/keys.ts';
import { isUnsupported, type ErpPort } from '../../../connectors/ports.ts';
import { callContext, dealOf, JP01, uniqueTag } from '../conformance/documents.ts';
import { others } from '../conformance/record-content.ts';
import { describeRecordPort, failureOf } from '../conformance/records.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';
import { dealsIn } from './deals.ts';
import { NONE, offered, startSystem, type StoredValues, type TestSystem } from './environment.ts';

describe('SAP S/4HANA Cloud as an ERP', function () {
  this.timeout(30_000);
  let system: TestSystem;
  let erp: ErpPort;
  const faults = sandboxFaults(() => system.url());

  before(async () => {
    system = await startSystem();
    erp = system.connect();
  });
  after(async () => system?.close());
  afterEach(async () => system.admin.clearFaults());

  const rowsWith = async (set: string, field: string, value: unknown): Promise<StoredValues[]> => (await system.rows(set)).filter((row) => row[field] === value);
  const { withCustomer, withContract, withProject } = dealsIn(() => erp);
  const elementsOf = async (project: string) => {
    const [root] = await rowsWith('A_EnterpriseProjectElement', 'ProjectElement', project);
    return (await rowsWith('A_EnterpriseProjectElement', 'ProjectUUID', root?.['ProjectUUID'])).filter((row) => row !== root && row['ProjectElement'] !== project);
  };

  let byHand = 5_000_000;

  describeRecordPort({
    name: 'A customer in SAP',
    port: () => erp.customer,
    fresh: () => Promise.resolve({ document: dealOf(uniqueTag(), { customer: { legalEntities: ['US01', 'DE01'], currencies: ['USD', 'EUR'] } }).customer, references: NONE }),
    amended: ({ document, references }) => ({ references, document: { ...document, name: `${document.name} und Söhne 株式会社 ${'Überlänge '.repeat(4)}`.trim(), legalEntities: ['JP01', 'US01', 'DE01'], currencies: ['USD', 'JPY', 'EUR'], billingAddress: { ...document.billingAddress, city: 'Chicago' } } }),
    count: async ({ document }) => (await rowsWith('A_BusinessPartner', 'BusinessPartnerIDByExtSystem', referenceOf('C', document.id))).length,
    check: async ({ document }, externalId) => {
      const [partner] = await rowsWith('A_BusinessPartner', 'BusinessPartner', externalId);
      assert.equal([1, 2, 3, 4].map((number) => partner?.[`OrganizationBPName${number}`]).join(''), document.name);
      assert.deepEqual([partner?.['BusinessPartnerCategory'], partner?.['Customer'], partner?.['IsMarkedForArchiving']], ['2', externalId, false]);
      assert.deepEqual((await rowsWith('A_BusinessPartnerRole', 'BusinessPartner', externalId)).map((row) => row['BusinessPartnerRole']), ['FLCU00', 'FLCU01']);
      const addresses = await rowsWith('A_BusinessPartnerAddress', 'BusinessPartner', externalId);
      assert.deepEqual(addresses.map((row) => [row['StreetName'], row['CityName'], row['Region'], row['Country']]), [['1 Main Street, Floor 3', document.billingAddress.city, 'IL', 'US']]);
      assert.deepEqual((await rowsWith('A_BusinessPartnerTaxNumber', 'BusinessPartner', externalId)).map((row) => [row['BPTaxType'], row['BPTaxNumber']]), [['US1', document.taxRegistrationNumber?.toUpperCase()]]);
      const codes = new Set(document.legalEntities.map((entity) => ({ US01: '1710', DE01: '1010', JP01: '1510' })[entity]));
      assert.deepEqual(new Set((await rowsWith('A_CustomerCompany', 'Customer', externalId)).map((row) => row['CompanyCode'])), codes);
      assert.deepEqual(new Set((await rowsWith('A_CustomerSalesArea', 'Customer', externalId)).map((row) => row['SalesOrganization'])), codes);
    },
    use: null,
    undoneAs: 'deactivated',
    writeMethod: 'POST',
    unknownId: '9999999999',
    content: { stored: () => system.admin.state(), runsOn: true, seedOthers: async (count) => void (await system.admin.seed({ A_BusinessPartner: Array.from({ length: count }, () => ({ BusinessPartner: `H${uniqueTag()}`.toUpperCase(), BusinessPartnerCategory: '2', OrganizationBPName1: 'Somebody else', BusinessPartnerIDByExtSystem: `by-hand-${uniqueTag()}` })) })) },
  }, faults);

  describeRecordPort({
    name: 'A contract in SAP',
    port: () => offered(erp.contract),
    fresh: async (terms = {}) => {
      const { deal, references } = await withCustomer(terms);
      return { document: { ...deal.contract, lines: [...deal.contract.lines, { ...deal.contract.lines[0] ?? assert.fail(), projectNumber: `${deal.contract.legalEntity}-DATA-${uniqueTag()}`, billingMethod: 'fixed_fee' as const }] }, references };
    },
    amended: ({ document, references }) => ({ references, document: { ...document, purchaseOrder: 'PO-78', lines: document.lines.slice(0, 1).map((line) => ({ ...line, quantity: '50.25', amount: { ...line.amount, amount: '13065.00' } })) } }),
    count: async ({ document }) => (await rowsWith('A_SalesOrder', 'PurchaseOrderByShipToParty', referenceOf('K', document.id))).length,
    check: async ({ document, references }, externalId) => {
      const [order] = await rowsWith('A_SalesOrder', 'SalesOrder', externalId);
      assert.deepEqual([order?.['SalesOrganization'], order?.['SoldToParty'], order?.['PurchaseOrderByCustomer'], order?.['TransactionCurrency'], order?.['CustomerPaymentTerms'], order?.['SalesOrderDate']], ['1710', references.customers[document.customerId], document.purchaseOrder, document.currency, '0004', document.signedOn]);
      const items = await rowsWith('A_SalesOrderItem', 'SalesOrder', externalId);
      const sold = [...Map.groupBy(document.lines, (line) => line.projectNumber)].map(([project, lines]) => `${project} ${lines.reduce((sum, line) => sum + Number(line.amount.amount), 0)} ${lines[0]?.billingMethod === 'fixed_fee' ? 'P001' : 'P002'}`);
      assert.deepEqual(items.map((row) => `${String(row['PurchaseOrderByShipToParty'])} ${Number(row['NetAmount'])} ${String(row['Material'])}`), sold);
      const [text] = await rowsWith('A_SalesOrderText', 'SalesOrder', externalId);
      for (const line of document.lines) assert.ok(String(text?.['LongText']).includes(`${line.description}: ${line.quantity} hour at ${line.unitPrice}`));
    },
    use: async (_document, externalId) => void (await system.admin.seed({ A_SalesOrderItem: [{ SalesOrder: externalId, SalesOrderItem: '10', OrderRelatedBillingStatus: 'C' }] })),
    writeMethod: 'POST',
    unknownId: '9999999999',
    content: { stored: () => system.admin.state(), money: true, seedOthers: async (count) => void (await system.admin.seed({ A_SalesOrder: others(count, () => ({ SalesOrder: String((byHand += 1)), SalesOrganization: '1710', PurchaseOrderByShipToParty: `BY-HAND-${uniqueTag()}` })) })) },
  }, faults);

  describeRecordPort({
    name: 'A project in SAP',
    port: () => erp.project,
    fresh: async (terms = {}) => {
      const { deal, references } = await withContract(terms);
      return { document: deal.project, references };
    },
    amended: ({ document, references }) => ({
      references,
      document: { ...document, name: 'Ein neuer Name'.repeat(9), wbs: [{ code: '1', name: 'Discovery', parentCode: null, billable: true, plannedHours: '20' }, { code: '2', name: 'Delivery', parentCode: null, billable: true, plannedHours: null }, { code: '2-2', name: 'Build', parentCode: '1', billable: true, plannedHours: '60' }, { code: '3', name: 'Hand-over', parentCode: '2-2', billable: false, plannedHours: '5' }] },
    }),
    count: async ({ document }) => (await rowsWith('A_EnterpriseProject', 'Project', document.number)).length,
    check: async ({ document }, externalId) => {
      assert.equal(externalId, document.number);
      const [project] = await rowsWith('A_EnterpriseProject', 'Project', externalId);
      assert.deepEqual([project?.['ProjectProfileCode'], project?.['ProcessingStatus'], project?.['ResponsibleCostCenter'], project?.['ProjectCurrency'], project?.['ProjectStartDate'], project?.['ProjectEndDate']], ['YP02', '00', 'US01-TECH', document.value.currency, document.startDate, document.endDate]);
      assert.ok(String(project?.['ProjectDescription']).length <= 60 && document.name.startsWith(String(project?.['ProjectDescription']).replace('…', '')));
      const elements = await elementsOf(externalId);
      const nameOf = (uuid: unknown) => elements.find((row) => row['ProjectElementUUID'] === uuid)?.['ProjectElement'] ?? null;
      assert.deepEqual(
        new Set(elements.map((row) => [row['ProjectElement'], row['ProjectElementDescription'], nameOf(row['ParentObjectUUID'])].join())),
        new Set(document.wbs.map(({ code, name, parentCode, billable }) => [`${externalId}.${code}`, billable ? name : `${name} (not billable)`, parentCode === null ? null : `${externalId}.${parentCode}`].join())),
      );
    },
    use: async (_document, externalId) => void (await system.admin.seed({ TimeSheetEntryCollection: [{ PersonWorkAgreementExternalID: 'BYHAND', CompanyCode: '1710', TimeSheetRecord: uniqueTag(), TimeSheetDate: '2026-12-01T00:00:00', TimeSheetStatus: '30', TimeSheetDataFields: { WBSElement: externalId, RecordedHours: '1' } }] })),
    writeMethod: 'POST',
    unknownId: 'NO-SUCH-PROJECT',
    content: { stored: () => system.admin.state(), seedOthers: async (count) => void (await system.admin.seed({ A_EnterpriseProject: Array.from({ length: count }, () => ({ ProjectUUID: crypto.randomUUID(), Project: `BY-HAND-${uniqueTag()}`, ProjectDescription: 'Somebody else' })) })) },
  }, faults);

  describeRecordPort({
    name: 'A billing schedule in SAP',
    port: () => offered(erp.billingSchedule),
    fresh: async (terms = {}) => {
      const { deal, references } = await withProject({ billingMethod: 'fixed_fee', ...terms });
      return { document: { project: deal.project, schedule: deal.project.billingSchedule }, references };
    },
    amended: ({ document, references }) => ({ references, document: { ...document, schedule: { ...document.schedule, items: [...document.schedule.items.slice(1), { sequence: 3, kind: 'milestone' as const, description: 'Go-live', billOn: '2027-03-31', amount: { amount: '5200.05', currency: 'USD' } }, { sequence: 4, kind: 'milestone' as const, description: 'Support', billOn: '2027-06-30', amount: { amount: '5199.95', currency: 'USD' } }] } } }),
    count: async ({ document }) => (await rowsWith('A_SalesOrderItem', 'WBSElement', document.project.number)).length,
    check: async ({ document, references }, externalId) => {
      const [order, item] = externalId.split('/');
      assert.equal(order, references.contracts[document.project.contractId]);
      const dates = (await rowsWith('A_SlsOrderItemBillingPlanItem', 'SalesOrder', order)).filter((row) => row['SalesOrderItem'] === item);
      assert.deepEqual(dates.map((row) => `${String(row['BillingPlanBillingDate'])} ${Number(row['BillingPlanAmount'])} ${String(row['TransactionCurrency'])}`).toSorted(), document.schedule.items.map(({ billOn, amount }) => `${billOn} ${Number(amount?.amount)} ${document.schedule.currency}`).toSorted());
    },
    use: async ({ references, document }) => {
      const [first] = await rowsWith('A_SlsOrderItemBillingPlanItem', 'SalesOrder', references.contracts[document.project.contractId]);
      const { SalesOrder, SalesOrderItem, BillingPlan, BillingPlanItem } = first ?? {};
      await system.admin.seed({ A_SlsOrderItemBillingPlanItem: [{ SalesOrder, SalesOrderItem, BillingPlan, BillingPlanItem, BillingPlanRelatedBillgStatus: 'C' }] });
    },
    writeMethod: 'POST',
    unknownId: '9999999999/10',
    content: { stored: () => system.admin.state(), money: true, textless: true, seedOthers: async (count) => void (await system.admin.seed({ A_SalesOrderItem: others(count, () => ({ SalesOrder: String((byHand += 1)), SalesOrderItem: '10', WBSElement: `BY-HAND-${uniqueTag()}` })) })) },
  }, faults);

  it('leaves what has been billed of a schedule, and plans the rest anew', async () => {
    const { deal, references, order } = await withProject({ billingMethod: 'fixed_fee' });
    const schedule = deal.project.billingSchedule;
    const billing = offered(erp.billingSchedule);
    await billing.write({ document: { project: deal.project, schedule }, references }, null, callContext());
    const [first] = await rowsWith('A_SlsOrderItemBillingPlanItem', 'SalesOrder', order);
    const { SalesOrder, SalesOrderItem, BillingPlan, BillingPlanItem } = first ?? {};
    await system.admin.seed({ A_SlsOrderItemBillingPlanItem: [{ SalesOrder, SalesOrderItem, BillingPlan, BillingPlanItem, BillingPlanRelatedBillgStatus: 'C' }] });
    const later = { ...schedule, items: [{ sequence: 1, kind: 'instalment' as const, description: 'All the rest', billOn: '2027-08-31', amount: { amount: '15600', currency: 'USD' } }] };
    await billing.write({ document: { project: deal.project, schedule: later }, references }, null, callContext());
    const dates = (await rowsWith('A_SlsOrderItemBillingPlanItem', 'SalesOrder', order)).map((row) => `${String(row['BillingPlanBillingDate'])} ${String(row['BillingPlanRelatedBillgStatus'])}`);
    assert.deepEqual(dates, ['2026-12-01 C', '2027-08-31 A']);
  });

  it('plans no dates for hours, and assigns the item to the project so that they are billed', async () => {
    const { deal, references, order } = await withProject();
    const document = { project: deal.project, schedule: deal.project.billingSchedule };
    const { externalId } = await offered(erp.billingSchedule).write({ document, references }, null, callContext());
    assert.equal(externalId, `${order}/10`);
    assert.deepEqual((await rowsWith('A_SalesOrderItem', 'SalesOrder', order)).map((row) => row['WBSElement']), [deal.project.number]);
    assert.equal((await rowsWith('A_SlsOrderItemBillingPlanItem', 'SalesOrder', order)).length, 0);
  });

  it('names the product whose items have no billing plan', async () => {
    const { deal, references } = await withProject({ billingMethod: 'fixed_fee' });
    const other = system.connect({ products: { fixed_fee: 'P002' } });
    const contract = { ...deal.contract, id: `${deal.contract.id}/other` };
    const { externalId } = await offered(other.contract).write({ document: contract, references }, null, callContext());
    const failure = await failureOf(() => offered(other.billingSchedule).write({ document: { project: deal.project, schedule: deal.project.billingSchedule }, references: { ...references, contracts: { [deal.contract.id]: externalId } } }, null, callContext()));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['configuration', 'SAP_BILLING_PLAN_MISSING', 'no']);
  });

  it('opens a project for time only while it is released', async () => {
    const { deal, projectId } = await withProject();
    for (const [status, code] of [['active', '10'], ['active', '10'], ['closed', '42'], ['cancelled', '42']] as const) {
      assert.equal(await erp.setProjectStatus({ document: deal.project, externalId: projectId }, status, callContext()), status);
      assert.equal((await rowsWith('A_EnterpriseProject', 'Project', projectId))[0]?.['ProcessingStatus'], code);
    }
    const back = await failureOf(() => erp.setProjectStatus({ document: deal.project, externalId: projectId }, 'pending', callContext()));
    assert.deepEqual([back.kind, back.code], ['business_rule', 'SAP_REFUSED']);
    const gone = await failureOf(() => erp.setProjectStatus({ document: deal.project, externalId: 'NO-SUCH' }, 'active', callContext()));
    assert.deepEqual([gone.kind, gone.code], ['business_rule', 'SAP_NOT_FOUND']);
  });

  it('leaves WBS elements and order items alone that people added', async () => {
    const { deal, references, order, projectId } = await withProject();
    const [root] = await rowsWith('A_EnterpriseProject', 'Project', projectId);
    await system.admin.seed({
      A_EnterpriseProjectElement: [{ ProjectElementUUID: '11111111-2222-3333-4444-555555555555', ProjectUUID: root?.['ProjectUUID'], ParentObjectUUID: root?.['ProjectUUID'], ProjectElement: `${projectId}.7`, ProjectElementDescription: 'Steering', CreatedByUser: 'FIONA' }],
      A_SalesOrderItem: [{ SalesOrder: order, SalesOrderItem: '90', Material: 'P002', SalesOrderItemText: 'Goodwill', PurchaseOrderByShipToParty: referenceOf('K', deal.contract.id) }],
    });
    await offered(erp.contract).write({ document: deal.contract, references }, null, callContext());
    await erp.project.write({ document: deal.project, references }, null, callContext());
    assert.equal((await elementsOf(projectId)).length, deal.project.wbs.length + 1);
    assert.equal((await rowsWith('A_SalesOrderItem', 'SalesOrder', order)).length, 2);
  });

  it('takes items back into use that an undo or an amendment rejected, once they are sold again; what people rejected stays so', async () => {
    const { deal, references, order } = await withContract();
    const port = offered(erp.contract);
    const [item] = await rowsWith('A_SalesOrderItem', 'SalesOrder', order);
    const seed = (change: object) => system.admin.seed({ A_SalesOrderItem: [{ SalesOrder: order, SalesOrderItem: item?.['SalesOrderItem'], ...change }] });
    const reason = async () => (await rowsWith('A_SalesOrderItem', 'SalesOrder', order)).map((row) => row['SalesDocumentRjcnReason']);
    await seed({ OrderRelatedBillingStatus: 'B' });
    assert.equal((await port.undo({ document: { document: deal.contract, references }, externalId: order, created: true }, callContext())).how, 'cancelled');
    assert.deepEqual(await reason(), ['61']);
    await port.write({ document: deal.contract, references }, null, callContext());
    assert.deepEqual(await reason(), [''], 'what is sold is billed');
    await seed({ SalesDocumentRjcnReason: '62' });
    await port.write({ document: deal.contract, references }, null, callContext());
    assert.deepEqual(await reason(), ['62']);
  });

  it('reports a project whose WBS could not be written as half written, and makes the rest of it the next time', async () => {
    const { deal, references } = await withContract();
    await faults.next({ kind: 'status', status: 429, retryAfterSeconds: 1, method: 'POST', path: 'batch' });
    const failure = await failureOf(() => erp.project.write({ document: deal.project, references }, null, callContext()));
    assert.deepEqual([failure.kind, failure.written], ['transient', 'unknown']);
    await erp.project.write({ document: deal.project, references }, await erp.project.find({ document: deal.project, references }, callContext()), callContext());
    assert.equal((await elementsOf(deal.project.number)).length, deal.project.wbs.length);
  });

  it('takes a customer back into use that an undo put out of it, and leaves one alone that people did', async () => {
    const { deal } = await withCustomer();
    const document = { document: deal.customer, references: NONE };
    const [partner] = await rowsWith('A_BusinessPartner', 'BusinessPartnerIDByExtSystem', referenceOf('C', deal.customer.id));
    const externalId = String(partner?.['BusinessPartner']);
    await erp.customer.undo({ document, externalId, created: true }, callContext());
    await erp.customer.write(document, null, callContext());
    const marked = async () => (await rowsWith('A_BusinessPartner', 'BusinessPartner', externalId))[0]?.['IsMarkedForArchiving'];
    assert.equal(await marked(), false);
    await system.admin.seed({ A_BusinessPartner: [{ BusinessPartner: externalId, IsMarkedForArchiving: true }] });
    await erp.customer.write(document, null, callContext());
    assert.equal(await marked(), true);
    const failure = await failureOf(() => offered(erp.contract).write({ document: deal.contract, references: { ...NONE, customers: { [deal.customer.id]: externalId } } }, null, callContext()));
    assert.match(failure.message, /marked for archiving/);
  });

  it('sends what the ERP owns of a customer when it is made, and leaves it alone ever after', async () => {
    const deal = dealOf(uniqueTag(), { customer: { taxRegistrationNumber: 'US-1', ownedElsewhere: ['taxRegistrationNumber', 'legalEntities'] } });
    const { externalId } = await erp.customer.write({ document: deal.customer, references: NONE }, null, callContext());
    await erp.customer.write({ document: { ...deal.customer, name: 'Acme renamed', taxRegistrationNumber: 'US-2', legalEntities: ['US01', 'DE01'] }, references: NONE }, null, callContext());
    assert.deepEqual((await rowsWith('A_BusinessPartner', 'BusinessPartner', externalId)).map((row) => row['OrganizationBPName1']), ['Acme renamed']);
    assert.deepEqual((await rowsWith('A_BusinessPartnerTaxNumber', 'BusinessPartner', externalId)).map((row) => row['BPTaxNumber']), ['US-1']);
    assert.equal((await rowsWith('A_CustomerCompany', 'Customer', externalId)).length, 1);
  });

  it('keeps amounts of currencies without decimals and with three', async () => {
    for (const [currency, rate] of [['JPY', '31250'], ['KWD', '80.125']] as const) {
      const { deal, references } = await withCustomer({ legalEntity: JP01, currency, rate });
      const { externalId } = await offered(erp.contract).write({ document: deal.contract, references }, null, callContext());
      const prices = await rowsWith('A_SalesOrderItemPrElement', 'SalesOrder', externalId);
      assert.deepEqual(prices.map((row) => [Number(row['ConditionRateValue']), row['ConditionCurrency']]), [[Number(rate) * 100, currency]]);
    }
  });

  it('says what it does not offer and what happens instead', () => {
    for (const step of [erp.rateCard, erp.expenses, erp.receivables]) {
      assert.ok(isUnsupported(step));
      assert.ok(isUnsupported(step));
      assert.match(step.unsupported, /finance/i);
    }
  });

  it('tells a wrong mapping from a wrong deal', async () => {
    const { customer } = dealOf(uniqueTag());
    const failing = (options: object, document = customer) => failureOf(() => system.connect(options).customer.write({ document, references: NONE }, null, callContext()));
    const unmapped = await failing({ organizations: {} });
    assert.deepEqual([unmapped.kind, unmapped.code, unmapped.written], ['configuration', 'SAP_MAPPING_MISSING', 'no']);
    assert.match(unmapped.mend, /organizations\.US01/);
    const wrong = await failing({ partnerGrouping: 'NONE' });
    assert.deepEqual([wrong.kind, wrong.code, wrong.written], ['configuration', 'SAP_VALUE_UNKNOWN', 'no']);
    assert.match(wrong.message, /grouping NONE does not exist/);
    assert.doesNotMatch(wrong.message, /exception was raised/);
    const nowhere = await failing({ organizations: { US01: { companyCode: '9999', salesOrganization: '1710' } } });
    assert.deepEqual([nowhere.kind, nowhere.written], ['configuration', 'no']);
    assert.match(nowhere.message, /Company code 9999/);
  });

  it('refuses a project whose numbers SAP would cut', async () => {
    const deal = dealOf(`${uniqueTag()}-long`);
    const failure = await failureOf(() => erp.project.write({ document: deal.project, references: NONE }, null, callContext()));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['business_rule', 'SAP_ID_TOO_LONG', 'no']);
  });
});
