import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';
import { scim } from '../../../sandbox/scim/sandbox.ts';

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const FIRM = 'urn:ietf:params:scim:schemas:extension:northwind:2.0:User';
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const bodySchema = z.record(z.string(), z.unknown());
const listSchema = z.looseObject({ totalResults: z.number(), itemsPerPage: z.number(), nextCursor: z.string().optional(), Resources: z.array(z.looseObject({ id: z.string(), userName: z.string() })).default([]) });

describe('The SCIM sandbox', () => {
  const token = randomBytes(18).toString('base64url');
  let running: RunningSandbox;
  const start = async (options: object = {}) => (running = await startSandbox(scim, { port: 0, options: { token, ...options } }));
  afterEach(async () => running?.close());
  const call = async (method: string, path: string, body?: object, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${running.url}/scim/v2${path}`, { method, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json', ...headers }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text === '' ? {} : bodySchema.parse(JSON.parse(text)) };
  };
  const list = async (query: Record<string, string>) => listSchema.parse((await call('GET', `/Users?${new URLSearchParams(query).toString()}`)).body);
  const make = async (userName: string, more: object = {}) => {
    const { body } = await call('POST', '/Users', { schemas: [CORE], userName, ...more });
    return z.looseObject({ id: z.string(), meta: z.looseObject({ version: z.string() }) }).parse(body);
  };
  const patch = (id: string, operations: readonly object[], headers: Record<string, string> = {}) => call('PATCH', `/Users/${id}`, { schemas: [PATCH_OP], Operations: operations }, headers);

  it('refuses who has no token, with the error message of RFC 7644', async () => {
    await start();
    const { status, body, headers } = await call('GET', '/Users', undefined, { authorization: 'Bearer wrong' });
    assert.deepEqual([status, body['schemas'], body['status']], [401, ['urn:ietf:params:scim:api:messages:2.0:Error'], '401']);
    assert.match(headers.get('content-type') ?? '', /^application\/scim\+json/);
  });

  it('filters by the operators of RFC 7644, by extension and by what is in a list', async () => {
    await start();
    await make('bjensen', { title: 'Tour Guide', active: false, emails: [{ value: 'b@home.example', type: 'home' }, { value: 'b@work.example', type: 'work' }], [ENTERPRISE]: { employeeNumber: '701984' } });
    for (const [filter, found] of [
      ['userName eq "BJENSEN"', 1], ['userName sw "bj" and active eq false', 1], ['title pr', 1], ['title co "guide"', 1], ['userName eq "x" or userName ew "sen"', 1], ['not (userName pr)', 0],
      ['emails[type eq "work" and value co "@work"]', 1], ['emails[type eq "home" and value co "@work"]', 0], ['emails.value eq "b@home.example"', 1], [`${ENTERPRISE}:employeeNumber eq "701984"`, 1],
      ['meta.lastModified ge "2020-01-01T00:00:00+02:00"', 7], ['meta.lastModified lt "2020-01-01T00:00:00Z"', 0], ['userName ne "bjensen"', 6], ['(userName eq "bjensen")', 1],
    ] as const) assert.equal((await list({ filter })).totalResults, found, filter);
    for (const filter of ['userName', 'userName eq bjensen', 'nothing eq "1"', 'userName eq "a" "b"', '(userName pr', 'meta.lastModified ge "yesterday"', 'userName is "a"', '']) {
      const { status, body } = await call('GET', `/Users?${new URLSearchParams({ filter }).toString()}`);
      assert.deepEqual([status, body['scimType']], [400, 'invalidFilter'], filter);
    }
  });

  it('pages by index from 1, with no more than it says at a time', async () => {
    await start({ maxResults: 4 });
    const first = await list({ startIndex: '0', count: '1000', sortBy: 'userName' });
    const second = await list({ startIndex: '5', count: '1000', sortBy: 'userName' });
    assert.deepEqual([first.totalResults, first.Resources.length, second.Resources.length, (await list({ startIndex: '7' })).Resources.length, (await list({ count: '0' })).totalResults], [6, 4, 2, 0, 6]);
    const names = [...first.Resources, ...second.Resources].map(({ userName }) => userName);
    assert.deepEqual(names, names.toSorted());
  });

  it('pages by cursor until there is no next one, and forgets cursors', async () => {
    await start({ cursor: true });
    const first = await list({ cursor: '', count: '4' });
    assert.ok(first.nextCursor !== undefined);
    const second = await list({ cursor: first.nextCursor, count: '4' });
    assert.deepEqual([first.Resources.length, second.Resources.length, second.nextCursor], [4, 2, undefined]);
    const { status, body } = await call('GET', '/Users?cursor=unknown');
    assert.deepEqual([status, body['scimType']], [400, 'expiredCursor']);
  });

  it('takes one user of a name, in whatever case', async () => {
    await start();
    await make('ada');
    const { status, body } = await call('POST', '/Users', { schemas: [CORE], userName: 'ADA' });
    assert.deepEqual([status, body['scimType']], [409, 'uniqueness']);
    const invalid = await call('POST', '/Users', { schemas: [CORE] });
    assert.deepEqual([invalid.status, invalid.body['scimType']], [400, 'invalidValue']);
  });

  it('patches as RFC 7644 has it, wholly or not at all', async () => {
    await start();
    const { id } = await make('ada', { emails: [{ value: 'a@home.example', type: 'home' }, { value: 'a@work.example', type: 'work' }] });
    const after = await patch(id, [
      { op: 'Replace', path: 'emails[type eq "work"].value', value: 'ada@work.example' },
      { op: 'replace', path: `${ENTERPRISE}:costCenter`, value: '4130' },
      { op: 'add', path: 'emails', value: [{ value: 'a@other.example', type: 'other' }] },
      { op: 'remove', path: 'emails[type eq "home"]' },
      { op: 'replace', value: { displayName: 'Ada', active: false } },
    ]);
    assert.equal(after.status, 200, JSON.stringify(after.body));
    assert.deepEqual([after.body['emails'], after.body[ENTERPRISE], after.body['displayName'], after.body['active'], after.body['schemas']], [[{ value: 'ada@work.example', type: 'work' }, { value: 'a@other.example', type: 'other' }], { costCenter: '4130' }, 'Ada', false, [CORE, ENTERPRISE]]);
    for (const [operation, scimType] of [
      [{ op: 'replace', path: 'nothing', value: 1 }, 'invalidPath'], [{ op: 'replace', path: 'emails[type eq "none"].value', value: 'x' }, 'noTarget'], [{ op: 'replace', path: 'id', value: 'x' }, 'mutability'],
      [{ op: 'replace', path: `${FIRM}:legalEntity`, value: 'US01' }, 'mutability'], [{ op: 'replace', path: 'active', value: 'yes' }, 'invalidValue'], [{ op: 'move', path: 'active' }, 'invalidSyntax'], [{ op: 'remove' }, 'noTarget'],
    ] as const) {
      const refused = await patch(id, [{ op: 'replace', path: 'displayName', value: 'Half done' }, operation]);
      assert.deepEqual([refused.status, refused.body['scimType']], [400, scimType], JSON.stringify(operation));
    }
    assert.equal((await call('GET', `/Users/${id}`)).body['displayName'], 'Ada');
  });

  it('changes nothing upon a version that is no longer there', async () => {
    await start();
    const { id, meta } = await make('ada');
    assert.equal((await patch(id, [{ op: 'replace', path: 'displayName', value: 'Ada' }], { 'if-match': meta.version })).status, 200);
    for (const method of ['PATCH', 'PUT', 'DELETE']) {
      const body = method === 'PATCH' ? { schemas: [PATCH_OP], Operations: [{ op: 'replace', path: 'displayName', value: 'Bea' }] } : { schemas: [CORE], userName: 'ada' };
      assert.equal((await call(method, `/Users/${id}`, method === 'DELETE' ? undefined : body, { 'if-match': meta.version })).status, 412, method);
    }
    assert.equal((await call('DELETE', `/Users/${id}`)).status, 204);
    assert.equal((await call('GET', `/Users/${id}`)).status, 404);
  });

  it('limits requests, names the wait, and does not read other content types', async () => {
    await start({ requestsPerMinute: 2 });
    assert.equal((await call('POST', '/Users', { schemas: [CORE], userName: 'ada' }, { 'content-type': 'text/plain' })).status, 415);
    await call('GET', '/Users');
    const { status, headers } = await call('GET', '/Users');
    assert.equal(status, 429);
    assert.ok(Number(headers.get('retry-after')) >= 1);
  });

  it('says what it offers', async () => {
    await start({ patch: false, filter: false });
    const { body } = await call('GET', '/ServiceProviderConfig');
    assert.deepEqual([body['patch'], body['filter']], [{ supported: false }, { supported: false, maxResults: 200 }]);
    assert.equal((await call('PATCH', '/Users/1', {})).status, 501);
    assert.equal((await call('GET', '/Users?filter=userName%20pr')).body['scimType'], 'invalidFilter');
  });
});
