import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { gusto } from '../../../sandbox/gusto/sandbox.ts';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';
import { sandboxAdmin } from '../../connectors/conformance/admin.ts';

const Item = z.looseObject({ employee_uuid: z.string(), version: z.string().optional(), hourly_compensations: z.array(z.looseObject({ name: z.string(), hours: z.string(), job_uuid: z.string() })) });
const Body = z.looseObject({ errors: z.array(z.looseObject({ category: z.string() })).optional(), employee_compensations: z.array(Item).optional(), processing_request: z.looseObject({ status: z.string() }).nullish(), processed: z.boolean().optional(), access_token: z.string().optional(), refresh_token: z.string().optional(), error: z.string().optional() });

describe('Gusto sandbox', () => {
  const credentials = { companyUuid: randomUUID(), clientId: 'client', clientSecret: 'secret', accessToken: 'first-access', refreshToken: 'first-refresh' };
  let at: Date;
  let sandbox: RunningSandbox;
  let employee: string;
  let payroll: string;
  beforeEach(async () => {
    at = new Date('2026-11-16T12:00:00Z');
    sandbox = await startSandbox(gusto, { port: 0, options: { ...credentials, requestsPerMinute: 200 }, now: () => at });
    const seeded = await sandboxAdmin(() => sandbox.url).seed({ employees: [{ work_email: 'ada@northwind-consulting.example' }], payrolls: [{ start_date: '2026-11-01', end_date: '2026-11-15', check_date: '2026-11-20' }] });
    employee = seeded['employees']?.[0] ?? '';
    payroll = seeded['payrolls']?.[0] ?? '';
  });
  afterEach(() => sandbox.close());

  const call = async (method: string, path: string, body?: object, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${sandbox.url}${path}`, { method, headers: { authorization: 'Bearer first-access', 'x-gusto-api-version': '2026-02-01', 'content-type': 'application/json', ...headers }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await answer.text();
    const json: unknown = text === '' ? {} : JSON.parse(text);
    return { status: answer.status, headers: answer.headers, body: Array.isArray(json) ? Body.parse({ items: json }) : Body.parse(json), category: Body.safeParse(json).data?.errors?.[0]?.category };
  };
  const company = `/v1/companies/${credentials.companyUuid}`;
  const prepare = async () => (await call('PUT', `${company}/payrolls/${payroll}/prepare`, { employee_uuids: [employee] })).body.employee_compensations?.[0];
  const update = (change: object, headers?: Record<string, string>) => call('PUT', `${company}/payrolls/${payroll}`, { employee_compensations: [{ employee_uuid: employee, ...change }] }, headers);
  const regular = (item: z.infer<typeof Item> | undefined, hours: string) => ({ version: item?.version, hourly_compensations: [{ name: 'Regular Hours', hours, job_uuid: item?.hourly_compensations[0]?.job_uuid }] });

  it('takes hours only with the version of what they replace', async () => {
    const before = await prepare();
    const first = await update(regular(before, '40'));
    assert.deepEqual([first.status, first.body.employee_compensations?.[0]?.hourly_compensations[0]?.hours], [200, '40.000']);
    const stale = await update(regular(before, '41'));
    assert.deepEqual([stale.status, stale.category], [409, 'invalid_resource_version']);
    assert.equal((await update(regular(before, '41'), { 'x-gusto-api-version': '2025-06-15' })).status, 422);
    assert.equal((await update(regular(await prepare(), '41'))).status, 200);
  });

  it('refuses negative hours, names the employee does not have, fields it does not know, and more than a hundred employees', async () => {
    const item = await prepare();
    for (const change of [regular(item, '-1'), { version: item?.version, hourly_compensations: [{ name: 'Night shift', hours: '1', job_uuid: item?.hourly_compensations[0]?.job_uuid }] }, { version: item?.version, hours: '1' }]) {
      const { status, category } = await update(change);
      assert.deepEqual([status, category], [422, 'invalid_attribute_value']);
    }
    const many = Array.from({ length: 101 }, () => ({ employee_uuid: employee, version: item?.version }));
    assert.equal((await call('PUT', `${company}/payrolls/${payroll}`, { employee_compensations: many })).status, 422);
    assert.equal((await prepare())?.hourly_compensations[0]?.hours, '0.000');
  });

  it('calculates and submits later than it says so, and changes nothing of a payroll that was run', async () => {
    await prepare();
    const status = async () => (await call('GET', `${company}/payrolls/${payroll}`)).body.processing_request?.status;
    assert.equal((await call('PUT', `${company}/payrolls/${payroll}/calculate`, {})).status, 202);
    assert.deepEqual([await status(), await status()], ['calculating', 'calculate_success']);
    assert.equal((await call('PUT', `${company}/payrolls/${payroll}/submit`, {})).status, 202);
    assert.deepEqual([await status(), await status()], ['submitting', 'submit_success']);
    const refused = await call('PUT', `${company}/payrolls/${payroll}/prepare`, {});
    assert.deepEqual([refused.status, refused.category], [422, 'invalid_operation']);
  });

  it('revokes a refresh token when the access token it brought is used, and not before', async () => {
    const renew = (token: string) => call('POST', '/oauth/token', { client_id: 'client', client_secret: 'secret', grant_type: 'refresh_token', refresh_token: token });
    const lost = await renew('first-refresh');
    const second = await renew('first-refresh');
    assert.deepEqual([lost.status, second.status], [200, 200]);
    assert.equal((await call('GET', `${company}/employees`, undefined, { authorization: `Bearer ${second.body.access_token}` })).status, 200);
    assert.equal((await renew('first-refresh')).body.error, 'invalid_grant');
    assert.equal((await renew(second.body.refresh_token ?? '')).status, 200);
    at = new Date(at.getTime() + 7_200_000);
    assert.deepEqual([(await call('GET', `${company}/employees`)).status, (await renew('other')).status], [401, 400]);
  });

  it('lists in pages, and unprocessed payrolls only when asked', async () => {
    await sandboxAdmin(() => sandbox.url).seed({ employees: Array.from({ length: 130 }, (_, index) => ({ work_email: `p${index}@example.net` })) });
    const page = await call('GET', `${company}/employees?page=2&per=100`);
    assert.deepEqual([z.array(z.unknown()).parse(page.body['items']).length, page.headers.get('x-total-count'), page.headers.get('x-total-pages')], [34, '134', '2'], 'one of this test, three of the firm, and 130 more');
    const listed = async (query: string) => z.array(z.unknown()).parse((await call('GET', `${company}/payrolls${query}`)).body['items']).length;
    assert.deepEqual([await listed(''), await listed('?processing_statuses=unprocessed&start_date=2026-11-02&end_date=2026-11-07'), await listed('?processing_statuses=unprocessed&start_date=2026-12-27&end_date=2027-01-02'), await listed('?processing_statuses=unprocessed&start_date=2030-01-01')], [0, 2, 1, 0]);
  });

  it('knows its versions, its company and its limit', async () => {
    assert.equal((await call('GET', `${company}/employees`, undefined, { 'x-gusto-api-version': '2023' })).status, 406);
    assert.equal((await call('GET', `/v1/companies/${randomUUID()}/employees`)).status, 404);
    let last = await call('GET', `${company}/employees`);
    for (let times = 0; times < 200 && last.status === 200; times += 1) last = await call('GET', `${company}/employees`);
    assert.deepEqual([last.status, last.headers.get('retry-after')], [429, '60']);
    at = new Date(at.getTime() + 60_001);
    assert.equal((await call('GET', `${company}/employees`)).status, 200);
  });
});
