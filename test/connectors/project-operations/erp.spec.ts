import assert from 'node:assert/strict';
import { Decimal } from 'decimal.js';
import { accountIdOf } from '../../../connectors/project-operations/customer.ts';
import { contractIdOf, contractLineIdOf } from '../../../connectors/project-operations/contract.ts';
import { projectIdOf } from '../../../connectors/project-operations/project.ts';
import { isUnsupported, type ErpPort, type References } from '../../../connectors/ports.ts';
import type { Project } from '../../../domain/model/project.ts';
import { callContext, dealOf, uniqueTag, type Deal, type DealTerms } from '../conformance/documents.ts';
import { describeRecordPort, failureOf } from '../conformance/records.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';
import { NONE, offered, startEnvironment, type TestEnvironment } from './environment.ts';

/** An answer to a change set that cannot be read leaves doubt, whatever is wrong with it. */
const UNREADABLE = 'contract PROJECT_OPERATIONS_BATCH_ANSWER unknown';
const CHANGE_SETS = { empty: UNREADABLE, truncated: UNREADABLE, 'wrong-schema': UNREADABLE } as const;
const BAD = { write: CHANGE_SETS };
const UNKNOWN_ID = '712c0000-0000-8000-8000-000000000000';

describe('Dynamics 365 Project Operations', function () {
  this.timeout(60_000);
  let environment: TestEnvironment;
  let erp: ErpPort;
  const faults = sandboxFaults(() => environment.url());

  /** One for each kind of record: what is seeded beside one would slow down the reading of all others. */
  async function begin(): Promise<void> {
    await environment?.close();
    environment = await startEnvironment();
    erp = environment.connect();
  }
  before(begin);
  after(async () => environment?.close());

  const having = async (set: string, column: string, value: string) => await environment.rows(set, `${column} eq ${value}`);
  const row = async (set: string, id: string) => (await having(set, 'id', id))[0];
  const currencyOf = async (id: unknown) => (await having('transactioncurrencies', 'id', String(id)))[0]?.['isocurrencycode'];
  async function withCustomer(terms: DealTerms = {}): Promise<{ deal: Deal; references: References }> {
    const deal = dealOf(uniqueTag(), terms);
    const { externalId } = await erp.customer.write({ document: deal.customer, references: NONE }, null, callContext());
    return { deal, references: { ...NONE, customers: { [deal.customer.id]: externalId } } };
  }
  async function withContract(terms: DealTerms = {}): Promise<{ deal: Deal; references: References; contractId: string }> {
    const { deal, references } = await withCustomer(terms);
    const { externalId } = await offered(erp.contract).write({ document: deal.contract, references }, null, callContext());
    return { deal, references: { ...references, contracts: { [deal.contract.id]: externalId } }, contractId: externalId };
  }
  async function withProject(terms: DealTerms = {}): Promise<{ deal: Deal; references: References; projectId: string; contractId: string }> {
    const { deal, references, contractId } = await withContract(terms);
    const { externalId } = await erp.project.write({ document: deal.project, references }, null, callContext());
    return { deal, references: { ...references, projects: { [deal.project.id]: externalId } }, projectId: externalId, contractId };
  }

  describe('in an environment of its own', () => {
    before(begin);
    describeRecordPort({
      name: 'A customer in Project Operations',
      port: () => erp.customer,
      fresh: () => Promise.resolve({ document: dealOf(uniqueTag()).customer, references: NONE }),
      amended: ({ document, references }) => ({ references, document: { ...document, name: `${document.name} und Söhne 株式会社` } }),
      count: async ({ document }) => (await having('accounts', 'id', accountIdOf(document.id))).length,
      check: async ({ document }, externalId) => {
        const account = await row('accounts', externalId);
        assert.deepEqual([account?.['name'], account?.['statecode'], account?.['address1_line1'], account?.['address1_line2'], account?.['address1_country'], await currencyOf(account?.['_transactioncurrencyid_value'])], [document.name, 0, '1 Main Street', 'Floor 3', 'US', 'USD']);
        assert.match(String(account?.['description']), new RegExp(`Tax registration ${document.taxRegistrationNumber}`));
      },
      use: null,
      undoneAs: 'deactivated',
      writeMethod: 'POST',
      badAnswers: BAD,
      unknownId: UNKNOWN_ID,
      content: { stored: () => environment.admin.state(), seedOthers: async (count) => void (await environment.admin.seed({ accounts: Array.from({ length: count }, (_, index) => ({ name: `Somebody else ${index}` })) })) },
    }, faults);
  });

  describe('in an environment of its own', () => {
    before(begin);
    describeRecordPort({
      name: 'A contract in Project Operations',
      port: () => offered(erp.contract),
      fresh: async (terms = {}) => {
        const { deal, references } = await withCustomer(terms);
        return { document: deal.contract, references };
      },
      amended: ({ document, references }) => ({ references, document: { ...document, purchaseOrder: 'PO-78', lines: [...document.lines.slice(0, 1).map((line) => ({ ...line, quantity: '50.25', amount: { ...line.amount, amount: '13065.00' } })), ...document.lines.slice(1).map((line) => ({ ...line, projectNumber: 'US01-TECH-OTHER', billingMethod: 'fixed_fee' as const }))] } }),
      count: async ({ document }) => (await having('salesorders', 'id', contractIdOf(document.id))).length,
      check: async ({ document, references }, externalId) => {
        const contract = await row('salesorders', externalId);
        assert.deepEqual([contract?.['msdyn_ordertype'], contract?.['msdyn_psastate'], contract?.['_customerid_value'], await currencyOf(contract?.['_transactioncurrencyid_value'])], [192_350_001, 192_350_000, references.customers[document.customerId], document.currency]);
        assert.match(String(contract?.['description']), new RegExp(`Purchase order ${document.purchaseOrder}`));
        const [unit] = await having('msdyn_organizationalunits', 'id', String(contract?.['_msdyn_contractorganizationalunitid_value']));
        assert.equal(unit?.['msdyn_name'], 'Northwind US');
        const lines = await having('salesorderdetails', '_salesorderid_value', externalId);
        const sold = [...Map.groupBy(document.lines, (line) => line.projectNumber)].map(([number, own]) => [contractLineIdOf(document.id, number), own.reduce((sum, line) => sum.plus(line.amount.amount), new Decimal(0)).toNumber(), own[0]?.billingMethod === 'fixed_fee' ? 192_350_001 : 192_350_000]);
        assert.deepEqual(lines.map((line) => [line.id, line['priceperunit'], line['msdyn_billingmethod']]).toSorted(), sold.toSorted());
        for (const line of lines) assert.deepEqual([line['quantity'], line['msdyn_includetime'], line['msdyn_linetype'], line['producttypecode']], [1, true, 690_970_000, 5]);
      },
      use: async (_document, externalId) => void (await environment.admin.seed({ msdyn_projects: [{ msdyn_subject: 'Somebody uses it', 'msdyn_salesorderid@odata.bind': `/salesorders(${externalId})` }] })),
      writeMethod: 'POST',
      badAnswers: BAD,
      unknownId: UNKNOWN_ID,
      content: { stored: () => environment.admin.state(), money: true, seedOthers: async (count) => void (await environment.admin.seed({ salesorders: Array.from({ length: count }, (_, index) => ({ name: `By hand ${index}` })) })) },
    }, faults);
  });

  describe('in an environment of its own', () => {
    before(begin);
    describeRecordPort({
      name: 'A project in Project Operations',
      port: () => erp.project,
      fresh: async (terms = {}) => {
        const { deal, references } = await withContract(terms);
        return { document: deal.project, references };
      },
      amended: ({ document, references }) => ({ references, document: { ...document, name: 'Ein neuer Name '.repeat(12).trim(), wbs: [{ code: '1', name: 'Discovery', parentCode: null, billable: true, plannedHours: '20' }, { code: '3', name: 'Hand-over', parentCode: null, billable: false, plannedHours: '5' }] } }),
      count: async ({ document }) => (await having('msdyn_projects', 'id', projectIdOf(document.number))).length,
      check: async ({ document, references }, externalId) => {
        const project = await row('msdyn_projects', externalId);
        assert.deepEqual([project?.['_msdyn_customer_value'], project?.['_msdyn_salesorderid_value'], String(project?.['msdyn_scheduledstart']).slice(0, 10), project?.['statecode']], [references.customers[document.customerId], references.contracts[document.contractId], document.startDate, 0]);
        assert.ok(`${document.number} ${document.name}`.startsWith(String(project?.['msdyn_subject']).replace('…', '')) && String(project?.['msdyn_subject']).length <= 200);
        const [note, ...more] = await having('annotations', '_objectid_value', externalId);
        assert.equal(more.length, 0);
        for (const element of document.wbs) assert.ok(String(note?.['notetext']).includes(`WBS ${element.code} ${element.name}`), element.code);
        const line = await row('salesorderdetails', contractLineIdOf(document.contractId, document.number));
        assert.equal(line?.['_msdyn_project_value'], externalId, 'the contract line bills it');
      },
      use: async (_document, externalId) => void (await environment.admin.seed({ msdyn_actuals: [{ msdyn_description: 'Somebody worked', 'msdyn_Project@odata.bind': `/msdyn_projects(${externalId})` }] })),
      writeMethod: 'POST',
      badAnswers: BAD,
      unknownId: UNKNOWN_ID,
      content: { stored: () => environment.admin.state(), seedOthers: async (count) => void (await environment.admin.seed({ msdyn_projects: Array.from({ length: count }, (_, index) => ({ msdyn_subject: `By hand ${index}` })) })) },
    }, faults);
  });

  /** The prices of a project's lists: role, unit, price, currency, first and last day. */
  async function pricesOf(project: Project): Promise<unknown[][]> {
    const [lists, prices, roles, units] = await Promise.all(['pricelevels', 'msdyn_resourcecategorypricelevels', 'bookableresourcecategories', 'uoms'].map((set) => environment.rows(set)));
    const nameOf = (rows: typeof roles, id: unknown) => rows?.find((each) => each.id === id)?.['name'];
    const own = lists?.filter((list) => String(list['name']).startsWith(`${project.number} rates`)) ?? [];
    return await Promise.all((prices ?? []).filter((price) => own.some((list) => list.id === price['_msdyn_pricelist_value'])).map(async (price) => {
      const list = own.find((each) => each.id === price['_msdyn_pricelist_value']);
      return [nameOf(roles, price['_msdyn_resourcecategory_value']), nameOf(units, price['_msdyn_unit_value']), price['msdyn_price'], await currencyOf(price['_transactioncurrencyid_value']), String(list?.['begindate']).slice(0, 10), list?.['enddate'] === null ? null : String(list?.['enddate']).slice(0, 10)];
    }));
  }

  describe('in an environment of its own', () => {
    before(begin);
    describeRecordPort({
      name: 'A rate card in Project Operations',
      port: () => offered(erp.rateCard),
      fresh: async (terms = {}) => {
        const { deal, references } = await withProject(terms);
        return { document: { project: deal.project, rateCard: deal.project.rateCard }, references };
      },
      amended: ({ document, references }) => ({ references, document: { ...document, rateCard: { ...document.rateCard, lines: [{ laborCategory: 'CONSULTANT', unit: 'day' as const, rate: '2000', from: '2027-02-15' }, { laborCategory: 'PARTNER', unit: 'hour' as const, rate: '500.5' }], former: [{ laborCategory: 'CONSULTANT', unit: 'hour' as const, rate: '210', currency: document.rateCard.currency, from: null, to: '2027-02-14' }] } } }),
      count: async ({ document }) => new Set((await environment.rows('pricelevels')).filter((list) => String(list['name']).startsWith(`${document.project.number} rates 1,`)).map((list) => list.id)).size,
      check: async ({ document }) => {
        const { currency, effectiveFrom: from, effectiveTo: to, lines, former } = document.rateCard;
        const wanted = former === undefined
          ? lines.map((line) => [line.laborCategory, 'Hour', Number(line.rate), currency, from, to])
          : [['CONSULTANT', 'Hour', 210, currency, from, '2027-02-14'], ['PARTNER', 'Hour', 500.5, currency, from, '2027-02-14'], ['CONSULTANT', 'Day', 2000, currency, '2027-02-15', to], ['PARTNER', 'Hour', 500.5, currency, '2027-02-15', to]];
        assert.deepEqual((await pricesOf(document.project)).map((price) => price.join()).toSorted(), wanted.map((price) => price.join()).toSorted());
        const links = await having('msdyn_orderpricelists', '_msdyn_contract_value', contractIdOf(document.project.contractId));
        assert.equal(links.length, former === undefined ? 1 : 2, 'each list is a project price list of the contract');
      },
      use: null,
      writeMethod: 'POST',
      badAnswers: BAD,
      unknownId: UNKNOWN_ID,
      content: { stored: () => environment.admin.state(), money: true, textless: true, seedOthers: async (count) => void (await environment.admin.seed({ pricelevels: Array.from({ length: count }, (_, index) => ({ name: `US01-TECH-BY-HAND rates ${index}` })) })) },
    }, faults);
  });

  for (const billingMethod of ['fixed_fee', 'time_and_materials'] as const) {
    const isFixed = billingMethod === 'fixed_fee';
    const set = isFixed ? 'msdyn_contractlinescheduleofvalues' : 'msdyn_contractlineinvoiceschedules';
    describe('in an environment of its own', () => {
    before(begin);
    describeRecordPort({
        name: `A billing schedule of ${isFixed ? 'milestones' : 'invoice runs'} in Project Operations`,
        port: () => offered(erp.billingSchedule),
        fresh: async (terms = {}) => {
          const { deal, references } = await withProject({ ...terms, billingMethod });
          return { document: { project: deal.project, schedule: deal.project.billingSchedule }, references };
        },
        amended: ({ document, references }) => ({ references, document: { ...document, schedule: { ...document.schedule, items: document.schedule.items.slice(0, 1).map((item) => ({ ...item, billOn: '2027-03-01' })) } } }),
        count: async ({ document }) => new Set((await having(set, '_msdyn_contractlineid_value', contractLineIdOf(document.project.contractId, document.project.number))).map((each) => each['_msdyn_contractlineid_value'])).size,
        check: async ({ document, references }, externalId) => {
          const rows = await having(set, '_msdyn_contractlineid_value', externalId);
          assert.equal(rows.length, document.schedule.items.length);
          for (const item of document.schedule.items) {
            const found = rows.find((each) => String(each[isFixed ? 'msdyn_invoicedate' : 'msdyn_transactioncutoffdate']).startsWith(item.billOn));
            assert.ok(item.description.startsWith(String(found?.['msdyn_name']).replace('…', '')), item.billOn);
            if (item.amount !== null) assert.deepEqual([found?.['msdyn_amount'], found?.['msdyn_invoicestatus'], found?.['_msdyn_project_value'], await currencyOf(found?.['_transactioncurrencyid_value'])], [Number(item.amount.amount), 192_350_000, references.projects[document.project.id], item.amount.currency]);
          }
        },
        use: isFixed ? async (_document, externalId) => {
          const [first] = await having(set, '_msdyn_contractlineid_value', externalId);
          await environment.admin.seed({ [set]: [{ msdyn_contractlinescheduleofvalueid: first?.id, msdyn_invoicestatus: 192_350_003 }] });
        } : null,
        writeMethod: 'POST',
        badAnswers: BAD,
        unknownId: contractLineIdOf('nobody', 'NO-SUCH'),
        content: { stored: () => environment.admin.state(), seedOthers: async (count) => void (await environment.admin.seed({ [set]: Array.from({ length: count }, (_, index) => ({ msdyn_name: `By hand ${index}` })) })), ...(isFixed ? { money: true } : {}) },
      }, faults);
  });
  }

  it('opens and closes a project, however often it is told', async () => {
    const { deal, projectId } = await withProject();
    for (const [status, ...state] of [['active', 0, 1], ['active', 0, 1], ['closed', 1, 192_350_000], ['cancelled', 1, 192_350_000], ['pending', 0, 1]] as const) {
      assert.equal(await erp.setProjectStatus({ document: deal.project, externalId: projectId }, status, callContext()), status);
      const project = await row('msdyn_projects', projectId);
      assert.deepEqual([project?.['statecode'], project?.['statuscode']], state);
    }
  });

  it('makes a customer a child of the parent that was made before', async () => {
    const parent = await withCustomer();
    const child = dealOf(uniqueTag(), { customer: { parentId: parent.deal.customer.id } });
    const { externalId } = await erp.customer.write({ document: child.customer, references: parent.references }, null, callContext());
    assert.equal((await row('accounts', externalId))?.['_parentaccountid_value'], parent.references.customers[parent.deal.customer.id]);
  });

  it('sends what the ERP owns of a customer when it is made, and leaves it and a credit hold alone ever after', async () => {
    const { customer } = dealOf(uniqueTag(), { customer: { ownedElsewhere: ['name'] } });
    const { externalId } = await erp.customer.write({ document: customer, references: NONE }, null, callContext());
    await environment.admin.seed({ accounts: [{ accountid: externalId, name: 'As finance calls it', creditonhold: true }] });
    await erp.customer.write({ document: { ...customer, name: 'As sales calls it' }, references: NONE }, null, callContext());
    const account = await row('accounts', externalId);
    assert.deepEqual([account?.['name'], account?.['creditonhold']], ['As finance calls it', true]);
  });

  it('leaves what people added to a contract alone', async () => {
    const { deal, references, contractId } = await withContract();
    await environment.admin.seed({ salesorderdetails: [{ productdescription: 'By hand', quantity: 1, 'salesorderid@odata.bind': `/salesorders(${contractId})` }] });
    await offered(erp.contract).write({ document: { ...deal.contract, purchaseOrder: 'PO-79' }, references }, null, callContext());
    assert.deepEqual((await having('salesorderdetails', '_salesorderid_value', contractId)).map((line) => line['productdescription'] === 'By hand').toSorted(), [false, true]);
  });

  it('has nothing to do for a confirmed contract that says the same, refuses one that says another thing, and keeps it at an undo', async () => {
    const { deal, references, contractId } = await withContract();
    await environment.admin.seed({ salesorders: [{ salesorderid: contractId, msdyn_psastate: 192_350_002, msdyn_psastatusreason: 192_350_003 }] });
    const again = await offered(erp.contract).write({ document: deal.contract, references }, null, callContext());
    assert.deepEqual([again.externalId, again.created], [contractId, false]);
    const more = { ...deal.contract, lines: deal.contract.lines.map((line) => ({ ...line, amount: { ...line.amount, amount: '99999' } })) };
    const failure = await failureOf(() => offered(erp.contract).write({ document: more, references }, null, callContext()));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['business_rule', 'PROJECT_OPERATIONS_CONTRACT_CONFIRMED', 'no']);
    assert.equal((await offered(erp.contract).undo({ document: { document: deal.contract, references }, externalId: contractId, created: true }, callContext())).how, 'kept');
  });

  it('attaches no second price list for the same days to one contract: Project Operations would price by neither', async () => {
    const { deal, references, contractId } = await withProject();
    const second: Project = { ...deal.project, id: `${deal.project.id}-2`, number: `${deal.project.number}-2` };
    for (const project of [deal.project, second]) await offered(erp.rateCard).write({ document: { project, rateCard: project.rateCard }, references }, null, callContext());
    assert.equal((await having('msdyn_orderpricelists', '_msdyn_contract_value', contractId)).length, 1);
    assert.equal((await pricesOf(second)).length, second.rateCard.lines.length, 'its prices are kept all the same');
  });

  it('writes no task, and says that people plan them', async () => {
    const { deal, projectId } = await withProject();
    assert.equal((await environment.rows('msdyn_projecttasks')).length, 0);
    const [note] = await having('annotations', '_objectid_value', projectId);
    assert.match(String(note?.['notetext']), /WBS 2-1 Design, 25\.5 hours planned/);
    assert.ok(deal.project.wbs.length > 1);
  });

  it('says what it does not offer and what happens instead', () => {
    for (const step of [erp.expenses, erp.receivables]) {
      assert.ok(isUnsupported(step));
      assert.match(step.unsupported, /finance/);
    }
  });

  it('tells a wrong mapping from a wrong deal', async () => {
    const { deal, references } = await withCustomer();
    const failing = (options: object) => failureOf(() => offered(environment.connect(options).contract).write({ document: deal.contract, references }, null, callContext()));
    const unmapped = await failing({ organizationalUnits: {} });
    assert.deepEqual([unmapped.kind, unmapped.code, unmapped.written], ['configuration', 'PROJECT_OPERATIONS_MAPPING_MISSING', 'no']);
    assert.match(unmapped.mend, /organizationalUnits\.US01/);
    const unknown = await failing({ organizationalUnits: { US01: 'No such unit' } });
    assert.deepEqual([unknown.kind, unknown.code, unknown.written], ['configuration', 'PROJECT_OPERATIONS_VALUE_UNKNOWN', 'no']);
    assert.match(unknown.message, /No such unit/);
  });

  it('signs in with a certificate as well as with a secret, and says who is at fault where neither is right', async () => {
    const { tenantId, clientId, privateKeyPem, certificateThumbprint } = environment.credentials;
    const { customer } = dealOf(uniqueTag());
    const write = (credentials: unknown) => environment.connect({}, credentials).customer.write({ document: customer, references: NONE }, null, callContext());
    assert.equal((await write({ tenantId, clientId, privateKeyPem, certificateThumbprint })).created, true);
    const failure = await failureOf(() => write({ tenantId, clientId, clientSecret: 'wrong' }));
    assert.deepEqual([failure.kind, failure.written], ['configuration', 'no']);
  });
});
