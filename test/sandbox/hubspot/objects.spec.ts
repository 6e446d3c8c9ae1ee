import assert from 'node:assert/strict';
import { startPortal, type Portal } from './portal.ts';

describe('HubSpot sandbox: CRM API', () => {
  let portal: Portal;
  before(async () => {
    portal = await startPortal({ requestsPerTenSeconds: 1000, searchesPerSecond: 1000 });
  });
  beforeEach(async () => void (await portal.admin('POST', '/reset')));
  after(() => portal.sandbox.close());

  async function create(type: string, properties: object, associations?: object[]): Promise<string> {
    const answer = await portal.call('POST', `/crm/v3/objects/${type}`, {
      properties,
      ...(associations === undefined ? {} : { associations }),
    });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return String(answer.body['id']);
  }
  const link = (id: string, associationTypeId: number): object => ({
    to: { id },
    types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId }],
  });

  it('refuses a missing, a wrong and an expired token in HubSpot’s words', async () => {
    const wrong = await portal.call('GET', '/crm/v3/owners', undefined, 'pat-na1-wrong');
    assert.equal(wrong.status, 401);
    assert.equal(wrong.body['category'], 'INVALID_AUTHENTICATION');
    assert.match(String(wrong.body['correlationId']), /^[0-9a-f-]{36}$/);
    await portal.admin('POST', '/faults', { kind: 'expired-token' });
    const late = await portal.call('GET', '/crm/v3/owners');
    assert.deepEqual([late.status, late.body['category']], [401, 'EXPIRED_AUTHENTICATION']);
    assert.equal((await fetch(`${portal.sandbox.url}/crm/v3/owners`)).status, 401);
  });

  it('creates a deal with its company and line items, and reads it with them', async () => {
    const company = await create('companies', { name: 'Northwind', domain: 'northwind.example' });
    const line = await create('line_items', { name: 'Build', quantity: '3', price: '19.99' });
    const deal = await create('deals', { dealname: 'Data platform', dealstage: 'closedwon', closedate: '1798675200000' }, [
      link(company, 341),
      link(company, 5),
      link(line, 19),
    ]);
    const answer = await portal.call(
      'GET',
      `/crm/v3/objects/deals/${deal}?properties=dealstage,closedate,hs_is_closed_won,nosuch&associations=companies,line_items`,
    );
    const { properties, associations } = answer.body as { properties: Record<string, string>; associations: object };
    assert.equal(properties['closedate'], '2026-12-31T00:00:00.000Z');
    assert.equal(properties['hs_is_closed_won'], 'true');
    assert.deepEqual(Object.keys(properties), [
      'closedate',
      'createdate',
      'dealstage',
      'hs_is_closed_won',
      'hs_lastmodifieddate',
      'hs_object_id',
    ]);
    assert.deepEqual(associations, {
      companies: {
        results: [
          { id: company, type: 'deal_to_company_unlabeled' },
          { id: company, type: 'deal_to_company' },
        ],
      },
      'line items': { results: [{ id: line, type: 'deal_to_line_item' }] },
    });
    const item = await portal.call('GET', `/crm/v3/objects/line_items/${line}?properties=amount`);
    assert.equal((item.body['properties'] as Record<string, string>)['amount'], '59.97');
  });

  it('names every value that is not valid, not just the first', async () => {
    const answer = await portal.call('POST', '/crm/v3/objects/deals', {
      properties: { colour: 'red', amount: 'much', dealstage: 'nearly', hs_is_closed: 'true', start_date: '2026-02-30' },
    });
    assert.equal(answer.status, 400);
    assert.equal(answer.body['category'], 'VALIDATION_ERROR');
    assert.match(String(answer.body['message']), /^Property values were not valid: \[\{/);
    const errors = answer.body['errors'] as { code: string; context: { propertyName: string[] } }[];
    assert.deepEqual(
      errors.map(({ code, context }) => [context.propertyName[0], code]),
      [
        ['colour', 'PROPERTY_DOESNT_EXIST'],
        ['amount', 'INVALID_DOUBLE'],
        ['dealstage', 'INVALID_OPTION'],
        ['hs_is_closed', 'READ_ONLY_VALUE'],
        ['start_date', 'INVALID_DATE'],
      ],
    );
  });

  it('keeps unique values unique and finds records by them', async () => {
    const id = await create('deals', { dealname: 'One', external_id: 'D-1' });
    const twin = await portal.call('POST', '/crm/v3/objects/deals', { properties: { dealname: 'Two', external_id: 'D-1' } });
    assert.equal(twin.status, 400);
    assert.match(String(twin.body['message']), new RegExp(`${id} already has that value`));
    assert.equal((await portal.call('GET', '/crm/v3/objects/deals/D-1?idProperty=external_id')).body['id'], id);
    assert.equal(
      (await portal.call('PATCH', '/crm/v3/objects/deals/D-1?idProperty=external_id', { properties: { amount: '5' } })).status,
      200,
    );
  });

  it('hides an archived record', async () => {
    const id = await create('deals', { dealname: 'Gone' });
    assert.equal((await portal.call('DELETE', `/crm/v3/objects/deals/${id}`)).status, 204);
    const answer = await portal.call('GET', `/crm/v3/objects/deals/${id}`);
    assert.deepEqual([answer.status, answer.body['category']], [404, 'OBJECT_NOT_FOUND']);
  });

  it('pages through lists and searches, and searches no further than ten thousand', async () => {
    for (let n = 1; n <= 5; n += 1) await create('deals', { dealname: `Deal ${n}`, amount: String(n * 100) });
    const seen: string[] = [];
    for (let after = ''; ;) {
      const page = (await portal.call('GET', `/crm/v3/objects/deals?limit=2${after}`)).body as {
        results: { properties: { dealname: string } }[];
        paging?: { next: { after: string } };
      };
      seen.push(...page.results.map((row) => row.properties.dealname));
      if (page.paging === undefined) break;
      after = `&after=${page.paging.next.after}`;
    }
    assert.deepEqual(seen, ['Deal 1', 'Deal 2', 'Deal 3', 'Deal 4', 'Deal 5']);
    const search = async (body: object): Promise<[number, string[]]> => {
      const answer = await portal.call('POST', '/crm/v3/objects/deals/search', {
        properties: ['dealname'],
        sorts: [{ propertyName: 'amount', direction: 'DESCENDING' }],
        ...body,
      });
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
      const { total, results } = answer.body as { total: number; results: { properties: { dealname: string } }[] };
      return [total, results.map((row) => row.properties.dealname)];
    };
    const filter = (propertyName: string, operator: string, more: object = {}) => ({
      filterGroups: [{ filters: [{ propertyName, operator, ...more }] }],
    });
    assert.deepEqual(await search({ ...filter('amount', 'GTE', { value: '200' }), limit: 2 }), [4, ['Deal 5', 'Deal 4']]);
    assert.deepEqual(await search({ ...filter('amount', 'GTE', { value: '200' }), limit: 2, after: '2' }), [4, ['Deal 3', 'Deal 2']]);
    assert.deepEqual(await search(filter('amount', 'BETWEEN', { value: '150', highValue: '300' })), [2, ['Deal 3', 'Deal 2']]);
    assert.deepEqual(await search(filter('dealname', 'IN', { values: ['Deal 1', 'deal 2'] })), [2, ['Deal 2', 'Deal 1']]);
    assert.deepEqual(await search(filter('dealname', 'CONTAINS_TOKEN', { value: '4' })), [1, ['Deal 4']]);
    assert.deepEqual(await search(filter('legal_entity', 'HAS_PROPERTY')), [0, []]);
    assert.deepEqual((await search(filter('legal_entity', 'NOT_HAS_PROPERTY')))[0], 5);
    assert.equal((await portal.call('POST', '/crm/v3/objects/deals/search', { limit: 100, after: '9950' })).status, 400);
    assert.equal((await portal.call('POST', '/crm/v3/objects/deals/search', { limit: 201 })).status, 400);
    assert.equal((await portal.call('POST', '/crm/v3/objects/deals/search', filter('nosuch', 'EQ', { value: '1' }))).status, 400);
  });

  it('undoes a whole create batch when one record of it is not valid', async () => {
    const answer = await portal.call('POST', '/crm/v3/objects/deals/batch/create', {
      inputs: [{ properties: { dealname: 'Good' } }, { properties: { amount: 'x' } }],
    });
    assert.equal(answer.status, 400);
    assert.deepEqual((await portal.call('GET', '/crm/v3/objects/deals')).body['results'], []);
  });
});

describe('HubSpot sandbox: limits', () => {
  it('refuse the call after the last one allowed in ten seconds, saying which limit it was', async () => {
    const portal = await startPortal({ requestsPerTenSeconds: 3 });
    try {
      const first = await portal.call('GET', '/crm/v3/owners');
      assert.equal(first.headers.get('x-hubspot-ratelimit-remaining'), '2');
      assert.equal(first.headers.get('x-hubspot-ratelimit-max'), '3');
      await portal.call('GET', '/crm/v3/owners');
      await portal.call('GET', '/crm/v3/owners');
      const refused = await portal.call('GET', '/crm/v3/owners');
      assert.equal(refused.status, 429);
      assert.deepEqual([refused.body['errorType'], refused.body['policyName']], ['RATE_LIMIT', 'TEN_SECONDLY_ROLLING']);
    } finally {
      await portal.sandbox.close();
    }
  });

  it('allow five searches a second', async () => {
    const portal = await startPortal();
    try {
      const answers = await Promise.all(Array.from({ length: 6 }, () => portal.call('POST', '/crm/v3/objects/deals/search', {})));
      assert.deepEqual(
        answers.map((answer) => answer.status).toSorted((a, b) => a - b),
        [200, 200, 200, 200, 200, 429],
      );
      assert.equal(answers.find((answer) => answer.status === 429)?.body['policyName'], 'SECONDLY');
    } finally {
      await portal.sandbox.close();
    }
  });

  it('end the day’s calls', async () => {
    const portal = await startPortal({ dailyRequests: 1 });
    try {
      await portal.call('GET', '/crm/v3/owners');
      assert.equal((await portal.call('GET', '/crm/v3/owners')).body['policyName'], 'DAILY');
    } finally {
      await portal.sandbox.close();
    }
  });
});
