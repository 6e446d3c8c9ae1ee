import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { isUnsupported } from '../../../connectors/ports.ts';
import type { HrPort } from '../../../connectors/hr-port.ts';
import { callContext } from '../conformance/documents.ts';
import { describeHr, type HrCase } from '../conformance/hr.ts';
import { failureOf } from '../conformance/records.ts';
import { testServer } from '../http/support.ts';
import { ENTERPRISE, FIRM, startHr, type HrService } from './support.ts';

const SERVICES = {
  'SCIM with filters, PATCH and versions': {},
  'SCIM that offers nothing beyond what it must': { filter: false, sort: false, patch: false, etag: false, discovery: false },
  'SCIM with cursors and pages of 37': { cursor: true, maxResults: 37 },
  'SCIM that promises no order and refuses filters by date': { sort: false, filterByDate: false },
};

for (const [name, options] of Object.entries(SERVICES)) {
  describe(name, function () {
    this.timeout(20_000);
    let service: HrService;
    let port: HrPort;
    before(async () => {
      service = await startHr(options);
      port = service.connect();
    });
    after(async () => service?.close());
    const patches = !('patch' in options);
    // The answer to a change is not read; a service that refuses filters by date answers the first question by a refusal, of which the status is enough.
    const refusal = 'contract HTTP_400 no';
    const badAnswers: HrCase['badAnswers'] = { update: { empty: 'taken', truncated: 'taken', 'wrong-schema': 'taken' }, employees: 'filterByDate' in options ? { empty: refusal, truncated: refusal, 'wrong-schema': refusal, 'unknown-values': refusal } : {} };
    describeHr({ name, badAnswers, port: () => port, office: () => service.office, faults: { next: (fault) => service.faults.next(fault), clear: () => service.faults.clear() }, writeMethod: patches ? 'PATCH' : 'PUT', versions: patches });
  });
}

describe('An HR system over SCIM', function () {
  this.timeout(20_000);
  let service: HrService | undefined;
  afterEach(async () => service?.close());
  const start = async (options: Readonly<Record<string, unknown>> = {}) => (service = await startHr(options));
  const everyone = async (port: HrPort, since: string | null = null) => {
    const found: string[] = [];
    for await (const each of port.employees(since, callContext())) found.push('employee' in each ? each.employee.email : each.unreadable.externalId);
    return found;
  };
  const update = (port: HrPort, id: string, change: { email?: string; costCenter?: string; active?: boolean }) => {
    assert.ok(!isUnsupported(port.update));
    return port.update(id, change, callContext());
  };

  it('is opened with a bearer token, with a password, and as an OAuth 2.0 client however it proves itself', async () => {
    const secrets = { username: 'q2c', password: 'pass:wörd', clientId: 'client/1', clientSecret: randomBytes(9).toString('base64') };
    const { connect, url, credentials, admin } = await start(secrets);
    const { username, password, ...client } = secrets;
    for (const given of [credentials, { username, password }, { ...client, tokenUrl: `${url}/oauth/token` }, { ...client, tokenUrl: `${url}/oauth/token`, clientAuthentication: 'post' }]) {
      assert.equal((await connect({}, given).findByEmail('dana.kowalski@northwind-consulting.example', callContext()))?.employeeNumber, 'E1002');
    }
    assert.equal((await admin.requests()).filter(({ url: path }) => path === '/oauth/token').length, 2);
    const wrong = await failureOf(() => connect({}, { token: 'wrong' }).load('1', callContext()));
    assert.deepEqual([wrong.kind, wrong.code], ['configuration', 'CREDENTIALS_REFUSED']);
    const refused = await failureOf(() => connect({}, { ...client, clientSecret: 'wrong', tokenUrl: `${url}/oauth/token` }).load('1', callContext()));
    assert.deepEqual([refused.kind, refused.code], ['configuration', 'SCIM_LOGIN_REFUSED']);
    assert.throws(() => connect({}, { token: '' }));
  });

  it('asks the provider for changes where it filters by date, with the date in quotes, and reads everybody where it does not', async () => {
    const { connect, admin, clock } = await start();
    clock.advance(86_400_000);
    const since = new Date(clock.now() - 60_000).toISOString();
    assert.deepEqual(await everyone(connect(), since), []);
    const asked = (await admin.requests()).map(({ url }) => new URLSearchParams(url.split('?')[1] ?? '').get('filter')).filter((filter) => filter !== null);
    assert.deepEqual(asked, [`meta.lastModified ge "${new Date(clock.now() - 180_000).toISOString()}"`]);
    assert.deepEqual(await everyone(connect({ changes: 'full_read' }), since), []);
    assert.equal((await admin.requests()).filter(({ url }) => url.includes('filter=')).length, 1);
  });

  it('reads a list without any order until as many people were seen as there are', async () => {
    const { connect, office } = await start({ sort: false, unordered: true });
    await office.hireMany(Array.from({ length: 40 }, (_, index) => ({ email: `n${index}@northwind-consulting.example` })));
    for (const pageSize of [100, 25]) {
      const told = await everyone(connect({ pageSize }));
      assert.deepEqual([told.length, new Set(told).size], [46, 46]);
    }
  });

  it('tries again later where a list never stands still', async () => {
    const { connect, office, during } = await start({ sort: false });
    const ids = [...(await office.hireMany(Array.from({ length: 40 }, (_, index) => ({ email: `n${index}@northwind-consulting.example` }))))];
    let joined = 0;
    const always = async () => {
      joined += 1;
      await office.remove(ids.shift() ?? '');
      await office.hire({ email: `new${joined}@northwind-consulting.example` });
      during(/Users\?/, always);
    };
    during(/Users\?/, always);
    const failure = await failureOf(() => everyone(connect({ pageSize: 20 })));
    assert.deepEqual([failure.kind, failure.code], ['transient', 'SCIM_LIST_MOVES']);
  });

  /** A provider with a hundred people a page, as it answers a query. */
  const provider = async (pages: (query: URLSearchParams) => object, cursor: boolean, test: (port: HrPort) => Promise<void>) => {
    const server = await testServer(({ url }, response) => {
      const isList = url.startsWith('/Users');
      response.statusCode = isList || url === '/ServiceProviderConfig' ? 200 : 404;
      response.setHeader('content-type', 'application/scim+json');
      response.end(JSON.stringify(isList ? { schemas: [], ...pages(new URLSearchParams(url.split('?')[1])) } : { schemas: [], pagination: { cursor } }));
    });
    try {
      const { connect } = await start();
      await test(connect({}, undefined, server.url));
    } finally {
      await server.close();
    }
  };
  const some = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => ({ id: String(from + index), userName: `n${from + index}@northwind-consulting.example` }));

  it('says that the provider does not page where it gives one page whichever is asked for', async () => {
    for (const cursor of [false, true]) {
      await provider(() => ({ totalResults: 250, startIndex: 1, Resources: some(0, 100) }), cursor, async (port) => {
        const failure = await failureOf(() => everyone(port));
        assert.deepEqual([failure.kind, failure.code], ['contract', 'SCIM_PAGING_IGNORED']);
      });
    }
  });

  const said = (from: number, cursor: object) => ({ totalResults: 250, Resources: some(from, Math.min(from + 100, 250)), ...cursor });
  for (const [what, cursor, pages] of [
    ['the same cursor with each page', true, (query: URLSearchParams) => said(query.get('cursor') === '' ? 0 : 100, { nextCursor: 'next' })],
    ['cursors in a circle', true, (query: URLSearchParams) => said(query.get('cursor') === 'b' ? 100 : 0, { nextCursor: query.get('cursor') === 'b' ? 'a' : 'b' })],
    ['ever the same three hundred pages, by their cursors', true, (query: URLSearchParams) => ({ totalResults: 1_000_000, Resources: some(Number(query.get('cursor')), Number(query.get('cursor')) + 1), nextCursor: String((Number(query.get('cursor')) + 1) % 300) })],
    ['an empty cursor before the end', true, () => said(0, { nextCursor: '' })],
    ['another cursor with the same page', true, (query: URLSearchParams) => said(100, { nextCursor: `${query.get('cursor') ?? ''}x` })],
    ['empty pages without an end', true, (query: URLSearchParams) => ({ totalResults: 250, Resources: [], nextCursor: `${query.get('cursor') ?? ''}x` })],
    ['its last page for every later index, without a total', false, (query: URLSearchParams) => ({ Resources: query.get('startIndex') === '1' ? some(0, 100) : some(100, 200) })],
    ['the second page for every later index', false, (query: URLSearchParams) => ({ totalResults: 900, startIndex: query.get('startIndex') === '1' ? 1 : 101, Resources: query.get('startIndex') === '1' ? some(0, 100) : some(100, 200) })],
    ['two pages in turn, without a total', false, (query: URLSearchParams) => ({ Resources: query.get('startIndex') === '1' ? some(0, 100) : Math.floor(Number(query.get('startIndex')) / 99) % 2 === 1 ? some(100, 200) : some(200, 300) })],
  ] as const) {
    it(`breaks off, with words, where the provider answers ${what}`, async () => {
      await provider(pages, cursor, async (port) => {
        const failure = await failureOf(() => everyone(port));
        assert.deepEqual([failure.kind, failure.code, failure.written], ['contract', 'SCIM_PAGES_REPEAT', 'no']);
        assert.match(failure.message, /all employees come round again: .{30}/);
      });
    });
  }

  it('takes an empty cursor after the last person for the end', async () => {
    await provider((query) => said(Number(query.get('cursor')), { nextCursor: query.get('cursor') === '200' ? '' : String(Number(query.get('cursor')) + 100) }), true, async (port) => {
      assert.equal((await everyone(port)).length, 250);
    });
  });

  it('reads on to the end where the provider does not say how many there are', async () => {
    await provider((query) => ({ Resources: some(Number(query.get('startIndex')) - 1, Math.min(Number(query.get('startIndex')) + 99, 250)) }), false, async (port) => {
      assert.equal((await everyone(port)).length, 250);
    });
    await provider((query) => {
      const from = Number(query.get('cursor'));
      return { Resources: some(from, Math.min(from + 100, 250)), ...(from < 200 ? { nextCursor: String(from + 100) } : {}) };
    }, true, async (port) => {
      assert.equal((await everyone(port)).length, 250);
    });
  });

  it('refuses an attribute that no schema of the provider has, unless told that its schemas are incomplete', async () => {
    const { connect } = await start();
    const options = { attributes: { legalEntity: `${FIRM}:company` } };
    const failure = await failureOf(() => everyone(connect(options)));
    assert.deepEqual([failure.kind, failure.code], ['configuration', 'SCIM_ATTRIBUTE_UNKNOWN']);
    assert.match(failure.message, /company/);
    assert.equal((await everyone(connect({ ...options, schemas: 'ignore' }))).length, 6);
    assert.throws(() => connect({ attributes: { legalEntity: 'no attribute' } }), /an attribute of SCIM/);
  });

  it('turns what HR calls things into the configuration\'s codes, and back', async () => {
    const { connect, office } = await start();
    const port = connect({ legalEntities: { 'Northwind Inc.': 'US01' }, costCenters: { '4711': 'US01-TECH', '4712': 'US01-DATA' } });
    const id = await office.hire({ email: 'ada@northwind-consulting.example', legalEntity: 'Northwind Inc.', costCenter: '4711' });
    const employee = await port.load(id, callContext());
    assert.deepEqual([employee?.legalEntity, employee?.costCenter], ['US01', 'US01-TECH']);
    await update(port, id, { costCenter: 'US01-DATA' });
    assert.equal((await office.shows(id)).costCenter, '4712');
  });

  it('changes the work address only, and adds one where there is none', async () => {
    for (const options of [{}, { patch: false }]) {
      const { connect, admin, user, close } = await start(options);
      const [both = '', home = ''] = (await admin.seed({ users: [
        { userName: 'both', emails: [{ value: 'a@home.example', type: 'home' }, { value: 'a@work.example', type: 'work', display: 'Ada' }] },
        { userName: 'home', emails: [{ value: 'b@home.example', type: 'home' }] },
      ] }))['users'] ?? [];
      await update(connect(), both, { email: 'ada@work.example' });
      await update(connect(), home, { email: 'bea@work.example' });
      assert.deepEqual((await user(both)).emails, [{ value: 'a@home.example', type: 'home' }, { value: 'ada@work.example', type: 'work', display: 'Ada' }]);
      assert.deepEqual((await user(home)).emails, [{ value: 'b@home.example', type: 'home' }, { value: 'bea@work.example', type: 'work' }]);
      await close();
      service = undefined;
    }
  });

  it('writes upon the version it read: what somebody wrote in between stays', async () => {
    for (const options of [{}, { patch: false }]) {
      const { connect, office, during, user, close } = await start(options);
      const id = await office.hire({ email: 'ada@northwind-consulting.example', name: 'Ada', costCenter: 'US01-TECH' });
      during(new RegExp(id), () => office.change(id, { name: 'Ada Lovelace' }));
      await update(connect(), id, { costCenter: 'US01-DATA' });
      const after = await user(id);
      assert.deepEqual([after.displayName, after[ENTERPRISE]?.costCenter], ['Ada Lovelace', 'US01-DATA']);
      await close();
      service = undefined;
    }
  });

  it('gives up, having written nothing, where somebody is always faster', async () => {
    const { connect, office, faults } = await start();
    const id = await office.hire({ email: 'ada@northwind-consulting.example' });
    for (let times = 0; times < 4; times += 1) await faults.next({ kind: 'status', status: 412, method: 'PATCH' });
    const failure = await failureOf(() => update(connect(), id, { costCenter: 'US01-DATA' }));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['transient', 'SCIM_VERSION', 'no']);
  });

  it('says who owns what HR does not let us change', async () => {
    const { connect, office } = await start();
    const id = await office.hire({ email: 'ada@northwind-consulting.example' });
    const readOnly = await failureOf(() => update(connect({ attributes: { costCenter: `${FIRM}:legalEntity` } }), id, { costCenter: 'US01-DATA' }));
    assert.deepEqual([readOnly.kind, readOnly.code, readOnly.written], ['configuration', 'SCIM_MUTABILITY', 'no']);
    const nowhere = await failureOf(() => update(connect({ attributes: { costCenter: null } }), id, { costCenter: 'US01-DATA' }));
    assert.deepEqual([nowhere.kind, nowhere.code, nowhere.written], ['configuration', 'SCIM_ATTRIBUTE_UNKNOWN', 'no']);
  });

  it('does not choose between two people with one address, but between one who works and one who left', async () => {
    const { connect, office } = await start();
    const email = 'twice@northwind-consulting.example';
    const left = await office.hire({ email, active: false });
    const works = await office.hire({ email });
    assert.equal((await connect().findByEmail(email, callContext()))?.externalId, works);
    await office.change(left, { active: true });
    const failure = await failureOf(() => connect().findByEmail(email, callContext()));
    assert.deepEqual([failure.kind, failure.code], ['business_rule', 'SCIM_EMAIL_AMBIGUOUS']);
  });
});
