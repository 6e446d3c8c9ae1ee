import assert from 'node:assert/strict';
import { classifyLago } from '../../../connectors/lago/classify.ts';

function meaningOf(status: number, body: object | undefined, headers: Readonly<Record<string, string>> = {}) {
  const verdict = classifyLago({ status, headers, body, text: JSON.stringify(body) ?? '' }, { object: 'invoice INV-1', writes: true });
  return verdict === 'token_refused' ? verdict : [verdict.kind, verdict.code, ...(verdict.retryAfterMs === undefined ? [] : [verdict.retryAfterMs])];
}

describe("What Lago's refusals mean", () => {
  it('by status and code', () => {
    assert.equal(meaningOf(401, { status: 401, error: 'Unauthorized' }), 'token_refused');
    assert.deepEqual(meaningOf(403, { status: 403, error: 'Forbidden', code: 'feature_unavailable' }), ['configuration', 'LAGO_FORBIDDEN']);
    assert.deepEqual(meaningOf(404, { status: 404, error: 'Not Found', code: 'add_on_not_found' }), ['configuration', 'LAGO_SET_UP']);
    assert.deepEqual(meaningOf(404, { status: 404, error: 'Not Found', code: 'customer_not_found' }), ['business_rule', 'LAGO_NOT_FOUND']);
    for (const code of ['tax_not_found', 'taxes_not_found', 'billing_entity_not_found', 'plan_not_found', 'billable_metric_not_found']) assert.deepEqual(meaningOf(404, { status: 404, error: 'Not Found', code }), ['configuration', 'LAGO_SET_UP']);
    assert.deepEqual(meaningOf(403, undefined), ['configuration', 'LAGO_HTTP_403']);
    assert.deepEqual(meaningOf(405, { status: 405, error: 'Method Not Allowed', code: 'not_voidable' }), ['business_rule', 'LAGO_NOT_ALLOWED']);
    assert.deepEqual(meaningOf(422, { status: 422, error: 'Unprocessable Entity', code: 'validation_errors', error_details: { currency: ['value_is_invalid'] } }), ['business_rule', 'LAGO_REFUSED']);
    assert.deepEqual(meaningOf(422, { status: 422, error: 'Unprocessable Entity', code: 'customer_lock_timeout' }), ['transient', 'LAGO_LOCKED']);
    assert.deepEqual(meaningOf(400, { status: 400, error: 'BadRequest: param is missing' }), ['contract', 'LAGO_HTTP_400']);
  });

  it('as passing, with the wait that is asked for', () => {
    assert.deepEqual(meaningOf(429, { status: 429, error: 'Too Many Requests' }, { 'retry-after': '7' }), ['transient', 'LAGO_RATE_LIMIT', 7000]);
    assert.deepEqual(meaningOf(429, undefined), ['transient', 'LAGO_RATE_LIMIT', 1000]);
    assert.deepEqual(meaningOf(500, { status: 500, error: 'Internal Server Error' }), ['transient', 'LAGO_HTTP_500']);
    assert.deepEqual(meaningOf(502, undefined), ['transient', 'LAGO_HTTP_502']);
  });

  it('names the fields that Lago found wrong, for the person who mends them', () => {
    const verdict = classifyLago({ status: 422, headers: {}, body: { status: 422, error: 'Unprocessable Entity', code: 'validation_errors', error_details: { currency: ['value_is_invalid'] } }, text: '' }, { object: 'invoice INV-1', writes: true });
    assert.ok(verdict !== 'token_refused' && verdict.message.includes('invoice INV-1') && verdict.message.includes('currency: ["value_is_invalid"]'));
  });
});
