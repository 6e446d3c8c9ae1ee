import assert from 'node:assert/strict';
import { classifyJira } from '../../../connectors/jira/classify.ts';

const verdictOf = (status: number, headers: Record<string, string> = {}) => {
  const body = { errorMessages: ['No.'], errors: { summary: 'You must specify a summary of the issue.' } };
  return classifyJira({ status, headers, body, text: JSON.stringify(body) }, { object: 'ticket OPS-1', writes: true });
};

describe('An answer of Jira that says no', () => {
  for (const [status, kind, code] of [
    [400, 'configuration', 'JIRA_REFUSED'],
    [403, 'configuration', 'JIRA_FORBIDDEN'],
    [404, 'business_rule', 'JIRA_NOT_FOUND'],
    [409, 'transient', 'JIRA_CONFLICT'],
    [410, 'contract', 'JIRA_GONE'],
    [413, 'business_rule', 'JIRA_ISSUE_FULL'],
    [422, 'configuration', 'JIRA_REFUSED'],
    [429, 'transient', 'JIRA_RATE_LIMIT'],
    [503, 'transient', 'JIRA_HTTP_503'],
  ] as const) {
    it(`tells ${status} by ${code}`, () => {
      const meaning = verdictOf(status);
      assert.ok(meaning !== 'token_refused');
      assert.deepEqual([meaning.kind, meaning.code], [kind, code]);
      assert.match(meaning.message, /ticket OPS-1/);
      assert.ok(meaning.mend.length > 0);
    });
  }

  it('names the field and the limit, waits as long as it is asked to, and has a refused token refreshed', () => {
    const [refused, limited] = [verdictOf(400), verdictOf(429, { 'retry-after': '9', 'ratelimit-reason': 'jira-burst-based' })];
    assert.ok(refused !== 'token_refused' && limited !== 'token_refused');
    assert.match(refused.message, /summary: You must specify a summary/);
    assert.match(limited.message, /jira-burst-based/);
    assert.equal(limited.retryAfterMs, 9_000);
    assert.equal(verdictOf(401), 'token_refused');
  });
});
