import assert from 'node:assert/strict';
import { customerBody, field, firstError, startAccount, type Reply, type TestAccount } from './support.ts';

const SUITEQL = '/services/rest/query/v1/suiteql';

describe('NetSuite sandbox: charges', function () {
  this.timeout(20_000);
  let account: TestAccount;
  let customer = '';

  beforeEach(async () => {
    account = await startAccount();
    customer = (await account.record('POST', 'customer', customerBody)).id;
    const project = { companyName: 'Migration', parent: { id: customer }, subsidiary: { externalId: 'sub-US01' }, currency: { externalId: 'cur-USD' }, jobBillingType: { id: 'CB' } };
    await account.admin('POST', 'seed', {
      employee: [{ externalId: 'ada', firstName: 'Ada', lastName: 'Lovelace', email: 'ada@example.com', subsidiary: { externalId: 'sub-US01' } }],
      job: [{ ...project, externalId: 'p1', entityId: 'P1' }, { ...project, externalId: 'p2', entityId: 'P2' }, { ...project, externalId: 'tm', entityId: 'TM1', jobBillingType: { id: 'TM' } }],
    });
    await account.admin('POST', 'seed', { projectTask: [{ externalId: 't1', title: '1 Design', project: { externalId: 'p1' } }, { externalId: 't2', title: '1 Design', project: { externalId: 'p2' } }] });
    await account.admin('POST', 'seed', { timeBill: ['p1', 'p2'].map((job) => ({ externalId: `time-${job}`, employee: { externalId: 'ada' }, customer: { externalId: job }, item: { externalId: 'item-TECHNOLOGY' }, hours: '7:30', tranDate: '2026-11-16', custcol_q2c_legal_entity: 'US01' })) });
  });
  afterEach(async () => account.close());

  const charge = (change: object = {}) => ({ billTo: { externalId: 'p1' }, stage: 'READY_FOR_BILLING', chargeDate: '2026-11-16', chargeType: -13, rate: 210, quantity: 7.5, billingItem: { externalId: 'item-TECHNOLOGY' }, timeRecord: { externalId: 'time-p1' }, ...change });
  const put = (key: string, change: object = {}) => account.record('PUT', `charge/eid:${key}`, charge(change));
  const read = async (key: string) => (await account.record('GET', `charge/eid:${key}`)).body;
  const query = async (q: string) => (await account.send('POST', SUITEQL, { q }, { Prefer: 'transient' })).body['items'];
  const said = (reply: Reply) => `${reply.status} ${String(firstError(reply)['detail'])}`;
  const invoice = (charges: string[], change: object = {}) => account.record('POST', 'invoice', { entity: { id: customer }, item: { items: [{ item: { externalId: 'item-TECHNOLOGY' }, amount: 1575, charges: { items: charges.map((externalId) => ({ externalId })) } }] }, ...change });

  it('takes Oracle\'s own sample, and works out the amount', async () => {
    const { id } = await account.record('POST', 'charge', { billTo: Number(customer), stage: 'READY_FOR_BILLING', chargeDate: '2020-07-14', chargeType: -19, billingItem: 12, rate: 100.0, quantity: 1 });
    const { body } = await account.record('GET', `charge/${id}`);
    assert.deepEqual([field(body, 'stage'), field(body, 'use', 'id'), body['amount'], field(body, 'currency', 'refName'), field(body, 'subsidiary', 'refName')], [{ id: 'READY_FOR_BILLING', refName: 'Ready' }, 'Actual', 100, 'USD', 'US01']);
  });

  it('keeps an amount that is given, negative ones as well', async () => {
    await put('a', { amount: 1500.5 });
    await put('b', { quantity: -7.5, amount: -1575 });
    assert.deepEqual([(await read('a'))['amount'], (await read('b'))['amount']], [1500.5, -1575]);
  });

  for (const [what, body, names] of [
    ['a charge to nobody', { billTo: null, timeRecord: null }, /Customer:Project/],
    ['a charge without a stage, a date, a type, a rate and a quantity', { stage: null, chargeDate: null, chargeType: null, rate: null, quantity: null }, /Stage, Date, Charge Type, Rate, Quantity/],
    ['a stage it does not know', { stage: 'READY' }, /stage/],
    ['a charge that claims to be billed', { stage: 'PROCESSED' }, /stage/],
    ['a charge type it does not know', { chargeType: -1 }, /chargeType/],
    ['a project that is not there', { billTo: { id: '9999' } }, /billTo/],
    ['a project that is not charge-based', { billTo: { externalId: 'tm' }, timeRecord: null }, /TM1 is not charge-based/],
    ['the task of another project', { projectTask: { externalId: 't2' } }, /projectTask/],
    ['the time of another project', { timeRecord: { externalId: 'time-p2' } }, /timeRecord/],
    ['a currency the client is not billed in', { currency: { externalId: 'cur-EUR' } }, /currency/],
    ['a third decimal', { amount: 10.125 }, /amount/],
    ['a field that a charge does not have', { serviceItem: { id: '12' } }, /serviceItem/],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const reply = await account.record('POST', 'charge', charge(body), { 'X-NetSuite-PropertyNameValidation': 'Error' });
      assert.equal(reply.status, 400);
      assert.match(String(firstError(reply)['detail']), names);
    });
  }

  it('has one charge to an external ID', async () => {
    await put('a');
    assert.match(said(await account.record('POST', 'charge', charge({ externalId: 'a' }))), /400 .*already exists/);
  });

  it('keeps time that is charged', async () => {
    await put('a');
    assert.match(said(await account.record('DELETE', 'timeBill/eid:time-p1')), /dependent records \(charge\)/);
    assert.equal((await account.record('DELETE', 'charge/eid:a')).status, 204);
    assert.equal((await account.record('DELETE', 'timeBill/eid:time-p1')).status, 204);
  });

  it('has a charge on one invoice line, which then keeps it as it is', async () => {
    await put('a');
    await put('b', { amount: 10 });
    const { id } = await invoice(['a', 'b']);
    const billed = await read('a');
    assert.deepEqual([field(billed, 'stage', 'id'), field(billed, 'invoice', 'id'), billed['invoiceLine']], ['PROCESSED', id, '1']);
    assert.deepEqual(field((await account.record('GET', `invoice/${id}?expandSubResources=true`)).body, 'item', 'items', 0, 'charges', 'count'), 2);
    assert.match(said(await account.record('PATCH', 'charge/eid:a', { stage: 'NON_BILLABLE' })), /billed cannot be edited/);
    assert.match(said(await account.record('DELETE', 'charge/eid:a')), /cannot be deleted/);
    assert.match(said(await invoice(['a'])), /charges/);
    assert.equal((await account.record('DELETE', `invoice/${id}`)).status, 204);
    assert.deepEqual([field(await read('a'), 'stage', 'id'), (await read('a'))['invoice']], ['READY_FOR_BILLING', undefined]);
    assert.equal((await invoice(['a'])).status, 204);
  });

  it('gives back a charge that is taken off its invoice', async () => {
    await put('a');
    const { id } = await invoice(['a']);
    await account.record('PATCH', `invoice/${id}?replace=item`, { item: { items: [{ item: { externalId: 'item-TECHNOLOGY' }, amount: 1575 }] } });
    assert.equal(field(await read('a'), 'stage', 'id'), 'READY_FOR_BILLING');
  });

  it('bills only charges that are ready, actual, of the client and in the invoice\'s currency', async () => {
    await put('held', { stage: 'HOLD' });
    await put('forecast', { use: 'Forecast' });
    const other = (await account.record('POST', 'customer', { ...customerBody, companyName: 'Fabrikam' })).id;
    await account.record('PUT', 'charge/eid:theirs', charge({ billTo: { id: other }, timeRecord: null }));
    for (const key of ['held', 'forecast', 'theirs']) assert.equal((await invoice([key])).status, 400, key);
    await put('a');
    assert.equal((await invoice(['a', 'a'])).status, 400, 'twice on one invoice');
  });

  it('holds a project to a schedule of its own billing type, and to its schedule while charges are unbilled', async () => {
    const schedule = async (type: string) => (await account.record('POST', 'billingSchedule', { name: type, scheduleType: { id: type }, frequency: { id: 'MONTHLY' }, repeatEvery: { id: '1' }, numberRemaining: 2 })).id;
    assert.match(said(await account.record('PATCH', 'job/eid:p1', { billingSchedule: { id: await schedule('TM') } })), /does not match the billing type/);
    const first = await schedule('CB');
    assert.equal((await account.record('PATCH', 'job/eid:p1', { billingSchedule: { id: first } })).status, 204);
    await put('a');
    assert.match(said(await account.record('PATCH', 'job/eid:p1', { billingSchedule: { id: await schedule('CB') } })), /unbilled charges/);
    assert.equal((await account.record('PATCH', 'job/eid:p1', { billingSchedule: { id: first } })).status, 204);
  });

  it('adds up the charges of time in SuiteQL and for its administrator', async () => {
    await put('a');
    await put('b', { quantity: -0.1, amount: -0.1 });
    await put('c', { stage: 'NON_BILLABLE', amount: 99 });
    await put('d', { billTo: { externalId: 'p2' }, timeRecord: null });
    assert.deepEqual(
      await query("SELECT currency, COUNT(*) AS charges, SUM(amount) AS billed FROM charge WHERE BUILTIN.DF(use) = 'Actual' AND stage <> 'NON_BILLABLE' AND timerecord IN (SELECT id FROM timebill WHERE custcol_q2c_legal_entity = 'US01') GROUP BY currency"),
      [{ links: [], currency: '1', charges: '2', billed: '1574.9' }],
    );
    assert.deepEqual(await query("SELECT externalid FROM charge WHERE timerecord NOT IN (SELECT id FROM timebill WHERE custcol_q2c_legal_entity = 'DE01') AND externalid IN ('a', 'd')"), [{ links: [], externalid: 'a' }, { links: [], externalid: 'd' }]);
    assert.deepEqual(field(await (await fetch(`${account.sandbox.url}/__admin/time-totals`)).json(), 0, 'billed'), [{ amount: '1574.9', currency: 'USD' }]);
  });

  it('refuses a subquery of more than one column', async () => {
    const reply = await account.send('POST', SUITEQL, { q: 'SELECT id FROM charge WHERE timerecord IN (SELECT id, hours FROM timebill)' }, { Prefer: 'transient' });
    assert.equal(reply.status, 400);
  });
});
