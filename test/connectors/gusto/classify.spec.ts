import assert from 'node:assert/strict';
import { classifyGusto } from '../../../connectors/gusto/classify.ts';

const verdictOf = (status: number, category: string | null, headers: Record<string, string> = {}) => {
  const body = category === null ? undefined : { errors: [{ error_key: 'base', category, message: 'No.' }] };
  return classifyGusto({ status, headers, body, text: JSON.stringify(body) ?? '' }, { object: 'payroll of November', writes: true });
};

describe('An answer of Gusto that says no', () => {
  for (const [status, category, kind, code] of [
    [403, 'missing_oauth_scopes', 'configuration', 'GUSTO_FORBIDDEN'],
    [404, 'not_found', 'business_rule', 'GUSTO_NOT_FOUND'],
    [404, 'deprecated_endpoint', 'contract', 'GUSTO_API_VERSION'],
    [406, 'not_acceptable', 'configuration', 'GUSTO_API_VERSION'],
    [409, 'conflict', 'transient', 'GUSTO_VERSION_CONFLICT'],
    [422, 'invalid_resource_version', 'transient', 'GUSTO_VERSION_CONFLICT'],
    [422, 'payroll_blocker', 'business_rule', 'GUSTO_PAYROLL_BLOCKED'],
    [422, 'invalid_attribute_value', 'business_rule', 'GUSTO_REFUSED'],
    [429, null, 'transient', 'GUSTO_RATE_LIMIT'],
    [400, null, 'contract', 'GUSTO_HTTP_400'],
    [422, null, 'business_rule', 'GUSTO_HTTP_422'],
    [503, null, 'transient', 'GUSTO_HTTP_503'],
  ] as const) {
    it(`tells ${status} ${category ?? 'without a word'} by ${code}`, () => {
      const meaning = verdictOf(status, category);
      assert.ok(meaning !== 'token_refused');
      assert.deepEqual([meaning.kind, meaning.code], [kind, code]);
      assert.match(meaning.message, /payroll/);
      assert.ok(meaning.mend.length > 0);
    });
  }

  it('waits as long as it is asked to, a minute unasked, and has a refused token refreshed', () => {
    const [told, untold] = [verdictOf(429, null, { 'retry-after': '9' }), verdictOf(429, null)];
    assert.ok(told !== 'token_refused' && untold !== 'token_refused');
    assert.deepEqual([told.retryAfterMs, untold.retryAfterMs], [9_000, 60_000]);
    assert.equal(verdictOf(401, null), 'token_refused');
  });
});
