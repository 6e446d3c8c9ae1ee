import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { classifyHubSpot, pauseForHubSpot } from '../../../connectors/hubspot/classify.ts';
import type { Verdict } from '../../../connectors/http/classify.ts';

function verdict(status: number, body: unknown, writes = false, headers = {}): Verdict {
  return classifyHubSpot({ status, headers, body, text: JSON.stringify(body) ?? '' }, { object: 'deal 1', writes });
}

function kind(result: Verdict): string {
  return result === 'token_refused' ? result : result.kind;
}

function wait(result: Verdict): number | undefined {
  return result === 'token_refused' ? undefined : result.retryAfterMs;
}

describe('what HubSpot\'s refusals mean', () => {
  it('asks for a new token where HubSpot does not know the old one', () => {
    assert.equal(verdict(401, { category: 'INVALID_AUTHENTICATION' }), 'token_refused');
  });

  it('waits as long as the limit that was reached takes to recover', () => {
    const limit = (policyName: string) => verdict(429, { errorType: 'RATE_LIMIT', message: 'limit', policyName });
    assert.deepEqual([wait(limit('TEN_SECONDLY_ROLLING')), wait(limit('SECONDLY')), wait(limit('DAILY')), wait(verdict(429, {}))], [10_000, 1_000, 3_600_000, 10_000]);
    assert.equal(wait(verdict(429, {}, false, { 'retry-after': '2' })), 2_000);
  });

  it('sorts the other refusals by who can mend them', () => {
    assert.equal(kind(verdict(403, { category: 'MISSING_SCOPES', message: 'This app has no scope' })), 'configuration');
    assert.equal(kind(verdict(404, { category: 'OBJECT_NOT_FOUND' })), 'business_rule');
    assert.equal(kind(verdict(400, { category: 'VALIDATION_ERROR', message: 'Property "legal_entity" does not exist' }, true)), 'configuration');
    assert.equal(kind(verdict(400, { category: 'VALIDATION_ERROR', message: 'amount was not a valid number' }, true)), 'business_rule');
    assert.equal(kind(verdict(400, { category: 'VALIDATION_ERROR', message: 'There was a problem with the request.' })), 'contract');
    for (const status of [423, 477, 500, 502, 504]) assert.equal(kind(verdict(status, {})), 'transient');
  });

  it('makes do without any field of the error body', () => {
    for (const body of [{}, undefined, null, 'text', []]) assert.notEqual(kind(verdict(400, body, true)), 'token_refused');
  });

  it('stops sending for the rest of the window once its last request is used', () => {
    assert.equal(pauseForHubSpot({ 'x-hubspot-ratelimit-remaining': '12' }), 0);
    assert.equal(pauseForHubSpot({}), 0);
    assert.equal(pauseForHubSpot({ 'x-hubspot-ratelimit-remaining': '0', 'x-hubspot-ratelimit-interval-milliseconds': '10000' }), 10_000);
    assert.equal(pauseForHubSpot({ 'x-hubspot-ratelimit-remaining': '0' }), 10_000);
    assert.equal(pauseForHubSpot({ 'x-hubspot-ratelimit-remaining': '12', 'x-hubspot-ratelimit-secondly-remaining': '0' }), 1000);
    assert.equal(pauseForHubSpot({ 'x-hubspot-ratelimit-remaining': '12', 'x-hubspot-ratelimit-daily-remaining': '0' }), 3_600_000);
  });
});
