import assert from 'node:assert/strict';
import { classifyScim } from '../../../connectors/scim/classify.ts';

const said = (status: number, scimType?: string) => ({ schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: String(status), detail: 'No.', ...(scimType === undefined ? {} : { scimType }) });
const verdictOf = (status: number, body: unknown, headers: Record<string, string> = {}) => classifyScim({ status, headers, body, text: JSON.stringify(body) ?? '' }, { object: 'person ada', writes: true });

describe('An answer of an HR system that says no', () => {
  for (const [status, scimType, kind, code] of [
    [400, 'invalidFilter', 'configuration', 'SCIM_INVALID_FILTER'],
    [400, 'tooMany', 'configuration', 'SCIM_TOO_MANY'],
    [409, 'uniqueness', 'business_rule', 'SCIM_UNIQUENESS'],
    [400, 'mutability', 'configuration', 'SCIM_MUTABILITY'],
    [400, 'invalidSyntax', 'contract', 'SCIM_INVALID_SYNTAX'],
    [400, 'invalidPath', 'configuration', 'SCIM_INVALID_PATH'],
    [400, 'noTarget', 'business_rule', 'SCIM_NO_TARGET'],
    [400, 'invalidValue', 'business_rule', 'SCIM_INVALID_VALUE'],
    [400, 'invalidVers', 'configuration', 'SCIM_INVALID_VERS'],
    [403, 'sensitive', 'configuration', 'SCIM_SENSITIVE'],
    [400, 'invalidCursor', 'transient', 'SCIM_INVALID_CURSOR'],
    [400, 'expiredCursor', 'transient', 'SCIM_EXPIRED_CURSOR'],
    [400, 'invalidCount', 'configuration', 'SCIM_INVALID_COUNT'],
    [403, undefined, 'configuration', 'SCIM_FORBIDDEN'],
    [404, undefined, 'business_rule', 'SCIM_NOT_FOUND'],
    [409, undefined, 'business_rule', 'SCIM_CONFLICT'],
    [412, undefined, 'transient', 'SCIM_VERSION'],
    [429, undefined, 'transient', 'SCIM_RATE_LIMIT'],
    [501, undefined, 'configuration', 'SCIM_NOT_IMPLEMENTED'],
    [503, undefined, 'transient', 'SCIM_HTTP_503'],
  ] as const) {
    it(`tells ${status}${scimType === undefined ? '' : ` ${scimType}`} by ${code}`, () => {
      const meaning = verdictOf(status, said(status, scimType));
      assert.ok(meaning !== 'token_refused');
      assert.deepEqual([meaning.kind, meaning.code], [kind, code]);
      assert.match(meaning.message, /person ada/);
      assert.ok(meaning.mend.length > 0);
    });
  }

  it('has the token refreshed where it is refused, and waits as long as it is asked to', () => {
    assert.equal(verdictOf(401, said(401)), 'token_refused');
    const meaning = verdictOf(429, said(429), { 'retry-after': '9' });
    assert.ok(meaning !== 'token_refused');
    assert.equal(meaning.retryAfterMs, 9_000);
  });
});
