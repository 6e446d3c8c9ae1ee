import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { field, firstError, startAccount, type Reply, type TestAccount } from './support.ts';

const COLLECTION = { Prefer: 'respond-async', 'content-type': 'application/vnd.oracle.resource+json; type=collection' };
const SUITEQL = '/services/rest/query/v1/suiteql';

describe('NetSuite sandbox: time', () => {
  let account: TestAccount;

  beforeEach(async () => {
    account = await startAccount();
    await account.admin('POST', 'seed', {
      employee: [{ externalId: 'ada', firstName: 'Ada', lastName: 'Lovelace', email: 'Ada@example.com', subsidiary: { externalId: 'sub-US01' } }],
      job: [{ externalId: 'p1', entityId: 'US01-TECH-1', companyName: 'Migration', subsidiary: { externalId: 'sub-US01' } }, { externalId: 'p2', entityId: 'US01-TECH-2', companyName: 'Closed', subsidiary: { externalId: 'sub-US01' }, allowTime: false }],
    });
    await account.admin('POST', 'seed', { projectTask: [{ externalId: 't1', title: '1 Design', project: { externalId: 'p1' } }, { externalId: 't2', title: '1 Design', project: { externalId: 'p2' } }] });
  });
  afterEach(async () => account.close());

  const time = (externalId: string, change: object = {}) => ({ externalId, employee: { externalId: 'ada' }, customer: { externalId: 'p1' }, caseTaskEvent: { externalId: 't1' }, item: { externalId: 'item-TECHNOLOGY' }, tranDate: '2026-11-16', hours: '7:30', ...change });
  async function finished(job: string): Promise<Reply> {
    for (;;) {
      const reply = await account.send('GET', `/services/rest/async/v1/job/${job}`);
      if (reply.body['completed'] === true) return reply;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  const batch = async (items: object[], method = 'POST') => finished((await account.record(method, 'timeBill', { items }, COLLECTION)).id);
  const query = async (q: string) => (await account.send('POST', SUITEQL, { q }, { Prefer: 'transient' })).body['items'];
  const totals = async () => (await fetch(`${account.sandbox.url}/__admin/time-totals`)).json() as Promise<unknown>;

  it('keeps hours as hours and minutes, of the employee\'s subsidiary', async () => {
    await account.record('PUT', 'timeBill/eid:a', time('a', { hours: '0:125', memo: 'Überprüfung' }));
    const { body } = await account.record('GET', 'timeBill/eid:a');
    assert.deepEqual([body['hours'], body['memo'], field(body, 'subsidiary', 'refName'), body['isBillable']], ['2:05', 'Überprüfung', 'US01', false]);
    await account.record('PATCH', `timeBill/${String(body['id'])}`, { hours: -1.5 });
    assert.equal((await account.record('GET', 'timeBill/eid:a')).body['hours'], '-1:30');
  });

  for (const [what, body, names] of [
    ['time without an employee', { employee: null }, /Employee/],
    ['time without a duration', { hours: null }, /Duration/],
    ['time on a project without a service item', { item: null }, /Service Item/],
    ['time on a project that does not allow it', { customer: { externalId: 'p2' }, caseTaskEvent: { externalId: 't2' } }, /does not allow time entry/],
    ['a task of another project', { caseTaskEvent: { externalId: 't2' } }, /caseTaskEvent/],
    ['a duration that is none', { hours: 'seven' }, /hours/],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const reply = await account.record('POST', 'timeBill', { ...time('a'), ...body });
      assert.equal(reply.status, 400);
      assert.match(String(firstError(reply)['detail']), names);
    });
  }

  it('makes what it can of a batch, and each record once', async () => {
    const job = await batch([time('a'), time('b', { customer: { externalId: 'p2' } }), time('c')]);
    assert.equal(job.body['progress'], 'failed');
    const result = await account.send('GET', `/services/rest/async/v1/job/${String(job.body['id'])}/task/2/result`);
    assert.equal(result.status, 400);
    await batch([time('a'), time('c'), time('d')]);
    assert.deepEqual(await query("SELECT externalid FROM timebill WHERE externalid IN ('a', 'b', 'c', 'd') ORDER BY externalid"), ['a', 'c', 'd'].map((externalid) => ({ links: [], externalid })));
  });

  it('wants the media type of a collection, respond-async, and no more than 100 records', async () => {
    assert.equal(firstError(await account.record('POST', 'timeBill', { items: [time('a')] }, { ...COLLECTION, Prefer: 'return=minimal' }))['o:errorHeader'], 'Prefer');
    assert.equal(firstError(await account.record('POST', 'timeBill', { items: Array.from({ length: 101 }, () => time('a')) }, COLLECTION))['o:errorCode'], 'INVALID_CONTENT');
    const single = await account.record('POST', 'timeBill', { items: [time('a')] }, { Prefer: 'respond-async' });
    assert.equal((await finished(single.id)).body['progress'], 'failed', 'without it the body is one record without an employee');
  });

  it('breaks off in the middle of a job, or does not begin with it, when it is told to', async () => {
    await account.admin('POST', 'mode', { mode: 'async-partial' });
    assert.equal((await batch([time('a'), time('b')])).body['progress'], 'failed');
    assert.equal((await account.record('GET', 'timeBill')).body['totalResults'], 1);
    await account.admin('POST', 'mode', { mode: 'async-stuck' });
    const { id } = await account.record('POST', 'timeBill', { items: [time('c')] }, { ...COLLECTION, 'X-NetSuite-Idempotency-Key': randomUUID() });
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal((await account.send('GET', `/services/rest/async/v1/job/${id}`)).body['completed'], false);
    await account.admin('POST', 'mode', { mode: 'default' });
    assert.equal((await finished(id)).body['progress'], 'succeeded');
  });

  it('works on as many jobs at once as it has processors', async () => {
    const slow = await startAccount({ options: { asyncProcessors: 1, asyncDelayMs: 0, asyncRecordMs: 20 } });
    await slow.admin('POST', 'seed', { employee: [{ externalId: 'ada', subsidiary: { id: '2' } }] });
    const startedAt = performance.now();
    const jobs = [];
    for (const key of ['a', 'b', 'c']) jobs.push((await slow.record('POST', 'timeBill', { items: [{ externalId: key, employee: { externalId: 'ada' }, hours: '1:00' }] }, COLLECTION)).id);
    for (const job of jobs) while ((await slow.send('GET', `/services/rest/async/v1/job/${job}`)).body['completed'] !== true);
    assert.ok(performance.now() - startedAt >= 58);
    await slow.close();
  });

  it('adds up in SuiteQL and for its administrator, exactly', async () => {
    const amounts = ['0.1', '0.2', '1000000000000.07'];
    await batch([
      ...amounts.map((amount, index) => time(`a${index}`, { custcol_q2c_hours: 0.1, custcol_q2c_amount: Number(amount), custcol_q2c_currency: 'USD', custcol_q2c_legal_entity: 'US01' })),
      time('b', { tranDate: '2026-12-01', custcol_q2c_hours: -0.3, custcol_q2c_amount: 65.125, custcol_q2c_currency: 'KWD', custcol_q2c_legal_entity: 'US01' }),
    ]);
    assert.deepEqual(
      await query("SELECT custcol_q2c_currency AS currency, COUNT(*) AS lines, SUM(custcol_q2c_amount) AS billed FROM timebill WHERE custcol_q2c_legal_entity = 'US01' AND trandate BETWEEN TO_DATE('2026-11-01', 'YYYY-MM-DD') AND TO_DATE('2026-11-30', 'YYYY-MM-DD') GROUP BY custcol_q2c_currency"),
      [{ links: [], currency: 'USD', lines: '3', billed: '1000000000000.37' }],
    );
    assert.deepEqual(await query('SELECT SUM(hours) AS hours FROM timebill'), [{ links: [], hours: '30' }]);
    assert.deepEqual(await totals(), [{ subsidiary: 'US01', lines: 4, hours: '0', billed: [{ amount: '65.125', currency: 'KWD' }, { amount: '1000000000000.37', currency: 'USD' }] }]);
  });

  it('finds employees by their e-mail address whatever its case, and refuses a query that groups by less than it shows', async () => {
    const found = await query("SELECT id, email FROM employee WHERE LOWER(email) IN ('ada@example.com', 'nobody@example.com')");
    assert.deepEqual(field(found, 0, 'email'), 'Ada@example.com');
    const reply = await account.send('POST', SUITEQL, { q: 'SELECT email, COUNT(*) FROM employee GROUP BY id' }, { Prefer: 'transient' });
    assert.equal(reply.status, 400);
  });

  it('tells how near its limit of concurrent requests it came, and how many it refused', async () => {
    await account.admin('PUT', 'limits', { limit: 2, latencyMs: 30 });
    const replies = await Promise.all(Array.from({ length: 5 }, () => account.record('GET', 'employee')));
    assert.equal(replies.filter((reply) => reply.status === 429).length, 3);
    const { body } = await account.admin('GET', 'limits');
    assert.deepEqual([body['limit'], body['peak'], body['refused'], body['inside']], [2, 2, 3, 0]);
  });

  it('is filled with a whole firm in a moment', async () => {
    const startedAt = performance.now();
    const seeded = await account.admin('POST', 'seed', {
      employee: Array.from({ length: 4000 }, (_, index) => ({ entityId: `E${index}`, email: `e${index}@example.com`, subsidiary: { id: '2' } })),
      job: Array.from({ length: 900 }, (_, index) => ({ externalId: `job-${index}`, entityId: `J${index}`, companyName: `Project ${index}`, subsidiary: { id: '2' } })),
      projectTask: Array.from({ length: 1800 }, (_, index) => ({ title: `${index % 2} Task`, project: { externalId: `job-${index % 900}` } })),
    });
    assert.equal(seeded.status, 201);
    assert.ok(performance.now() - startedAt < 5_000, `${Math.round(performance.now() - startedAt)} ms`);
  });
});
