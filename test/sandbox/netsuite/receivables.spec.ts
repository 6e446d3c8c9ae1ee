import assert from 'node:assert/strict';
import { customerBody, field, firstError, startAccount, type Reply, type TestAccount } from './support.ts';

const QUERY = '/services/rest/query/v1/suiteql';
const line = (amount: number) => ({ item: { externalId: 'item-TECHNOLOGY' }, amount, taxDetailsReference: '1' });

describe('NetSuite sandbox: invoices, credit memos and payments', function () {
  this.timeout(20_000);
  let account: TestAccount;
  let approving: TestAccount;
  let customer = '';
  let taxType = '';
  let now = Date.parse('2026-11-21T09:00:00Z');

  before(async () => {
    [account, approving] = await Promise.all([startAccount({ now: () => new Date(now) }), startAccount({ options: { approvalRouting: true } })]);
    customer = (await account.record('POST', 'customer', customerBody)).id;
    taxType = String((await read('taxType', 'eid:tax-DE'))['id']);
  });
  after(async () => {
    await Promise.all([account?.close(), approving?.close()]);
  });

  const post = (record: string, body: object) => account.record('POST', record, body);
  const invoiced = async (amount: number, change: object = {}) => (await post('invoice', { entity: { id: customer }, item: { items: [line(amount)] }, ...change })).id;
  const pay = (invoice: string, payment: number, change: object = {}) => post('customerPayment', { customer: { id: customer }, payment, apply: { items: [{ doc: { id: invoice }, apply: true, amount: payment }] }, ...change });
  const read = async (record: string, id: string) => (await account.record('GET', `${record}/${id}`)).body;
  const tax = (amount: number) => ({ taxDetailsReference: { id: '1' }, taxType, taxCode: { externalId: 'tax-DE-19' }, taxBasis: 100, taxRate: 19, taxAmount: amount });
  const said = (reply: Reply) => [reply.status, String(firstError(reply)['detail'])] as const;

  it('numbers invoices as they are saved, without a gap for what was refused', async () => {
    const first = await read('invoice', await invoiced(100));
    assert.equal((await post('invoice', { entity: { id: customer }, item: { items: [] } })).status, 400);
    const second = await read('invoice', await invoiced(100));
    assert.equal(Number(String(second['tranId']).slice(3)) - Number(String(first['tranId']).slice(3)), 1);
    assert.deepEqual([first['amountRemaining'], field(first, 'status', 'refName'), field(first, 'approvalStatus', 'id')], [100, 'Open', '2']);
  });

  it('takes a customer\'s own subsidiaries and currencies only, and what the currency can keep', async () => {
    for (const [change, path] of [[{ subsidiary: { externalId: 'sub-DE01' } }, 'subsidiary'], [{ currency: { externalId: 'cur-JPY' } }, 'currency'], [{ item: { items: [line(1.005)] } }, 'item.items[0].amount']] as const) {
      const refused = await post('invoice', { entity: { id: customer }, item: { items: [line(1)] }, ...change });
      assert.deepEqual([refused.status, firstError(refused)['o:errorPath']], [400, path]);
    }
    assert.match(said(await post('invoice', { entity: { id: customer }, item: { items: [line(-1)] } }))[1], /may not be negative/);
  });

  it('takes given taxes where its own are overridden, each for a line and of its type', async () => {
    const taxed = await read('invoice', await invoiced(100, { taxDetailsOverride: true, taxDetails: { items: [tax(19)] } }));
    assert.deepEqual([taxed['subtotal'], taxed['taxTotal'], taxed['total']], [100, 19, 119]);
    assert.equal((await read('invoice', await invoiced(100, { taxDetails: { items: [tax(19)] } })))['total'], 100);
    const wrong = { entity: { id: customer }, item: { items: [line(100)] }, taxDetailsOverride: true };
    for (const change of [{ taxDetailsReference: { id: '2' } }, { taxType: 'none' }, { taxCode: { externalId: 'tax-GB-20' } }]) {
      assert.equal((await post('invoice', { ...wrong, taxDetails: { items: [{ ...tax(19), ...change }] } })).status, 400);
    }
  });

  it('has one invoice to an external ID', async () => {
    await invoiced(100, { externalId: 'INV-1' });
    assert.match(said(await post('invoice', { entity: { id: customer }, item: { items: [line(1)] }, externalId: 'INV-1' }))[1], /already exists/);
  });

  it('keeps what is open of an invoice, over payments, credits, changes and deletions of them', async () => {
    const id = await invoiced(100);
    const payment = await pay(id, 30);
    const credit = await post('creditMemo', { entity: { id: customer }, item: { items: [line(70)] }, apply: { items: [{ doc: { id }, apply: true, amount: 70 }] } });
    const paid = await read('invoice', id);
    assert.deepEqual([paid['amountRemaining'], paid['amountPaid'], field(paid, 'status', 'refName')], [0, 100, 'Paid In Full']);
    assert.deepEqual([(await read('creditMemo', credit.id))['unapplied'], field(await read('creditMemo', credit.id), 'status', 'refName')], [0, 'Fully Applied']);
    assert.equal((await account.record('PATCH', `customerPayment/${payment.id}?replace=apply`, { apply: { items: [{ doc: { id }, apply: true, amount: 10 }] } })).status, 204);
    assert.equal((await read('invoice', id))['amountRemaining'], 20);
    assert.equal((await account.record('DELETE', `customerPayment/${payment.id}`)).status, 204);
    assert.equal((await read('invoice', id))['amountRemaining'], 30);
    assert.match(said(await account.record('DELETE', `invoice/${id}`))[1], /dependent records/);
    assert.match(said(await account.record('PATCH', `invoice/${id}?replace=item`, { item: { items: [line(60)] } }))[1], /less than what is applied/);
  });

  it('applies no more than is due, or than there is, and only to the customer\'s own invoices', async () => {
    const id = await invoiced(100);
    assert.match(said(await pay(id, 100.01))[1], /more than what is due/);
    assert.match(said(await pay(id, 100, { payment: 50 }))[1], /exceed/);
    assert.match(said(await pay(id, 0))[1], /greater than zero/);
    const other = (await post('customer', { ...customerBody, companyName: 'Fabrikam' })).id;
    assert.equal(firstError(await pay(id, 10, { customer: { id: other } }))['o:errorPath'], 'apply.doc');
    assert.equal((await read('invoice', id))['amountRemaining'], 100);
  });

  it('gives back only what a customer has to its credit', async () => {
    const credit = (await post('creditMemo', { entity: { id: customer }, item: { items: [line(70)] } })).id;
    const give = (amount: number) => post('customerRefund', { customer: { id: customer }, apply: { items: [{ doc: { id: credit }, apply: true, amount }] } });
    const refund = await give(50);
    assert.deepEqual([(await read('creditMemo', credit))['unapplied'], (await read('customerRefund', refund.id))['total']], [20, 50]);
    assert.match(said(await give(20.01))[1], /not applied/);
    const id = await invoiced(100);
    const apply = (amount: number) => account.record('PATCH', `creditMemo/${credit}?replace=apply`, { apply: { items: [{ doc: { id }, apply: true, amount }] } });
    assert.match(said(await apply(21))[1], /exceed/);
    assert.equal((await apply(20)).status, 204);
    assert.deepEqual([(await read('creditMemo', credit))['unapplied'], (await read('invoice', id))['amountRemaining']], [0, 80]);
    assert.equal((await account.record('DELETE', `customerRefund/${refund.id}`)).status, 204);
    assert.equal((await read('creditMemo', credit))['unapplied'], 50);
  });

  it('posts an invoice that needs approval only when it is approved', async () => {
    const { id: entity } = await approving.record('POST', 'customer', customerBody);
    const { id } = await approving.record('POST', 'invoice', { entity: { id: entity }, item: { items: [line(100)] } });
    const status = async () => field((await approving.record('GET', `invoice/${id}`)).body, 'status', 'refName');
    assert.equal(await status(), 'Pending Approval');
    const payment = { customer: { id: entity }, payment: 1, apply: { items: [{ doc: { id }, apply: true, amount: 1 }] } };
    assert.equal((await approving.record('POST', 'customerPayment', payment)).status, 400);
    assert.equal((await approving.record('PATCH', `invoice/${id}`, { approvalStatus: { id: '2' } })).status, 204);
    assert.equal(await status(), 'Open');
    assert.equal((await approving.record('POST', 'customerPayment', payment)).status, 204);
    assert.equal((await approving.record('PATCH', `invoice/${id}`, { approvalStatus: { id: '1' } })).status, 400);
    assert.equal((await post('invoice', { entity: { id: customer }, item: { items: [line(1)] }, approvalStatus: { id: '1' } })).status, 400, 'an account without approval has none pending');
  });

  it('tells SuiteQL all transactions by type and last change, and which payment paid which invoice', async () => {
    const id = await invoiced(100, { custbody_q2c_invoice: 'INV-QL' });
    now += 60_000;
    const payment = (await pay(id, 40)).id;
    const rows = async (q: string) => (await account.send('POST', QUERY, { q }, { prefer: 'transient' })).body['items'];
    const since = "lastmodifieddate >= TO_DATE('2026-11-21 09:00:30', 'YYYY-MM-DD HH24:MI:SS')";
    assert.deepEqual(await rows(`SELECT id, type, foreigntotal, TO_CHAR(lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') AS changed FROM transaction WHERE type IN ('CustPymt', 'CustInvc') AND ${since}`), [{ links: [], id: payment, type: 'CustPymt', foreigntotal: '40', changed: '2026-11-21 09:01:00' }]);
    assert.deepEqual(await rows(`SELECT previousdoc, foreignamount, linktype FROM nexttransactionlinelink WHERE nextdoc IN (${payment})`), [{ links: [], previousdoc: id, foreignamount: '40', linktype: 'Payment' }]);
    assert.deepEqual(await rows(`SELECT custbody_q2c_invoice FROM transaction WHERE id = ${id}`), [{ links: [], custbody_q2c_invoice: 'INV-QL' }]);
  });
});
