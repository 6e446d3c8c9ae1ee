import assert from 'node:assert/strict';
import fc from 'fast-check';
import { caseActionSchema, ownerRoleSchema } from '../../domain/config/schema.ts';
import { readResolution } from '../../domain/process/read-resolution.ts';
import { resolutionSchema } from '../../domain/process/resolution.ts';
import { bundleWorkflowsApart } from '../../workers/bundle.ts';
import { theBundle } from '../support/temporal.ts';

describe('What every run of a workflow evaluates and keeps', () => {
  it('is free of the schema library and the configuration\'s schemas', async function () {
    this.timeout(60_000);
    const modules = [...(await theBundle()).code.matchAll(/^\/\*\*\*\/ "\.\/([^"]+)"/gm)].map(([, name = '']) => name);
    assert.ok(modules.includes('workflows/closed-won.ts'), 'the bundle names its modules');
    assert.deepEqual(modules.filter((name) => name.startsWith('node_modules/zod/') || name.startsWith('domain/config/')), []);
  });

  it('is the same when it is bundled in a process of its own', async function () {
    this.timeout(60_000);
    const apart = await bundleWorkflowsApart();
    assert.equal(apart.code.length, (await theBundle()).code.length);
  });

  it('reads a resolution exactly as its schema does', () => {
    const text = fc.oneof(fc.constantFrom('', ' ', ' why '), fc.string());
    const field = (good: fc.Arbitrary<unknown>) => fc.oneof({ weight: 4, arbitrary: good }, { weight: 1, arbitrary: fc.constantFrom(undefined, null, 7, {}, 'toString') });
    const wish = fc.record({
      action: field(fc.constantFrom(...caseActionSchema.options)),
      by: field(text),
      reason: field(text),
      role: field(fc.constantFrom(undefined, ...ownerRoleSchema.options)),
      externalId: field(fc.option(text, { nil: undefined })),
      system: field(fc.option(text, { nil: undefined })),
      unknown: fc.anything(),
    }, { requiredKeys: [] });
    fc.assert(fc.property(fc.oneof({ weight: 9, arbitrary: wish }, { weight: 1, arbitrary: fc.constantFrom(null, undefined, 'retry', 5, []) }), (value) => {
      const [told, read] = [resolutionSchema.safeParse(value), readResolution(value)];
      assert.equal(read.success, told.success);
      if (read.success && told.success) assert.deepEqual(read.resolution, Object.fromEntries(Object.entries(told.data).filter(([, part]) => part !== undefined)));
    }), { numRuns: 2000 });
  });
});
