import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Connection } from 'jsforce';
import { startOrg, type Org } from './salesforce-org.ts';

const clientSecret = randomBytes(18).toString('base64url');

describe('Salesforce sandbox: jsforce works against it', () => {
  let org: Org;
  let connection: Connection;
  before(async () => {
    org = await startOrg({ clientSecret });
    connection = await org.connect();
  });
  after(() => org.sandbox.close());

  it('creates, retrieves, updates, upserts and describes', async () => {
    const made = await connection.sobject('Account').create({ Name: 'Fabrikam', External_Id__c: 'F-1' });
    assert.ok(made.success);
    await connection.sobject('Account').update({ Id: made.id, BillingCity: 'Oslo' });
    const account = await connection.sobject('Account').retrieve(made.id);
    assert.equal(account['BillingCity'], 'Oslo');
    const upserted = await connection.sobject('Account').upsert({ Name: 'Fabrikam AS', External_Id__c: 'F-1' }, 'External_Id__c');
    assert.ok(upserted.success);
    const description = await connection.sobject('Opportunity').describe();
    assert.ok(description.fields.some((field) => field.name === 'Billing_Method__c'));
  });

  it('writes collections and reads all pages of a query with its children', async () => {
    const deals = Array.from({ length: 200 }, (_, n) => ({
      Name: `Deal ${n}`,
      StageName: 'Prospecting',
      CloseDate: '2026-11-30',
      External_Id__c: `D-${n}`,
    }));
    const results = await connection.sobject('Opportunity').create(deals, { allOrNone: true });
    assert.equal(results.filter((result) => result.success).length, 200);
    const more = deals.map((deal, n) => ({ ...deal, External_Id__c: `E-${n}` }));
    assert.equal((await connection.sobject('Opportunity').upsert(more, 'External_Id__c')).length, 200);
    const first = results[0];
    assert.ok(first?.success === true);
    await connection.sobject('OpportunityLineItem').create({ OpportunityId: first.id, Name: 'Line', Quantity: 2, UnitPrice: 10 });
    const found = await connection.query(
      'SELECT Id, Name, (SELECT Name, TotalPrice FROM OpportunityLineItems) FROM Opportunity ORDER BY External_Id__c',
      {
        autoFetch: true,
        maxFetch: 1000,
        headers: { 'Sforce-Query-Options': 'batchSize=200' },
      },
    );
    assert.equal(found.totalSize, 400);
    assert.equal(found.records.length, 400);
    assert.equal(found.records[0]?.['OpportunityLineItems'].records[0].TotalPrice, 20);
  });

  it('reports each failed record of a collection, or undoes all of them', async () => {
    const records = [
      { Name: 'Good', StageName: 'Prospecting', CloseDate: '2026-11-30' },
      { Name: 'No stage', CloseDate: '2026-11-30' },
    ];
    const each = await connection.sobject('Opportunity').create(records, { allOrNone: false });
    assert.deepEqual(
      each.map((result) => result.success),
      [true, false],
    );
    const all = await connection.sobject('Opportunity').create(records, { allOrNone: true });
    assert.deepEqual(
      all.map((result) => result.success),
      [false, false],
    );
    const [good] = all;
    assert.ok(good !== undefined && !good.success);
    assert.match(JSON.stringify(good.errors), /ALL_OR_NONE_OPERATION_ROLLED_BACK/);
  });

  it('signs in by client credentials, refuses a wrong secret, and tells by the session who it is', async () => {
    const oauth2 = { clientId: org.credentials.clientId, clientSecret, loginUrl: org.sandbox.url };
    const service = new Connection({ oauth2, version: '64.0' });
    const user = await service.authorize({ grant_type: 'client_credentials' });
    assert.equal(user.organizationId, org.credentials.organizationId);
    const { records } = await service.query<{ Username: string }>(`SELECT Username FROM User WHERE Id = '${user.id}'`);
    assert.equal(records[0]?.Username, org.credentials.username);
    await assert.rejects(new Connection({ oauth2: { ...oauth2, clientSecret: 'another' } }).authorize({ grant_type: 'client_credentials' }), /invalid client credentials/);
  });

  it('sends a composite request whose later part refers to an earlier one', async () => {
    const answer = await connection.request<{ compositeResponse: { httpStatusCode: number; referenceId: string }[] }>({
      method: 'POST',
      url: '/composite',
      body: JSON.stringify({
        allOrNone: true,
        compositeRequest: [
          { method: 'PATCH', url: '/services/data/v64.0/sobjects/Account/External_Id__c/C-1', referenceId: 'account', body: { Name: 'Composite' } },
          { method: 'POST', url: '/services/data/v64.0/sobjects/Opportunity', referenceId: 'deal', body: { Name: 'Deal', AccountId: '@{account.id}', StageName: 'Prospecting', CloseDate: '2026-11-30' } },
        ],
      }),
      headers: { 'content-type': 'application/json' },
    });
    assert.deepEqual(answer.compositeResponse.map(({ httpStatusCode, referenceId }) => [referenceId, httpStatusCode]), [['account', 201], ['deal', 201]]);
  });
});
