import assert from 'node:assert/strict';
import { classifyKantata } from '../../../connectors/kantata/classify.ts';
import type { Verdict } from '../../../connectors/http/classify.ts';

const verdict = (status: number, body: unknown = { errors: [{ type: 'system', message: 'said' }] }, headers = {}): Verdict => classifyKantata({ status, headers, body, text: JSON.stringify(body) ?? '' }, { object: 'project US01-X', writes: true });
const kindAndCode = (result: Verdict) => (result === 'token_refused' ? result : `${result.kind} ${result.code}`);
const meant = (result: Verdict) => {
  assert.ok(result !== 'token_refused');
  return result;
};

describe('What Kantata\'s refusals mean', () => {
  it('sorts them by who can mend them', () => {
    assert.deepEqual([400, 401, 403, 404, 422, 429, 500, 502, 503, 302, 418].map((status) => kindAndCode(verdict(status))), [
      'contract KANTATA_BAD_REQUEST', 'token_refused', 'configuration KANTATA_FORBIDDEN', 'business_rule KANTATA_NOT_FOUND', 'business_rule KANTATA_REFUSED', 'transient KANTATA_RATE_LIMIT',
      'transient KANTATA_HTTP_500', 'transient KANTATA_HTTP_502', 'transient KANTATA_HTTP_503', 'configuration KANTATA_HTTP_302', 'contract KANTATA_HTTP_418',
    ]);
  });

  it('says what Kantata says, with the fields it names', () => {
    const { message, mend } = meant(verdict(422, { errors: [{ type: 'validation', message: "can't be blank", field: 'title' }, { type: 'validation', message: 'is too long', field: null }] }));
    assert.match(message, /refuses project US01-X: title: can't be blank; is too long/);
    assert.match(mend, /retry/);
  });

  it('waits as long as it is told, and else a little', () => {
    assert.deepEqual([meant(verdict(429)).retryAfterMs, meant(verdict(429, {}, { 'retry-after': '30' })).retryAfterMs], [5000, 30_000]);
  });

  it('makes do without any field of the error body', () => {
    for (const body of [{}, null, 'text', [], { errors: [] }, { errors: 'no' }]) assert.match(meant(verdict(422, body)).message, /no reason is given/);
  });
});
