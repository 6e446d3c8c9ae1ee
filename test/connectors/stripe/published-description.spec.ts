import { Ajv, type ValidateFunction } from 'ajv';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { isUnsupported } from '../../../connectors/ports.ts';
import { STRIPE_VERSION } from '../../../connectors/stripe/client.ts';
import { createStripe } from '../../../connectors/stripe/index.ts';
import { nestedOf } from '../../../sandbox/stripe/params.ts';
import { callContext, dealOf, silent } from '../conformance/documents.ts';
import { invoiceOf } from '../conformance/receivables-documents.ts';
import { everyRequest } from './everything.ts';
import type { Recorded } from './recording.ts';
import { startStripeMock, type StripeMock } from './stripe-mock.ts';

const json = z.record(z.string(), z.unknown());
const operationSchema = z.object({ operationId: z.string(), parameters: z.array(z.looseObject({ name: z.string(), in: z.enum(['query', 'path']), required: z.boolean().optional(), schema: json })), requestBody: z.record(z.string(), json).optional() });
const descriptionSchema = z.object({ info: z.looseObject({ version: z.string() }), paths: z.record(z.string(), z.record(z.string(), operationSchema)) });
type Operation = z.infer<typeof operationSchema>;

/** Stripe describes objects inside objects as open; for us an unknown name is a mistake at any depth. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, closed(value)]));
  return 'properties' in inner && !('additionalProperties' in inner) ? { ...inner, additionalProperties: false } : inner;
}

const description = descriptionSchema.parse(JSON.parse(readFileSync(new URL('../../fixtures/vendors/stripe/openapi-cut.json', import.meta.url), 'utf8')));
const ajv = new Ajv({ strict: false, coerceTypes: true, validateFormats: false, allErrors: true });
const validators = new Map<string, { readonly path: RegExp; readonly method: string; readonly id: string; readonly query: ValidateFunction; readonly body: ValidateFunction }>();
for (const [path, operations] of Object.entries(description.paths)) {
  for (const [method, operation] of Object.entries(operations)) {
    validators.set(operation.operationId, { path: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '(?!search$)[^/]+')}$`), method: method.toUpperCase(), id: operation.operationId, query: ajv.compile(querySchema(operation)), body: ajv.compile(bodySchema(operation)) });
  }
}

function querySchema({ parameters }: Operation): object {
  const inQuery = parameters.filter((parameter) => parameter.in === 'query');
  return { type: 'object', additionalProperties: false, properties: Object.fromEntries(inQuery.map(({ name, schema }) => [name, closed(schema)])), required: inQuery.filter(({ required }) => required === true).map(({ name }) => name) };
}
function bodySchema({ requestBody }: Operation): object {
  const schema = requestBody?.['application/x-www-form-urlencoded'];
  return schema === undefined ? { type: 'object', maxProperties: 0 } : z.record(z.string(), z.unknown()).parse(closed(schema));
}

function mistakesIn({ method, url, body }: Recorded): { readonly operation: string | null; readonly mistakes: readonly string[] } {
  const [path = '', query = ''] = url.split('?');
  const operation = [...validators.values()].find((each) => each.method === method && each.path.test(path));
  if (operation === undefined) return { operation: null, mistakes: [`${method} ${path} is no operation of the description`] };
  const mistakes = [
    [operation.query, query],
    [operation.body, body],
  ] as const;
  return { operation: operation.id, mistakes: mistakes.flatMap(([validate, text]) => (validate(nestedOf(text)) ? [] : (validate.errors ?? []).map((error) => `${method} ${path}: ${error.instancePath} ${error.message ?? ''} ${JSON.stringify(error.params)}`))) };
}

describe("What the connector sends, by Stripe's own description", function () {
  this.timeout(60_000);
  let requests: readonly Recorded[];

  before(async () => {
    requests = await everyRequest();
  });

  it('is of the version that the description is of', () => {
    assert.equal(description.info.version, STRIPE_VERSION);
    assert.deepEqual(new Set(requests.map(({ headers }) => headers['stripe-version'])), new Set([STRIPE_VERSION]));
  });

  it('has no parameter that Stripe does not know, and all that it needs', () => {
    const seen = requests.map(mistakesIn);
    assert.deepEqual(seen.flatMap(({ mistakes }) => mistakes), []);
    assert.deepEqual(new Set(seen.map(({ operation }) => operation)), new Set(validators.keys()), 'every operation of the cut is used, and no other');
  });

  it('would be found out where a parameter were wrong', () => {
    const recorded: Recorded = { method: 'POST', url: '/v1/invoices/in_1/add_lines', headers: {}, body: 'lines[0][amount]=100&lines[0][qty]=2' };
    assert.equal(mistakesIn(recorded).mistakes.length, 1);
    assert.equal(mistakesIn({ ...recorded, body: 'lines[0][amount]=ten' }).mistakes.length > 0, true);
    assert.equal(mistakesIn({ ...recorded, body: '' }).mistakes.length > 0, true);
    assert.equal(mistakesIn({ ...recorded, method: 'GET', url: '/v1/invoices?metadata[a]=b', body: '' }).mistakes.length, 1);
  });

  it('carries an idempotency key with every POST, each for one request', () => {
    const posts = requests.filter(({ method }) => method === 'POST');
    assert.ok(posts.length > 20);
    assert.equal(new Set(posts.map(({ headers }) => headers['idempotency-key'])).size, posts.length);
    assert.ok(posts.every(({ headers }) => (headers['idempotency-key'] ?? '').length > 0 && (headers['idempotency-key'] ?? '').length <= 255));
  });

  describe("by Stripe's own mock", () => {
    let mock: StripeMock | null = null;

    before(async function () {
      this.timeout(180_000);
      const started = await startStripeMock();
      if ('missing' in started) {
        console.warn(`\n    *** NOT PROVEN HERE: stripe-mock is not on this machine (${started.missing}). Requests were validated against the cut description only. ***\n`);
        this.skip();
      }
      mock = started;
    });
    after(() => mock?.close());

    it('gets answers that the connector understands', async () => {
      assert.ok(mock !== null);
      const credentials = { secretKey: 'sk_test_123' };
      const port = createStripe({ system: 'stripe', baseUrl: mock.url, credentials, options: {}, log: silent, limits: { concurrency: 2, requestsPerSecond: null, timeoutSeconds: 20 } });
      const { customer } = dealOf('mock');
      const references = { customers: { [customer.id]: 'cus_1' }, contracts: {}, projects: {} };
      const document = invoiceOf('mock', { today: new Date().toISOString().slice(0, 10), customerId: customer.id });
      assert.equal(await port.customer.find({ document: customer, references }, callContext()), null);
      assert.match((await port.customer.write({ document: customer, references }, null, callContext())).externalId, /^cus_/);
      assert.equal(await port.invoice.find({ document, references }, callContext()), null);
      const written = await port.invoice.write({ document, references }, null, callContext());
      assert.match(written.externalId, /^in_/);
      assert.ok((await port.standing({ document, externalId: written.externalId }, callContext())).status !== 'voided');
      assert.ok(!isUnsupported(port.payments));
      for (const days of [1, 40]) {
        const since = new Date(Date.now() - days * 86_400_000).toISOString();
        for await (const { payment } of port.payments(since, callContext())) assert.ok(payment.externalId !== '');
      }
    });

    it('is answered, each request, with 200', async () => {
      assert.ok(mock !== null);
      for (const { method, url, headers, body } of requests) {
        // The mock knows no webhooks nor keys: any key of the test mode will do.
        const answer = await fetch(`${mock.url}${url}`, { method, headers: { ...headers, authorization: 'Bearer sk_test_123' }, ...(body === '' ? {} : { body }) });
        assert.equal(answer.status, 200, `${method} ${url} ${body}: ${await answer.text()}`);
      }
    });
  });
});
