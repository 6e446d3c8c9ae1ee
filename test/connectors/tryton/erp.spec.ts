import assert from 'node:assert/strict';
import { createTryton } from '../../../connectors/tryton/index.ts';
import { isUnsupported, type ErpPort, type References, type RecordPort, type Unsupported } from '../../../connectors/ports.ts';
import { callContext, dealOf, DE01, JP01, silent, uniqueTag, US01, type Deal, type DealTerms } from '../conformance/documents.ts';
import { describeRecordPort, failureOf } from '../conformance/records.ts';
import { openOffice, prepareOffice, type Office } from './office.ts';
import { startTestTryton, type TestTryton } from './server.ts';

const D = (decimal: string) => ({ __class__: 'Decimal', decimal });
const KW01 = { code: 'KW01', name: 'Northwind Consulting WLL', country: 'KW', region: 'ME', currency: 'KWD', timeZone: 'Asia/Kuwait' };
const NONE: References = { customers: {}, contracts: {}, projects: {} };

function offered<Document>(port: RecordPort<Document> | Unsupported): RecordPort<Document> {
  assert.ok(!isUnsupported(port));
  return port;
}

describe('Tryton, the real one', function () {
  this.timeout(180_000);
  let server: TestTryton;
  let office: Office;
  let erp: ErpPort;
  let companies: Record<string, number>;
  const us = () => companies['US01'];

  before(async function () {
    const started = await startTestTryton();
    if ('skipped' in started) {
      console.log(`      skipped: ${started.skipped}`);
      this.skip();
    }
    server = started;
    office = await openOffice(server);
    companies = await prepareOffice(office);
    erp = createTryton({
      system: 'tryton', baseUrl: server.url, credentials: server, options: undefined, log: silent,
      limits: { concurrency: 4, requestsPerSecond: null, timeoutSeconds: 60 },
    });
  });
  after(async () => server?.close());

  /** A deal whose customer is in Tryton. */
  async function withCustomer(terms: DealTerms = {}): Promise<{ deal: Deal; references: References }> {
    const deal = dealOf(uniqueTag(), terms);
    const { externalId } = await erp.customer.write({ document: deal.customer, references: NONE }, null, callContext());
    return { deal, references: { ...NONE, customers: { [deal.customer.id]: externalId } } };
  }
  /** A deal whose customer and project are in Tryton. */
  async function withProject(terms: DealTerms = {}): Promise<{ deal: Deal; references: References; projectId: string }> {
    const { deal, references } = await withCustomer(terms);
    const { externalId } = await erp.project.write({ document: deal.project, references }, null, callContext());
    return { deal, references: { ...references, projects: { [deal.project.id]: externalId } }, projectId: externalId };
  }
  const works = (domain: readonly unknown[], code = 'US01') => office.rows('project.work', domain, ['name', 'type', 'status.name', 'parent', 'effort_duration', 'list_price', 'product.code', 'timesheet_available', 'project_invoice_method', 'comment'], companies[code]);
  const topWorks = (number: string, code = 'US01') => works([['name', 'like', `${number} %`], ['parent', '=', null]], code);

  async function bookTime(workId: number): Promise<void> {
    const party = await office.ensure('party.party', [['code', '=', 'EMPLOYEE']], { code: 'EMPLOYEE', name: 'Ada' });
    const employee = await office.ensure('company.employee', [['party', '=', party]], { party, company: us() }, us());
    await office.call('project.work.write', [[workId], { timesheet_available: true }], us());
    const [timesheet] = await office.rows('timesheet.work', [['origin', '=', `project.work,${workId}`]], ['id'], us());
    await office.call('timesheet.line.create', [[{ company: us(), employee, date: { __class__: 'date', year: 2026, month: 12, day: 2 }, duration: { __class__: 'timedelta', seconds: 3600 }, work: timesheet?.['id'] }]], us());
  }

  describeRecordPort({
    name: 'A customer in Tryton',
    port: () => erp.customer,
    fresh: () => Promise.resolve({ document: dealOf(uniqueTag()).customer, references: NONE }),
    amended: ({ document, references }) => ({ references, document: { ...document, name: `${document.name} und Söhne 株式会社`, billingAddress: { street: 'Königstraße 1', city: 'München', region: null, postalCode: '80331', country: 'DE' }, taxRegistrationNumber: 'DE999' } }),
    count: async ({ document }) => (await office.rows('party.party', [['code', '=', document.id], ['active', 'in', [true, false]]], ['id'])).length,
    check: async ({ document }, externalId) => {
      const [party] = await office.rows('party.party', [['code', '=', document.id]], ['name', 'active', 'identifiers']);
      assert.equal(String(party?.['id']), externalId);
      assert.equal(party?.['name'], document.name);
      const addresses = await office.rows('party.address', [['party', '=', Number(externalId)]], ['street_unstructured', 'city', 'postal_code', 'country.code', 'subdivision.code']);
      assert.equal(addresses.length, 1);
      assert.deepEqual([addresses[0]?.['street_unstructured'], addresses[0]?.['city'], addresses[0]?.['postal_code']], [document.billingAddress.street, document.billingAddress.city, document.billingAddress.postalCode]);
      assert.deepEqual(Reflect.get(Object(addresses[0]?.['country.']), 'code'), document.billingAddress.country);
      const identifiers = await office.rows('party.identifier', [['party', '=', Number(externalId)]], ['code']);
      assert.deepEqual(identifiers.map((identifier) => identifier['code']), [document.taxRegistrationNumber]);
    },
    use: async ({ document }, externalId) => {
      await office.call('project.work.create', [[{ name: `Used by ${document.id}`, type: 'project', company: us(), party: Number(externalId), status: 1 }]], us());
    },
    writeMethod: 'POST',
    unknownId: '99999999',
  }, null);

  describeRecordPort({
    name: 'A contract in Tryton',
    port: () => offered(erp.contract),
    fresh: async () => {
      const { deal, references } = await withCustomer();
      return { document: deal.contract, references };
    },
    amended: ({ document, references }) => ({ references, document: { ...document, purchaseOrder: 'PO-78', lines: document.lines.map((line) => ({ ...line, quantity: '50', amount: { ...line.amount, amount: '13000' } })) } }),
    count: async ({ document }) => (await office.rows('sale.sale', [['reference', '=', document.id]], ['id'], us())).length,
    check: async ({ document }, externalId) => {
      const [sale] = await office.rows('sale.sale', [['id', '=', Number(externalId)]], ['reference', 'state', 'description', 'untaxed_amount', 'currency.code'], us());
      assert.deepEqual([sale?.['reference'], sale?.['state']], [document.id, 'quotation']);
      assert.match(String(sale?.['description']), new RegExp(`^${document.number} .*${document.purchaseOrder}`));
      const total = document.lines.reduce((sum, line) => sum + Number(line.amount.amount), 0);
      assert.equal(Number(Reflect.get(Object(sale?.['untaxed_amount']), 'decimal')), total);
      const lines = await office.rows('sale.line', [['sale', '=', Number(externalId)]], ['quantity', 'unit_price', 'description'], us());
      assert.deepEqual(lines.map((line) => line['quantity']), document.lines.map((line) => Number(line.quantity)));
    },
    use: async (_document, externalId) => {
      await office.call('sale.sale.confirm', [[Number(externalId)]], us());
    },
    writeMethod: 'POST',
    unknownId: '99999999',
  }, null);

  describeRecordPort({
    name: 'A project in Tryton',
    port: () => erp.project,
    fresh: async () => {
      const { deal, references } = await withCustomer();
      return { document: deal.project, references };
    },
    amended: ({ document, references }) => ({
      references,
      document: { ...document, name: 'Cloud migration, phase II', wbs: [{ code: '1', name: 'Discovery', parentCode: null, billable: true, plannedHours: '20' }, { code: '2', name: 'Delivery', parentCode: null, billable: true, plannedHours: null }, { code: '2-2', name: 'Build', parentCode: '2', billable: true, plannedHours: '60' }, { code: '3', name: 'Hand-over', parentCode: '2', billable: true, plannedHours: '5' }] },
    }),
    count: async ({ document }) => (await topWorks(document.number)).length,
    check: async ({ document }, externalId) => {
      const tree = await works([['parent', 'child_of', [Number(externalId)]]]);
      const top = tree.find((work) => String(work['id']) === externalId);
      assert.equal(top?.['name'], `${document.number} ${document.name}`);
      assert.deepEqual(tree.map((work) => Reflect.get(Object(work['status.']), 'name')), tree.map(() => 'Pending'));
      assert.ok(tree.every((work) => work['timesheet_available'] === false), 'no time can be booked before activation');
      const shape = tree.filter((work) => work !== top).map((work) => [work['name'], tree.find((other) => other['id'] === work['parent'])?.['name'], Reflect.get(Object(work['effort_duration']), 'seconds') ?? null]);
      const nameOf = (code: string | null) => document.wbs.filter((element) => element.code === code).map((element) => `${element.code} ${element.name}`)[0] ?? top?.['name'];
      const wanted = document.wbs.map((element) => [nameOf(element.code), nameOf(element.parentCode), element.plannedHours === null ? null : Number(element.plannedHours) * 3600]);
      assert.deepEqual(new Set(shape.map((task) => JSON.stringify(task))), new Set(wanted.map((task) => JSON.stringify(task))));
    },
    use: async (_document, externalId) => {
      const [task] = await works([['parent', '=', Number(externalId)]]);
      await bookTime(Number(task?.['id']));
    },
    writeMethod: 'POST',
    unknownId: '99999999',
  }, null);

  describeRecordPort({
    name: 'A rate card in Tryton',
    port: () => offered(erp.rateCard),
    fresh: async () => {
      const { deal, references } = await withProject();
      return { document: { project: deal.project, rateCard: deal.project.rateCard }, references };
    },
    amended: ({ document, references }) => ({ references, document: { ...document, rateCard: { ...document.rateCard, lines: [{ laborCategory: 'SENIOR_CONSULTANT', unit: 'hour' as const, rate: '275.125' }] } } }),
    count: async ({ document }) => {
      const [top] = await topWorks(document.project.number);
      return (await works([['parent', '=', top?.['id']], ['name', 'like', 'Rates: %']])).length;
    },
    check: async ({ document }, externalId) => {
      const lines = await works([['parent', '=', Number(externalId)]]);
      assert.deepEqual(lines.map((line) => [Reflect.get(Object(line['product.']), 'code'), Number(Reflect.get(Object(line['list_price']), 'decimal'))]), document.rateCard.lines.map((line) => [line.laborCategory, Number(line.rate)]));
    },
    use: async (_document, externalId) => {
      const [line] = await works([['parent', '=', Number(externalId)]]);
      await bookTime(Number(line?.['id']));
    },
    writeMethod: 'POST',
    unknownId: '99999999',
  }, null);

  describeRecordPort({
    name: 'A billing schedule in Tryton',
    port: () => offered(erp.billingSchedule),
    fresh: async () => {
      const { deal, references } = await withProject({ billingMethod: 'fixed_fee' });
      return { document: { project: deal.project, schedule: deal.project.billingSchedule }, references };
    },
    amended: ({ document, references }) => ({ references, document: { ...document, schedule: { ...document.schedule, items: document.schedule.items.map((item) => ({ ...item, billOn: '2027-02-01', amount: { amount: '1000.00', currency: 'USD' } })) } } }),
    count: async ({ document }) => {
      const [top] = await topWorks(document.project.number);
      return (await works([['parent', '=', top?.['id']], ['name', 'like', 'Billing: %']])).length;
    },
    check: async ({ document }, externalId) => {
      const items = await works([['parent', '=', Number(externalId)]]);
      assert.deepEqual(items.map((item) => [item['name'], Number(Reflect.get(Object(item['list_price']), 'decimal'))]), document.schedule.items.map((item) => [`${item.sequence} ${item.billOn} ${item.description}`, Number(item.amount?.amount)]));
      const [top] = await topWorks(document.project.number);
      assert.equal(top?.['project_invoice_method'], 'effort');
    },
    use: null,
    writeMethod: 'POST',
    unknownId: '99999999',
  }, null);

  it('opens a project for time only when it is activated, and takes it back where nothing was booked', async () => {
    const { deal, references, projectId } = await withProject();
    await offered(erp.rateCard).write({ document: { project: deal.project, rateCard: deal.project.rateCard }, references }, null, callContext());
    const project = { document: deal.project, externalId: projectId };
    for (let time = 0; time < 2; time += 1) {
      assert.equal(await erp.setProjectStatus(project, 'active', callContext()), 'active');
      const tree = await works([['parent', 'child_of', [Number(projectId)]]]);
      assert.ok(tree.every((work) => Reflect.get(Object(work['status.']), 'name') === 'Open'));
      const open = tree.filter((work) => work['timesheet_available'] === true).map((work) => String(work['name']).split(' ')[0]);
      assert.deepEqual(new Set(open), new Set(['1', '2-1', '2-2', '9', 'CONSULTANT', 'SENIOR_CONSULTANT']));
    }
    for (let time = 0; time < 2; time += 1) assert.equal(await erp.setProjectStatus(project, 'closed', callContext()), 'closed');
    assert.ok((await works([['parent', 'child_of', [Number(projectId)]]])).every((work) => Reflect.get(Object(work['status.']), 'name') === 'Done'));
    for (let time = 0; time < 2; time += 1) assert.equal(await erp.setProjectStatus(project, 'cancelled', callContext()), 'cancelled');
    assert.ok((await works([['parent', 'child_of', [Number(projectId)]]])).every((work) => work['timesheet_available'] === false));
  });

  it('does not close a project while billing items are open, and says why', async () => {
    const { deal, references, projectId } = await withProject({ billingMethod: 'milestone' });
    await offered(erp.billingSchedule).write({ document: { project: deal.project, schedule: deal.project.billingSchedule }, references }, null, callContext());
    const failure = await failureOf(() => erp.setProjectStatus({ document: deal.project, externalId: projectId }, 'closed', callContext()));
    assert.deepEqual([failure.kind, failure.written], ['business_rule', 'no']);
    assert.match(failure.message, /children/);
  });

  it('keeps yen without and dinars with three decimals, exactly', async () => {
    const cases: readonly [typeof US01, string][] = [[JP01, '31250'], [KW01, '81.125']];
    for (const [entity, rate] of cases) {
      const { deal, references } = await withProject({ legalEntity: entity, rate, billingMethod: 'fixed_fee' });
      const card = await offered(erp.rateCard).write({ document: { project: deal.project, rateCard: deal.project.rateCard }, references }, null, callContext());
      const plan = await offered(erp.billingSchedule).write({ document: { project: deal.project, schedule: deal.project.billingSchedule }, references }, null, callContext());
      const sale = await offered(erp.contract).write({ document: deal.contract, references }, null, callContext());
      const priceOf = (rows: Record<string, unknown>[]) => rows.map((row) => row['list_price']);
      assert.deepEqual(priceOf(await works([['parent', '=', Number(card.externalId)]], entity.code)), [D(rate), D(rate)]);
      const amounts = deal.project.billingSchedule.items.map((item) => Number(item.amount?.amount));
      assert.deepEqual((await works([['parent', '=', Number(plan.externalId)]], entity.code)).map((row) => Number(Reflect.get(Object(row['list_price']), 'decimal'))), amounts);
      const [row] = await office.rows('sale.sale', [['id', '=', Number(sale.externalId)]], ['untaxed_amount', 'currency.code'], companies[entity.code]);
      assert.equal(Number(Reflect.get(Object(row?.['untaxed_amount']), 'decimal')), Number(deal.contract.total.amount));
      assert.equal(Reflect.get(Object(row?.['currency.']), 'code'), entity.currency);
    }
  });

  it('never prices a project in the wrong currency: foreign rates and amounts stay words', async () => {
    const { deal, references } = await withProject({ currency: 'EUR', billingMethod: 'fixed_fee' });
    const card = await offered(erp.rateCard).write({ document: { project: deal.project, rateCard: deal.project.rateCard }, references }, null, callContext());
    const plan = await offered(erp.billingSchedule).write({ document: { project: deal.project, schedule: deal.project.billingSchedule }, references }, null, callContext());
    const rows = [...(await works([['parent', '=', Number(card.externalId)]])), ...(await works([['parent', '=', Number(plan.externalId)]]))];
    assert.equal(rows.length, 4);
    for (const row of rows) {
      assert.equal(row['list_price'], null);
      assert.match(String(row['comment']), /EUR.*USD only: invoice this.* by hand/s);
    }
  });

  it('sells the agreed amount where quantity times price is another', async () => {
    const { deal, references } = await withCustomer();
    const lines = deal.contract.lines.map((line) => ({ ...line, amount: { amount: '9999.99', currency: 'USD' } }));
    const sale = await offered(erp.contract).write({ document: { ...deal.contract, lines }, references }, null, callContext());
    const rows = await office.rows('sale.line', [['sale', '=', Number(sale.externalId)]], ['quantity', 'unit_price', 'description'], us());
    assert.deepEqual(rows.map((row) => [row['quantity'], row['unit_price']]), [[1, D('9999.99')], [1, D('9999.99')]]);
    assert.match(String(rows[0]?.['description']), /40 hour at 260, agreed amount/);
  });

  it('leaves a confirmed sale alone: the same document is done, another is refused', async () => {
    const { deal, references } = await withCustomer();
    const document = { document: deal.contract, references };
    const sale = await offered(erp.contract).write(document, null, callContext());
    await office.call('sale.sale.confirm', [[Number(sale.externalId)]], us());
    assert.equal((await offered(erp.contract).write(document, sale, callContext())).externalId, sale.externalId);
    const changed = { references, document: { ...deal.contract, lines: deal.contract.lines.slice(0, 1) } };
    const failure = await failureOf(() => offered(erp.contract).write(changed, sale, callContext()));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['business_rule', 'TRYTON_SALE_CONFIRMED', 'no']);
  });

  it('keeps a task that time was booked on, cancelled, when the WBS no longer has it', async () => {
    const { deal, references, projectId } = await withProject();
    const [discovery] = await works([['parent', '=', Number(projectId)], ['name', '=', '1 Discovery']]);
    await bookTime(Number(discovery?.['id']));
    const wbs = deal.project.wbs.filter((element) => element.code !== '1');
    await erp.project.write({ document: { ...deal.project, wbs }, references }, { externalId: projectId, url: null }, callContext());
    const [kept] = await works([['id', '=', Number(discovery?.['id'])]]);
    assert.equal(Reflect.get(Object(kept?.['status.']), 'name'), 'Cancelled');
  });

  it('names what is missing in the set-up as a configuration failure', async () => {
    const unknown = { ...DE01, code: 'FR01' };
    const deal = dealOf(uniqueTag(), { legalEntity: unknown });
    const noCompany = await failureOf(() => erp.project.find({ document: deal.project, references: NONE }, callContext()));
    assert.deepEqual([noCompany.kind, noCompany.code], ['configuration', 'TRYTON_SETUP_MISSING']);
    assert.match(`${noCompany.message} ${noCompany.mend}`, /FR01.*Create the company/s);
    const customer = dealOf(uniqueTag(), { customer: { billingAddress: { street: null, city: null, region: null, postalCode: null, country: 'XX' } } }).customer;
    const noCountry = await failureOf(() => erp.customer.write({ document: customer, references: NONE }, null, callContext()));
    assert.match(noCountry.mend, /trytond_import_countries/);
  });

  it('tells a wrong password, a wrong database and a user without rights apart from business rules', async () => {
    const make = (credentials: object) => createTryton({ system: 'tryton', baseUrl: server.url, credentials, options: {}, log: silent, limits: { concurrency: null, requestsPerSecond: null, timeoutSeconds: 30 } });
    const deal = dealOf(uniqueTag());
    const find = (credentials: object) => failureOf(() => make(credentials).project.find({ document: deal.project, references: NONE }, callContext()));
    assert.match((await find({ ...server, database: 'nowhere' })).mend, /address/);
    assert.deepEqual((await find({ ...server, password: 'wrong' })).kind, 'configuration');
    const login = `low-${uniqueTag()}`;
    await office.call('res.user.create', [[{ name: login, login, password: `${login}-Secret-1` }]]);
    const refused = await failureOf(() => make({ database: server.database, user: login, password: `${login}-Secret-1` }).project.write({ document: deal.project, references: { ...NONE, customers: { [deal.customer.id]: '1' } } }, null, callContext()));
    assert.deepEqual([refused.kind, refused.code], ['configuration', 'TRYTON_ACCESS']);
  });

  it('logs in again by itself when Tryton has forgotten the session', async () => {
    const { deal, references } = await withCustomer();
    server.forgetSessions();
    const written = await erp.project.write({ document: deal.project, references }, null, callContext());
    office = await openOffice(server);
    assert.equal((await topWorks(deal.project.number)).length, 1);
    assert.ok(written.created);
  });
});
