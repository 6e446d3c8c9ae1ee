import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { createApprovalRequests } from '../../connectors/clockify/approval-requests.ts';
import { createClockifyClient } from '../../connectors/clockify/client.ts';
import { clockifyOptionsSchema } from '../../connectors/clockify/options.ts';
import type { ConnectorSettings } from '../../connectors/connector.ts';
import { createGustoClient } from '../../connectors/gusto/client.ts';
import { gustoOptionsSchema } from '../../connectors/gusto/options.ts';
import { hoursIn } from '../../connectors/gusto/payrolls.ts';
import { createHarvestClient } from '../../connectors/harvest/client.ts';
import { harvestOptionsSchema } from '../../connectors/harvest/options.ts';
import { itemsOf, pagesOf } from '../../connectors/http/pages.ts';
import { createHubSpotClient } from '../../connectors/hubspot/client.ts';
import { hubspotOptionsSchema } from '../../connectors/hubspot/options.ts';
import { createJiraClient } from '../../connectors/jira/client.ts';
import { createComments } from '../../connectors/jira/comments.ts';
import { jiraOptionsSchema } from '../../connectors/jira/options.ts';
import { createKantataClient } from '../../connectors/kantata/client.ts';
import { kantataOptionsSchema } from '../../connectors/kantata/options.ts';
import { wholeList } from '../../connectors/kantata/whole-list.ts';
import { createLagoClient } from '../../connectors/lago/client.ts';
import { lagoOptionsSchema } from '../../connectors/lago/options.ts';
import { createNetSuiteClient } from '../../connectors/netsuite/client.ts';
import { createOracleClient, FSCM } from '../../connectors/oracle/client.ts';
import { oracleOptionsSchema } from '../../connectors/oracle/options.ts';
import { createSapClient, SERVICES } from '../../connectors/sap/client.ts';
import { createStripeClient } from '../../connectors/stripe/client.ts';
import { stripeOptionsSchema } from '../../connectors/stripe/options.ts';
import { createTrytonClient, searchPages } from '../../connectors/tryton/client.ts';
import { answerJson, callContext, failureOf, memoryLog, testServer, type Received, type TestServer } from './http/support.ts';

const OBJECT = 'the list of everything';
const context = callContext();
const about = { object: OBJECT, context };
const row = z.looseObject({ id: z.coerce.string() });
/** Rows that a page of a list is full with; the same ones whichever page is asked for. */
const rows = (count: number) => Array.from({ length: count }, (_, at) => ({ id: String(at + 1) }));

const pem = () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const rpcMethod = z.object({ method: z.string() });

interface List {
  readonly name: string;
  readonly credentials: unknown;
  /** Whatever page is asked for: this one, and more to follow. */
  readonly answer: (server: string) => unknown;
  readonly headers?: Record<string, string>;
  /** One page, or one item, after the other. */
  readonly each?: (settings: ConnectorSettings) => AsyncIterable<unknown>;
  /** All of it, where that is all the connector offers. */
  readonly all?: (settings: ConnectorSettings, folder: string) => Promise<unknown>;
  /** An empty page that says more follow, where the vendor can say so. */
  readonly empty?: unknown;
}

const harvest = (settings: ConnectorSettings) => createHarvestClient(settings, harvestOptionsSchema.parse({}));
const netSuite = (settings: ConnectorSettings) => createNetSuiteClient(settings, z.object({ accountId: z.string(), clientId: z.string(), certificateId: z.string(), privateKeyPem: z.string() }).parse(settings.credentials), Date.now);
const clockify = (settings: ConnectorSettings) => createClockifyClient(settings, clockifyOptionsSchema.parse({}));
const kantata = (settings: ConnectorSettings) => createKantataClient(settings, kantataOptionsSchema.parse({}));
const hubSpot = (settings: ConnectorSettings) => createHubSpotClient(settings, { accessToken: 'token' }, hubspotOptionsSchema.parse({}));
const gusto = (settings: ConnectorSettings, folder: string) => createGustoClient(settings, gustoOptionsSchema.parse({ legalEntity: 'US01' }), { companyUuid: '0f6b3a51-6c1e-4d0a-9a37-2f1f3f0b7c11', clientId: 'client', clientSecret: 'secret', refreshToken: 'first' }, folder);
const jiraOptions = jiraOptionsSchema.parse({ project: 'OPS' });

const oneKey = { accountId: '1', clientId: 'client', certificateId: 'certificate', privateKeyPem: pem() };
const ofKantata = (ids: readonly { readonly id: string }[], count: number) => ({ count, results: ids.map(({ id }) => ({ key: 'stories', id })), stories: Object.fromEntries(ids.map((one) => [one.id, one])) });
const request = (id: string) => ({ approvalRequest: { id, dateRange: { start: '2026-11-02T00:00:00Z', end: '2026-11-08T00:00:00Z' }, owner: { userId: 'u' }, status: { state: 'APPROVED', updatedAt: '2026-11-10T00:00:00Z' } }, entries: [] });
const deal = { id: '1', properties: { hs_lastmodifieddate: '2026-11-10T00:00:00Z' }, createdAt: '2026-11-10T00:00:00Z', updatedAt: '2026-11-10T00:00:00Z' };

const LISTS: readonly List[] = [
  { name: 'rows of SuiteQL', credentials: oneKey, answer: () => ({ items: rows(1000), hasMore: true, totalResults: 9_000_000 }), empty: { items: [], hasMore: true, totalResults: 9 }, each: (settings) => netSuite(settings).pages('SELECT id FROM job', row, about) },
  { name: 'all rows of SuiteQL', credentials: oneKey, answer: () => ({ items: rows(1000), hasMore: true, totalResults: 9_000_000 }), empty: { items: [], hasMore: true, totalResults: 9 }, all: async (settings) => await netSuite(settings).query('SELECT id FROM job', row, about) },
  { name: "NetSuite's records", credentials: oneKey, answer: () => ({ items: rows(1000), hasMore: true, totalResults: 9_000_000 }), empty: { items: [], hasMore: true, totalResults: 9 }, all: async (settings) => await netSuite(settings).list('job', 'id > 0', about) },
  { name: "Clockify's lists", credentials: { apiKey: 'key', workspaceId: 'a'.repeat(24) }, headers: { 'last-page': 'false' }, answer: () => rows(200), each: (settings) => clockify(settings).pages('/clients', row, about) },
  { name: "Clockify's approval requests", credentials: { apiKey: 'key', workspaceId: 'a'.repeat(24) }, headers: { 'last-page': 'false' }, answer: () => [request('1')], all: async (settings) => await createApprovalRequests(clockify(settings), clockifyOptionsSchema.parse({})).changed('2026-11-01T00:00:00.000Z', '2026-11-20T00:00:00.000Z', about) },
  { name: "one of Clockify's approval requests", credentials: { apiKey: 'key', workspaceId: 'a'.repeat(24) }, headers: { 'last-page': 'false' }, answer: () => [request('1')], all: async (settings) => await createApprovalRequests(clockify(settings), clockifyOptionsSchema.parse({})).find('2', '2026-11-01T00:00:00.000Z', about) },
  { name: "Kantata's lists", credentials: { accessToken: 'token' }, answer: () => ofKantata(rows(200), 9_000_000), empty: ofKantata([], 900), each: (settings) => kantata(settings).pages('/stories', row, about) },
  { name: 'what changed in Kantata', credentials: { accessToken: 'token' }, answer: () => ofKantata(rows(200), 9_000_000), all: async (settings) => await wholeList(kantata(settings), '/stories', {}, 200, about, ({ rows: all }) => all) },
  { name: "Tryton's records", credentials: { database: 'tryton', user: 'admin', password: 'password' }, answer: () => ({ result: rows(1000) }), each: (settings) => searchPages(createTrytonClient(settings), { model: 'party.party', domain: [], fields: ['name'], row, object: OBJECT, context }) },
  { name: "Harvest's lists", credentials: { accountId: '1', accessToken: 'token' }, answer: () => ({ projects: rows(2), next_page: 2 }), empty: { projects: [], next_page: 2 }, all: async (settings) => await harvest(settings).list('/projects', 'projects', row, about) },
  { name: "Harvest's long lists", credentials: { accountId: '1', accessToken: 'token' }, answer: (server) => ({ time_entries: rows(2), links: { next: `${server}/v2/time_entries?cursor=again` } }), each: (settings) => harvest(settings).pages('/time_entries', 'time_entries', row, about, {}) },
  { name: "HubSpot's deals", credentials: {}, answer: () => ({ total: 9, results: [deal], paging: { next: { after: 'again' } } }), each: (settings) => hubSpot(settings).changedDeals('2026-11-01T00:00:00.000Z', context) },
  { name: "HubSpot's associations", credentials: {}, answer: () => ({ results: [{ toObjectId: '1', associationTypes: [] }], paging: { next: { after: 'again' } } }), all: async (settings) => await hubSpot(settings).companiesOfDeal('1', context) },
  { name: "Jira's comments", credentials: { email: 'a@northwind-consulting.example', apiToken: 'token' }, answer: () => ({ comments: rows(100), total: 9_000_000, values: [] }), all: async (settings) => await createComments(createJiraClient(settings, jiraOptions), jiraOptions).once('1', { key: 'k', text: 't' }, about) },
  { name: "Gusto's lists", credentials: {}, headers: { 'x-total-pages': '9000000' }, answer: () => rows(100), empty: [], all: async (settings, folder) => await gusto(settings, folder).list('/employees', row, about) },
  { name: "hours in Gusto's payroll", credentials: {}, answer: () => ({ employee_compensations: rows(100).map(({ id }) => ({ employee_uuid: id, excluded: false, hourly_compensations: [] })) }), all: async (settings, folder) => await hoursIn(gusto(settings, folder), 'payroll', about) },
  { name: "Lago's lists", credentials: { apiKey: 'key' }, answer: () => ({ payments: rows(2), meta: { next_page: 2 } }), empty: { payments: [], meta: { next_page: 2 } }, each: (settings) => createLagoClient(settings, lagoOptionsSchema.parse({})).list('/payments', 'payments', row, about) },
  { name: "Stripe's lists", credentials: { secretKey: 'sk_test_x' }, answer: () => ({ data: rows(100), has_more: true }), empty: { data: [], has_more: true }, each: (settings) => createStripeClient(settings, stripeOptionsSchema.parse({})).list('/events', row, about) },
  { name: "SAP's sets", credentials: { user: 'user', password: 'password' }, headers: { 'x-csrf-token': 'token' }, answer: () => ({ d: { results: rows(2), __next: `${SERVICES.partner}/A_Customer?$skiptoken=again` } }), each: (settings) => createSapClient(settings, { user: 'user', password: 'password' }).pages(SERVICES.partner, 'A_Customer', {}, row, about) },
  { name: "Oracle's collections", credentials: {}, answer: (server) => ({ items: rows(500).map((one) => ({ ...one, links: [{ rel: 'self', href: `${server}/fscmRestApi/resources/11.13.18.05/projects/${one.id}` }] })), hasMore: true }), empty: { items: [], hasMore: true }, each: (settings) => createOracleClient(settings, oracleOptionsSchema.parse({}), { username: 'user', password: 'password' }).pages(`${FSCM}/projects`, { fields: ['id'] }, row, about) },
];

describe('A list that never ends', function () {
  this.timeout(20_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'endless-'));
  });
  after(async () => await rm(folder, { recursive: true, force: true }));

  const isLogin = ({ url, body }: Received) => /token/.test(url.split('?')[0] ?? '') || url.endsWith(`${SERVICES.partner}/`) || /common\.db\.login/.test(body);
  async function over(list: List, answer: (server: string) => unknown, use: (settings: ConnectorSettings, asked: () => number) => Promise<void>): Promise<void> {
    const server: TestServer = await testServer((received, response) => {
      if (!isLogin(received)) return answerJson(response, 200, answer(server.url), list.headers);
      const login = received.body.startsWith('{') && rpcMethod.safeParse(JSON.parse(received.body)).success ? { result: [1, 'session'] } : { access_token: 'token', refresh_token: 'second', expires_in: 3600, token_type: 'bearer', d: {} };
      return answerJson(response, 200, login, list.headers);
    });
    const settings = { system: 'vendor', baseUrl: server.url, credentials: list.credentials, options: {}, log: memoryLog(), limits: { concurrency: null, requestsPerSecond: null, timeoutSeconds: 10 } };
    try {
      await use(settings, () => server.received.filter((one) => !isLogin(one)).length);
    } finally {
      await server.close();
    }
  }
  const whole = async ({ each, all }: List, settings: ConnectorSettings) => {
    await all?.(settings, folder);
    if (each !== undefined) for await (const one of each(settings)) assert.notEqual(one, undefined);
  };

  for (const list of LISTS) {
    it(`is told of ${list.name} after a few pages, as a breach of what the vendor promised`, async () => {
      await over(list, list.answer, async (settings, asked) => {
        const failure = await failureOf(whole(list, settings));
        assert.deepEqual([failure.kind, failure.code, failure.written, failure.system], ['contract', 'PAGES_REPEAT', 'no', 'vendor']);
        assert.ok(failure.message.includes(failure.object) && failure.object.length > 5, failure.message);
        assert.ok(asked() >= 2 && asked() <= 12, `${asked()} requests`);
      });
      const { empty } = list;
      if (empty === undefined) return;
      await over(list, () => empty, async (settings, asked) => {
        assert.equal((await failureOf(whole(list, settings))).code, 'PAGES_EMPTY');
        assert.equal(asked(), 1);
      });
    });
  }

  for (const list of LISTS) {
    const { each } = list;
    if (each === undefined) continue;
    it(`costs one request where its reader wants no more than the first of ${list.name}`, async () => {
      await over(list, list.answer, async (settings, asked) => {
        for await (const first of each(settings)) {
          assert.notEqual(first, undefined);
          break;
        }
        assert.equal(asked(), 1);
      });
    });
  }
});

describe('Paging', () => {
  const list = { system: 'vendor', object: OBJECT };
  const counted = (pages: number) => (at: number) => Promise.resolve({ items: [at], next: at < pages ? at + 1 : null });

  it('reads every page of a long list once, in order', async () => {
    assert.deepEqual(await itemsOf(pagesOf(list, 1, counted(5000))), Array.from({ length: 5000 }, (_, at) => at + 1));
  });
  it('believes no list that has more pages than a list can have', async () => {
    assert.equal((await failureOf(itemsOf(pagesOf({ ...list, mostPages: 20 }, 1, counted(21))))).code, 'PAGES_ENDLESS');
    assert.equal((await itemsOf(pagesOf({ ...list, mostPages: 20 }, 1, counted(20)))).length, 20);
  });
  it('finds out where links lead round over many pages', async () => {
    let read = 0;
    const failure = await failureOf(itemsOf(pagesOf(list, '0', (at) => Promise.resolve({ items: [(read += 1)], next: String((Number(at) + 1) % 7) }))));
    assert.deepEqual([failure.kind, failure.code], ['contract', 'PAGES_REPEAT']);
    assert.ok(read < 30, `${read} pages`);
  });
  it('follows links over pages without items, but not for ever', async () => {
    const links = (empty: number) => (at: string) => Promise.resolve({ items: Number(at) < empty ? [] : [at], next: Number(at) < empty ? String(Number(at) + 1) : null });
    assert.deepEqual(await itemsOf(pagesOf({ ...list, emptyPages: true }, '0', links(50))), ['50']);
    assert.equal((await failureOf(itemsOf(pagesOf({ ...list, emptyPages: true }, '0', links(500))))).code, 'PAGES_EMPTY');
    assert.equal((await failureOf(itemsOf(pagesOf(list, '0', links(1))))).code, 'PAGES_EMPTY');
  });
});
