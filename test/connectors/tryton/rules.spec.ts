import assert from 'node:assert/strict';
import { callContext, dealOf, DE01, JP01, uniqueTag } from '../conformance/documents.ts';
import { failureOf } from '../conformance/records.ts';
import { NONE, offered, partOf, useTryton, type Row } from './harness.ts';

const D = (decimal: string) => ({ __class__: 'Decimal', decimal });
const KW01 = { code: 'KW01', name: 'Northwind Consulting WLL', country: 'KW', region: 'ME', currency: 'KWD', timeZone: 'Asia/Kuwait' };

describe('Tryton, the real one: its rules', function () {
  this.timeout(180_000);
  const tryton = useTryton();

  it('opens a project for time only when it is activated, and takes it back where nothing was booked', async () => {
    const { deal, references, projectId } = await tryton.withProject();
    await offered(tryton.erp().rateCard).write({ document: { project: deal.project, rateCard: deal.project.rateCard }, references }, null, callContext());
    const project = { document: deal.project, externalId: projectId };
    for (let time = 0; time < 2; time += 1) {
      assert.equal(await tryton.erp().setProjectStatus(project, 'active', callContext()), 'active');
      const tree = await tryton.works([['parent', 'child_of', [Number(projectId)]]]);
      assert.ok(tree.every((work) => partOf(work['status.'], 'name') === 'Open'));
      const open = tree.filter((work) => work['timesheet_available'] === true).map((work) => String(work['name']).split(' ')[0]);
      assert.deepEqual(new Set(open), new Set(['1', '2-1', '2-2', '9', 'CONSULTANT', 'SENIOR_CONSULTANT']));
    }
    for (let time = 0; time < 2; time += 1) assert.equal(await tryton.erp().setProjectStatus(project, 'closed', callContext()), 'closed');
    assert.ok((await tryton.works([['parent', 'child_of', [Number(projectId)]]])).every((work) => partOf(work['status.'], 'name') === 'Done'));
    for (let time = 0; time < 2; time += 1) assert.equal(await tryton.erp().setProjectStatus(project, 'cancelled', callContext()), 'cancelled');
    assert.ok((await tryton.works([['parent', 'child_of', [Number(projectId)]]])).every((work) => work['timesheet_available'] === false));
  });

  it('does not close a project while billing items are open, and says why', async () => {
    const { deal, references, projectId } = await tryton.withProject({ billingMethod: 'milestone' });
    await offered(tryton.erp().billingSchedule).write({ document: { project: deal.project, schedule: deal.project.billingSchedule }, references }, null, callContext());
    const failure = await failureOf(() => tryton.erp().setProjectStatus({ document: deal.project, externalId: projectId }, 'closed', callContext()));
    assert.deepEqual([failure.kind, failure.written], ['business_rule', 'no']);
    assert.match(failure.message, /children/);
  });

  it('keeps yen without and dinars with three decimals, exactly', async () => {
    const cases: readonly [typeof JP01, string][] = [[JP01, '31250'], [KW01, '81.125']];
    for (const [entity, rate] of cases) {
      const { deal, references } = await tryton.withProject({ legalEntity: entity, rate, billingMethod: 'fixed_fee' });
      const card = await offered(tryton.erp().rateCard).write({ document: { project: deal.project, rateCard: deal.project.rateCard }, references }, null, callContext());
      const plan = await offered(tryton.erp().billingSchedule).write({ document: { project: deal.project, schedule: deal.project.billingSchedule }, references }, null, callContext());
      const sale = await offered(tryton.erp().contract).write({ document: deal.contract, references }, null, callContext());
      const priceOf = (rows: Row[]) => rows.map((row) => row['list_price']);
      assert.deepEqual(priceOf(await tryton.works([['parent', '=', Number(card.externalId)]], entity.code)), [D(rate), D(rate)]);
      const amounts = deal.project.billingSchedule.items.map((item) => Number(item.amount?.amount));
      assert.deepEqual((await tryton.works([['parent', '=', Number(plan.externalId)]], entity.code)).map((row) => Number(partOf(row['list_price'], 'decimal'))), amounts);
      const [row] = await tryton.rows('sale.sale', [['id', '=', Number(sale.externalId)]], ['untaxed_amount', 'currency.code'], entity.code);
      assert.equal(Number(partOf(row?.['untaxed_amount'], 'decimal')), Number(deal.contract.total.amount));
      assert.equal(partOf(row?.['currency.'], 'code'), entity.currency);
    }
  });

  it('never prices a project in the wrong currency: foreign rates and amounts stay words', async () => {
    const { deal, references } = await tryton.withProject({ currency: 'EUR', billingMethod: 'fixed_fee' });
    const card = await offered(tryton.erp().rateCard).write({ document: { project: deal.project, rateCard: deal.project.rateCard }, references }, null, callContext());
    const plan = await offered(tryton.erp().billingSchedule).write({ document: { project: deal.project, schedule: deal.project.billingSchedule }, references }, null, callContext());
    const rows = [...(await tryton.works([['parent', '=', Number(card.externalId)]])), ...(await tryton.works([['parent', '=', Number(plan.externalId)]]))];
    assert.equal(rows.length, 4);
    for (const row of rows) {
      assert.equal(row['list_price'], null);
      assert.match(String(row['comment']), /EUR.*USD only: invoice this.* by hand/s);
    }
  });

  it('sells the agreed amount where quantity times price is another', async () => {
    const { deal, references } = await tryton.withCustomer();
    const lines = deal.contract.lines.map((line) => ({ ...line, amount: { amount: '9999.99', currency: 'USD' } }));
    const sale = await offered(tryton.erp().contract).write({ document: { ...deal.contract, lines }, references }, null, callContext());
    const rows = await tryton.rows('sale.line', [['sale', '=', Number(sale.externalId)]], ['quantity', 'unit_price', 'description']);
    assert.deepEqual(rows.map((row) => [row['quantity'], row['unit_price']]), [[1, D('9999.99')], [1, D('9999.99')]]);
    assert.match(String(rows[0]?.['description']), /40 hour at 260, agreed amount/);
  });

  it('leaves a confirmed sale alone: the same document is done, another is refused', async () => {
    const { deal, references } = await tryton.withCustomer();
    const document = { document: deal.contract, references };
    const sale = await offered(tryton.erp().contract).write(document, null, callContext());
    await tryton.office().call('sale.sale.confirm', [[Number(sale.externalId)]], tryton.us());
    assert.equal((await offered(tryton.erp().contract).write(document, sale, callContext())).externalId, sale.externalId);
    const changed = { references, document: { ...deal.contract, lines: deal.contract.lines.slice(0, 1) } };
    const failure = await failureOf(() => offered(tryton.erp().contract).write(changed, sale, callContext()));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['business_rule', 'TRYTON_SALE_CONFIRMED', 'no']);
  });

  it('keeps a task that time was booked on, cancelled, when the WBS no longer has it', async () => {
    const { deal, references, projectId } = await tryton.withProject();
    const [discovery] = await tryton.works([['parent', '=', Number(projectId)], ['name', '=', '1 Discovery']]);
    await tryton.bookTime(Number(discovery?.['id']));
    const wbs = deal.project.wbs.filter((element) => element.code !== '1');
    await tryton.erp().project.write({ document: { ...deal.project, wbs }, references }, { externalId: projectId, url: null }, callContext());
    const [kept] = await tryton.works([['id', '=', Number(discovery?.['id'])]]);
    assert.equal(partOf(kept?.['status.'], 'name'), 'Cancelled');
  });

  it('names what is missing in the set-up as a configuration failure', async () => {
    const unknown = { ...DE01, code: 'FR01' };
    const deal = dealOf(uniqueTag(), { legalEntity: unknown });
    const noCompany = await failureOf(() => tryton.erp().project.find({ document: deal.project, references: NONE }, callContext()));
    assert.deepEqual([noCompany.kind, noCompany.code], ['configuration', 'TRYTON_SETUP_MISSING']);
    assert.match(`${noCompany.message} ${noCompany.mend}`, /FR01.*Create the company/s);
    const customer = dealOf(uniqueTag(), { customer: { billingAddress: { street: null, city: null, region: null, postalCode: null, country: 'XX' } } }).customer;
    const noCountry = await failureOf(() => tryton.erp().customer.write({ document: customer, references: NONE }, null, callContext()));
    assert.match(noCountry.mend, /trytond_import_countries/);
  });

  it('tells a wrong password, a wrong database and a user without rights apart from business rules', async () => {
    const server = tryton.server();
    const make = (credentials: object) => tryton.connect(server.url, credentials);
    const deal = dealOf(uniqueTag());
    const find = (credentials: object) => failureOf(() => make(credentials).project.find({ document: deal.project, references: NONE }, callContext()));
    assert.match((await find({ ...server, database: 'nowhere' })).mend, /address/);
    assert.deepEqual((await find({ ...server, password: 'wrong' })).kind, 'configuration');
    const login = `low-${uniqueTag()}`;
    await tryton.office().call('res.user.create', [[{ name: login, login, password: `${login}-Secret-1` }]]);
    const refused = await failureOf(() => make({ database: server.database, user: login, password: `${login}-Secret-1` }).project.write({ document: deal.project, references: { ...NONE, customers: { [deal.customer.id]: '1' } } }, null, callContext()));
    assert.deepEqual([refused.kind, refused.code], ['configuration', 'TRYTON_ACCESS']);
  });

  it('reads long answers, which Tryton calls compressed though they are not', async () => {
    const wbs = Array.from({ length: 20 }, (_, index) => ({ code: `W${index}`, name: `Phase ${index}`, parentCode: null, billable: true, plannedHours: '8' }));
    const { deal, references, projectId } = await tryton.withProject({ project: { wbs } });
    const again = await tryton.connect().project.write({ document: deal.project, references }, { externalId: projectId, url: null }, callContext());
    assert.equal(again.externalId, projectId);
  });

  it('logs in again by itself when Tryton has forgotten the session', async () => {
    const { deal, references } = await tryton.withCustomer();
    tryton.server().forgetSessions();
    const written = await tryton.erp().project.write({ document: deal.project, references }, null, callContext());
    assert.ok(written.created);
    assert.notEqual(await tryton.erp().project.find({ document: deal.project, references }, callContext()), null);
  });
});
