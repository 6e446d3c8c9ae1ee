import assert from 'node:assert/strict';
import { datedRates } from '../../../domain/model/rate-card.ts';
import { isUnsupported, type ErpPort, type References } from '../../../connectors/ports.ts';
import { callContext, dealOf, JP01, uniqueTag, type Deal, type DealTerms } from '../conformance/documents.ts';
import { others } from '../conformance/record-content.ts';
import { describeRecordPort } from '../conformance/records.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';
import { NONE, offered, pick, startEnvironment, type StoredRow, type TestEnvironment } from './environment.ts';

const FIXED_FEE: DealTerms = { billingMethod: 'fixed_fee' };

describe('Oracle Fusion as an ERP', function () {
  this.timeout(60_000);
  let environment: TestEnvironment;
  let erp: ErpPort;
  const faults = sandboxFaults(() => environment.url());
  before(async () => {
    environment = await startEnvironment();
    erp = environment.connect();
  });
  after(async () => environment?.close());

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
  const only = async (resource: string, field: string, value: unknown): Promise<StoredRow | undefined> => (await environment.rowsWith(resource, field, value))[0];

  describeRecordPort({
    name: 'A customer in Oracle Fusion',
    port: () => erp.customer,
    fresh: () => Promise.resolve({ document: dealOf(uniqueTag()).customer, references: NONE }),
    amended: ({ document, references }) => ({ references, document: { ...document, name: `${document.name} und Söhne 株式会社`, billingAddress: { ...document.billingAddress, street: '2 Side Street', city: 'Köln' } } }),
    count: async ({ document }) => (await environment.rowsWith('hubOrganizations', 'PartyNumber', document.id)).length,
    check: async ({ document }, externalId) => {
      const party = await only('hubOrganizations', 'PartyNumber', externalId);
      assert.deepEqual([party?.values['OrganizationName'], party?.values['TaxpayerIdentificationNumber'], party?.values['SourceSystemReferenceValue']], [document.name, document.taxRegistrationNumber, document.id]);
      const [address, ...more] = await environment.childrenOf('hubOrganizations.Address', party);
      const [first, second] = (document.billingAddress.street ?? '').split('\n');
      assert.deepEqual([address?.values['Address1'], address?.values['Address2'] ?? undefined, address?.values['City'], address?.values['Country'], more.length], [first, second, document.billingAddress.city, document.billingAddress.country, 0]);
    },
    use: async (_document, externalId) => {
      const party = await only('hubOrganizations', 'PartyNumber', externalId);
      await environment.admin.seed({ contracts: [{ ContractNumber: `BY-HAND-${externalId}`, ContractTypeName: 'Sell: Project Lines', BuyOrSell: 'S', OrgName: 'Northwind US01', CurrencyCode: 'USD', StartDate: '2026-01-01', PrimaryPartyId: party?.id ?? 0 }] });
    },
    writeMethod: 'POST',
    unknownId: 'NO-SUCH-PARTY',
    badAnswers: { every: { 'unknown-values': 'refused' } },
    content: { stored: () => environment.admin.state(), seedOthers: async (count) => void (await environment.admin.seed({ hubOrganizations: Array.from({ length: count }, () => ({ PartyNumber: `BY-HAND-${uniqueTag()}`, OrganizationName: 'Somebody else' })) })) },
  }, faults);

  describeRecordPort({
    name: 'A contract in Oracle Fusion',
    port: () => offered(erp.contract),
    fresh: async (terms = {}) => {
      const { deal, references } = await withCustomer(terms);
      return { document: deal.contract, references };
    },
    amended: ({ document, references }) => {
      const [line] = document.lines;
      assert.ok(line !== undefined);
      return { references, document: { ...document, purchaseOrder: 'PO-78', endDate: '2027-06-30', lines: [{ ...line, quantity: '50.25', amount: { ...line.amount, amount: '13065.00' } }, { ...line, projectNumber: `${line.projectNumber}-2` }] } };
    },
    count: async ({ document }) => (await environment.rowsWith('contracts', 'ContractNumber', document.id)).length,
    check: async ({ document, references }, externalId) => {
      const contract = await only('contracts', 'ContractNumber', externalId);
      const party = await only('hubOrganizations', 'PartyNumber', references.customers[document.customerId]);
      assert.deepEqual([contract?.values['PrimaryPartyId'], contract?.values['OrgName'], contract?.values['LegalEntityName'], contract?.values['CurrencyCode'], contract?.values['EndDate'], contract?.values['StsCode']], [party?.id, 'Northwind US01', 'Northwind US01 Legal Entity', document.currency, document.endDate, 'DRAFT']);
      assert.match(String(contract?.values['Description']), new RegExp(document.purchaseOrder ?? 'no order'));
      const lines = await environment.childrenOf('contracts.ContractLine', contract);
      const byProject = Map.groupBy(document.lines, (line) => line.projectNumber);
      assert.deepEqual(lines.map((line) => [line.values['LineNumber'], line.values['ItemNameTxt'], line.values['LineValueAmount']]), [...byProject].map(([number, sold], index) => [String(index + 1), number, sold.reduce((sum, each) => sum + Number(each.amount.amount), 0)]));
    },
    use: async ({ document }, externalId) => void (await environment.admin.seed({ projectBillingEvents: [{ SourceName: 'MANUAL', SourceReference: crypto.randomUUID(), ContractNumber: externalId, ContractLineNumber: '1', EventTypeName: 'Milestone', BillTrnsAmount: 1, ContractTypeName: 'Sell: Project Lines', EventDescription: document.number }] })),
    writeMethod: 'POST',
    unknownId: 'NO-SUCH-CONTRACT',
    badAnswers: { every: { 'unknown-values': 'refused' } },
    content: { stored: () => environment.admin.state(), money: true, seedOthers: async (count) => void (await environment.admin.seed({ contracts: others(count, () => ({ ContractNumber: `BY-HAND-${uniqueTag()}`, ContractTypeName: 'Sell: Project Lines', BuyOrSell: 'S', OrgName: 'Northwind US01', CurrencyCode: 'USD', StartDate: '2026-01-01' })) })) },
  }, faults);

  describeRecordPort({
    name: 'A project in Oracle Fusion',
    port: () => erp.project,
    fresh: async (terms = {}) => {
      const { deal, references } = await withContract(terms);
      return { document: deal.project, references };
    },
    amended: ({ document, references }) => ({
      references,
      document: { ...document, name: 'Ein neuer Name'.repeat(12), wbs: [{ code: '1', name: 'Discovery', parentCode: null, billable: true, plannedHours: '20' }, { code: '1-1', name: 'Interviews', parentCode: '1', billable: true, plannedHours: '5' }, { code: '2', name: 'Delivery', parentCode: null, billable: true, plannedHours: null }, { code: '2-2', name: 'Build', parentCode: '2', billable: false, plannedHours: '60' }] },
    }),
    count: async ({ document }) => (await environment.rowsWith('projects', 'ProjectNumber', document.number)).length,
    check: async ({ document, references }, externalId) => {
      const project = await only('projects', 'ProjectNumber', externalId);
      assert.deepEqual([project?.values['ProjectName'], project?.values['ProjectStatusCode'], project?.values['BusinessUnitName'], project?.values['OwningOrganizationName'], project?.values['SourceTemplateNumber'], project?.values['ProjectStartDate']], [`${document.number} ${document.name}`, 'SUBMITTED', 'Northwind US01', 'Northwind US01', 'T-TM', document.startDate]);
      const tasks = await environment.childrenOf('projects.Tasks', project);
      const numberOf = (id: unknown) => tasks.find((task) => task.id === id)?.values['TaskNumber'] ?? null;
      const ours = tasks.filter((task) => task.values['TaskNumber'] !== 'T-ADMIN').map((task) => [task.values['TaskNumber'], task.values['TaskName'], numberOf(task.values['ParentTaskId']), task.values['BillableFlag'], task.values['ChargeableFlag']].join());
      assert.deepEqual(new Set(ours), new Set(document.wbs.map((element) => [element.code, element.name, element.parentCode, element.billable, !document.wbs.some((other) => other.parentCode === element.code)].join())));
      assert.equal(tasks.length - ours.length, 1, 'the task of the template stays');
      const contract = await only('contracts', 'ContractNumber', references.contracts[document.contractId]);
      const [line] = await environment.childrenOf('contracts.ContractLine', contract);
      assert.deepEqual((await environment.childrenOf('contracts.ContractLine.AssociatedProject', line)).map((link) => [link.values['ProjectId'], link.values['FundingAmount']]), [[project?.id, Number(document.value.amount)]]);
    },
    use: null,
    undoneAs: 'cancelled',
    writeMethod: 'POST',
    unknownId: 'NO-SUCH-PROJECT',
    badAnswers: { every: { 'unknown-values': 'refused' } },
    content: { stored: () => environment.admin.state(), money: true, seedOthers: async (count) => void (await environment.admin.seed({ projects: Array.from({ length: count }, () => ({ ProjectNumber: `BY-HAND-${uniqueTag()}`, ProjectName: `Somebody else ${uniqueTag()}` })) })) },
  }, faults);

  describeRecordPort({
    name: 'A rate card in Oracle Fusion',
    port: () => offered(erp.rateCard),
    fresh: async (terms = {}) => {
      const { deal, references } = await withProject(terms);
      return { document: { project: deal.project, rateCard: deal.project.rateCard }, references };
    },
    amended: ({ document, references }) => ({ references, document: { ...document, rateCard: { ...document.rateCard, lines: [{ laborCategory: 'CONSULTANT', unit: 'day' as const, rate: '2000', from: '2027-02-15' }, { laborCategory: 'PARTNER', unit: 'hour' as const, rate: '500.5' }], former: [{ laborCategory: 'CONSULTANT', unit: 'hour' as const, rate: '210', currency: document.rateCard.currency, from: null, to: '2027-02-14' }] } } }),
    count: async ({ document }) => (await environment.rowsWith('rateSchedules', 'RateScheduleName', `${document.project.number}-RATE`)).length,
    check: async ({ document }, externalId) => {
      const schedule = await only('rateSchedules', 'RateScheduleName', externalId);
      assert.deepEqual([schedule?.values['ScheduleTypeCode'], schedule?.values['CurrencyCode'], schedule?.values['ProjectRatesSetCode']], ['PROJECT_ROLE', document.rateCard.currency, 'COMMON']);
      const rates = await environment.childrenOf('rateSchedules.Rates', schedule);
      assert.deepEqual(
        new Set(rates.map((rate) => [rate.values['ProjectRoleName'], rate.values['Rate'], rate.values['StartDateActive'], rate.values['EndDateActive']].join())),
        new Set(datedRates(document.rateCard).map((line) => [line.laborCategory, line.unit === 'day' ? Number(line.rate) / 8 : Number(line.rate), line.from, line.to].join())),
      );
    },
    use: null,
    writeMethod: 'POST',
    unknownId: 'NO-SUCH-SCHEDULE',
    badAnswers: { every: { 'unknown-values': 'refused' } },
    content: { stored: () => environment.admin.state(), money: true, textless: true, seedOthers: async (count) => void (await environment.admin.seed({ rateSchedules: others(count, () => ({ RateScheduleName: `BY-HAND-${uniqueTag()}`, ScheduleTypeCode: 'PROJECT_ROLE', CurrencyCode: 'USD', ProjectRatesSetCode: 'COMMON' })) })) },
  }, faults);

  describeRecordPort({
    name: 'A billing schedule in Oracle Fusion',
    port: () => offered(erp.billingSchedule),
    fresh: async (terms = {}) => {
      const { deal, references } = await withProject({ ...FIXED_FEE, ...terms });
      return { document: { project: deal.project, schedule: deal.project.billingSchedule }, references };
    },
    amended: ({ document, references }) => {
      const [first, second] = document.schedule.items;
      assert.ok(first !== undefined && second !== undefined);
      return { references, document: { ...document, schedule: { ...document.schedule, items: [first, { ...second, kind: 'milestone' as const, sequence: 3, billOn: '2027-04-30', amount: { amount: '10000.00', currency: 'USD' } }] } } };
    },
    count: async ({ document }) => new Set((await environment.rowsWith('projectBillingEvents', 'ProjectNumber', document.project.number)).map((event) => event.values['ContractNumber'])).size,
    check: async ({ document, references }, externalId) => {
      assert.equal(externalId, document.project.number);
      const events = await environment.rowsWith('projectBillingEvents', 'ProjectNumber', externalId);
      assert.deepEqual(
        new Set(events.map(({ values }) => [values['SourceReference'], values['EventTypeName'], values['BillTrnsAmount'], values['CompletionDate'], values['ContractLineNumber']].join())),
        new Set(document.schedule.items.map((item) => [`${externalId}/${item.sequence}`, item.kind === 'milestone' ? 'Milestone' : 'Fixed Fee', Number(item.amount?.amount), item.billOn, '1'].join())),
      );
      assert.deepEqual(new Set(events.map(({ values }) => [values['ContractNumber'], values['ContractTypeName'], values['SourceName']].join())), new Set([[references.contracts[document.project.contractId], 'Sell: Project Lines', 'Q2C'].join()]));
    },
    use: async ({ document: { project } }) => {
      const [event] = await environment.rowsWith('projectBillingEvents', 'ProjectNumber', project.number);
      await environment.admin.seed({ projectBillingEvents: [{ ...pick(event?.values, 'SourceName', 'SourceReference'), Invoiced: 'F' }] });
    },
    writeMethod: 'POST',
    unknownId: 'NO-SUCH-PROJECT',
    badAnswers: { every: { 'unknown-values': 'refused' } },
    content: { stored: () => environment.admin.state(), money: true, seedOthers: async (count) => void (await environment.admin.seed({ projectBillingEvents: others(count, () => ({ SourceName: 'MANUAL', SourceReference: crypto.randomUUID(), ProjectNumber: `BY-HAND-${uniqueTag()}`, ContractNumber: `BY-HAND-${uniqueTag()}`, ContractLineNumber: '1', EventTypeName: 'Milestone', BillTrnsAmount: 1, ContractTypeName: 'Sell: Project Lines', EventDescription: 'Somebody else' })) })) },
  }, faults);

  it('numbers a line that a contract gains after those it has, also where another goes', async () => {
    const { deal, references } = await withContract();
    const [line] = deal.contract.lines;
    assert.ok(line !== undefined);
    const linesWith = async (...projects: string[]) => {
      await offered(erp.contract).write({ document: { ...deal.contract, lines: projects.map((projectNumber) => ({ ...line, projectNumber })) }, references }, null, callContext());
      const lines = await environment.childrenOf('contracts.ContractLine', await only('contracts', 'ContractNumber', deal.contract.id));
      return lines.map(({ values }) => `${String(values['LineNumber'])} ${String(values['ItemNameTxt'])}`).toSorted();
    };
    assert.deepEqual(await linesWith('P1', 'P2'), ['2 P1', '3 P2']);
    assert.deepEqual(await linesWith('P2', 'P3'), ['3 P2', '4 P3']);
    const contract = await only('contracts', 'ContractNumber', deal.contract.id);
    await environment.admin.seed({ contracts: [{ ...pick(contract?.values, 'ContractNumber', 'ContractTypeName', 'BuyOrSell'), ContractLine: [{ LineNumber: '7', LineTypeName: 'Free-form, project' }] }] });
    assert.deepEqual(await linesWith('P3', 'P4'), ['4 P3', '7 undefined', '8 P4']);
  });

  it('keeps amounts of currencies without decimals and with three as they are', async () => {
    for (const [currency, rate, amounts] of [['JPY', '31250', [1_250_000, 1_875_000]], ['KWD', '65.125', [2605, 3907.5]]] as const) {
      const { deal, references } = await withProject({ ...FIXED_FEE, ...(currency === 'JPY' ? { legalEntity: JP01 } : {}), currency, rate });
      await offered(erp.billingSchedule).write({ document: { project: deal.project, schedule: deal.project.billingSchedule }, references }, null, callContext());
      const events = await environment.rowsWith('projectBillingEvents', 'ProjectNumber', deal.project.number);
      assert.deepEqual(events.map((event) => event.values['BillTrnsAmount']), amounts);
    }
  });

  it('makes no billing events for time that is billed as it is worked', async () => {
    const { deal, references } = await withProject();
    const document = { document: { project: deal.project, schedule: deal.project.billingSchedule }, references };
    const written = await offered(erp.billingSchedule).write(document, null, callContext());
    assert.equal(written.externalId, deal.project.number);
    assert.deepEqual(await environment.rowsWith('projectBillingEvents', 'ProjectNumber', deal.project.number), []);
    assert.equal((await offered(erp.billingSchedule).undo({ ...{ document }, externalId: written.externalId, created: true }, callContext())).how, 'not_found');
  });

  it('funds a project anew whose value a change order raises, and leaves the funding alone where it is right', async () => {
    const { deal, references, projectId } = await withProject();
    const project = await only('projects', 'ProjectNumber', projectId);
    const write = (amount: string) => erp.project.write({ document: { ...deal.project, value: { ...deal.project.value, amount } }, references }, { externalId: projectId, url: null }, callContext());
    const changes = async () => (await environment.admin.requests()).filter(({ method, url }) => method === 'PATCH' && url.includes('/AssociatedProject/')).length;
    const before = await changes();
    await write('99000.75');
    await write('99000.750');
    const links = (await environment.rows('contracts.ContractLine.AssociatedProject')).filter((link) => link.values['ProjectId'] === project?.id);
    assert.deepEqual([links.map((link) => link.values['FundingAmount']), (await changes()) - before], [[99000.75], 1]);
  });

  it('sets the status of a project, and takes a cancelled one into use again when its deal comes back', async () => {
    const { deal, references, projectId } = await withProject();
    const statusOf = async () => (await only('projects', 'ProjectNumber', projectId))?.values['ProjectStatusCode'];
    for (const [status, code] of [['active', 'ACTIVE'], ['active', 'ACTIVE'], ['closed', 'CLOSED']] as const) {
      assert.equal(await erp.setProjectStatus({ document: deal.project, externalId: projectId }, status, callContext()), status);
      assert.equal(await statusOf(), code);
    }
    await erp.project.undo({ document: { document: deal.project, references }, externalId: projectId, created: true }, callContext());
    const link = await environment.rows('contracts.ContractLine.AssociatedProject');
    const project = await only('projects', 'ProjectNumber', projectId);
    assert.deepEqual([await statusOf(), link.some((each) => each.values['ProjectId'] === project?.id)], ['REJECTED', false]);
    await erp.project.write({ document: deal.project, references }, { externalId: projectId, url: null }, callContext());
    assert.equal(await statusOf(), 'SUBMITTED');
  });

  it('says what it does not offer and what happens instead', () => {
    assert.ok(isUnsupported(erp.expenses));
    assert.match(erp.expenses.unsupported, /finance/);
  });
});
