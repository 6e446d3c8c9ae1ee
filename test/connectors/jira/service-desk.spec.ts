import assert from 'node:assert/strict';
import type { ServiceDeskPort } from '../../../connectors/service-desk-port.ts';
import { callContext } from '../conformance/documents.ts';
import { failureOf } from '../conformance/records.ts';
import { aTicket, describeServiceDesk } from '../conformance/service-desk.ts';
import { misfits, nameOf, OPERATIONS } from './published-client.ts';
import { startSite, type JiraSite } from './support.ts';

describe('Jira Service Management', function () {
  this.timeout(20_000);
  let site: JiraSite;
  let port: ServiceDeskPort;
  before(async () => {
    site = await startSite();
    port = site.connect();
  });
  after(async () => site?.close());

  describeServiceDesk({
    name: 'Jira Service Management',
    port: () => port,
    office: () => site.office,
    faults: { next: (fault) => site.faults.next(fault), clear: () => site.faults.clear() },
    createPath: '/rest/api/3/issue$',
    commentPath: '/comment$',
    endPath: '/transitions$',
    priorities: { low: 'Low', medium: 'Medium', high: 'High', critical: 'Highest' },
    unknownId: '99999999',
    // A transition is answered without a body.
    badAnswers: { close: { empty: 'taken', truncated: 'taken', 'wrong-schema': 'taken' } },
  });

  describe('after all that', () => {
    it('sent and received what a client made from Atlassian\'s description has', async () => {
      const seen = new Set<string>();
      for (const exchange of site.exchanges) {
        assert.deepEqual(await misfits(exchange), []);
        seen.add(nameOf(exchange));
      }
      assert.ok(site.exchanges.some(({ status, answer }) => status >= 400 && answer !== undefined), 'nothing was refused');
      assert.deepEqual(seen, new Set(OPERATIONS.map(nameOf)), 'every operation is called');
    });
  });
});

describe('A service desk in Jira', function () {
  this.timeout(20_000);
  let site: JiraSite | undefined;
  afterEach(async () => site?.close());
  const start = async (options: Readonly<Record<string, unknown>> = {}) => (site = await startSite(options));
  const write = (port: ServiceDeskPort, change = {}) => port.ticket.write(aTicket(change), null, callContext());

  it('is reached with an API token, and as a service account through Atlassian\'s gateway, whose address people do not open', async () => {
    const client = { clientId: 'client', clientSecret: 'secret/+ü', cloudId: '5c0fa1e4-0000-4000-8000-000000000001' };
    const { connect, url, admin, credentials } = await start(client);
    const { clientId, clientSecret, cloudId } = client;
    const gateway = { credentials: { clientId, clientSecret }, path: `/ex/jira/${cloudId}` };
    const account = connect({ tokenUrl: `${url}/oauth/token`, siteUrl: 'https://northwind.example' }, gateway);
    assert.match((await write(account)).url ?? '', /^https:\/\/northwind\.example\/browse\/FIN-1$/);
    await write(account);
    assert.equal((await admin.requests()).filter(({ url: path }) => path === '/oauth/token').length, 1);
    assert.equal((await write(connect())).url, `${url}/browse/FIN-3`);
    const wrong = await failureOf(() => write(connect({}, { credentials: { ...credentials, apiToken: 'wrong' } })));
    assert.deepEqual([wrong.kind, wrong.code, wrong.written], ['configuration', 'CREDENTIALS_REFUSED', 'no']);
    const refused = await failureOf(() => write(connect({ tokenUrl: `${url}/oauth/token` }, { ...gateway, credentials: { clientId, clientSecret: 'wrong' } })));
    assert.deepEqual([refused.kind, refused.code], ['configuration', 'JIRA_LOGIN_REFUSED']);
  });

  it('finds a fresh ticket that the search does not know, with few questions and without the search\'s help', async () => {
    const { connect, faults, office, admin } = await start();
    await office.others(230);
    const ticket = aTicket();
    await faults.next({ kind: 'cut-after', method: 'POST', path: '/rest/api/3/issue$' });
    await failureOf(() => connect().ticket.write(ticket, null, callContext()));
    // A search that knows nothing at all of 231 issues: read on, a stretch at a time, to the last.
    await office.others(20);
    const before = (await admin.requests()).length;
    const found = await connect().ticket.find(ticket, callContext());
    assert.match(found?.url ?? '', /FIN-231$/);
    assert.ok((await admin.requests()).length - before <= 10);
    await office.settle();
    assert.deepEqual(await connect().ticket.find(ticket, callContext()), found);
  });

  it('takes a clone that people made for what it is', async () => {
    const { connect, office, admin, issue } = await start();
    const ticket = aTicket();
    const { externalId } = await connect().ticket.write(ticket, null, callContext());
    await admin.seed({ issues: [{ summary: 'CLONE - Rate is not approved', labels: (await issue(externalId)).fields.labels }] });
    for (let times = 0; times < 2; times += 1) {
      assert.equal((await connect().ticket.find(ticket, callContext()))?.externalId, externalId);
      await office.settle();
    }
  });

  it('shows a ticket under its request type and its team\'s component', async () => {
    const { connect, issue } = await start();
    const port = connect({ requestType: { field: 'customfield_10010', id: '25' }, components: { tax: 'Tax' } });
    const { fields } = await issue((await write(port, { owner: 'tax' })).externalId);
    assert.deepEqual([fields.requestType, fields.components], ['25', ['Tax']]);
  });

  it('names the day a case is due in the desk\'s zone', async () => {
    const { connect, issue } = await start();
    for (const [timeZone, day] of [['UTC', '2026-11-24'], ['Asia/Tokyo', '2026-11-25'], ['Pacific/Kiritimati', '2026-11-25'], ['America/Los_Angeles', '2026-11-24']] as const) {
      assert.equal((await issue((await write(connect({ timeZone }), { dueAt: '2026-11-24T17:00:00.000Z' })).externalId)).fields.duedate, day, timeZone);
    }
  });

  it('says which field the project does not have, and makes nothing', async () => {
    const { connect, admin } = await start({ missingFields: ['priority', 'duedate'] });
    const failure = await failureOf(() => write(connect()));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['configuration', 'JIRA_REFUSED', 'no']);
    assert.match(failure.message, /priority: Field 'priority' cannot be set.*duedate/);
    assert.deepEqual((await admin.state())['issues'] ?? [], []);
    for (const work of [() => write(connect({ project: 'NONE' })), () => connect({ project: 'NONE' }).ticket.find(aTicket(), callContext())]) {
      const nowhere = await failureOf(work);
      assert.deepEqual([nowhere.kind, nowhere.code], ['configuration', 'JIRA_REFUSED']);
    }
    const unknown = await failureOf(() => write(connect({ issueType: 'No such type' })));
    assert.match(unknown.message, /issuetype: Specify a valid issue type/);
  });

  it('ends a ticket by the transition of the wanted name and its resolution, else by any that ends it', async () => {
    const { connect, issue } = await start();
    const ended = async (options: object, how: 'close' | 'undo') => {
      const port = connect(options);
      const ticket = aTicket();
      const { externalId } = await port.ticket.write(ticket, null, callContext());
      if (how === 'close') await port.close({ externalId, resolution: 'Done.' }, callContext());
      else await port.ticket.undo({ document: ticket, externalId, created: true }, callContext());
      const { status, resolution } = await issue(externalId);
      return [status, resolution];
    };
    assert.deepEqual(await ended({}, 'close'), ['resolved', 'Done']);
    assert.deepEqual(await ended({}, 'undo'), ['canceled', "Won't Do"]);
    assert.deepEqual(await ended({ transitions: { resolve: ['Cancel request'] }, resolutions: { resolve: 'Duplicate' } }, 'close'), ['canceled', 'Duplicate']);
    assert.deepEqual(await ended({ transitions: { resolve: ['Nothing of that name'] } }, 'close'), ['canceled', 'Done']);
  });

  it('says that the workflow has no way to the end', async () => {
    const { connect, office } = await start({ deadEnd: true });
    const { externalId } = await write(connect());
    const failure = await failureOf(() => connect().close({ externalId, resolution: 'Done.' }, callContext()));
    assert.deepEqual([failure.kind, failure.code], ['configuration', 'JIRA_NO_TRANSITION']);
    assert.match(failure.message, /Waiting for support/);
    assert.equal((await office.shows(externalId)).open, true);
  });

  it('shows comments to the reporter only where it is told to', async () => {
    const { connect, office } = await start();
    const port = connect({ internalComments: false });
    const { externalId } = await write(port);
    await port.comment({ externalId, key: 'k', text: 'First line\nsecond line\n\nnext paragraph' }, callContext());
    assert.deepEqual((await office.shows(externalId)).comments, [{ text: 'First line\nsecond line\n\nnext paragraph', internal: false }]);
  });

  it('waits until the limit is reset where Jira says that nothing is left', async () => {
    const { connect } = await start({ requestsPerSecond: 1 });
    const port = connect();
    await write(port);
    const failure = await failureOf(() => write(port));
    assert.deepEqual([failure.kind, failure.code, failure.written, failure.retryAfterMs], ['transient', 'JIRA_RATE_LIMIT', 'no', 1000]);
    assert.match(failure.message, /jira-burst-based/);
  });
});
