import assert from 'node:assert/strict';
import { classifyHarvest, isRefused } from '../../../connectors/harvest/classify.ts';
import { SystemFailure } from '../../../domain/failure.ts';

const verdictOf = (status: number, body: unknown, headers: Record<string, string> = {}) => classifyHarvest({ status, headers, body, text: JSON.stringify(body) ?? '' }, { object: 'project US01-X', writes: true });
const meaningOf = (...given: Parameters<typeof verdictOf>) => {
  const verdict = verdictOf(...given);
  assert.ok(verdict !== 'token_refused');
  return verdict;
};

describe('An answer of Harvest that says no', () => {
  for (const [what, status, body, kind, code] of [
    ['a right that is missing', 403, { message: 'You are not authorized to access this resource.' }, 'configuration', 'HARVEST_FORBIDDEN'],
    ['a record that is gone', 404, { status: 404, error: 'Not Found' }, 'business_rule', 'HARVEST_NOT_FOUND'],
    ['a value that is wrong', 422, { message: "Code has already been taken" }, 'business_rule', 'HARVEST_REFUSED'],
    ['too many requests', 429, { message: 'You have been throttled.' }, 'transient', 'HARVEST_RATE_LIMIT'],
    ['a request it does not understand', 400, { message: 'Bad Request' }, 'contract', 'HARVEST_HTTP_400'],
    ['an address of another kind', 302, undefined, 'configuration', 'HARVEST_HTTP_302'],
    ['an error of its own', 500, { message: 'Internal Server Error' }, 'transient', 'HARVEST_HTTP_500'],
    ['a gateway\'s page', 503, undefined, 'transient', 'HARVEST_HTTP_503'],
  ] as const) {
    it(`tells ${what} by ${code}`, () => {
      const meaning = meaningOf(status, body);
      assert.deepEqual([meaning.kind, meaning.code], [kind, code]);
      assert.match(meaning.message, /project US01-X/);
      assert.ok(meaning.mend.length > 0);
    });
  }

  it('asks for a new token', () => {
    assert.equal(verdictOf(401, { error: 'invalid_token', error_description: 'The access token provided is expired, revoked, malformed or invalid for other reasons.' }), 'token_refused');
  });

  it('says what Harvest says, in whichever field', () => {
    for (const body of [{ message: 'is taken' }, { error: 'invalid', error_description: 'is taken' }, { error: 'is taken' }]) assert.match(meaningOf(422, body).message, /refuses project US01-X: is taken/);
    for (const body of [undefined, null, [], 'text', {}]) assert.equal(meaningOf(422, body).code, 'HARVEST_REFUSED');
  });

  it('waits as long as Harvest says, its window of 15 seconds where it does not', () => {
    assert.deepEqual([meaningOf(429, {}, { 'retry-after': '7' }).retryAfterMs, meaningOf(429, {}).retryAfterMs], [7_000, 15_000]);
  });

  it('is told apart where a look-up turns on it', () => {
    const failureOf = (status: number) => new SystemFailure({ ...meaningOf(status, {}), system: 'harvest', object: 'project US01-X', written: 'no' });
    assert.deepEqual([isRefused(failureOf(422)), isRefused(failureOf(404)), isRefused(new Error('no'))], [true, false, false]);
  });
});
