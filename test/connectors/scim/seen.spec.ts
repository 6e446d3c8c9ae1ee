import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createSeen } from '../../../connectors/scim/seen.ts';

const ids = fc.array(fc.string({ unit: 'binary', maxLength: 3 }), { maxLength: 60 });

describe('Who was seen in a list', () => {
  it('is told as by two sets of IDs: of all passes, and of this one', () => {
    fc.assert(
      fc.property(fc.array(ids, { maxLength: 5 }), fc.integer({ min: 0, max: 5_000 }), (passes, expected) => {
        const seen = createSeen();
        const all = new Set<string>();
        for (const [index, pass] of passes.entries()) {
          if (index > 0) seen.nextPass();
          if (index === 1) seen.expect(expected);
          const now = new Set<string>();
          for (const id of pass) {
            assert.equal(seen.hasInPass(id), now.has(id));
            assert.equal(seen.add(id), !all.has(id));
            all.add(id);
            now.add(id);
          }
          assert.deepEqual([seen.size, seen.inPass], [all.size, now.size]);
        }
      }),
      { seed: 20_261_121, numRuns: 100 },
    );
  });

  it('costs fewer than 64 bytes an ID outside the heap, taken at once where it was told how many come', () => {
    const held = () => process.memoryUsage().arrayBuffers;
    const before = held();
    const seen = createSeen();
    seen.expect(100_000);
    const told = held();
    for (let number = 0; number < 100_000; number += 1) seen.add(`2819c223-7f76-453a-919d-${number}`);
    assert.equal(seen.size, 100_000);
    assert.ok(told - before < 6_400_000, `${told - before} bytes`);
    assert.ok(!seen.add('2819c223-7f76-453a-919d-99999'));
  });

  it('believes no count that would take all memory', () => {
    const before = process.memoryUsage().arrayBuffers;
    createSeen().expect(Number.MAX_SAFE_INTEGER);
    assert.ok(process.memoryUsage().arrayBuffers - before < 24_000_000);
  });
});
