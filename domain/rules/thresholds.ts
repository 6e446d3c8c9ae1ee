import { Decimal } from 'decimal.js';
import type { FirmConfig } from '../config/schema.ts';
import type { Money } from '../money.ts';

/**
 * Whether an amount is worth more than a limit, compared in the reporting currency by the configuration's threshold rates.
 * An amount whose currency has no rate counts as above: nobody loses a check because a rate is missing.
 */
export function isAbove(amount: Money, limit: Money, config: Pick<FirmConfig, 'thresholdRates'>): boolean {
  const [left, right] = [amount, limit].map((one) => {
    const rate = config.thresholdRates[one.currency];
    return rate === undefined ? undefined : new Decimal(one.amount).times(rate);
  });
  if (amount.currency === limit.currency) return new Decimal(amount.amount).greaterThan(limit.amount);
  return left === undefined || right === undefined || left.greaterThan(right);
}
