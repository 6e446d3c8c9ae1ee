import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Exchange } from '../conformance/exchanges.ts';
import { exchangeMistakes, shapeMistakes, shapesSchema } from '../conformance/shapes.ts';
import { everything } from './everything.ts';

const shapes = shapesSchema.parse(JSON.parse(readFileSync(new URL('../../fixtures/vendors/harvest/shapes.json', import.meta.url), 'utf8')));
const nameOf = ({ method, path }: Exchange) => `${method} ${path.replace(/\/\d+(?=\/|$)/g, '/{id}')}`;

describe('Harvest, held against the shapes compared with its published description', function () {
  this.timeout(60_000);
  let exchanges: readonly Exchange[];
  before(async () => {
    exchanges = await everything();
  });

  it('is sent no operation, parameter or field that is not written down', () => {
    assert.deepEqual(exchangeMistakes(shapes, exchanges, nameOf).sent, []);
    assert.deepEqual(Object.keys(shapes).filter((operation) => !exchanges.some((exchange) => nameOf(exchange) === operation)), [], 'every operation is called');
  });

  it('is answered by the sandbox with the fields and types that are written down', () => {
    assert.deepEqual(exchangeMistakes(shapes, exchanges, nameOf).answered, []);
  });

  it('would be found out where a name or a type were wrong', () => {
    const body = shapes['POST /v2/projects']?.body ?? assert.fail('no shape');
    assert.deepEqual(shapeMistakes(body, { name: 'Rollout', client: 1, is_billable: 'yes' }, 'a project'), ['a project.client is not known', 'a project.is_billable is string, not boolean']);
  });
});
