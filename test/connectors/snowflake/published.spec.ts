import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { z } from 'zod';
import type { WarehouseTable } from '../../../connectors/warehouse-port.ts';
import { callContext } from '../conformance/documents.ts';
import { startAccount, type Account } from './account.ts';

const TABLE: WarehouseTable = { name: 'dim_person', key: ['person'], columns: [{ name: 'person', type: 'text', nullable: false }, { name: 'rate', type: 'decimal', nullable: true }] };
const content = z.object({ content: z.object({ 'application/json': z.object({ schema: z.looseObject({}) }) }) });
const description = z.object({
  paths: z.looseObject({ '/api/v2/statements': z.object({ post: z.object({ requestBody: content, responses: z.record(z.string(), z.looseObject({})) }) }) }),
  components: z.object({ schemas: z.record(z.string(), z.looseObject({})), parameters: z.record(z.string(), z.object({ name: z.string(), in: z.string() })) }),
}).parse(parse(readFileSync(new URL('../../fixtures/vendors/snowflake/sqlapi.yaml', import.meta.url), 'utf8')));

describe('Snowflake, held against its published description', () => {
  const { schemas, parameters } = description.components;
  // The description calls `statementStatusUrl` a URI; the guide's examples, and so the sandbox, have a path.
  const ajv = new Ajv({ strict: false, allErrors: true, formats: { int64: true, uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, uri: /^(https:\/\/|\/)\S+$/ } });
  const operation = description.paths['/api/v2/statements'].post;
  const holds = (schema: object, value: unknown) => {
    const check = ajv.compile(schema);
    assert.ok(check(value), ajv.errorsText(check.errors));
  };
  let account: Account;
  before(async () => {
    account = await startAccount({ partitionRows: 1 });
    const port = account.connect();
    await port.prepare([TABLE], callContext());
    await port.merge(TABLE, [{ person: 'ada@northwind-consulting.example', rate: '90.5' }], callContext());
    await port.totals(TABLE, callContext());
  });
  after(() => account?.close());

  it('sends only bodies that it describes', async () => {
    const { statements = [] } = await account.admin.state();
    assert.ok(statements.length >= 4);
    const schema = operation.requestBody.content['application/json'].schema;
    const known = Object.keys(z.looseObject({ properties: z.looseObject({}) }).parse(schema).properties);
    for (const statement of statements) {
      const body = z.looseObject({}).parse(statement['body']);
      holds(schema, body);
      assert.deepEqual(Object.keys(body).filter((field) => !known.includes(field)), []);
    }
  });

  it('asks only paths and parameters that it describes, but for "retry", which the guide describes', async () => {
    const named = new Set(Object.values(parameters).filter((parameter) => parameter.in === 'query').map(({ name }) => name));
    for (const { url, method } of await account.admin.requests()) {
      const { pathname, searchParams } = new URL(url, account.url);
      assert.match(`${method} ${pathname}`, /^(POST \/api\/v2\/statements|GET \/api\/v2\/statements\/[0-9a-f-]{36}|POST \/api\/v2\/statements\/[0-9a-f-]{36}\/cancel)$/);
      assert.deepEqual([...searchParams.keys()].filter((name) => !named.has(name)), searchParams.has('retry') ? ['retry'] : []);
      const requestId = searchParams.get('requestId');
      if (requestId !== null) holds({ type: 'string', format: 'uuid' }, requestId);
    }
  });

  it('is answered by the sandbox in the shapes that it describes', async () => {
    const headers = { authorization: `Bearer ${account.programmaticAccessToken}`, 'x-snowflake-authorization-token-type': 'PROGRAMMATIC_ACCESS_TOKEN', 'content-type': 'application/json', 'user-agent': 'test/1.0' };
    const post = async (statement: string, query = '') => {
      const answer = await fetch(`${account.url}/api/v2/statements${query}`, { method: 'POST', headers, body: JSON.stringify({ statement, database: 'ANALYTICS', schema: 'Q2C', warehouse: 'LOADING', role: 'Q2C_LOADER' }) });
      return { status: answer.status, body: await answer.json() };
    };
    const wrapped = (schema: string) => ({ ...schemas[schema], components: { schemas } });
    const done = await post('SELECT COUNT(*) AS N FROM DIM_PERSON');
    assert.equal(done.status, 200);
    holds(nullsAllowed(wrapped('ResultSet')), done.body);
    const running = await post('SELECT COUNT(*) AS N FROM DIM_PERSON', '?async=true');
    assert.equal(running.status, 202);
    holds(wrapped('QueryStatus'), running.body);
    const refused = await post('DROP TABLE DIM_PERSON');
    assert.equal(refused.status, 422);
    holds(wrapped('QueryFailureStatus'), refused.body);
  });
});

/** OpenAPI 3.0 says `nullable: true` where JSON schema lists "null"; the description leaves it out for precision, scale and length, which are null for most types. */
function nullsAllowed(schema: object): object {
  return z.looseObject({}).parse(JSON.parse(JSON.stringify(schema), (_key, value: unknown) => {
    const typed = z.looseObject({ type: z.enum(['string', 'integer']) }).safeParse(value);
    return typed.success ? { ...typed.data, type: [typed.data.type, 'null'] } : value;
  }));
}
