import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { isUnsupported } from '../../../connectors/ports.ts';
import { createHubSpot } from '../../../connectors/hubspot/index.ts';
import { answerJson, callContext, failureOf, memoryLog, testServer, type Received, type TestServer } from '../http/support.ts';

const at = '2026-11-21T06:50:00.000Z';
let server: TestServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

function record(id: string, properties: object = {}): object {
  return { id, properties: { hs_lastmodifieddate: at, ...properties }, createdAt: at, updatedAt: at, archived: false };
}

const lineItem = (id: string) => record(id, { name: `Line ${id}`, quantity: '2', price: '10.5', amount: '21' });
const deal = record('1', { dealname: 'Deal', dealstage: 'closedwon', deal_currency_code: 'USD', amount: '9007199254740993.07' });
type Typed = readonly [id: string, ...labels: string[]];
const TYPES: Readonly<Record<string, object>> = { Primary: { category: 'HUBSPOT_DEFINED', typeId: 5, label: 'Deal with Primary Company' }, 'Bill to': { category: 'USER_DEFINED', typeId: 27, label: 'Bill to' }, Parent: { category: 'HUBSPOT_DEFINED', typeId: 14, label: 'Parent Company' } };
const associated = (...rows: Typed[]) => ({ results: rows.map(([id, ...labels]) => ({ toObjectId: Number(id), associationTypes: [{ category: 'HUBSPOT_DEFINED', typeId: 341, label: null }, ...labels.map((label) => TYPES[label])] })) });

/** A portal of one deal: what is associated with what, by path. */
function portal(associations: Readonly<Record<string, object>>, own: object = deal) {
  return (path: string): object => {
    if (path.includes('/associations/')) return associations[path.replace('/crm/v4/objects/', '').replace('/associations', '')] ?? { results: [] };
    return path.includes('/deals/') ? own : record(path.split('/').at(-1) ?? '', { name: 'Client' });
  };
}

async function answering(answer: (path: string, request: Received) => object, options: object = {}): Promise<ReturnType<typeof createHubSpot>> {
  server = await testServer((request, response) => {
    answerJson(response, 200, answer(new URL(request.url, 'http://local').pathname, request));
  });
  return createHubSpot({ system: 'hubspot', baseUrl: server.url, credentials: { accessToken: 'token', portalId: 42 }, limits: { concurrency: null, requestsPerSecond: null, timeoutSeconds: 5 }, options, log: memoryLog() });
}

describe('the HubSpot connector', () => {
  it('reads the closing day where the account is, on either side of the date line', async () => {
    const days = async (closedate: string, timeZone?: string) => {
      const hubspot = await answering(portal({ 'deals/1/companies': associated(['7']) }, record('1', { dealname: 'Deal', dealstage: 'closedwon', deal_currency_code: 'USD', closedate })), timeZone === undefined ? {} : { timeZone });
      const { closeDate } = await hubspot.loadOpportunity('1', callContext());
      await server?.close();
      return closeDate;
    };
    const at = '2026-11-19T11:30:00Z';
    assert.deepEqual([await days(at), await days(at, 'Pacific/Auckland'), await days(at, 'Pacific/Honolulu')], ['2026-11-19', '2026-11-20', '2026-11-19']);
    assert.deepEqual([await days('2026-11-20T09:00:00.000Z', 'Pacific/Honolulu'), await days(String(Date.parse(at)), 'Pacific/Auckland')], ['2026-11-19', '2026-11-20']);
    assert.equal(await days('2026-11-19T20:00:00Z', 'Asia/Kolkata'), '2026-11-20');
    await assert.rejects(days(at, 'Mars/Olympus'), /IANA time zone/);
    assert.deepEqual([await days('2026-11-20T00:00:00Z', 'Pacific/Auckland'), await days('2026-11-20', 'Pacific/Honolulu')], ['2026-11-20', '2026-11-20']);
  });

  const billed = async (companies: readonly Typed[], options: object = {}) => {
    const hubspot = await answering(portal({ 'deals/1/companies': associated(...companies) }), options);
    return (await hubspot.loadOpportunity('1', callContext())).accounts.map((account) => account.id);
  };

  it('takes the company that the deal is billed to: by the account\'s own label, else the primary one, else the only one', async () => {
    const cases: readonly (readonly [companies: readonly Typed[], options: object, id: string])[] = [
      [[['7'], ['8', 'Primary']], {}, '8'],
      [[['7'], ['8', 'Primary'], ['9', 'Bill to']], {}, '8'],
      [[['7'], ['8', 'Primary'], ['9', 'Bill to']], { billToLabel: 'bill to' }, '9'],
      [[['7'], ['8', 'Primary'], ['9', 'Bill to']], { billToLabel: 27 }, '9'],
      [[['7'], ['8', 'Primary', 'Bill to']], { billToLabel: 'Bill to' }, '8'],
      [[['7'], ['8', 'Primary']], { billToLabel: 'Bill to' }, '8'],
      [[['7']], { billToLabel: 'Bill to' }, '7'],
    ];
    for (const [companies, options, id] of cases) {
      assert.deepEqual(await billed(companies, options), [id], JSON.stringify([companies, options]));
      await server?.close();
    }
    const read = await (await answering(portal({ 'deals/1/companies': associated(['7']) }))).loadOpportunity('1', callContext());
    assert.deepEqual(read.amount, { amount: '9007199254740993.07', currency: 'USD' });
  });

  it('leaves it to a person where several companies come into question, and takes none of them', async () => {
    const cases: readonly (readonly [companies: readonly Typed[], options: object, named: RegExp])[] = [
      [[['7'], ['8']], {}, /7, 8/],
      [[['7'], ['8'], ['9']], { billToLabel: 'Bill to' }, /7, 8, 9/],
      [[['6', 'Primary'], ['7', 'Bill to'], ['8', 'Bill to']], { billToLabel: 'Bill to' }, /: 7, 8\./],
    ];
    for (const [companies, options, named] of cases) {
      const failure = await failureOf(billed(companies, options));
      assert.deepEqual([failure.kind, failure.code, failure.written], ['business_rule', 'HUBSPOT_CLIENT_AMBIGUOUS', 'no']);
      assert.match(failure.message, named);
      assert.match(failure.mend, /primary company/);
      await server?.close();
    }
  });

  it('reads a company\'s parent by its association, or by a property of the firm\'s own where that is named', async () => {
    const associations = { 'deals/1/companies': associated(['7']), 'companies/7/companies': associated(['3'], ['4', 'Parent']), 'companies/4/companies': associated(['7'], ['5', 'Parent']) };
    const hubspot = await answering(portal(associations));
    assert.deepEqual((await hubspot.loadOpportunity('1', callContext())).accounts.map(({ id, parentId }) => [id, parentId]), [['7', '4'], ['4', '5'], ['5', null]]);
    await server?.close();
    const own = await answering((path) => (path === '/crm/v3/objects/companies/7' ? record('7', { name: 'Client', group_parent: '9' }) : portal(associations)(path)), { company: { parent: 'group_parent' } });
    assert.deepEqual((await own.loadOpportunity('1', callContext())).accounts.map(({ id, parentId }) => [id, parentId]), [['7', '9'], ['9', null]]);
    await server?.close();
    const twice = await answering(portal({ ...associations, 'companies/7/companies': associated(['3', 'Parent'], ['4', 'Parent']) }));
    assert.equal((await failureOf(twice.loadOpportunity('1', callContext()))).code, 'HUBSPOT_PARENT_AMBIGUOUS');
  });

  it('reads all lines of a deal over the pages of its associations, a hundred at a time', async () => {
    const ids = Array.from({ length: 130 }, (_, n) => String(1000 + n));
    const hubspot = await answering((path, request) => {
      if (path.includes('/batch/read')) return { status: 'COMPLETE', results: [...request.body.matchAll(/"id":"(\d+)"/g)].map(([, id = '']) => lineItem(id)).reverse() };
      if (!path.endsWith('/associations/line_items')) return portal({ 'deals/1/companies': associated(['7']) })(path);
      const after = new URL(request.url, 'http://local').searchParams.get('after');
      return after === null ? { ...associated(...ids.slice(0, 100).map((id): Typed => [id])), paging: { next: { after: '100', link: 'https://elsewhere.example/' } } } : associated(...ids.slice(Number(after)).map((id): Typed => [id]));
    });
    const read = await hubspot.loadOpportunity('1', callContext());
    assert.deepEqual(read.lines.map((line) => line.id), ids);
    assert.equal(server?.received.filter((request) => request.url.includes('/batch/read')).length, 2);
  });

  it('does not leave a line out in silence when it cannot be read', async () => {
    const hubspot = await answering((path) => {
      if (path.includes('/batch/read')) return { status: 'COMPLETE', results: [lineItem('1000')], errors: [{ status: 'error', category: 'OBJECT_NOT_FOUND' }] };
      return portal({ 'deals/1/companies': associated(['7']), 'deals/1/line_items': associated(['1000'], ['1001']) })(path);
    });
    const failure = await failureOf(hubspot.loadOpportunity('1', callContext()));
    assert.deepEqual([failure.kind, failure.code], ['transient', 'HUBSPOT_DEAL_CHANGING']);
    assert.match(failure.message, /1001/);
  });

  it('goes on past the ten thousand results that one search shows', async () => {
    const total = 10_150;
    const start = Date.parse(at);
    const hubspot = await answering(
      (_path, request) => {
        const from = Number(/"GTE","value":"(\d+)"/.exec(request.body)?.[1]);
        const after = Number(/"after":"(\d+)"/.exec(request.body)?.[1] ?? 0);
        assert.ok(after + 200 <= 10_000, 'HubSpot refuses to page further');
        const first = (from - start) / 1000 + after;
        const count = Math.min(200, total - first);
        const results = Array.from({ length: count }, (_, n) => record(String(first + n), { hs_lastmodifieddate: new Date(start + (first + n) * 1000).toISOString() }));
        return { total, results, ...(first + count < total ? { paging: { next: { after: String(after + count) } } } : {}) };
      },
      { searchesPerSecond: 10_000 },
    );
    assert.ok(!isUnsupported(hubspot.changedClosedWon));
    const seen = new Set<string>();
    for await (const change of hubspot.changedClosedWon(at, callContext())) seen.add(change.opportunityId);
    assert.equal(seen.size, total);
  });

  it('keeps its searches below five a second', async () => {
    const hubspot = await answering(() => ({ total: 0, results: [] }));
    assert.ok(!isUnsupported(hubspot.changedClosedWon));
    const startedAt = performance.now();
    for (let search = 0; search < 6; search += 1) for await (const _change of hubspot.changedClosedWon(at, callContext()));
    assert.ok(performance.now() - startedAt > 400, 'the fifth and sixth search wait for their turn');
  });

  it('reads the other closed-won deals of a page on that has one it cannot read, and tells of that one', async () => {
    const hubspot = await answering(() => ({ total: 5, results: [record('1'), { ...record('2'), updatedAt: 'yesterday' }, record('3', { hs_lastmodifieddate: 'soon' }), 'html', record('5')] }));
    const { changedClosedWon } = hubspot;
    assert.ok(!isUnsupported(changedClosedWon));
    const seen: string[] = [];
    const failure = await failureOf((async () => {
      for await (const { opportunityId } of changedClosedWon(at, callContext())) seen.push(opportunityId);
    })());
    assert.deepEqual(seen, ['1', '5']);
    assert.deepEqual([failure.kind, failure.code, failure.written], ['contract', 'HUBSPOT_RECORD_UNREADABLE', 'no']);
    assert.match(failure.message, /^3 of the closed-won deals could not be read.*2 \(updatedAt: .*3 \(properties\.hs_lastmodifieddate: .*one without an ID/);
  });

  it('ends with a failure rather than in silence where more deals share one instant than a search shows', async () => {
    const hubspot = await answering(
      (_path, request) => {
        const after = Number(/"after":"(\d+)"/.exec(request.body)?.[1] ?? 0);
        return { total: 20_000, results: Array.from({ length: 200 }, (_, n) => record(String(after + n))), paging: { next: { after: String(after + 200) } } };
      },
      { searchesPerSecond: 10_000 },
    );
    const { changedClosedWon } = hubspot;
    assert.ok(!isUnsupported(changedClosedWon));
    const failure = await failureOf((async () => {
      for await (const _change of changedClosedWon(at, callContext()));
    })());
    assert.equal(failure.code, 'HUBSPOT_SEARCH_WINDOW');
  });
});
