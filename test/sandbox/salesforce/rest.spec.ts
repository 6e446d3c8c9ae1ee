import assert from 'node:assert/strict';
import { normalizeId, withChecksum } from '../../../sandbox/salesforce/ids.ts';
import { generateCredentials } from '../../../sandbox/credentials.ts';
import { assertion, requestToken, startOrg, type Org } from './salesforce-org.ts';

describe('Salesforce sandbox: REST API', () => {
  let org: Org;
  before(async () => {
    org = await startOrg({ clientSecret: 'not so secret' });
  });
  beforeEach(async () => void (await org.admin('POST', '/reset')));
  after(() => org.sandbox.close());

  /** After a reset tokens are gone, too. */
  let fresh: Org['call'];
  beforeEach(async () => {
    const token = await org.token();
    fresh = (method, path, body, headers = {}) => org.call(method, path, body, { authorization: `Bearer ${token}`, ...headers });
  });

  async function create(object: string, fields: object): Promise<string> {
    const answer = await fresh('POST', `/sobjects/${object}`, fields);
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return (answer.body as { id: string }).id;
  }
  async function refusal(method: string, path: string, body?: unknown): Promise<[number, string, string]> {
    const answer = await fresh(method, path, body);
    const [first] = answer.body as { errorCode: string; message: string }[];
    return [answer.status, first?.errorCode ?? '', first?.message ?? ''];
  }

  it('knows an ID in both its forms by the checksum of its case', () => {
    assert.equal(withChecksum('001D000000IRFma'), '001D000000IRFmaIAH');
    assert.equal(normalizeId('001D000000IRFma'), '001D000000IRFmaIAH');
    assert.equal(normalizeId('001D000000IRFmaIAX'), undefined);
  });

  it('gives a token for a signed assertion and refuses a forged, misdirected, late or foreign one', async () => {
    const granted = await requestToken(org.sandbox.url, await assertion());
    const body = (await granted.json()) as Record<string, string>;
    assert.equal(granted.status, 200);
    assert.equal(body['instance_url'], org.sandbox.url);
    assert.equal(body['token_type'], 'Bearer');
    assert.match(body['id'] ?? '', /\/id\/00D\w{15}\/005\w{15}$/);
    const refused = async (wanted: Parameters<typeof assertion>[0]): Promise<string> => {
      const answer = await requestToken(org.sandbox.url, await assertion(wanted));
      const { error, error_description: description } = (await answer.json()) as Record<string, string>;
      return `${answer.status} ${error}: ${description}`;
    };
    assert.equal(await refused({ privateKeyPem: generateCredentials().salesforce.privateKeyPem }), '400 invalid_grant: invalid assertion');
    assert.equal(await refused({ audience: 'https://example.com' }), '400 invalid_grant: audience is invalid');
    assert.equal(await refused({ expiresIn: -60 }), '400 invalid_grant: expired authorization code');
    assert.equal(await refused({ clientId: 'someone' }), '400 invalid_client_id: client identifier invalid');
    assert.equal(await refused({ username: 'nobody@example.com' }), "400 invalid_grant: user hasn't approved this consumer");
    const secret = await fetch(`${org.sandbox.url}/services/oauth2/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', client_id: org.credentials.clientId, client_secret: 'not so secret' }),
    });
    assert.equal(secret.status, 200);
  });

  it('refuses an expired or unknown session', async () => {
    const brief = await startOrg({ tokenLifetimeSeconds: 0.05 });
    try {
      await brief.call('GET', '/limits');
      await new Promise((resolve) => setTimeout(resolve, 60));
      const late = await brief.call('GET', '/limits');
      assert.equal(late.status, 401);
      assert.deepEqual(late.body, [{ message: 'Session expired or invalid', errorCode: 'INVALID_SESSION_ID' }]);
    } finally {
      await brief.sandbox.close();
    }
  });

  it('creates, reads, changes and deletes a record, keeping its time stamps and its author', async () => {
    const id = await create('Account', { Name: 'Northwind', BillingCountryCode: 'DE' });
    assert.match(id, /^001\w{15}$/);
    assert.equal(normalizeId(id), id);
    const before = (await fresh('GET', `/sobjects/Account/${id}`)).body as Record<string, string>;
    assert.match(before['SystemModstamp'] ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/);
    assert.equal((await fresh('PATCH', `/sobjects/Account/${id.slice(0, 15)}`, { BillingCity: 'Berlin' })).status, 204);
    const after = (await fresh('GET', `/sobjects/Account/${id}?fields=Name,BillingCity`)).body as Record<string, unknown>;
    assert.deepEqual(Object.keys(after), ['attributes', 'Name', 'BillingCity']);
    assert.equal(after['BillingCity'], 'Berlin');
    assert.equal((await fresh('DELETE', `/sobjects/Account/${id}`)).status, 204);
    assert.deepEqual((await refusal('GET', `/sobjects/Account/${id}`)).slice(0, 2), [404, 'ENTITY_IS_DELETED']);
  });

  it('lets closed and won follow the stage', async () => {
    const id = await create('Opportunity', { Name: 'Data platform', StageName: 'Prospecting', CloseDate: '2026-11-30' });
    const state = async (): Promise<unknown[]> => {
      const row = (await fresh('GET', `/sobjects/Opportunity/${id}?fields=IsClosed,IsWon`)).body as Record<string, unknown>;
      return [row['IsClosed'], row['IsWon']];
    };
    assert.deepEqual(await state(), [false, false]);
    await fresh('PATCH', `/sobjects/Opportunity/${id}`, { StageName: 'Closed Lost' });
    assert.deepEqual(await state(), [true, false]);
    await fresh('PATCH', `/sobjects/Opportunity/${id}`, { StageName: 'Closed Won' });
    assert.deepEqual(await state(), [true, true]);
  });

  it('refuses a record that breaks a rule with the code Salesforce has for it', async () => {
    const post = (fields: object) =>
      refusal('POST', '/sobjects/Opportunity', { Name: 'X', StageName: 'Prospecting', CloseDate: '2026-11-30', ...fields });
    assert.deepEqual(await refusal('POST', '/sobjects/Account', {}), [
      400,
      'REQUIRED_FIELD_MISSING',
      'Required fields are missing: [Name]',
    ]);
    assert.deepEqual(await post({ Colour: 'red' }), [400, 'INVALID_FIELD', "No such column 'Colour' on sobject of type Opportunity"]);
    assert.deepEqual((await post({ Name: 'x'.repeat(121) })).slice(0, 2), [400, 'STRING_TOO_LONG']);
    assert.deepEqual(await post({ StageName: 'Nearly' }), [
      400,
      'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST',
      'Stage Name: bad value for restricted picklist field: Nearly',
    ]);
    assert.deepEqual((await post({ AccountId: '006000000000001AAA' })).slice(0, 2), [400, 'MALFORMED_ID']);
    assert.deepEqual((await post({ AccountId: withChecksum('0015g0000zzzzzz') })).slice(0, 2), [400, 'INVALID_CROSS_REFERENCE_KEY']);
    assert.deepEqual((await post({ CloseDate: '2026-02-30' })).slice(0, 2), [400, 'JSON_PARSER_ERROR']);
    assert.deepEqual((await post({ Amount: 'much' })).slice(0, 2), [400, 'JSON_PARSER_ERROR']);
    assert.deepEqual((await post({ IsWon: true })).slice(0, 2), [400, 'INVALID_FIELD_FOR_INSERT_UPDATE']);
    assert.deepEqual((await refusal('POST', '/sobjects/Account', '{"Name":')).slice(0, 2), [400, 'JSON_PARSER_ERROR']);
    assert.deepEqual((await refusal('GET', '/sobjects/Invoice/1')).slice(0, 2), [404, 'NOT_FOUND']);
    assert.equal(
      (await fetch(`${org.sandbox.url}/services/data/v20.0/limits`, { headers: { authorization: `Bearer ${await org.token()}` } })).status,
      404,
    );
  });

  it('keeps external IDs unique and account hierarchies free of circles, except for seeded history', async () => {
    const parent = await create('Account', { Name: 'Parent', External_Id__c: 'A-1' });
    const child = await create('Account', { Name: 'Child', ParentId: parent });
    assert.deepEqual((await refusal('POST', '/sobjects/Account', { Name: 'Twin', External_Id__c: 'a-1' })).slice(0, 2), [
      400,
      'DUPLICATE_VALUE',
    ]);
    assert.deepEqual((await refusal('PATCH', `/sobjects/Account/${parent}`, { ParentId: child })).slice(0, 2), [
      400,
      'CIRCULAR_DEPENDENCY',
    ]);
    const [a, b] = [withChecksum('0015g0000LOOPaa'), withChecksum('0015g0000LOOPbb')];
    const seeded = await org.admin('POST', '/seed', {
      Account: [
        { Id: a, Name: 'A', ParentId: b },
        { Id: b, Name: 'B', ParentId: a },
      ],
    });
    assert.deepEqual(await seeded.json(), { Account: [a, b] });
    const loop = (await fresh('GET', `/query?q=${encodeURIComponent(`SELECT Parent.Parent.Id FROM Account WHERE Id = '${a}'`)}`)).body as {
      records: { Parent: { Parent: { Id: string } } }[];
    };
    assert.equal(loop.records[0]?.Parent.Parent.Id, a);
  });

  it('upserts by external ID: created, then updated, and 300 when the ID is not unique', async () => {
    const path = '/sobjects/Account/External_Id__c/A-7';
    const first = await fresh('PATCH', path, { Name: 'Contoso' });
    const second = await fresh('PATCH', path, { Name: 'Contoso Ltd' });
    assert.deepEqual([first.status, second.status], [201, 200]);
    assert.equal((second.body as { created: boolean }).created, false);
    assert.equal((first.body as { id: string }).id, (second.body as { id: string }).id);
    for (const Name of ['One', 'Two']) await create('Account', { Name, Tax_Registration_Number__c: 'DE1' });
    const unclear = await fresh('PATCH', '/sobjects/Account/Tax_Registration_Number__c/DE1', { Name: 'Which' });
    assert.equal(unclear.status, 300);
    assert.equal((unclear.body as string[]).length, 2);
  });

  it('runs a composite request with references, and undoes it all when one part fails', async () => {
    const order = (stage: string) => ({
      allOrNone: true,
      compositeRequest: [
        { method: 'POST', url: '/services/data/v64.0/sobjects/Account', referenceId: 'account', body: { Name: 'Composite' } },
        {
          method: 'POST',
          url: '/services/data/v64.0/sobjects/Opportunity',
          referenceId: 'deal',
          body: { Name: 'Deal', AccountId: '@{account.id}', StageName: stage, CloseDate: '2026-11-30' },
        },
        { method: 'GET', url: '/services/data/v64.0/sobjects/Account/@{account.id}?fields=Name', referenceId: 'read' },
      ],
    });
    const codes = async (stage: string): Promise<number[]> => {
      const answer = await fresh('POST', '/composite', order(stage));
      assert.equal(answer.status, 200);
      return (answer.body as { compositeResponse: { httpStatusCode: number }[] }).compositeResponse.map((part) => part.httpStatusCode);
    };
    const count = async (): Promise<number> =>
      ((await fresh('GET', `/query?q=${encodeURIComponent('SELECT COUNT() FROM Account')}`)).body as { totalSize: number }).totalSize;
    assert.deepEqual(await codes('Nearly'), [400, 400, 400]);
    assert.equal(await count(), 0);
    assert.deepEqual(await codes('Closed Won'), [201, 201, 200]);
    assert.equal(await count(), 1);
  });

  it('says on every answer how much of the daily limit is used, and really refuses past it', async () => {
    const tight = await startOrg({ dailyApiRequests: 2 });
    try {
      const first = await tight.call('GET', '/limits');
      assert.equal(first.headers.get('sforce-limit-info'), 'api-usage=1/2');
      await tight.call('GET', '/limits');
      const third = await tight.call('GET', '/limits');
      assert.equal(third.status, 403);
      assert.equal((third.body as { errorCode: string }[])[0]?.errorCode, 'REQUEST_LIMIT_EXCEEDED');
    } finally {
      await tight.sandbox.close();
    }
  });

  it('words an ordered fault as Salesforce would', async () => {
    await org.admin('POST', '/faults', { kind: 'expired-token' });
    assert.deepEqual((await refusal('GET', '/limits')).slice(0, 2), [401, 'INVALID_SESSION_ID']);
    await org.admin('POST', '/faults', { kind: 'status', status: 503 });
    assert.deepEqual((await refusal('GET', '/limits')).slice(0, 2), [503, 'SERVER_UNAVAILABLE']);
  });
});
