import assert from 'node:assert/strict';
import { classifyNetSuite, hasDependents, isGone, isKnownKey, refusedBatch } from '../../../connectors/netsuite/classify.ts';

const said = (code: string, detail: string, path?: string) => ({ type: 'https://www.rfc-editor.org/rfc/rfc9110.html#section-15.5.1', title: 'Bad Request', status: 400, 'o:errorDetails': [{ detail, 'o:errorCode': code, ...(path === undefined ? {} : { 'o:errorPath': path }) }] });
const verdictOf = (status: number, body: unknown, headers: Record<string, string> = {}) => classifyNetSuite({ status, headers, body, text: JSON.stringify(body) ?? '' }, { object: 'customer Acme', writes: true });

describe('An answer of NetSuite that says no', () => {
  for (const [what, status, body, kind, code] of [
    ['too many requests at once', 429, said('CONCURRENCY_LIMIT_EXCEEDED', 'Concurrent request limit exceeded. Request blocked.'), 'transient', 'NETSUITE_CONCURRENCY_LIMIT_EXCEEDED'],
    ['the same in another status', 400, said('SSS_REQUEST_LIMIT_EXCEEDED', 'Request limit exceeded.'), 'transient', 'NETSUITE_CONCURRENCY_LIMIT_EXCEEDED'],
    ['a forbidden record', 403, said('INSUFFICIENT_PERMISSION', 'Permission Violation: You need the Customers permission to access this page.'), 'configuration', 'NETSUITE_INSUFFICIENT_PERMISSION'],
    ['a permission that is missing, in another status', 400, said('INSUFFICIENT_PERMISSION', 'You do not have permissions to set a value for element terms.'), 'configuration', 'NETSUITE_INSUFFICIENT_PERMISSION'],
    ['a record type the account does not have', 404, said('INVALID_CONTENT', "Record type 'customrecord_q2c_rate_card' does not exist."), 'configuration', 'NETSUITE_RECORD_TYPE_MISSING'],
    ['an ID of our mapping that is not there', 400, said('INVALID_CONTENT', 'Invalid Field Value 777 for the following field: subsidiary.', 'subsidiary'), 'configuration', 'NETSUITE_INVALID_REFERENCE'],
    ['the same by its code', 400, said('INVALID_KEY_OR_REF', 'Invalid currency reference key 99.', 'currency'), 'configuration', 'NETSUITE_INVALID_REFERENCE'],
    ['a value of the deal that is not there', 400, said('INVALID_KEY_OR_REF', 'Invalid entity reference key 4711.', 'entity'), 'business_rule', 'NETSUITE_INVALID_KEY_OR_REF'],
    ['a record that others refer to', 400, said('USER_ERROR', 'This record cannot be deleted because it has dependent records.'), 'business_rule', 'NETSUITE_DEPENDENT_RECORDS'],
    ['the same by its code', 400, said('THIS_RECORD_CANNOT_BE_DELETED_BECAUSE_IT_HAS_DEPENDENT_RECORDS', 'It is used.'), 'business_rule', 'NETSUITE_DEPENDENT_RECORDS'],
    ['a record that is gone', 404, said('NONEXISTENT_ID', 'The record instance does not exist. Provide a valid record instance ID.'), 'business_rule', 'NETSUITE_NONEXISTENT_ID'],
    ['a name that is taken', 400, said('UNIQUE_CUST_ID_REQD', 'A customer record with this ID already exists.'), 'business_rule', 'NETSUITE_UNIQUE_CUST_ID_REQD'],
    ['an error of its own', 500, said('UNEXPECTED_ERROR', 'An unexpected error occurred.'), 'transient', 'NETSUITE_HTTP_500'],
    ['a gateway\'s page', 503, undefined, 'transient', 'NETSUITE_HTTP_503'],
  ] as const) {
    it(`tells ${what} by ${code}`, () => {
      const meaning = verdictOf(status, body);
      assert.ok(meaning !== 'token_refused');
      assert.deepEqual([meaning.kind, meaning.code], [kind, code]);
      assert.match(meaning.message, /customer Acme/);
      assert.ok(meaning.mend.length > 0);
    });
  }

  it('has the token refreshed where it is refused', () => {
    assert.equal(verdictOf(401, said('INVALID_LOGIN', 'Invalid login attempt.')), 'token_refused');
  });

  it('waits as long as NetSuite asks, and sends fewer at once from then on', () => {
    const meaning = verdictOf(429, said('CONCURRENCY_LIMIT_EXCEEDED', 'Blocked.'), { 'retry-after': '7' });
    assert.ok(meaning !== 'token_refused');
    assert.deepEqual([meaning.retryAfterMs, meaning.tooManyAtOnce, meaning.refused], [7_000, true, true]);
  });

  it('names the field', () => {
    const meaning = verdictOf(400, said('INVALID_CONTENT', 'Invalid Field Value 777.', 'currencyList.items[0].currency'));
    assert.ok(meaning !== 'token_refused');
    assert.equal(meaning.code, 'NETSUITE_INVALID_REFERENCE');
    assert.match(meaning.message, /at currencyList\.items\[0\]\.currency/);
  });

  it('is recognised where an undo or a repeat turns on it', () => {
    const failureFor = (status: number, body: unknown) => refusedBatch('netsuite', 'the batch', { status, headers: {}, body });
    assert.deepEqual([hasDependents(failureFor(400, said('USER_ERROR', 'It has dependent records.'))), hasDependents(failureFor(400, said('USER_ERROR', 'No.')))], [true, false]);
    assert.deepEqual([isGone(failureFor(404, said('NONEXISTENT_ID', 'Gone.'))), isGone(failureFor(403, said('INSUFFICIENT_PERMISSION', 'No.')))], [true, false]);
    assert.deepEqual([isKnownKey(said('IDEMPOTENCY_ERROR', 'Submitted before.')), isKnownKey(said('USER_ERROR', 'No.')), isKnownKey(undefined)], [true, false, false]);
    assert.deepEqual([failureFor(401, undefined).failure.code, failureFor(401, undefined).failure.kind, failureFor(401, undefined).failure.written], ['NETSUITE_REFUSED', 'configuration', 'no']);
  });
});
