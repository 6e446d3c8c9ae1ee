import assert from 'node:assert/strict';
import { recordIdSchema, versionSchema } from '../../../domain/model/time/record.ts';

describe('A record of the time system', () => {
  it('has a version from 1 up to the greatest that the store holds', () => {
    for (const version of [1, 2, 2_147_483_647]) assert.equal(versionSchema.parse(version), version);
  });

  it('with a version that no store holds, that is no whole number or no number is refused, never rounded', () => {
    for (const version of [0, -1, 2_147_483_648, 4_000_000_000, Number.MAX_SAFE_INTEGER, 1e300, Infinity, NaN, 1.5, '1', null]) assert.ok(!versionSchema.safeParse(version).success, String(version));
    assert.match(versionSchema.safeParse(2_147_483_648).error?.message ?? '', /2147483647/);
  });

  it('has an ID of printable characters of any script', () => {
    for (const id of ['TS-1', 'Überstunden-加班-😀']) assert.equal(recordIdSchema.parse(id), id);
    for (const id of ['', 'line\nbreak', 'nul\0', 'half \ud83d', 'x'.repeat(101)]) assert.ok(!recordIdSchema.safeParse(id).success, JSON.stringify(id));
  });
});
