import assert from 'node:assert/strict';
import { classifyClockify, isRefused } from '../../../connectors/clockify/classify.ts';
import { SystemFailure } from '../../../domain/failure.ts';

const verdictOf = (status: number, body: unknown, headers: Record<string, string> = {}) => classifyClockify({ status, headers, body, text: JSON.stringify(body) ?? '' }, { object: 'project US01-X', writes: true });
const meaningOf = (...given: Parameters<typeof verdictOf>) => {
  const verdict = verdictOf(...given);
  assert.ok(verdict !== 'token_refused');
  return verdict;
};

describe('An answer of Clockify that says no', () => {
  for (const [what, status, body, kind, code] of [
    ['a key that may not', 403, { message: 'Access Denied', code: 403 }, 'configuration', 'CLOCKIFY_FORBIDDEN'],
    ['a route that there is not', 404, { message: 'No static resource', code: 3000 }, 'contract', 'CLOCKIFY_NO_SUCH_ROUTE'],
    ['a method that there is not', 405, { message: 'Request method not supported', code: 3000 }, 'contract', 'CLOCKIFY_NO_SUCH_ROUTE'],
    ['another 404', 404, { message: 'Not found', code: 404 }, 'business_rule', 'CLOCKIFY_HTTP_404'],
    ['another 405', 405, undefined, 'contract', 'CLOCKIFY_HTTP_405'],
    ['a project that is gone', 400, { message: "PROJECT with id 1 doesn't belong to Workspace", code: 501 }, 'business_rule', 'CLOCKIFY_NOT_FOUND'],
    ['a task that is gone', 400, { message: "TASK with id 1 doesn't belong to Project with id 2", code: 501 }, 'business_rule', 'CLOCKIFY_NOT_FOUND'],
    ['a value that is wrong', 400, { message: 'Project with name X already exists', code: 501 }, 'business_rule', 'CLOCKIFY_REFUSED'],
    ['too many requests', 429, { message: 'Too many requests', code: 429 }, 'transient', 'CLOCKIFY_RATE_LIMIT'],
    ['an error of its own', 500, undefined, 'transient', 'CLOCKIFY_HTTP_500'],
    ['a gateway\'s page', 503, undefined, 'transient', 'CLOCKIFY_HTTP_503'],
  ] as const) {
    it(`tells ${what} by ${code}`, () => {
      const meaning = meaningOf(status, body);
      assert.deepEqual([meaning.kind, meaning.code], [kind, code]);
      assert.match(meaning.message, /project US01-X/);
      assert.ok(meaning.mend.length > 0);
    });
  }

  it('has a refused key told, and waits as long as Clockify says, a second where it does not', () => {
    assert.equal(verdictOf(401, { message: 'Full authentication is required to access this resource', code: 1000 }), 'token_refused');
    assert.deepEqual([meaningOf(429, {}, { 'retry-after': '7' }).retryAfterMs, meaningOf(429, undefined).retryAfterMs], [7_000, 1_000]);
  });

  it('is told apart where a look-up turns on it', () => {
    const failureOf = (status: number) => new SystemFailure({ ...meaningOf(status, {}), system: 'clockify', object: 'project US01-X', written: 'no' });
    assert.deepEqual([isRefused(failureOf(400)), isRefused(failureOf(404)), isRefused(new Error('no'))], [true, false, false]);
  });
});
