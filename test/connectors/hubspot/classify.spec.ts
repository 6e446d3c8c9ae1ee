import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { classifyHubSpot } from '../../../connectors/hubspot/classify.ts';
import { readHubSpotLimits } from '../../../connectors/hubspot/limits.ts';
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

  for (const [status, body, kindOf, code] of [
    [403, { category: 'MISSING_SCOPES', message: 'This app has no scope' }, 'configuration', 'HUBSPOT_MISSING_SCOPES'],
    [404, { category: 'OBJECT_NOT_FOUND', message: 'Object not found.' }, 'business_rule', 'HUBSPOT_OBJECT_NOT_FOUND'],
    [400, { category: 'VALIDATION_ERROR', message: 'Property values were not valid', errors: [{ message: 'Property "legal_entity" does not exist', code: 'PROPERTY_DOESNT_EXIST' }] }, 'configuration', 'HUBSPOT_VALIDATION_ERROR'],
    [400, { category: 'VALIDATION_ERROR', message: 'amount was not a valid number' }, 'business_rule', 'HUBSPOT_VALIDATION_ERROR'],
    [409, { category: 'CONFLICT', message: 'It exists.' }, 'business_rule', 'HUBSPOT_CONFLICT'],
    [423, { message: 'locked' }, 'transient', 'HUBSPOT_HTTP_423'],
    [429, { errorType: 'RATE_LIMIT', message: 'limit' }, 'transient', 'HUBSPOT_RATE_LIMIT'],
    [477, {}, 'transient', 'HUBSPOT_HTTP_477'],
    [502, undefined, 'transient', 'HUBSPOT_HTTP_502'],
  ] as const) {
    it(`tells ${status} ${body === undefined ? 'without a word' : JSON.stringify(body).slice(0, 60)} by ${code}`, () => {
      const meaning = verdict(status, body, true);
      assert.ok(meaning !== 'token_refused');
      assert.deepEqual([meaning.kind, meaning.code], [kindOf, code]);
      assert.match(meaning.message, /deal 1/);
    });
  }

  it('makes do without any field of the error body', () => {
    for (const body of [{}, undefined, null, 'text', []]) assert.notEqual(kind(verdict(400, body, true)), 'token_refused');
  });

  it('reads the windows of ten seconds and of the day, and not that of a second, which HubSpot enforces no more', () => {
    const headers = {
      'x-hubspot-ratelimit-interval-milliseconds': '10000', 'x-hubspot-ratelimit-max': '190', 'x-hubspot-ratelimit-remaining': '12',
      'x-hubspot-ratelimit-daily': '650000', 'x-hubspot-ratelimit-daily-remaining': '649000', 'x-hubspot-ratelimit-secondly': '19', 'x-hubspot-ratelimit-secondly-remaining': '0',
    };
    assert.deepEqual(readHubSpotLimits(headers), {
      windows: [
        { name: 'ten seconds', limit: 190, remaining: 12, resetsInMs: 10_000, moving: true },
        { name: 'day', limit: 650_000, remaining: 649_000, resetsInMs: 86_400_000, askAgainAfterMs: 300_000 },
      ],
    });
    assert.deepEqual(readHubSpotLimits({}), { windows: [] });
    assert.deepEqual(readHubSpotLimits({ 'x-hubspot-ratelimit-remaining': '0' }), { pauseMs: 10_000, windows: [] });
  });

  it('knows that no lower rate helps once the requests of the day are used', () => {
    const spares = (policyName: string) => {
      const said = verdict(429, { policyName, message: 'You have reached your limit.' });
      return said !== 'token_refused' && said.sparesRate === true;
    };
    assert.deepEqual([spares('DAILY'), spares('TEN_SECONDLY_ROLLING'), spares('SECONDLY')], [true, false, false]);
  });
});
