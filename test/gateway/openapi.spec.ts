import assert from 'node:assert/strict';
import { z } from 'zod';
import { problemSchema } from '../../starters/gateway/problem.ts';
import { TIME_ROUTES } from '../../starters/gateway/time/routes.ts';
import { canonicalRequest, testGateway } from './support.ts';

const mediaTypes = z.record(z.string(), z.looseObject({ example: z.unknown().optional(), examples: z.record(z.string(), z.object({ value: z.unknown() })).optional() }));
const operationSchema = z.looseObject({
  operationId: z.string(),
  summary: z.string(),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  requestBody: z.object({ required: z.boolean(), content: mediaTypes }).optional(),
  responses: z.record(z.string().regex(/^[1-5]\d\d$/), z.looseObject({ description: z.string(), content: mediaTypes })),
});
const documentSchema = z.object({
  openapi: z.string().regex(/^3\.1\.\d$/),
  info: z.looseObject({ title: z.string(), version: z.string() }),
  paths: z.record(z.string().startsWith('/'), z.partialRecord(z.enum(['get', 'post']), operationSchema)),
  components: z.object({ schemas: z.record(z.string(), z.looseObject({})), securitySchemes: z.record(z.string(), z.union([z.looseObject({ type: z.literal('apiKey'), name: z.string() }), z.looseObject({ type: z.literal('http'), scheme: z.literal('bearer') })])) }),
});

async function served() {
  const nothing = () => Promise.reject(new Error('not asked for here'));
  const gateway = testGateway({ timeIntake: { open: nothing, receive: nothing, quarantine: nothing, mended: nothing, seal: nothing, status: nothing, versions: nothing, recordsOfBatch: nothing, answersOf: nothing, answersAfter: nothing } });
  const response = await gateway.app.inject('/openapi.json');
  assert.equal(response.statusCode, 200);
  const document = documentSchema.parse(response.json());
  const operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation: operationSchema.parse(operation) })));
  return { gateway, document, operations, text: response.body };
}

describe('gateway: the served API description', () => {
  it('is complete: every reference leads somewhere and every security scheme is described', async () => {
    const { document, operations, text } = await served();
    for (const [, name] of text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)) assert.ok(document.components.schemas[name ?? ''], `schema ${name ?? ''} is missing`);
    assert.ok(![...text.matchAll(/"\$ref":"([^"]+)"/g)].some(([, target]) => !target?.startsWith('#/components/schemas/')), 'a reference leads outside of the document');
    for (const { operation } of operations) for (const scheme of operation.security.flatMap(Object.keys)) assert.ok(document.components.securitySchemes[scheme]);
    assert.equal(new Set(operations.map(({ operation }) => operation.operationId)).size, operations.length);
  });

  it('covers every route that is offered, and offers every route it covers', async () => {
    const { gateway, operations } = await served();
    const routes = ['GET /', 'GET /healthz', 'GET /metrics', 'GET /openapi.json', 'GET /readyz', 'GET /v1/answers', 'GET /v1/batches/{id}', 'GET /v1/batches/{id}/records', 'GET /v1/expenses/{system}/{id}', 'GET /v1/timesheets/{system}/{id}', 'POST /v1/deals', 'POST /v1/expenses', 'POST /v1/timesheets', 'POST /webhooks/clockify', 'POST /webhooks/hubspot', 'POST /webhooks/lago', 'POST /webhooks/salesforce', 'POST /webhooks/stripe', 'POST /webhooks/{system}'];
    assert.deepEqual(operations.map(({ path, method }) => `${method.toUpperCase()} ${path}`).toSorted(), routes);
    await gateway.app.ready();
    for (const { path, method } of operations) assert.ok(gateway.app.hasRoute({ method: method === 'get' ? 'GET' : 'POST', url: path.replaceAll(/\{(\w+)\}/g, ':$1') }), `${method} ${path}`);
  });

  it('says for every event route which refusals may come, each as a problem document', async () => {
    const { operations } = await served();
    for (const { path, operation } of operations.filter(({ method, path: route }) => method === 'post' && !route.includes('{'))) {
      const statuses = Object.keys(operation.responses).filter((status) => status >= '400');
      const contradictions = path in TIME_ROUTES ? [] : ['409'];
      assert.deepEqual(statuses.toSorted(), ['400', '401', ...contradictions, '413', '415', '422', '429', '503'], path);
      for (const status of statuses) problemSchema.parse(operation.responses[status]?.content['application/problem+json']?.example);
    }
  });

  it('shows examples that the gateway accepts as they stand', async () => {
    const { gateway, operations } = await served();
    const deals = operations.find(({ path }) => path === '/v1/deals');
    const examples = Object.values(deals?.operation.requestBody?.content['application/json']?.examples ?? {});
    assert.ok(examples.length > 0);
    for (const [index, { value }] of examples.entries()) assert.equal((await gateway.app.inject(canonicalRequest(value, { id: `evt_${index}` }))).statusCode, 202);
  });
});
