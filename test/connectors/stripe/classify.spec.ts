import assert from 'node:assert/strict';
import { classifyStripe } from '../../../connectors/stripe/classify.ts';

const REQUEST = { object: 'invoice INV-1', writes: true };

function meaningOf(status: number, error: object | string, headers: Readonly<Record<string, string>> = {}) {
  const body = typeof error === 'string' ? undefined : { error };
  const verdict = classifyStripe({ status, headers, body, text: typeof error === 'string' ? error : JSON.stringify(body) }, REQUEST);
  return verdict === 'token_refused' ? verdict : [verdict.kind, verdict.code, ...(verdict.retryAfterMs === undefined ? [] : [verdict.retryAfterMs])];
}
const invalid = (code: string, message = 'no', param?: string) => ({ type: 'invalid_request_error', code, message, param });

describe("What Stripe's refusals mean", () => {
  it('by their code', () => {
    assert.deepEqual(meaningOf(404, invalid('resource_missing', "No such invoice: 'in_1'", 'id')), ['business_rule', 'STRIPE_RESOURCE_MISSING']);
    assert.deepEqual(meaningOf(400, invalid('resource_missing', "No such customer: 'cus_1'; a similar object exists in test mode, but a live mode key was used.")), ['configuration', 'STRIPE_OTHER_MODE']);
    assert.deepEqual(meaningOf(400, invalid('parameter_unknown', 'Received unknown parameter: foo', 'foo')), ['contract', 'STRIPE_PARAMETER_UNKNOWN']);
    assert.deepEqual(meaningOf(400, invalid('parameter_missing', 'Missing email. … the customer must have a valid email.', 'email')), ['business_rule', 'STRIPE_CUSTOMER_EMAIL']);
    assert.deepEqual(meaningOf(400, { type: 'invalid_request_error', message: 'Missing email. In order to create invoices that are sent, …' }), ['business_rule', 'STRIPE_CUSTOMER_EMAIL']);
    assert.deepEqual(meaningOf(400, invalid('invoice_not_editable')), ['business_rule', 'STRIPE_INVOICE_NOT_EDITABLE']);
    assert.deepEqual(meaningOf(400, invalid('amount_too_large')), ['business_rule', 'STRIPE_AMOUNT_TOO_LARGE']);
    assert.deepEqual(meaningOf(402, { type: 'card_error', code: 'card_declined', message: 'declined' }), ['business_rule', 'STRIPE_CARD_DECLINED']);
    assert.deepEqual(meaningOf(400, { type: 'idempotency_error', message: 'same parameters' }), ['contract', 'STRIPE_IDEMPOTENCY_ERROR']);
  });

  it('as passing, with the wait that Stripe asks for', () => {
    assert.deepEqual(meaningOf(429, invalid('rate_limit')), ['transient', 'STRIPE_RATE_LIMIT', 1000]);
    assert.deepEqual(meaningOf(429, invalid('lock_timeout'), { 'retry-after': '3' }), ['transient', 'STRIPE_LOCK_TIMEOUT', 3000]);
    assert.deepEqual(meaningOf(409, { type: 'idempotency_error', code: 'idempotency_key_in_use', message: 'in progress' }), ['transient', 'STRIPE_IDEMPOTENCY_KEY_IN_USE', 1000]);
    assert.deepEqual(meaningOf(400, invalid('something_new'), { 'stripe-should-retry': 'true' }), ['transient', 'STRIPE_SOMETHING_NEW', 1000]);
    assert.deepEqual(meaningOf(500, { type: 'api_error', message: 'oops' }), ['transient', 'STRIPE_API_ERROR']);
    assert.deepEqual(meaningOf(503, '<html>'), ['transient', 'STRIPE_HTTP_503']);
  });

  it('by the code for each state that somebody brought about in Stripe', () => {
    for (const [code, kind, told] of [
      ['api_key_expired', 'configuration', 'STRIPE_API_KEY_EXPIRED'], ['tax_id_invalid', 'business_rule', 'STRIPE_TAX_ID_INVALID'], ['parameter_missing', 'contract', 'STRIPE_PARAMETER_MISSING'],
      ['lock_timeout', 'transient', 'STRIPE_LOCK_TIMEOUT'], ['rate_limit', 'transient', 'STRIPE_RATE_LIMIT'], ['idempotency_key_in_use', 'transient', 'STRIPE_IDEMPOTENCY_KEY_IN_USE'], ['parameter_invalid_empty', 'business_rule', 'STRIPE_PARAMETER_INVALID_EMPTY'],
    ] as const) assert.deepEqual(meaningOf(400, invalid(code)), [kind, told]);
    assert.deepEqual(meaningOf(400, invalid('parameter_invalid_string_blank', 'no', 'metadata[deal]')), ['contract', 'STRIPE_PARAMETER_INVALID_STRING_BLANK']);
    assert.deepEqual(meaningOf(400, { type: 'invalid_request_error', message: 'You can only void open invoices.' }), ['business_rule', 'STRIPE_INVALID_REQUEST_ERROR']);
  });

  it('as keys and permissions that somebody has to mend', () => {
    assert.equal(meaningOf(401, { type: 'invalid_request_error', message: 'Invalid API Key provided' }), 'token_refused');
    assert.deepEqual(meaningOf(403, { type: 'invalid_request_error', code: 'more_permissions_required', message: 'rak_invoice_write' }), ['configuration', 'STRIPE_MORE_PERMISSIONS_REQUIRED']);
  });

  it('marks what Stripe only answers again', () => {
    assert.deepEqual(meaningOf(400, invalid('resource_missing'), { 'idempotent-replayed': 'true' }), ['business_rule', 'STRIPE_RESOURCE_MISSING_REPLAYED']);
    assert.deepEqual(meaningOf(500, { type: 'api_error', message: 'oops' }, { 'idempotent-replayed': 'true' }), ['transient', 'STRIPE_API_ERROR_REPLAYED']);
  });

  it('and takes types and codes it has never heard of for rules, never for success', () => {
    assert.deepEqual(meaningOf(422, { type: 'quota_error', code: 'Strange-Code!', message: 'no' }), ['business_rule', 'STRIPE_STRANGE_CODE_']);
  });
});
