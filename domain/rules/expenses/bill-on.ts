import { addDays } from '../../dates.ts';
import { money, subtractMoney, type Money } from '../../money.ts';
import { Exact, referenceRate } from './amounts.ts';
import { notConfigured, type ExpenseFinding } from './finding.ts';
import { eachLine, type LineInReview, type ReportInReview } from './review.ts';
import { RATE_HOLDS_DAYS } from './rules/exchange.ts';

/** Tax of a line that the employer recovers, in the line's currency. */
function recoverableAsPaid({ line }: LineInReview): Money {
  const taxes = line.kind === 'receipt' ? line.tax.filter(({ recoverable }) => recoverable) : [];
  return money(taxes.reduce((sum, { amount }) => sum.plus(amount.amount), new Exact(0)), line.amount.currency);
}

/** Tax of a line that the employer recovers, in the report's currency. */
export function recoverableTax(review: LineInReview): Money {
  const { line, report } = review;
  const tax = recoverableAsPaid(review);
  return tax.currency === report.currency ? tax : money(new Exact(tax.amount).times(line.exchange?.rate ?? 0), report.currency);
}

/** What is billed on to the client in the project's currency: net of recoverable tax, with the policy's markup; undefined without an exchange rate to it, null where nothing is. */
export function billedOn(review: LineInReview, { policy, context }: ReportInReview): Money | null | undefined {
  const { line, project, amount } = review;
  if (!line.billable || project === undefined || amount === null) return null;
  const markup = new Exact(policy?.markupPercent ?? 0).dividedBy(100).plus(1);
  const inCurrency = (net: Money) => money(new Exact(net.amount).times(markup), net.currency);
  if (line.amount.currency === project.currency) return inCurrency(subtractMoney(line.amount, recoverableAsPaid(review)));
  const net = subtractMoney(amount, recoverableTax(review));
  if (net.currency === project.currency) return inCurrency(net);
  const rate = referenceRate(context.exchangeRates, { from: net.currency, to: project.currency }, line.incurredOn, addDays(line.incurredOn, -RATE_HOLDS_DAYS));
  return rate === undefined ? undefined : money(new Exact(net.amount).times(rate).times(markup), project.currency);
}

/** What is billed on can be put into the project's currency. */
export const billedOnRule = eachLine((line, review): ExpenseFinding[] => {
  if (billedOn(line, review) !== undefined) return [];
  return [notConfigured(line, 'EXPENSE_BILLING_RATE_MISSING', 'billable', { message: `The expense of ${line.line.incurredOn} is billed on in ${line.project?.currency ?? 'the currency of its project'}, to which there is no reference rate from ${line.report.currency}.`, mend: 'Have the reference rate of that day loaded, then retry.' })];
});
