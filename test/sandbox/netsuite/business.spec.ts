import assert from 'node:assert/strict';
import { customerBody, field, firstError, orderLine, startAccount, type TestAccount } from './support.ts';

describe('NetSuite sandbox: customers, projects and orders', () => {
  let account: TestAccount;
  let customerId = '';
  beforeEach(async () => {
    account = await startAccount({ now: () => new Date('2026-06-10T12:00:00Z') });
    customerId = (await account.record('PUT', 'customer/eid:crm-1', customerBody)).id;
  });
  afterEach(() => account.close());

  const order = (changes: Record<string, unknown> = {}) => ({ entity: { externalId: 'crm-1' }, item: { items: [orderLine] }, ...changes });
  const read = async (path: string) => (await account.record('GET', `${path}?expandSubResources=true`)).body;

  it('relates a customer to its primary subsidiary by itself', async () => {
    const list = await account.record('GET', `customerSubsidiaryRelationship?q=entity ANY_OF [${customerId}]`);
    assert.equal(list.body['totalResults'], 1);
    const relation = await read(`customerSubsidiaryRelationship/${String(field(list.body, 'items', 0, 'id'))}`);
    assert.equal(relation['isPrimarySub'], true);
    assert.equal(field(relation, 'subsidiary', 'refName'), 'US01');
  });

  it('refuses an order of a subsidiary the customer is not related to, until it is', async () => {
    const german = order({ subsidiary: { externalId: 'sub-DE01' } });
    assert.equal(firstError(await account.record('POST', 'salesOrder', german))['o:errorPath'], 'subsidiary');
    const relation = { entity: { id: customerId }, subsidiary: { externalId: 'sub-DE01' } };
    assert.equal((await account.record('POST', 'customerSubsidiaryRelationship', relation)).status, 204);
    assert.match(String(firstError(await account.record('POST', 'customerSubsidiaryRelationship', relation))['detail']), /already exists/);
    assert.equal((await account.record('POST', 'salesOrder', german)).status, 204);
  });

  it('refuses a currency the customer does not have, until it is added', async () => {
    const canadian = order({ currency: { externalId: 'cur-CAD' } });
    assert.equal(firstError(await account.record('POST', 'salesOrder', canadian))['o:errorPath'], 'currency');
    await account.record('PATCH', `customer/${customerId}`, { currencyList: { items: [{ currency: { externalId: 'cur-CAD' } }] } });
    assert.equal((await account.record('POST', 'salesOrder', canadian)).status, 204);
    await account.record('PATCH', `customer/${customerId}`, { currencyList: { items: [{ currency: { externalId: 'cur-CAD' } }] } });
    assert.equal(field(await read(`customer/${customerId}`), 'currencyList', 'totalResults'), 1, 'a currency is listed once');
  });

  it('holds projects to the same subsidiaries and currencies', async () => {
    const project = { companyName: 'Rollout', parent: { id: customerId } };
    assert.equal(firstError(await account.record('POST', 'job', { ...project, subsidiary: { externalId: 'sub-GB01' } }))['o:errorPath'], 'subsidiary');
    assert.equal(firstError(await account.record('POST', 'job', { ...project, currency: { externalId: 'cur-JPY' } }))['o:errorPath'], 'currency');
    const created = await read(`job/${(await account.record('POST', 'job', project)).id}`);
    assert.deepEqual([field(created, 'subsidiary', 'refName'), field(created, 'currency', 'refName'), field(created, 'entityStatus', 'refName')], ['US01', 'USD', 'Pending']);
  });

  it('refuses a customer that is its own ancestor', async () => {
    const child = await account.record('POST', 'customer', { ...customerBody, parent: { id: customerId } });
    assert.equal(firstError(await account.record('PATCH', `customer/${customerId}`, { parent: { id: child.id } }))['o:errorPath'], 'parent');
  });

  it('takes a status or billing type by ID or by its name, and shows both', async () => {
    const { id } = await account.record('POST', 'job', { companyName: 'Rollout', parent: { id: customerId }, jobBillingType: { id: 'TM' }, entityStatus: { refName: 'In Progress' } });
    const project = await read(`job/${id}`);
    assert.deepEqual(project['jobBillingType'], { id: 'TM', refName: 'Time and Materials' });
    assert.deepEqual(project['entityStatus'], { id: '2', refName: 'In Progress' });
    assert.equal((await account.record('GET', `job/${id}?simpleEnumFormat=true`)).body['jobBillingType'], 'TM');
    assert.equal((await account.record('PATCH', `job/${id}`, { jobBillingType: { id: 'BARTER' } })).status, 400);
  });

  it('keeps tasks under tasks of the same project only', async () => {
    const [first, second] = await Promise.all(['One', 'Two'].map((companyName) => account.record('POST', 'job', { companyName, parent: { id: customerId } })));
    const phase = await account.record('PUT', 'projectTask/eid:one-design', { title: 'Design', project: { id: first?.id }, estimatedWork: 120 });
    assert.equal((await account.record('POST', 'projectTask', { title: 'Workshops', project: { id: first?.id }, parent: { externalId: 'one-design' } })).status, 204);
    const stray = { title: 'Workshops', project: { id: second?.id }, parent: { id: phase.id } };
    assert.equal(firstError(await account.record('POST', 'projectTask', stray))['o:errorPath'], 'parent');
  });

  it('works out the amounts of an order exactly, in the currency that it has', async () => {
    const dollars = await read(`salesOrder/${(await account.record('POST', 'salesOrder', order({ item: { items: [orderLine, { ...orderLine, quantity: 3, rate: 0.1 }] } }))).id}`);
    assert.deepEqual([field(dollars, 'item', 'items', 0, 'amount'), field(dollars, 'item', 'items', 1, 'amount'), dollars['total']], [25260, 0.3, 25260.3]);
    await account.record('PUT', 'customer/eid:jp', { companyName: 'Kyoto Foods', subsidiary: { externalId: 'sub-JP01' } });
    const yen = await read(`salesOrder/${(await account.record('POST', 'salesOrder', { entity: { externalId: 'jp' }, item: { items: [{ ...orderLine, quantity: 1.5, rate: 333 }] } })).id}`);
    assert.equal(yen['total'], 500);
  });

  it('needs at least one item on an order', async () => {
    assert.match(String(firstError(await account.record('POST', 'salesOrder', { entity: { id: customerId } }))['detail']), /at least one line item/);
  });

  it('adds the lines of an update to those there are, and replaces them only when told to', async () => {
    const body = order();
    const { id } = await account.record('PUT', 'salesOrder/eid:sow-1', body);
    await account.record('PUT', 'salesOrder/eid:sow-1', body);
    assert.equal(field(await read(`salesOrder/${id}`), 'item', 'totalResults'), 2);
    await account.record('PUT', 'salesOrder/eid:sow-1?replace=item', body);
    assert.equal(field(await read(`salesOrder/${id}`), 'item', 'totalResults'), 1);
    const key = field(await read(`salesOrder/${id}`), 'item', 'items', 0, 'line');
    await account.record('PATCH', `salesOrder/${id}`, { item: { items: [{ line: key, isClosed: true }] } });
    assert.deepEqual(field(await read(`salesOrder/${id}`), 'status'), { id: 'H', refName: 'Closed' });
  });

  it('will not change the currency of a customer that has transactions', async () => {
    await account.record('POST', 'salesOrder', order());
    assert.match(String(firstError(await account.record('PATCH', `customer/${customerId}`, { currency: { externalId: 'cur-EUR' } }))['detail']), /cannot be changed/);
  });

  it('refuses a project of another customer on an order', async () => {
    const other = await account.record('POST', 'customer', { ...customerBody, companyName: 'Fabrikam' });
    const job = await account.record('POST', 'job', { companyName: 'Theirs', parent: { id: other.id } });
    assert.equal(firstError(await account.record('POST', 'salesOrder', order({ job: { id: job.id } })))['o:errorPath'], 'job');
  });

  it('keeps rate cards with a line for each labor category', async () => {
    const job = await account.record('PUT', 'job/eid:P-1', { companyName: 'Rollout', parent: { id: customerId } });
    const card = { custrecord_q2c_rc_code: 'US-2026', custrecord_q2c_rc_project: { externalId: 'P-1' }, custrecord_q2c_rc_currency: { externalId: 'cur-USD' }, custrecord_q2c_rc_from: '2026-01-01' };
    await account.record('PUT', 'customrecord_q2c_rate_card/eid:P-1-rates', card);
    const line = { custrecord_q2c_rl_card: { externalId: 'P-1-rates' }, custrecord_q2c_rl_category: 'ENGINEER', custrecord_q2c_rl_rate: 210.5, custrecord_q2c_rl_unit: 'hour' };
    const { id } = await account.record('PUT', 'customrecord_q2c_rate_line/eid:P-1-rates-ENGINEER', line);
    assert.equal((await read(`customrecord_q2c_rate_line/${id}`))['custrecord_q2c_rl_rate'], 210.5);
    assert.match(String(firstError(await account.record('DELETE', 'customrecord_q2c_rate_card/eid:P-1-rates'))['detail']), /Rate Line/);
    assert.match(String(firstError(await account.record('DELETE', `job/${job.id}`))['detail']), /Rate Card/);
  });

  it('takes the records that a test seeds, and goes back to the firm’s lists on reset', async () => {
    const seeded = await account.admin('POST', 'seed', { job: [{ externalId: 'P-9', companyName: 'Seeded', parent: { id: customerId } }] });
    assert.equal(seeded.status, 201);
    assert.equal((await account.record('GET', 'job/eid:P-9')).body['companyName'], 'Seeded');
    await account.admin('POST', 'reset');
    account.useToken(String((await account.askToken()).body['access_token']));
    assert.equal((await account.record('GET', 'customer')).body['totalResults'], 0);
    assert.equal((await account.record('GET', 'subsidiary/eid:sub-US01')).body['id'], '2');
  });
});
