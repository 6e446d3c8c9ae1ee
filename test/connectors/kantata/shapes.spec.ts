import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { z } from 'zod';
import { everythingSaid } from './everything.ts';
import { startAccount, type Exchange } from './support.ts';

const schema = z.looseObject({});
const shapes = z.object({
  common: z.object({ query: z.array(z.string()), most_per_page: z.number() }),
  operations: z.record(z.string(), z.object({ query: z.array(z.string()).default([]), include: z.array(z.string()).default([]), order: z.array(z.string()).default([]), body: schema.optional() })),
  objects: z.record(z.string(), schema),
}).parse(JSON.parse(readFileSync(new URL('../../fixtures/vendors/kantata/shapes.json', import.meta.url), 'utf8')));
const envelope = z.looseObject({ count: z.number(), meta: schema, results: z.array(z.object({ key: z.string(), id: z.string() })) });

describe('Kantata, held against the shapes written down from its reference', () => {
  const ajv = new Ajv({ strict: false, allErrors: true, formats: { date: /^\d{4}-\d\d-\d\d$/, 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/ } });
  const holds = (shape: object, value: unknown, about: string) => {
    const check = ajv.compile(shape);
    assert.ok(check(value), `${about}: ${ajv.errorsText(check.errors)} ${JSON.stringify(value)}`);
  };
  const operationOf = ({ method, path }: Exchange) => `${method} ${path.replace(/\/\d+(?=\/|$)/, '/{id}')}`;
  let said: readonly Exchange[] = [];

  before(async () => {
    const account = await startAccount();
    try {
      said = await everythingSaid(account);
    } finally {
      await account.sandbox.close();
    }
  });

  it('sends only operations, parameters and associations that are written down', () => {
    const seen = new Set(said.map(operationOf));
    assert.deepEqual([...seen].filter((operation) => shapes.operations[operation] === undefined), []);
    assert.ok(seen.size >= 38, `${seen.size} operations`);
    for (const exchange of said) {
      const operation = operationOf(exchange);
      const { query = [], include = [], order = [] } = shapes.operations[operation] ?? {};
      for (const [name, value] of exchange.query) {
        assert.ok([...query, ...shapes.common.query].includes(name), `${operation}: ${name}`);
        if (name === 'include') assert.deepEqual(value.split(',').filter((association) => !include.includes(association)), [], operation);
        if (name === 'order') assert.ok(order.includes(value), `${operation}: ${value}`);
        if (name === 'per_page') assert.ok(Number(value) <= shapes.common.most_per_page, operation);
        if (name === 'only') assert.ok(value !== '', operation);
      }
    }
  });

  it('sends only bodies as they are written down', () => {
    for (const exchange of said) {
      const operation = operationOf(exchange);
      const { body } = shapes.operations[operation] ?? {};
      if (body !== undefined) holds(body, exchange.body, operation);
      else assert.equal(exchange.body, undefined, operation);
    }
  });

  it('is answered by the sandbox in the envelope and with the objects that are written down', () => {
    const kinds = new Set<string>();
    for (const exchange of said.filter(({ status }) => status === 200)) {
      const operation = operationOf(exchange);
      if (operation.endsWith('/publish')) continue;
      const { count, meta, results, ...collections } = envelope.parse(exchange.answer);
      holds({ type: 'object', required: ['count', 'page_count', 'page_number', 'page_size'] }, meta, operation);
      assert.ok(results.length <= count);
      const byKind = z.record(z.string(), z.record(z.string(), z.looseObject({ id: z.string() }))).parse(collections);
      for (const { key, id } of results) assert.equal(byKind[key]?.[id]?.id, id, operation);
      for (const [kind, objects] of Object.entries(byKind)) {
        kinds.add(kind);
        const shape = shapes.objects[kind];
        assert.ok(shape !== undefined, kind);
        for (const [id, object] of Object.entries(objects)) {
          assert.equal(object.id, id);
          holds(shape, object, `${operation} ${kind}`);
        }
      }
    }
    assert.deepEqual(Object.keys(shapes.objects).filter((kind) => !kinds.has(kind)), []);
  });
});
