import assert from 'node:assert/strict';
import { datedRates } from '../../../domain/model/rate-card.ts';
import { accountOf } from '../../../connectors/dynamics/keys.ts';
import { contractIdOf } from '../../../connectors/dynamics/contract.ts';
import { taskIdOf } from '../../../connectors/dynamics/project.ts';
import { isUnsupported, type ErpPort, type References } from '../../../connectors/ports.ts';
import { callContext, dealOf, JP01, uniqueTag, type Deal, type DealTerms } from '../conformance/documents.ts';
import { others } from '../conformance/record-content.ts';
import { AT_ITS_LIMIT, describeRecordPort, failureOf, type RecordExceptions } from '../conformance/records.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';
import { NONE, offered, startEnvironment, type StoredValues, type TestEnvironment } from './environment.ts';

/** The keys are ours, so that nothing of what a write is answered matters. */
const BY_OUR_KEY = { write: { empty: 'taken', truncated: 'taken', 'wrong-schema': 'taken' } } satisfies RecordExceptions;

for (const projectEntities of ['project_accounting', 'project_operations'] as const) {
  const operations = projectEntities === 'project_operations';
  describe(`Dynamics 365 Finance with the entities of ${operations ? 'Project Operations' : 'project accounting'}`, function () {
    this.timeout(60_000);
    let environment: TestEnvironment;
    let erp: ErpPort;
    const faults = sandboxFaults(() => environment.url());

    before(async () => {
      environment = await startEnvironment(operations ? { integratedCompanies: ['us01', 'de01', 'jp01'] } : {});
      erp = environment.connect({ projectEntities });
    });
    after(async () => environment?.close());

    const rowsWith = async (table: string, column: string, value: string): Promise<StoredValues[]> => (await environment.rows(table)).filter((row) => String(row[column]).toLowerCase() === value.toLowerCase());
    async function withCustomer(terms: DealTerms = {}): Promise<{ deal: Deal; references: References }> {
      const deal = dealOf(uniqueTag(), terms);
      const { externalId } = await erp.customer.write({ document: deal.customer, references: NONE }, null, callContext());
      return { deal, references: { ...NONE, customers: { [deal.customer.id]: externalId } } };
    }
    async function withContract(terms: DealTerms = {}): Promise<{ deal: Deal; references: References }> {
      const { deal, references } = await withCustomer(terms);
      const { externalId } = await offered(erp.contract).write({ document: deal.contract, references }, null, callContext());
      return { deal, references: { ...references, contracts: { [deal.contract.id]: externalId } } };
    }
    async function withProject(terms: DealTerms = {}): Promise<{ deal: Deal; references: References; projectId: string }> {
      const { deal, references } = await withContract(terms);
      const { externalId } = await erp.project.write({ document: deal.project, references }, null, callContext());
      return { deal, references: { ...references, projects: { [deal.project.id]: externalId } }, projectId: externalId };
    }

    describeRecordPort({
      name: 'A customer in Dynamics 365',
      port: () => erp.customer,
      fresh: () => Promise.resolve({ document: dealOf(uniqueTag(), { customer: { legalEntities: ['US01', 'DE01'], currencies: ['USD', 'EUR'] } }).customer, references: NONE }),
      amended: ({ document, references }) => ({ references, document: { ...document, name: `${document.name} und Söhne 株式会社`, legalEntities: ['JP01', 'US01', 'DE01'], currencies: ['JPY', 'USD', 'EUR'] } }),
      count: async ({ document }) => new Set((await rowsWith('CustTable', 'customeraccount', accountOf('C', document.id))).map((row) => row['partynumber'])).size,
      check: async ({ document }, externalId) => {
        const rows = await rowsWith('CustTable', 'customeraccount', externalId);
        assert.deepEqual(new Set(rows.map((row) => String(row['dataareaid']).toUpperCase())), new Set(document.legalEntities), 'a row in each company');
        for (const row of rows) {
          assert.deepEqual([row['organizationname'], row['salescurrencycode'], row['onholdstatus'], row['customergroupid']], [document.name, row['dataareaid'] === 'jp01' ? 'JPY' : 'USD', 'No', '10']);
          assert.deepEqual([row['addressstreet'], row['addresscountryregionisocode']], ['1 Main Street\nFloor 3', 'US']);
        }
      },
      use: async (_document, externalId) => void (await environment.admin.seed({ Projects: [{ dataAreaId: 'us01', ProjectID: `P-${externalId.slice(2, 14)}`, ProjectName: 'Somebody uses it', CustomerAccount: externalId, ProjectGroup: 'TM' }] })),
      writeMethod: 'POST',
      unknownId: 'C-NOSUCHACCOUNT',
      badAnswers: BY_OUR_KEY,
      content: { stored: () => environment.admin.state(), seedOthers: async (count) => void (await environment.admin.seed({ CustomersV3: Array.from({ length: count }, () => ({ dataAreaId: 'us01', CustomerAccount: `BY-HAND-${uniqueTag()}`, OrganizationName: 'Somebody else', CustomerGroupId: '10', SalesCurrencyCode: 'USD' })) })) },
    }, faults);

    describeRecordPort({
      name: 'A contract in Dynamics 365',
      port: () => offered(erp.contract),
      fresh: async (terms = {}) => {
        const { deal, references } = await withCustomer(terms);
        return { document: deal.contract, references };
      },
      amended: ({ document, references }) => ({ references, document: { ...document, purchaseOrder: 'PO-78', lines: document.lines.slice(0, 1).map((line) => ({ ...line, quantity: '50.25', amount: { ...line.amount, amount: '13065.00' } })) } }),
      count: async ({ document }) => (await rowsWith('ProjInvoiceTable', 'projectcontractid', contractIdOf(document.id))).length,
      check: async ({ document, references }, externalId) => {
        const [contract] = await rowsWith('ProjInvoiceTable', 'projectcontractid', externalId);
        assert.deepEqual([contract?.['dataareaid'], contract?.['salescurrency']], ['us01', document.currency]);
        if (operations) {
          const lines = await rowsWith('PSAContractLineItems', 'projectcontractid', externalId);
          assert.deepEqual(lines.map((line) => [line['linesequencenumber'], line['quantity'], line['lineamount']]), document.lines.map((line, index) => [index + 1, Number(line.quantity), Number(line.amount.amount)]));
          assert.deepEqual([contract?.['customeraccount'], contract?.['customerrequisitionnumber'], contract?.['termsofpayment']], [references.customers[document.customerId], document.purchaseOrder, 'Net30']);
        } else {
          const [source, ...more] = await rowsWith('ProjFundingSource', 'projectcontractid', externalId);
          assert.deepEqual([source?.['customeraccount'], source?.['customerrequisition'], source?.['termsofpayment'], more.length], [references.customers[document.customerId], document.purchaseOrder, 'Net30', 0]);
        }
      },
      use: async (_document, externalId) => void (await environment.admin.seed({ Projects: [{ dataAreaId: 'us01', ProjectID: `P-${externalId.slice(2, 14)}`, ProjectName: 'Somebody uses it', ProjectContractID: externalId, ProjectGroup: 'TM' }] })),
      writeMethod: 'POST',
      unknownId: 'K-NOSUCHCONTRACT',
      badAnswers: BY_OUR_KEY,
      content: { stored: () => environment.admin.state(), money: true, textless: !operations, seedOthers: async (count) => void (await environment.admin.seed({ ProjectContracts: others(count, () => ({ dataAreaId: 'us01', ProjectContractID: `BY-HAND-${uniqueTag()}` })) })) },
    }, faults);

    describeRecordPort({
      name: 'A project in Dynamics 365',
      port: () => erp.project,
      fresh: async (terms = {}) => {
        const { deal, references } = await withContract(terms);
        return { document: deal.project, references };
      },
      amended: ({ document, references }) => ({
        references,
        document: { ...document, name: 'Ein neuer Name'.repeat(9), wbs: [{ code: '1', name: 'Discovery', parentCode: null, billable: true, plannedHours: '20' }, { code: '2', name: 'Delivery', parentCode: null, billable: true, plannedHours: null }, { code: '2-2', name: 'Build', parentCode: '2', billable: true, plannedHours: '60' }, { code: '3', name: 'Hand-over', parentCode: '2', billable: false, plannedHours: '5' }] },
      }),
      count: async ({ document }) => (await rowsWith('ProjTable', 'projectid', document.number)).length,
      check: async ({ document, references }, externalId) => {
        const [project] = await rowsWith('ProjTable', 'projectid', externalId);
        assert.deepEqual([project?.['dataareaid'], project?.['projectgroup'], project?.['projectstage'], project?.['customeraccount'], project?.['projectcontractid']], ['us01', 'TM', 'Created', references.customers[document.customerId], references.contracts[document.contractId]]);
        assert.ok(String(project?.['projectname']).length <= 60 && document.name.startsWith(String(project?.['projectname']).replace('…', '')));
        assert.equal(String(project?.['projectedstartdate']).slice(0, 10), document.startDate);
        assert.match(String(project?.[operations ? 'description' : 'notes']), /20 hours planned|15 hours planned/);
        const tasks = await rowsWith('ProjTasks', 'projectid', externalId);
        assert.deepEqual(new Set(tasks.map((task) => [task['taskid'], task['taskname'], task['parenttaskelementid']].join())), new Set(document.wbs.map((element) => [taskIdOf(document, element.code), `${element.code} ${element.name}`, element.parentCode ?? ''].join())));
      },
      use: async (_document, externalId) => void (await environment.admin.seed({ JournalTrans: [{ dataAreaId: 'us01', JournalId: 'BY-HAND', LineNumber: 1, ProjectID: externalId, ProjectDate: '2026-12-01T12:00:00Z', Category: 'Hours' }] })),
      writeMethod: 'POST',
      unknownId: 'NO-SUCH-PROJECT',
      badAnswers: BY_OUR_KEY,
      content: { stored: () => environment.admin.state(), seedOthers: async (count) => void (await environment.admin.seed({ Projects: Array.from({ length: count }, () => ({ dataAreaId: 'us01', ProjectID: `BY-HAND-${uniqueTag()}`, ProjectName: 'Somebody else', ProjectGroup: 'TM' })) })) },
    }, faults);

    describeRecordPort({
      name: 'A rate card in Dynamics 365',
      port: () => offered(erp.rateCard),
      fresh: async (terms = {}) => {
        const { deal, references } = await withProject(terms);
        return { document: { project: deal.project, rateCard: deal.project.rateCard }, references };
      },
      amended: ({ document, references }) => ({ references, document: { ...document, rateCard: { ...document.rateCard, lines: [{ laborCategory: 'CONSULTANT', unit: 'day' as const, rate: '2000', from: '2027-02-15' }, { laborCategory: 'PARTNER', unit: 'hour' as const, rate: '500.5' }], former: [{ laborCategory: 'CONSULTANT', unit: 'hour' as const, rate: '210', currency: document.rateCard.currency, from: null, to: '2027-02-14' }] } } }),
      count: async ({ document }) => new Set((await rowsWith('ProjHourSalesPrice', 'projectid', document.project.number)).map((row) => row['projectid'])).size,
      check: async ({ document }, externalId) => {
        assert.equal(externalId, document.project.number);
        const prices = await rowsWith('ProjHourSalesPrice', 'projectid', externalId);
        assert.deepEqual(
          new Set(prices.map((price) => [price['resourcecategoryid'], price['salespricing'], price['currencyid'], String(price['transdate']).slice(0, 10), String(price['enddate']).slice(0, 10)].join())),
          new Set(datedRates(document.rateCard).map((line) => [line.laborCategory, line.unit === 'day' ? Number(line.rate) / 8 : Number(line.rate), line.currency, line.from, line.to].join())),
        );
      },
      use: null,
      writeMethod: 'POST',
      unknownId: 'NO-SUCH-PROJECT',
      badAnswers: BY_OUR_KEY,
      content: { stored: () => environment.admin.state(), money: true, textless: true, seedOthers: async (count) => void (await environment.admin.seed({ ProjHourSalesPricesV2: others(count, () => ({ dataAreaId: 'us01', ProjectId: `BY-HAND-${uniqueTag()}`, ResourceCategoryId: 'CONSULTANT', TransDate: '2026-12-01T00:00:00Z', CurrencyId: 'USD', SalesPricing: 300 })) })) },
    }, faults);

    it('leaves what people added alone, and what stays whole', async () => {
      const { deal, references, projectId } = await withProject();
      const contractId = references.contracts[deal.contract.id] ?? '';
      await environment.admin.seed({
        ProjectTasks: [{ dataAreaId: 'us01', ProjectId: projectId, TaskId: 'W00000001', TaskElementId: '7', TaskName: 'Steering' }],
        ProjHourSalesPricesV2: [{ dataAreaId: 'us01', ProjectId: projectId, ResourceCategoryId: 'CONSULTANT', ResourceId: 'ada', ResourceCompanyId: 'us01', TransDate: '2026-12-01T00:00:00Z', CurrencyId: 'USD', SalesPricing: 300 }],
        ...(operations ? {} : { ProjectFundingSources: [{ dataAreaId: 'us01', ProjectContractID: contractId, FundingSourceId: 'GRANT', FundingType: 'Grant' }] }),
      });
      const rateCard = { document: { project: deal.project, rateCard: deal.project.rateCard }, references };
      await offered(erp.rateCard).write(rateCard, null, callContext());
      await offered(erp.contract).write({ document: deal.contract, references }, null, callContext());
      await erp.project.write({ document: deal.project, references }, null, callContext());
      const counts = async () => [(await rowsWith('ProjTasks', 'projectid', projectId)).length, (await rowsWith('ProjHourSalesPrice', 'projectid', projectId)).length, (await rowsWith('ProjFundingSource', 'projectcontractid', contractId)).length];
      assert.deepEqual(await counts(), [deal.project.wbs.length + 1, deal.project.rateCard.lines.length + 1, operations ? 0 : 2]);
      await environment.admin.seed({ JournalTrans: [{ dataAreaId: 'us01', JournalId: 'BY-HAND', LineNumber: 2, ProjectID: projectId, ProjectDate: '2026-12-01T12:00:00Z', Category: 'Hours' }] });
      assert.equal((await erp.project.undo({ document: { document: deal.project, references }, externalId: projectId, created: true }, callContext())).how, 'cancelled');
      assert.equal((await offered(erp.contract).undo({ document: { document: deal.contract, references }, externalId: contractId, created: true }, callContext())).how, 'kept');
      assert.deepEqual(await counts(), [deal.project.wbs.length + 1, deal.project.rateCard.lines.length + 1, operations ? 0 : 2]);
    });

    it('opens a project for time only while it is in the stage for it', async () => {
      const { deal, projectId } = await withProject();
      for (const [status, stage] of [['active', 'InProcess'], ['active', 'InProcess'], ['closed', 'Completed'], ['cancelled', 'Completed'], ['pending', 'Created']] as const) {
        assert.equal(await erp.setProjectStatus({ document: deal.project, externalId: projectId }, status, callContext()), status);
        assert.equal((await rowsWith('ProjTable', 'projectid', projectId))[0]?.['projectstage'], stage);
      }
    });

    it('reports a project whose tasks could not all be written as half written', async () => {
      const { deal, references } = await withContract();
      await faults.next({ ...AT_ITS_LIMIT, method: 'POST', path: 'ProjectTasks' });
      const failure = await failureOf(() => erp.project.write({ document: deal.project, references }, null, callContext()));
      assert.deepEqual([failure.kind, failure.written], ['transient', 'unknown']);
    });

    it('keeps a project of the same number apart in another company', async () => {
      const american = await withProject();
      const japanese = await withContract({ legalEntity: JP01, rate: '31250' });
      const { externalId } = await erp.project.write({ document: { ...japanese.deal.project, number: american.deal.project.number }, references: japanese.references }, null, callContext());
      const rows = await rowsWith('ProjTable', 'projectid', externalId);
      assert.deepEqual(rows.map((row) => row['dataareaid']).toSorted(), ['jp01', 'us01']);
    });
  });
}

describe('Dynamics 365 Finance as an ERP', function () {
  this.timeout(60_000);
  let environment: TestEnvironment;
  let erp: ErpPort;
  before(async () => {
    environment = await startEnvironment();
    erp = environment.connect();
  });
  after(async () => environment?.close());
  const customerRow = async (deal: Deal) => (await environment.rows('CustTable')).filter((row) => row['customeraccount'] === accountOf('C', deal.customer.id));
  const write = (deal: Deal, change: Partial<Deal['customer']> = {}) => erp.customer.write({ document: { ...deal.customer, ...change }, references: NONE }, null, callContext());

  it('sends what the ERP owns of a customer when it is made, and leaves it alone ever after', async () => {
    const deal = dealOf(uniqueTag(), { customer: { taxRegistrationNumber: 'US-1', ownedElsewhere: ['taxRegistrationNumber', 'legalEntities'] } });
    await write(deal);
    assert.equal((await customerRow(deal))[0]?.['identificationnumber'], 'US-1');
    await write(deal, { name: 'Acme renamed', taxRegistrationNumber: 'US-2', legalEntities: ['US01', 'DE01'] });
    const rows = await customerRow(deal);
    assert.deepEqual(rows.map((row) => [row['organizationname'], row['identificationnumber'], row['dataareaid']]), [['Acme renamed', 'US-1', 'us01']]);
    await write(deal, { taxRegistrationNumber: 'US-2', ownedElsewhere: [] });
    assert.equal((await customerRow(deal))[0]?.['identificationnumber'], 'US-2', 'unless the firm says that the CRM owns it');
  });

  it('leaves a customer on hold whom finance put on hold', async () => {
    const deal = dealOf(uniqueTag());
    await write(deal);
    await environment.admin.seed({ CustomersV3: [{ dataAreaId: 'us01', CustomerAccount: accountOf('C', deal.customer.id), OnHoldStatus: 'Invoice' }] });
    await write(deal, { name: 'Acme renamed' });
    assert.deepEqual((await customerRow(deal)).map((row) => [row['organizationname'], row['onholdstatus']]), [['Acme renamed', 'Invoice']]);
  });

  it('is one party in all companies that bill it', async () => {
    const deal = dealOf(uniqueTag(), { customer: { legalEntities: ['US01', 'DE01', 'JP01'] } });
    await write(deal);
    const rows = await customerRow(deal);
    assert.deepEqual([rows.length, new Set(rows.map((row) => row['partynumber'])).size], [3, 1]);
  });

  it('says what it does not offer and what happens instead', () => {
    for (const step of [erp.billingSchedule, erp.expenses]) {
      assert.ok(isUnsupported(step));
      assert.match(step.unsupported, /finance/);
    }
  });

  it('tells a wrong mapping from a wrong deal', async () => {
    const deal = dealOf(uniqueTag());
    const failing = (options: object, document = deal.customer) => failureOf(() => environment.connect(options).customer.write({ document, references: NONE }, null, callContext()));
    const unmapped = await failing({ companies: {} });
    assert.deepEqual([unmapped.kind, unmapped.code, unmapped.written], ['configuration', 'DYNAMICS_MAPPING_MISSING', 'no']);
    assert.match(unmapped.mend, /companies\.US01/);
    const wrong = await failing({ customerGroup: 'NONE' });
    assert.deepEqual([wrong.kind, wrong.code, wrong.written], ['configuration', 'DYNAMICS_VALUE_UNKNOWN', 'no']);
    assert.match(wrong.message, /'NONE' in field 'Customer group'/);
    assert.doesNotMatch(wrong.message, /validateField|An error has occurred/);
    const nowhere = await failing({ companies: { US01: 'zz99' } });
    assert.deepEqual([nowhere.kind, nowhere.written], ['business_rule', 'no']);
  });

  it('says that the companies use project accounting where Project Operations is not integrated', async () => {
    const other = environment.connect({ projectEntities: 'project_operations' });
    const deal = dealOf(uniqueTag());
    const { externalId } = await write(deal);
    const failure = await failureOf(() => offered(other.contract).write({ document: deal.contract, references: { ...NONE, customers: { [deal.customer.id]: externalId } } }, null, callContext()));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['configuration', 'DYNAMICS_PROJECT_ENTITIES', 'no']);
  });

  it('refuses a project number that Dynamics would cut', async () => {
    const deal = dealOf(`${uniqueTag()}-long`);
    const failure = await failureOf(() => erp.project.write({ document: deal.project, references: { customers: { [deal.customer.id]: 'C-1' }, contracts: { [deal.contract.id]: 'K-1' }, projects: {} } }, null, callContext()));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['business_rule', 'DYNAMICS_ID_TOO_LONG', 'no']);
  });

  it('leaves the WBS in the project\'s notes where its tasks are not to be written', async () => {
    const plain = environment.connect({ wbs: 'none' });
    const deal = dealOf(uniqueTag());
    const customers = { [deal.customer.id]: (await write(deal)).externalId };
    const contracts = { [deal.contract.id]: (await offered(plain.contract).write({ document: deal.contract, references: { ...NONE, customers } }, null, callContext())).externalId };
    await plain.project.write({ document: deal.project, references: { ...NONE, customers, contracts } }, null, callContext());
    const tasks = (await environment.rows('ProjTasks')).filter((row) => row['projectid'] === deal.project.number);
    const [project] = (await environment.rows('ProjTable')).filter((row) => row['projectid'] === deal.project.number);
    assert.deepEqual([tasks.length, /WBS 2-1 Design, 25\.5 hours planned/.test(String(project?.['notes']))], [0, true]);
  });
});
