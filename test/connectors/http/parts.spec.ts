import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { renewedToken } from '../../../connectors/http/auth.ts';
import { createBudget } from '../../../connectors/http/budget.ts';
import { createCircuit } from '../../../connectors/http/circuit.ts';
import { retryAfterMs } from '../../../connectors/http/classify.ts';
import { parseExactJson } from '../../../connectors/http/exact-json.ts';
import { evidenceOf } from '../../../connectors/http/redact.ts';
import { redact } from '../../../domain/redact.ts';

const never = new AbortController().signal;

describe('exact numbers in JSON', () => {
  it('keeps every decimal number of up to 30 digits exact', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.stringMatching(/^\d{0,9}[1-9]$/), (whole, fraction) => {
        const text = `${whole}.${fraction}`;
        const value = parseExactJson(`[${text}]`);
        const [number] = Array.isArray(value) ? value : [];
        assert.equal(String(number), text);
      }),
    );
  });

  it('leaves ordinary numbers, and digits inside of text, as they are', () => {
    const text = '{"a":0.1,"b":-12.50,"c":1e3,"d":"12345678901234567890","e":100000000000000000000,"f":0.0}';
    assert.deepEqual(parseExactJson(text), JSON.parse(text));
  });

  it('does not let a number become infinite', () => {
    assert.deepEqual(parseExactJson('[1e400]'), ['1e400']);
  });
});

describe('the request budget', () => {
  it('spreads requests over time once the first second\'s are used', async () => {
    const budget = createBudget({ concurrency: null, requestsPerSecond: 100 });
    const startedAt = performance.now();
    for (let request = 0; request < 110; request += 1) {
      const slot = await budget.enter(never);
      assert.ok('leave' in slot);
      slot.leave();
    }
    const took = performance.now() - startedAt;
    assert.ok(took >= 85 && took < 1000, `110 requests at 100 a second took ${took} ms`);
  });

  it('says how long to wait rather than hold the caller for long', async () => {
    const budget = createBudget({ concurrency: 1, requestsPerSecond: null }, 100);
    budget.pause(5000);
    const first = await budget.enter(never);
    assert.ok('waitMs' in first && first.waitMs > 4000);
    const second = await budget.enter(never);
    assert.ok('waitMs' in second, 'the slot was given back');
  });

  it('lets the more urgent of those that wait go first, and nobody wait for ever', async () => {
    const budget = createBudget({ concurrency: 1, requestsPerSecond: null });
    const first = await budget.enter(never);
    const order: string[] = [];
    const wait = async (name: string, priority: number) => {
      const entry = await budget.enter(never, priority);
      order.push(name);
      assert.ok('leave' in entry);
      entry.leave();
    };
    const waiting = [wait('analytics', 5), wait('invoicing', 3), wait('payroll', 1), wait('payroll too', 1)];
    assert.equal(budget.state().waiting, 4);
    assert.ok('leave' in first);
    first.leave();
    await Promise.all(waiting);
    assert.deepEqual(order, ['payroll', 'payroll too', 'invoicing', 'analytics']);
  });

  it('sends those away that wait when the vendor closes for longer than a slot is held', async () => {
    const budget = createBudget({ concurrency: 1, requestsPerSecond: null }, 100);
    const first = await budget.enter(never);
    const second = budget.enter(never);
    budget.pause(60_000);
    assert.ok('leave' in first);
    first.leave();
    const away = await second;
    assert.ok('waitMs' in away && away.waitMs > 50_000);
  });

  it('lets a cancelled caller go and gives the slot to the next', async () => {
    const budget = createBudget({ concurrency: 1, requestsPerSecond: null });
    const first = await budget.enter(never);
    assert.ok('leave' in first);
    const controller = new AbortController();
    const cancelled = budget.enter(controller.signal);
    const third = budget.enter(never);
    controller.abort(new Error('cancelled'));
    await assert.rejects(cancelled, /cancelled/);
    first.leave();
    assert.ok('leave' in (await third));
  });
});

describe('the circuit', () => {
  it('opens after failures in a row, lets one probe through, and closes when it succeeds', () => {
    let now = 0;
    const circuit = createCircuit(2, 1000, () => now);
    circuit.failed();
    circuit.succeeded();
    circuit.failed();
    assert.equal(circuit.state().state, 'closed');
    circuit.failed();
    assert.deepEqual([circuit.state().state, circuit.admit()], ['open', false]);
    now = 1000;
    assert.deepEqual([circuit.state().state, circuit.admit(), circuit.admit()], ['half_open', true, false]);
    circuit.succeeded();
    assert.deepEqual([circuit.state().state, circuit.admit()], ['closed', true]);
  });
});

describe('a renewed token', () => {
  it('is fetched again 60 seconds before it expires, and after a failed fetch', async () => {
    let now = 0;
    let fetched = 0;
    const auth = renewedToken(
      () => {
        fetched += 1;
        return fetched === 2 ? Promise.reject(new Error('down')) : Promise.resolve({ headers: { authorization: String(fetched) }, expiresInSeconds: 600 });
      },
      () => now,
    );
    const first = await auth.authorize(false);
    now = 539_000;
    assert.equal(await auth.authorize(false), first);
    now = 540_000;
    await assert.rejects(auth.authorize(false), /down/);
    assert.deepEqual(await auth.authorize(false), { authorization: '3' });
  });
});

describe('what a vendor wishes and what a person may read', () => {
  it('reads Retry-After as seconds and as a date', () => {
    assert.equal(retryAfterMs({ 'retry-after': '12' }), 12_000);
    assert.equal(retryAfterMs({ 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' }, () => Date.parse('2026-10-21T07:27:30Z')), 30_000);
    assert.equal(retryAfterMs({ 'retry-after': 'soon' }), undefined);
    assert.equal(retryAfterMs({}), undefined);
  });

  it('takes tokens, passwords and keys out of text and bounds its length', () => {
    assert.equal(redact('Authorization: Bearer 00Dxx!AQEAQ.abc_def'), 'Authorization: Bearer [redacted]');
    assert.equal(redact('{"access_token":"secret1","name":"x"}'), '{"access_token":"[redacted]","name":"x"}');
    assert.equal(redact('assertion=aaa.bbb&grant_type=x'), 'assertion=[redacted]&grant_type=x');
    assert.doesNotMatch(redact(`jwt eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln end`), /eyJ/);
    for (const [text, safe] of [
      ['{"token":"t0p","accessToken":"t0p","refreshToken":"t0p","clientSecret":"t0p","name":"x"}', '{"token":"[redacted]","accessToken":"[redacted]","refreshToken":"[redacted]","clientSecret":"[redacted]","name":"x"}'],
      ['{"password":"two t0p words","next":1}', '{"password":"[redacted]","next":1}'],
      ['{"password":"t0p \\" t0p","next":1}', '{"password":"[redacted]","next":1}'],
      ['x-api-key: t0p', 'x-api-key: [redacted]'],
      ['X-CSRF-Token: t0p==', 'X-CSRF-Token: [redacted]'],
      ['Invalid API Key provided: sk_live_t0pt0pt0p', 'Invalid API Key provided: [redacted]'],
      ['no key pat-eu1-t0pt0pt0p here', 'no key [redacted] here'],
    ] as const) assert.equal(redact(text), safe);
    assert.equal(redact('{"message":"The token of project P-1 has no rate."}'), '{"message":"The token of project P-1 has no rate."}');
    assert.equal(evidenceOf('x'.repeat(9000)).length, 2000);
  });
});
