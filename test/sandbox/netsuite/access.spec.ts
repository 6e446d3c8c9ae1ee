import assert from 'node:assert/strict';
import { firstError, startAccount, type TestAccount } from './support.ts';

describe('NetSuite sandbox: getting in', () => {
  let account: TestAccount;
  let at = Date.parse('2026-06-01T09:00:00Z');
  before(async () => {
    account = await startAccount({ now: () => new Date(at) });
  });
  after(() => account.close());

  it('gives a client with the registered key a bearer token for 60 minutes', async () => {
    const reply = await account.askToken();
    assert.equal(reply.status, 200);
    assert.equal(reply.body['token_type'], 'bearer');
    assert.equal(reply.body['expires_in'], '3600');
  });

  it('accepts the same assertion again: NetSuite does not remember which it has seen', async () => {
    const claims = { issuedAt: Math.floor(at / 1000) };
    assert.equal((await account.askToken(claims)).status, 200);
    assert.equal((await account.askToken(claims)).status, 200);
  });

  const wrong: [string, Parameters<TestAccount['askToken']>[0], number, string][] = [
    ['names a client that is not registered', { iss: 'somebody-else' }, 401, 'invalid_client'],
    ['names a certificate that was not uploaded', { kid: 'another-certificate' }, 401, 'invalid_client'],
    ['is meant for another address', { aud: 'https://example.com/token' }, 400, 'invalid_grant'],
    ['does not ask for rest_webservices', { scope: 'restlets' }, 400, 'invalid_scope'],
    ['is valid for 60 minutes or more', { lifetimeSeconds: 3600 }, 400, 'invalid_grant'],
    ['has expired', { issuedAt: Math.floor(at / 1000) - 7200 }, 401, 'invalid_client'],
    ['is signed with RS256', { alg: 'RS256' }, 401, 'invalid_client'],
  ];
  for (const [what, claims, status, error] of wrong) {
    it(`refuses an assertion that ${what}`, async () => {
      const reply = await account.askToken(claims);
      assert.equal(reply.status, status);
      assert.equal(reply.body['error'], error);
    });
  }

  it('answers INVALID_LOGIN without a token, with an invented one, and with one that has expired', async () => {
    const token = String((await account.askToken()).body['access_token']);
    account.useToken('invented');
    const invented = await account.record('GET', 'customer');
    assert.equal(invented.status, 401);
    assert.equal(firstError(invented)['o:errorCode'], 'INVALID_LOGIN');
    assert.equal(invented.body['title'], 'Unauthorized');

    account.useToken(token);
    assert.equal((await account.record('GET', 'customer')).status, 200);
    at += 3601 * 1000;
    assert.equal(firstError(await account.record('GET', 'customer'))['o:errorCode'], 'INVALID_LOGIN');
  });
});

describe('NetSuite sandbox: concurrency limit', () => {
  it('refuses, and does not queue, a request above the limit of the whole account', async () => {
    const account = await startAccount({ options: { concurrencyLimit: 3, latencyMs: 150 } });
    try {
      const replies = await Promise.all(Array.from({ length: 5 }, () => account.record('GET', 'subsidiary')));
      assert.equal(replies.filter((reply) => reply.status === 200).length, 3);
      const refused = replies.filter((reply) => reply.status === 429);
      assert.equal(refused.length, 2);
      assert.equal(refused.every((reply) => firstError(reply)['o:errorCode'] === 'CONCURRENCY_LIMIT_EXCEEDED'), true);
      assert.equal((await account.record('GET', 'subsidiary')).status, 200, 'places are free again afterwards');
    } finally {
      await account.close();
    }
  });

  it('tells the limit to those who ask', async () => {
    const account = await startAccount({ options: { concurrencyLimit: 7 } });
    try {
      const reply = await account.send('GET', '/services/rest/system/v1/governanceLimits');
      assert.equal(reply.body['accountConcurrencyLimit'], 7);
    } finally {
      await account.close();
    }
  });

  it('frees the place of a request whose connection is cut', async () => {
    const account = await startAccount({ options: { concurrencyLimit: 1 } });
    try {
      await account.admin('POST', 'faults', { kind: 'cut-after', method: 'GET', times: 3 });
      for (let attempt = 0; attempt < 3; attempt++) await assert.rejects(account.record('GET', 'subsidiary'));
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal((await account.record('GET', 'subsidiary')).status, 200);
    } finally {
      await account.close();
    }
  });

  it('words ordered faults as NetSuite does', async () => {
    const account = await startAccount();
    try {
      await account.admin('POST', 'faults', { kind: 'expired-token' });
      assert.equal(firstError(await account.record('GET', 'subsidiary'))['o:errorCode'], 'INVALID_LOGIN');
      await account.admin('POST', 'faults', { kind: 'status', status: 429, retryAfterSeconds: 2 });
      const limited = await account.record('GET', 'subsidiary');
      assert.equal(firstError(limited)['o:errorCode'], 'CONCURRENCY_LIMIT_EXCEEDED');
      assert.equal(limited.headers.get('retry-after'), '2');
      await account.admin('POST', 'faults', { kind: 'status', status: 503 });
      assert.equal((await account.record('GET', 'subsidiary')).status, 503);
    } finally {
      await account.close();
    }
  });
});
