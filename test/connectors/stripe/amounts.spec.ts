import assert from 'node:assert/strict';
import fc from 'fast-check';
import { minorOf, moneyOf, stripeDigits } from '../../../connectors/stripe/amounts.ts';
import { isSystemFailure } from '../../../domain/failure.ts';
import { minorDigits, money } from '../../../domain/money.ts';

const ON = { system: 'stripe', object: 'invoice INV-1' };

describe("Amounts in Stripe's smallest unit", () => {
  it('are whole numbers of the smallest coin, whatever its size', () => {
    for (const [amount, currency, minor] of [
      ['1200.50', 'USD', '120050'], ['0.07', 'EUR', '7'], ['-0.07', 'EUR', '-7'], ['1200', 'JPY', '1200'], ['5.120', 'KWD', '5120'], ['-5.120', 'KWD', '-5120'], ['5', 'ISK', '500'], ['5', 'UGX', '500'], ['5.00', 'MGA', '5'],
      ['0.00', 'USD', '0'], ['-0.00', 'USD', '0'], ['99999999999999.99', 'USD', '9999999999999999'],
    ] as const) {
      assert.equal(minorOf({ amount, currency }, ON), minor, `${amount} ${currency}`);
    }
  });

  it('are refused where Stripe cannot carry them to the last digit', () => {
    for (const [amount, currency] of [['5.125', 'KWD'], ['0.001', 'BHD'], ['1.005', 'USD'], ['1.5', 'JPY'], ['0.50', 'MGA']] as const) {
      assert.throws(() => minorOf({ amount, currency }, ON), (error) => isSystemFailure(error) && error.failure.code === 'STRIPE_AMOUNT_PRECISION' && error.failure.kind === 'business_rule' && error.failure.message.includes(`${amount} ${currency}`));
    }
  });

  it('come back as the money they were', () => {
    fc.assert(
      fc.property(fc.constantFrom('USD', 'EUR', 'JPY', 'KRW', 'KWD', 'TND', 'ISK', 'UGX', 'CLP'), fc.bigInt(-(10n ** 15n), 10n ** 15n), (currency, units) => {
        const value = money(`${minorDigits(currency) === 0 ? units : `${units / 100n}.${String((units < 0n ? -units : units) % 100n).padStart(2, '0')}`}`, currency);
        const minor = minorOf(value, ON);
        assert.match(minor, /^-?\d+$/);
        assert.deepEqual(moneyOf(minor, currency.toLowerCase()), value);
        if (stripeDigits(currency) === 3) assert.ok(minor.endsWith('0'));
      }),
      { seed: 5, numRuns: 300 },
    );
  });
});
