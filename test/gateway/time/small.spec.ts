import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { sentDocumentSchema } from '../../../starters/gateway/time/answers.ts';
import { batchSchema, smallAnswerSchema } from '../../../starters/gateway/time/openapi.ts';
import { problemSchema } from '../../../starters/gateway/problem.ts';
import type { Store } from '../../../store/database.ts';
import { anEntry } from '../../builders/time.ts';
import { freshStore } from '../../store/support.ts';
import { API_TOKEN, report, sheet, signed, timeGateway, type ListeningGateway } from './support.ts';

describe('gateway: a timesheet by itself', function () {
  this.timeout(30_000);
  let store: Store;
  let gateway: ListeningGateway;
  let n = 0;
  before(async () => {
    store = await freshStore();
    gateway = await timeGateway(store);
  });
  after(async () => {
    await gateway.close();
    await store.close();
  });

  const post = async (body: unknown, { url = '/v1/timesheets', headers, on = gateway }: { url?: string; headers?: Record<string, string>; on?: ListeningGateway } = {}) => {
    const payload = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    return await on.app.inject({ method: 'POST', url, payload, headers: { 'content-type': 'application/json', ...signed(payload, `evt_${(n += 1)}`), ...headers } });
  };
  const refused = async (sent: ReturnType<typeof post>, status: number, reason: string) => {
    const response = await sent;
    assert.equal(response.statusCode, status, response.body);
    const problem = problemSchema.parse(response.json());
    assert.equal(problem.type, `urn:q2c:problem:${reason}`);
    return problem;
  };
  const kept = async (sent: ReturnType<typeof post>) => {
    const response = await sent;
    assert.equal(response.statusCode, 202, response.body);
    return smallAnswerSchema.parse(response.json());
  };
  const rows = async () => (await sql<{ n: number }>`select count(*)::integer as n from time_record`.execute(store.db)).rows[0]?.n ?? 0;

  it('is kept, and ready to be worked on at once', async () => {
    const one = sheet();
    const answer = await kept(post(one));
    assert.deepEqual(answer.records, [{ line: 1, id: one.id, version: 1, status: 'received' }]);
    const { rows: pages } = await sql<{ state: string; records: number }>`select state, records from time_page where batch = ${answer.batch}`.execute(store.db);
    assert.deepEqual(pages, [{ state: 'ready', records: 1 }]);
  });

  it('delivered again under its event ID is the same batch and known', async () => {
    const one = sheet();
    const headers = signed(JSON.stringify(one), 'evt-twice');
    const first = await kept(post(one, { headers }));
    const again = await kept(post(one, { headers }));
    assert.equal(again.batch, first.batch);
    assert.deepEqual([first.received, again.known], [1, 1]);
  });

  it('and others in one array are taken, the bad ones named', async () => {
    const { records, received, invalid } = await kept(post([sheet(), { ...sheet(), id: '' }, sheet()], { headers: { 'idempotency-key': 'an-array' } }));
    assert.deepEqual(records.map(({ line, status }) => [line, status]), [[1, 'received'], [2, 'invalid'], [3, 'received']]);
    assert.deepEqual([received, invalid], [2, 1]);
  });

  it('that does not follow its schema is refused with every finding', async () => {
    const before = await rows();
    const problem = await refused(post({ ...sheet(), person: 'nobody', entries: [anEntry({ hours: 'eight' })] }), 422, 'schema');
    assert.deepEqual(problem.errors.map(({ path }) => path), ['person', 'entries.0.hours']);
    assert.deepEqual((await refused(post([{}]), 422, 'schema')).errors[0]?.path.split('.')[0], '0');
    await refused(post([]), 422, 'schema');
    await refused(post(sheet({ entries: [anEntry({ notes: 'half \udc00' })] })), 422, 'schema');
    assert.equal(await rows(), before);
  });

  it('that cannot be read is refused', async () => {
    await refused(post('{"schema":'), 400, 'malformed');
    await refused(post(Buffer.from([0xff])), 400, 'malformed');
    await refused(post('['.repeat(1000)), 400, 'malformed');
    await refused(post(sheet({ entries: [anEntry({ notes: 'x'.repeat(2_000_000) })] })), 413, 'too-large');
  });

  it('with a wrong digest is refused whole', async () => {
    const body = JSON.stringify(sheet());
    const digest = (text: string) => ({ 'content-digest': `sha-256=:${createHash('sha256').update(text).digest('base64')}:` });
    await refused(post(body, { headers: digest('another') }), 400, 'digest-mismatch');
    assert.equal((await kept(post(body, { headers: digest(body) }))).received, 1);
  });

  it('needs a signature over its body or the agreed token', async () => {
    await refused(post(sheet(), { headers: signed('another body') }), 401, 'bad-signature');
    await refused(post(sheet(), { headers: { 'webhook-signature': '' } }), 401, 'bad-signature');
    await refused(post(sheet(), { headers: { authorization: 'Bearer guess' } }), 401, 'bad-signature');
    const tokenOnly = { 'webhook-id': '', 'webhook-signature': '', authorization: `Bearer ${API_TOKEN}` };
    await refused(post(sheet(), { headers: tokenOnly }), 400, 'no-key');
    await kept(post(sheet(), { headers: { ...tokenOnly, 'idempotency-key': 'by-token' } }));
  });

  it('is 503 with Retry-After while the store is away', async () => {
    const broken = await timeGateway(store, { intake: { receive: () => Promise.reject(new Error('connect ECONNREFUSED')) } });
    const response = await post(sheet(), { on: broken });
    assert.deepEqual([response.statusCode, response.headers['retry-after']], [503, '30']);
    await broken.close();
  });

  it('of expenses goes to its own address', async () => {
    assert.equal((await kept(post(report(), { url: '/v1/expenses' }))).received, 1);
    await refused(post(sheet(), { url: '/v1/expenses' }), 422, 'schema');
  });

  it('can be asked after by its batch: pages, and entries by what became of them', async () => {
    const { batch } = await kept(post([sheet(), sheet()], { headers: { 'idempotency-key': 'asked-after' } }));
    await sql`insert into time_outcome (record, position, entry_id, entry_version, outcome) select id, 0, 'E', 1, 'rejected' from time_record where batch = ${batch} order by id limit 1`.execute(store.db);
    const ask = async (id: string, headers = signed(`batch:${id}`)) => await gateway.app.inject({ method: 'GET', url: `/v1/batches/${id}`, headers });
    const status = batchSchema.parse((await ask(batch)).json());
    assert.deepEqual([status.kind, status.state, status.lines, status.records, status.pages, status.outcomes], ['timesheets', 'sealed', 2, { received: 2, decided: 0 }, { ready: 1 }, { rejected: 1 }]);
    assert.equal((await ask('no-such-batch')).statusCode, 404);
    assert.equal((await ask(batch, signed('batch:another'))).statusCode, 401);
  });

  it('can be asked after one by one: what was decided, with the reasons, and where it is posted', async () => {
    const [one, other] = [report(), sheet()];
    await kept(post(one, { url: '/v1/expenses' }));
    await kept(post(other));
    const ask = async (route: string, system: string, id: string, kind: string) => await gateway.app.inject({ method: 'GET', url: `${route}/${system}/${encodeURIComponent(id)}`, headers: signed(`${kind}:${system}/${id}`) });
    const expense = async () => sentDocumentSchema.parse((await ask('/v1/expenses', one.system, one.id, 'expense')).json()).versions;
    assert.deepEqual((await expense()).map(({ version, state, outcome }) => [version, state, outcome]), [[1, 'received', null]]);
    const finding = { code: 'EXPENSE_RECEIPT_MISSING', kind: 'business_rule', path: 'lines[0].receipt', message: 'The receipt is missing.', mend: 'Add it.', overridable: true };
    await sql`insert into expense_outcome (record, system, report_id, version, outcome, codes, findings, remarks, config_hash)
      select id, system, record_id, version, 'rejected', '{EXPENSE_RECEIPT_MISSING}', ${JSON.stringify([finding])}::jsonb, '{}', 'c' from time_record where record_id = ${one.id}`.execute(store.db);
    const { overridable: _overridable, ...told } = finding;
    assert.deepEqual((await expense()).map(({ outcome, findings }) => [outcome, findings]), [['rejected', [told]]]);
    await sql`insert into time_outcome (record, position, entry_id, entry_version, outcome, findings) select id, 0, 'E-9', 1, 'rejected', ${JSON.stringify([finding])}::jsonb from time_record where record_id = ${other.id}`.execute(store.db);
    const timesheet = sentDocumentSchema.parse((await ask('/v1/timesheets', other.system, other.id, 'timesheet')).json()).versions;
    assert.deepEqual(timesheet.map(({ outcome, entries }) => [outcome, entries.map((entry) => [entry.id, entry.outcome, entry.findings[0]?.mend])]), [[null, [['E-9', 'rejected', 'Add it.']]]]);
    assert.equal((await ask('/v1/expenses', other.system, other.id, 'expense')).statusCode, 404, 'a timesheet is no expense report');
    assert.equal((await ask('/v1/expenses', one.system, one.id, 'timesheet')).statusCode, 401, 'signed for something else');
    await sql`update time_batch set source = 'clockify' where id in (select batch from time_record where record_id = ${other.id})`.execute(store.db);
    assert.equal((await ask('/v1/timesheets', other.system, other.id, 'timesheet')).statusCode, 404, 'what another system told us is not the sender\'s to see');
  });

  it('is counted by what was answered', async () => {
    const { body } = await gateway.app.inject('/metrics');
    assert.match(body, /q2c_gateway_records_total\{kind="timesheets",status="received"\} \d+/);
  });
});
