import assert from 'node:assert/strict';
import { parse } from 'yaml';
import type { WarehouseTable } from '../../../connectors/warehouse-port.ts';
import { vendorDescription } from '../../support/vendor-descriptions.ts';
import { callContext } from '../conformance/documents.ts';
import { failureOf } from '../conformance/records.ts';
import { startAccount, type Account } from './account.ts';
import { misfits, OURS } from './description.ts';
import { differences } from './differences.ts';
import type { Exchange } from './exchanges.ts';

const TABLE: WarehouseTable = { name: 'dim_person', key: ['person'], columns: [{ name: 'person', type: 'text', nullable: false }, { name: 'rate', type: 'decimal', nullable: true }] };
const PUBLISHED = vendorDescription('snowflake/sqlapi.yaml');
/** What the guide or its examples have otherwise than the published description: test/fixtures/vendors/snowflake/README.md. */
const BY_THE_GUIDE = [
  'POST /api/v2/statements: query retry is not described',
  'result.statementStatusUrl: is a uri',
  ...['length', 'precision', 'scale'].map((name) => `result.resultSetMetaData.rowType[].${name}: null is not among integer`),
  ...['database', 'schema', 'table', 'byteLength', 'collation'].map((name) => `result.resultSetMetaData.rowType[].${name}: is not described`),
  'running.statementStatusUrl: is a uri',
  'failed.statementStatusUrl: is a uri',
  'GET /api/v2/statements/{statementHandle}: 408 is not described',
  'cancelled.statementStatusUrl: is a uri',
];
const HANDLE = 'e4ce975e-f7ff-4b5e-b15e-bf25f59371ae';

describe("Snowflake's SQL API, as it is described", function () {
  this.timeout(20_000);
  let account: Account;
  let sent: Exchange;
  let answered: Exchange;
  before(async () => {
    account = await startAccount({ partitionRows: 1 });
    const port = account.connect();
    await port.prepare([TABLE], callContext());
    await port.prepare([TABLE], callContext());
    await port.merge(TABLE, [{ person: 'ada@northwind-consulting.example', rate: '90.5' }], callContext());
    await account.mode('slow');
    await port.totals(TABLE, callContext());
    await account.mode('statement-timeout');
    await failureOf(() => port.totals(TABLE, callContext()));
    await account.mode('default');
    await failureOf(() => account.connect(account.keyPair, { warehouse: 'NOWHERE' }).totals(TABLE, callContext()));
    sent = account.exchanges.find(({ body }) => body.includes('bindings')) ?? assert.fail('nothing was bound');
    answered = account.exchanges.find(({ status, url, body }) => status === 200 && !url.includes('partition') && body.includes('MERGE')) ?? assert.fail('nothing was merged');
  });
  after(() => account?.close());

  it('has all that the connector asked, and all that the sandbox answered', () => {
    const seen = new Set(account.exchanges.map(({ method, url, status }) => `${method} ${url.includes('partition=') ? 'partition' : /statements\/./.test(url) ? 'handle' : 'statement'} ${status}`));
    assert.deepEqual([...seen].toSorted(), ['GET handle 200', 'GET handle 202', 'GET partition 200', 'POST statement 200', 'POST statement 202', 'POST statement 408', 'POST statement 422']);
    assert.deepEqual(misfits(account.exchanges), []);
  });

  it('is in our words part of what Snowflake publishes (needs it at hand: test/fixtures/vendors/snowflake/README.md)', function () {
    if (PUBLISHED === undefined) this.skip();
    assert.deepEqual(differences(parse(PUBLISHED)), BY_THE_GUIDE);
  });

  it('would be found to differ from what Snowflake publishes', () => {
    const content = (schema: object) => ({ content: { 'application/json': { schema } } });
    const post = { requestBody: content({ $ref: '#/components/schemas/Statement' }), responses: { 200: content({ type: 'object', required: ['requestId'], properties: { requestId: {}, code: { type: 'integer' } } }) } };
    const document = { paths: { '/api/v2/statements': { parameters: [{ name: 'requestId', in: 'query', schema: { type: 'string', format: 'uuid' } }, { name: 'Accept', in: 'header', required: true, schema: { type: 'string' } }], post } }, components: { schemas: { Statement: { type: 'object', properties: { statement: { type: 'array' }, timeout: { type: 'integer', format: 'int64', minimum: 1 } } } } } };
    const found = differences(document);
    for (const expected of ['POST /api/v2/statements: query async is not described', 'POST /api/v2/statements: header User-Agent is not described', 'POST /api/v2/statements: header Accept is required', 'body.statement: string is not among array', 'body.timeout: is at least 1', 'body.warehouse: is not described', 'result.code: string is not among integer', 'result.requestId: is required', 'result.data: is not described', 'POST /api/v2/statements: 202 is not described', 'POST /api/v2/statements/{statementHandle}/cancel: is not described']) assert.ok(found.includes(expected), `${expected} is not in ${found.join('; ')}`);
    assert.ok(!found.some((each) => each.includes('requestId is not described')), found.join('; '));
  });

  it('leaves no object open but for what is bound and the headers', () => {
    const open: string[] = [];
    const walk = (value: unknown, path: string): void => {
      if (typeof value !== 'object' || value === null) return;
      if ('type' in value && value.type === 'object' && (!('additionalProperties' in value) || value.additionalProperties !== false)) open.push(path);
      for (const [name, part] of Object.entries(value)) walk(part, `${path}/${name}`);
    };
    walk(OURS, '');
    assert.deepEqual(open, ['/headers', '/$defs/statement/properties/bindings']);
  });

  const changed = (change: (body: Record<string, unknown>) => object): Exchange => ({ ...sent, body: JSON.stringify(change(JSON.parse(sent.body))) });
  const other = (change: object): Exchange => ({ ...answered, answer: { ...Object(answered.answer), ...change } });
  for (const [what, exchange, expected] of [
    ['an unknown field of a body', () => changed((body) => ({ ...body, pageSize: 10 })), /asked: .*"additionalProperty":"pageSize"/],
    ['a wrong type', () => changed((body) => ({ ...body, timeout: '60' })), /asked: .*\/timeout must be integer/],
    ['a missing field', () => changed(({ warehouse: _, ...body }) => body), /asked: .*"missingProperty":"warehouse"/],
    ['an unknown session parameter', () => changed((body) => ({ ...body, parameters: { timezone: 'UTC', query_tag: 'q2c', rows_per_resultset: 1 } })), /asked: .*"additionalProperty":"rows_per_resultset"/],
    ['a bound value that is no text', () => changed((body) => ({ ...body, bindings: { 1: { type: 'TEXT', value: 1 } } })), /asked: .*\/bindings\/1\/value must be string/],
    ['a binding without its number', () => changed((body) => ({ ...body, bindings: { person: { type: 'TEXT', value: '1' } } })), /asked: .*property name must be valid/],
    ['no body', () => ({ ...sent, body: '' }), /asked: .*no body/],
    ['an unknown parameter', () => ({ ...sent, url: '/api/v2/statements?pageSize=10' }), /asked: .*pageSize is no parameter/],
    ['a parameter of another type', () => ({ ...sent, url: '/api/v2/statements?requestId=7' }), /asked: .*requestId must be string/],
    ['a request ID that is no UUID', () => ({ ...sent, url: '/api/v2/statements?requestId=one' }), /asked: .*requestId must match format "uuid"/],
    ['a request without a name of its sender', () => ({ ...sent, headers: {} }), /asked: .*"missingProperty":"User-Agent"/],
    ['an unknown kind of token', () => ({ ...sent, headers: { ...sent.headers, 'x-snowflake-authorization-token-type': 'JWT' } }), /asked: .*X-Snowflake-Authorization-Token-Type must be equal to one of/],
    ['an unknown address', () => ({ ...sent, url: '/api/v2/statement' }), /POST \/api\/v2\/statement is not described/],
    ['an unknown verb', () => ({ ...sent, url: `/api/v2/statements/${HANDLE}`, method: 'DELETE' }), /DELETE .* is not described/],
    ['a body where there is none', () => ({ ...sent, url: `/api/v2/statements/${HANDLE}/cancel`, status: 0 }), /asked: .*a body where there is none/],
    ['an answer with an unknown field', () => other({ rows: [] }), /answered: .*"additionalProperty":"rows"/],
    ['numbers where texts are answered', () => other({ data: [[1]] }), /answered: .*\/data\/0\/0 must be string,null/],
    ['an answer without its columns', () => other({ resultSetMetaData: { format: 'jsonv2', numRows: 1, partitionInfo: [{ rowCount: 1, uncompressedSize: 9 }] } }), /answered: .*"missingProperty":"rowType"/],
    ['an answer of a running statement where it has ended', () => ({ ...answered, status: 202 }), /answered: .*"additionalProperty":"resultSetMetaData"/],
    ['another status', () => ({ ...answered, status: 201 }), /answered: .*201 is not described/],
    ['a refusal in another shape', () => ({ ...answered, status: 429, answer: { error: 'too many' } }), /answered: .*"missingProperty":"message"/],
  ] as const) {
    it(`finds ${what}`, () => {
      assert.match(misfits([exchange()]).join('\n'), expected);
    });
  }
});
