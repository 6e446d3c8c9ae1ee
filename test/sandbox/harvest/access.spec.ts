import assert from 'node:assert/strict';
import { message, rows, startAccount, type TestAccount } from './support.ts';

describe('Harvest sandbox: getting in', () => {
  let account: TestAccount;
  before(async () => {
    account = await startAccount();
  });
  after(() => account.close());

  it('knows whose token it is', async () => {
    const me = await account.call('GET', 'users/me');
    assert.equal(me.status, 200);
    assert.equal(me.body['email'], 'ingrid.solberg@northwind-consulting.example');
  });

  it('answers 401 to a token it does not know', async () => {
    const reply = await account.call('GET', 'clients', undefined, { authorization: 'Bearer wrong' });
    assert.equal(reply.status, 401);
    assert.equal(reply.body['error'], 'invalid_token');
  });

  it('answers 400 without an account, 403 for an account the token does not reach', async () => {
    assert.equal((await account.call('GET', 'clients', undefined, { 'harvest-account-id': '' })).status, 400);
    assert.equal((await account.call('GET', 'clients', undefined, { 'harvest-account-id': '1' })).status, 403);
  });

  it('answers 400 to a client that does not name itself', async () => {
    const { request } = await import('node:http');
    const status = await new Promise<number>((resolve, reject) => {
      request(`${account.sandbox.url}/v2/company`, (response) => resolve(response.resume().statusCode ?? 0)).on('error', reject).end();
    });
    assert.equal(status, 400);
  });

  it('answers 404 for what is not there, known path or not', async () => {
    assert.equal((await account.call('GET', 'projects/1')).status, 404);
    assert.equal((await account.call('GET', 'nonsense')).status, 404);
  });
});

describe('Harvest sandbox: rate limits', () => {
  let at = Date.parse('2026-06-01T09:00:00Z');
  let account: TestAccount;
  before(async () => {
    account = await startAccount({ options: { requestsPerWindow: 5, reportsPerWindow: 1 }, now: () => new Date(at) });
  });
  after(() => account.close());

  it('refuses the request above the limit, says how long to wait, and has room again after that', async () => {
    for (let count = 0; count < 5; count++) assert.equal((await account.call('GET', 'company')).status, 200);
    at += 4_000;
    const refused = await account.call('POST', 'clients', { name: 'One too many' });
    assert.equal(refused.status, 429);
    assert.equal(refused.headers.get('retry-after'), '11');
    at += 11_000;
    const clients = await account.call('GET', 'clients');
    assert.equal(clients.status, 200);
    assert.equal(clients.body['total_entries'], 0, 'the refused write was not done');
  });

  it('counts reports apart from other requests', async () => {
    const path = 'reports/time/projects?from=20260501&to=20260531';
    assert.equal((await account.call('GET', path)).status, 200);
    assert.equal((await account.call('GET', path)).status, 429);
    assert.equal((await account.call('GET', 'company')).status, 200);
  });
});

describe('Harvest sandbox: lists', () => {
  let account: TestAccount;
  before(async () => {
    account = await startAccount();
    for (let number = 1; number <= 5; number++) await account.call('POST', 'clients', { name: `Client ${number}`, is_active: number !== 3 });
  });
  after(() => account.close());

  it('shows the newest first, in pages that the links lead through', async () => {
    const seen: unknown[] = [];
    let path: string | null = 'clients?per_page=2';
    while (path !== null) {
      const page = await account.call('GET', path);
      assert.equal(page.body['total_entries'], 5);
      assert.equal(page.body['total_pages'], 3);
      seen.push(...rows(page, 'clients').map((client) => client['name']));
      const links = page.body['links'];
      const next: unknown = typeof links === 'object' && links !== null ? Reflect.get(links, 'next') : null;
      path = typeof next === 'string' ? (next.split('/v2/')[1] ?? null) : null;
    }
    assert.deepEqual(seen, ['Client 5', 'Client 4', 'Client 3', 'Client 2', 'Client 1']);
  });

  it('gives a page by number, too', async () => {
    const page = await account.call('GET', 'clients?per_page=2&page=2');
    assert.deepEqual([page.body['page'], page.body['next_page'], page.body['previous_page']], [2, 3, 1]);
    assert.deepEqual(rows(page, 'clients').map((client) => client['name']), ['Client 3', 'Client 2']);
  });

  it('refuses pages of more than 2,000', async () => {
    assert.equal((await account.call('GET', 'clients?per_page=2001')).status, 422);
    assert.equal((await account.call('GET', 'clients?cursor=nonsense')).status, 422);
  });

  it('filters by whether it is active and by when it was changed', async () => {
    assert.equal((await account.call('GET', 'clients?is_active=false')).body['total_entries'], 1);
    assert.equal((await account.call('GET', 'clients?updated_since=2099-01-01T00:00:00Z')).body['total_entries'], 0);
    assert.match(message(await account.call('GET', 'clients?updated_since=yesterday')), /updated_since/);
  });
});
