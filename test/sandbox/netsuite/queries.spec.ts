import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { customerBody, field, firstError, startAccount, type Reply, type TestAccount } from './support.ts';

describe('NetSuite sandbox: collections and SuiteQL', () => {
  let account: TestAccount;
  before(async () => {
    account = await startAccount({ now: () => new Date('2026-06-10T12:00:00Z') });
    const names = ['Contoso Manufacturing', 'Fabrikam', 'Contoso Foods', "O'Neill Shipping"];
    for (const [index, companyName] of names.entries()) {
      await account.record('POST', 'customer', { ...customerBody, companyName, externalId: `c-${index + 1}`, isInactive: index === 1, ...(index === 3 ? { phone: '12' } : {}) });
    }
    await account.record('POST', 'job', { companyName: 'Rollout', parent: { externalId: 'c-1' }, startDate: '2026-07-01' });
  });
  after(() => account.close());

  const ids = (reply: Reply): unknown => (Array.isArray(reply.body['items']) ? reply.body['items'].map((item: unknown) => Number(field(item, 'id')) - 1000) : []);
  const find = (q: string, type = 'customer') => account.record('GET', `${type}?q=${encodeURIComponent(q)}`);

  const conditions: [string, number[]][] = [
    ['externalId IS "c-2"', [2]],
    ['externalId IS c-99', []],
    ['companyName IS "contoso foods"', [3]],
    ['companyName CONTAIN foods', [3]],
    ['companyName START_WITH "Contoso"', [1, 3]],
    ['companyName START_WITH_NOT "Contoso"', [2, 4]],
    ['isInactive IS true', [2]],
    ['isInactive IS_NOT true', [1, 3, 4]],
    ['id ANY_OF [1001, 1004]', [1, 4]],
    ['id BETWEEN [1002, 1003]', [2, 3]],
    ['id GREATER 1002', [3, 4]],
    ['phone EMPTY', [1, 2, 3]],
    ['phone EMPTY_NOT', [4]],
    ['dateCreated ON_OR_AFTER "6/10/2026"', [1, 2, 3, 4]],
    ['dateCreated BEFORE "6/10/2026"', []],
    ['companyName START_WITH Contoso AND (id EQUAL 1001 OR id EQUAL 1002)', [1]],
    ['id EQUAL 1004 OR companyName START_WITH Contoso AND id EQUAL 1003', [3, 4]],
  ];
  for (const [q, expected] of conditions) {
    it(`answers q=${q}`, async () => {
      const reply = await find(q);
      assert.equal(reply.status, 200, JSON.stringify(reply.body));
      assert.deepEqual(ids(reply), expected);
    });
  }

  it('finds a customer’s projects by the reference', async () => {
    assert.equal((await find('parent ANY_OF [1001]', 'job')).body['totalResults'], 1);
    assert.equal((await find('startDate AFTER "6/30/2026"', 'job')).body['totalResults'], 1);
  });

  for (const q of ['companyName GREATER 3', 'nonsense IS 1', 'companyName IS', 'companyName LIKE x', '(id EQUAL 1', 'dateCreated ON "2026-06-10"']) {
    it(`refuses q=${q}`, async () => {
      const reply = await find(q);
      assert.equal(reply.status, 400);
      assert.equal(firstError(reply)['o:errorQueryParam'], 'q');
    });
  }

  it('pages with limit and offset as documented', async () => {
    const page = await account.record('GET', 'customer?limit=3&offset=3');
    assert.deepEqual([page.body['count'], page.body['hasMore'], page.body['offset'], page.body['totalResults']], [1, false, 3, 4]);
    assert.equal((await account.record('GET', 'customer?limit=3')).body['hasMore'], true);
    assert.equal((await account.record('GET', 'customer?limit=3&offset=1')).status, 400);
    assert.equal((await account.record('GET', 'customer?limit=1001')).status, 400);
  });

  const ask = (q: string, headers: Record<string, string> = { Prefer: 'transient' }) => account.send('POST', '/services/rest/query/v1/suiteql', { q }, headers);

  it('answers SuiteQL with rows of text', async () => {
    const reply = await ask("SELECT id, companyname, BUILTIN.DF(subsidiary) AS sub, isinactive FROM customer WHERE externalid = 'c-2'");
    assert.deepEqual(field(reply.body, 'items', 0), { links: [], id: '1002', companyname: 'Fabrikam', sub: 'US01', isinactive: 'T' });
    assert.equal(reply.body['totalResults'], 1);
  });

  const queries: [string, string[]][] = [
    ["SELECT id FROM customer WHERE companyname LIKE 'Contoso%' ORDER BY id DESC", ['1003', '1001']],
    ["SELECT c.id FROM customer c WHERE UPPER(c.companyname) = 'FABRIKAM' OR c.id IN (1001, 1004)", ['1001', '1002', '1004']],
    ["SELECT id FROM customer WHERE companyname = 'O''Neill Shipping'", ['1004']],
    ['SELECT id FROM customer WHERE phone IS NOT NULL', ['1004']],
    ["SELECT id FROM job WHERE parent = 1001 AND startdate >= '7/1/2026'", ['1005']],
    ['SELECT id FROM customer WHERE NOT (id BETWEEN 1002 AND 1003)', ['1001', '1004']],
  ];
  for (const [q, expected] of queries) {
    it(`runs ${q}`, async () => {
      const reply = await ask(q);
      assert.equal(reply.status, 200, JSON.stringify(reply.body));
      const items = reply.body['items'];
      assert.deepEqual(Array.isArray(items) ? items.map((item: unknown) => field(item, 'id')) : [], expected);
    });
  }

  it('counts', async () => {
    assert.equal(field((await ask('SELECT COUNT(*) FROM customer')).body, 'items', 0, 'expr1'), '4');
  });

  for (const q of ['SELECT nothing FROM customer', 'SELECT id FROM nowhere', 'SELECT id FROM customer INNER JOIN job ON job.parent = customer.id', 'DELETE FROM customer', 'SELECT id FROM customer GROUP BY companyname']) {
    it(`refuses ${q}`, async () => assert.equal((await ask(q)).status, 400));
  }

  it('refuses SuiteQL without Prefer: transient', async () => {
    assert.equal(firstError(await ask('SELECT id FROM customer', {}))['o:errorHeader'], 'Prefer');
  });

  it('describes its records', async () => {
    const catalog = await account.record('GET', 'metadata-catalog');
    assert.equal(Array.isArray(catalog.body['items']), true);
    assert.equal(field((await account.record('GET', 'metadata-catalog/projecttask')).body, 'properties', 'estimatedWork', 'type'), 'number');
  });
});

describe('NetSuite sandbox: asynchronous requests', () => {
  let account: TestAccount;
  beforeEach(async () => {
    account = await startAccount();
  });
  afterEach(() => account.close());

  async function finished(job: string): Promise<Reply> {
    for (;;) {
      const reply = await account.send('GET', `/services/rest/async/v1/job/${job}`);
      if (reply.body['completed'] === true) return reply;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  it('accepts a request, works on it later, and gives its result', async () => {
    const accepted = await account.record('PUT', 'customer/eid:crm-1', customerBody, { Prefer: 'respond-async' });
    assert.equal(accepted.status, 202);
    assert.equal(accepted.headers.get('preference-applied'), 'respond-async');
    assert.equal((await finished(accepted.id)).body['progress'], 'succeeded');
    const result = await account.send('GET', `/services/rest/async/v1/job/${accepted.id}/task/1/result`);
    assert.equal(result.status, 204);
    assert.equal((await account.record('GET', 'customer/eid:crm-1')).body['id'], result.id);
  });

  it('tells of a refused request as its result', async () => {
    const accepted = await account.record('POST', 'customer', {}, { Prefer: 'respond-async' });
    assert.equal((await finished(accepted.id)).body['progress'], 'failed');
    assert.equal((await account.send('GET', `/services/rest/async/v1/job/${accepted.id}/task/1/result`)).status, 400);
  });

  it('does a request with the same idempotency key once, and points at the first job', async () => {
    const headers = { Prefer: 'respond-async', 'X-NetSuite-Idempotency-Key': randomUUID() };
    const first = await account.record('POST', 'customer', customerBody, headers);
    const second = await account.record('POST', 'customer', customerBody, headers);
    assert.equal(second.status, 400);
    assert.equal(firstError(second)['o:errorCode'], 'IDEMPOTENCY_ERROR');
    assert.equal(second.headers.get('location'), `/services/rest/async/v1/job/${first.id}`);
    await finished(first.id);
    assert.equal((await account.record('GET', 'customer')).body['totalResults'], 1);
  });

  it('ignores the idempotency key of a synchronous request', async () => {
    const headers = { 'X-NetSuite-Idempotency-Key': randomUUID() };
    await account.record('POST', 'customer', customerBody, headers);
    assert.equal((await account.record('POST', 'customer', customerBody, headers)).status, 204);
  });

  it('makes a task of each record of a batch', async () => {
    const items = ['a', 'b'].map((externalId) => ({ ...customerBody, externalId }));
    const accepted = await account.record('PUT', 'customer', { items }, { Prefer: 'respond-async', 'content-type': 'application/vnd.oracle.resource+json; type=collection' });
    await finished(accepted.id);
    assert.equal((await account.send('GET', `/services/rest/async/v1/job/${accepted.id}/task`)).body['totalResults'], 2);
    assert.equal((await account.record('GET', 'customer')).body['totalResults'], 2);
  });
});
