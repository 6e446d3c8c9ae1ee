import { Decimal } from 'decimal.js';
import type { Project } from '../../domain/model/project.ts';
import type { Money } from '../../domain/money.ts';

const MOST = 2_147_483_647;

/**
 * The project's budget in whole units of its currency, which is all the API takes: its cap, or else its value. Where that is no whole number, or more than 32 bits
 * hold, the whole units below it are sent (at most what fits), and the amount itself is left for people to watch.
 */
export function budgetOf({ cap, value }: Project): { readonly price: number; readonly byHand: Money | null } {
  const budget = cap ?? value;
  const amount = new Decimal(budget.amount);
  const price = Decimal.min(Decimal.max(amount.floor(), 0), MOST);
  return { price: price.toNumber(), byHand: price.equals(amount) ? null : budget };
}
