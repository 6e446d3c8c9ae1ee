import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterEach, describe, it } from 'mocha';
import { createSalesforce } from '../../../connectors/salesforce/index.ts';
import { answerJson, callContext, failureOf, memoryLog, testServer, type TestServer } from '../http/support.ts';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
const dealId = '0065g00000ABCDEAA4';
const modstamp = '2026-11-21T06:50:00.000+0000';
let server: TestServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

function salesforceAt(baseUrl: string, options: object = {}) {
  return createSalesforce({ system: 'salesforce', baseUrl, credentials: { clientId: 'client', username: 'integration@q2c.example', privateKeyPem: privateKey }, limits: { concurrency: null, requestsPerSecond: null, timeoutSeconds: 5 }, options, log: memoryLog() });
}

function line(n: number, changes: object = {}): object {
  return { Id: `00k5g000000000${String(n).padStart(4, '0')}`, Name: `Line ${n}`, Quantity: 1, UnitPrice: 10, TotalPrice: 10, SystemModstamp: modstamp, ...changes };
}

function deal(changes: object = {}): object {
  return {
    Id: dealId, Name: 'Deal', IsClosed: true, IsWon: true, Amount: 100, CurrencyIsoCode: 'USD', CloseDate: '2026-11-20', SystemModstamp: modstamp,
    Account: { Id: '0015g00000ABCDEAA4', Name: 'Client', ParentId: null, Parent: null }, Contract: null, OpportunityLineItems: null, ...changes,
  };
}

const page = (records: readonly object[], nextRecordsUrl?: string) => ({ totalSize: records.length, done: nextRecordsUrl === undefined, records, ...(nextRecordsUrl === undefined ? {} : { nextRecordsUrl }) });

async function answering(answers: (url: URL) => unknown): Promise<TestServer> {
  server = await testServer((request, response) => {
    const url = new URL(request.url, 'http://local');
    if (url.pathname === '/services/oauth2/token') answerJson(response, 200, { access_token: 'token', token_type: 'Bearer' });
    else answerJson(response, 200, answers(url));
  });
  return server;
}

describe('the Salesforce connector', () => {
  it('signs its assertion as the JWT bearer flow asks, valid for at most three minutes', async () => {
    const { received, url } = await answering(() => page([deal()]));
    await salesforceAt(url).loadOpportunity(dealId, callContext());
    const form = new URLSearchParams(received[0]?.body);
    assert.equal(form.get('grant_type'), 'urn:ietf:params:oauth:grant-type:jwt-bearer');
    const assertion = form.get('assertion') ?? '';
    assert.equal(decodeProtectedHeader(assertion).alg, 'RS256');
    const claims = decodeJwt(assertion);
    assert.deepEqual([claims.iss, claims.sub, claims.aud], ['client', 'integration@q2c.example', 'https://login.salesforce.com']);
    assert.ok((claims.exp ?? Infinity) - Date.now() / 1000 <= 180);
  });

  it('reads the other changes of a page on that has one it cannot read, and tells of that one', async () => {
    const { url } = await answering(({ searchParams }) =>
      (searchParams.get('q') ?? '').includes('FROM OpportunityLineItem')
        ? page([{ OpportunityId: '0065g00000ABCDFAA4', SystemModstamp: modstamp }, { OpportunityId: null, SystemModstamp: modstamp }])
        : page([{ Id: dealId, SystemModstamp: modstamp }, { Id: '0065g00000BADBADAA', SystemModstamp: 'yesterday' }, { Id: '0065g00000ABCDGAA4', SystemModstamp: modstamp }]));
    const { changedClosedWon } = salesforceAt(url);
    assert.ok(!('unsupported' in changedClosedWon));
    const seen: string[] = [];
    const failure = await failureOf((async () => {
      for await (const { opportunityId } of changedClosedWon('2026-11-21T00:00:00.000Z', callContext())) seen.push(opportunityId);
    })());
    assert.deepEqual(seen, [dealId, '0065g00000ABCDGAA4', '0065g00000ABCDFAA4']);
    assert.deepEqual([failure.kind, failure.code, failure.written], ['contract', 'SALESFORCE_RECORD_UNREADABLE', 'no']);
    assert.match(failure.message, /^2 of the closed-won deals and their lines could not be read.*0065g00000BADBADAA \(SystemModstamp/);
  });

  it('reads a small deal with one query, and the lines that did not fit the first page after it', async () => {
    const { received, url } = await answering(({ pathname }) =>
      pathname.endsWith('/query') ? page([deal({ OpportunityLineItems: page([line(1), line(2)], '/services/data/v64.0/query/01g5g0000-2') })]) : page([line(3)]),
    );
    const read = await salesforceAt(url).loadOpportunity(dealId, callContext());
    assert.equal(read.lines.length, 3);
    assert.equal(received.filter((request) => request.url.includes('/query')).length, 2);
  });

  it('stops where Salesforce names a page as the next that was read already', async () => {
    const again = '/services/data/v64.0/query/01g5g0000-2';
    let pages = 0;
    const { url } = await answering(({ pathname }) => (pathname.endsWith('/query') ? page([deal({ OpportunityLineItems: page([line(1)], again) })]) : page([line(2)], (pages += 1) > 20 ? undefined : again)));
    const failure = await failureOf(salesforceAt(url).loadOpportunity(dealId, callContext()));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['contract', 'PAGES_REPEAT', 'no']);
    assert.ok(pages < 10, `${pages} pages were read`);
  });

  it('asks for the field names the firm configured, and for no currency where the organization has one', async () => {
    const { received, url } = await answering(() => page([deal({ CurrencyIsoCode: undefined, Entity__c: 'US01' })]));
    const read = await salesforceAt(url, { corporateCurrency: 'USD', opportunity: { legalEntity: 'Entity__c' } }).loadOpportunity(dealId, callContext());
    const query = new URL(received[1]?.url ?? '', 'http://local').searchParams.get('q') ?? '';
    assert.match(query, /Entity__c/);
    assert.doesNotMatch(query, /CurrencyIsoCode/);
    assert.deepEqual([read.legalEntity, read.amount], ['US01', { amount: '100.00', currency: 'USD' }]);
  });

  it('takes the newest change of the deal and its lines as the version', async () => {
    const { url } = await answering(() => page([deal({ OpportunityLineItems: page([line(1, { SystemModstamp: '2026-11-21T09:00:00.000+0000' }), line(2)]) })]));
    assert.equal((await salesforceAt(url).loadOpportunity(dealId, callContext())).version, '2026-11-21T09:00:00.000Z');
  });

  it('names the field of the line that a person has to correct', async () => {
    const { url } = await answering(() => page([deal({ OpportunityLineItems: page([line(1, { Resource_Email__c: 'not an address' })]) })]));
    const failure = await failureOf(salesforceAt(url).loadOpportunity(dealId, callContext()));
    assert.deepEqual([failure.kind, failure.code], ['business_rule', 'DEAL_NOT_CANONICAL']);
    assert.match(failure.message, /lines\.0\.resourceEmail/);
    const unit = await answering(() => page([deal({ OpportunityLineItems: page([line(7, { Unit__c: 'week' })]) })]));
    assert.match((await failureOf(salesforceAt(unit.url).loadOpportunity(dealId, callContext()))).message, /unit of line 00k5g0000000000007/);
    await unit.close();
  });

  it('keeps an amount exact that a double cannot hold', async () => {
    server = await testServer((request, response) => {
      if (request.url.startsWith('/services/oauth2')) answerJson(response, 200, { access_token: 'token' });
      else response.end(JSON.stringify(page([deal({ Amount: 'AMOUNT' })])).replace('"AMOUNT"', '9007199254740993.07'));
    });
    assert.deepEqual((await salesforceAt(server.url).loadOpportunity(dealId, callContext())).amount, { amount: '9007199254740993.07', currency: 'USD' });
  });

  it('refuses credentials and options of the wrong shape when it is made', () => {
    const settings = { system: 'salesforce', baseUrl: 'http://127.0.0.1:1', limits: { concurrency: null, requestsPerSecond: null, timeoutSeconds: 5 }, log: memoryLog() };
    assert.throws(() => createSalesforce({ ...settings, credentials: { clientId: 'c', username: 'u', privateKeyPem: 'nonsense' }, options: {} }), /private key/);
    assert.throws(() => createSalesforce({ ...settings, credentials: { clientId: 'c', username: 'u', privateKeyPem: privateKey }, options: { opportunity: { legalEntity: "x' OR" } } }), /API name/);
  });
});
