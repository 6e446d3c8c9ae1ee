import { addDays, daysBetween } from '../../../dates.ts';
import { Exact, isAbsurd, referenceRate } from '../amounts.ts';
import { mayPass, mustChange, type ExpenseFinding } from '../finding.ts';
import { eachLine } from '../review.ts';

/** Banks publish no rates on weekends and holidays: the last one before counts. */
export const RATE_HOLDS_DAYS = 7;

/** A foreign amount comes with a rate of about its day, not far from the firm's reference where there is one. */
export const exchangeRule = eachLine(({ line, report }, { policy, context, today }) => {
  const subject = { report, line };
  const pair = { from: line.amount.currency, to: report.currency };
  if (line.exchange === null) {
    if (pair.from === pair.to) return [];
    return [mustChange(subject, 'EXPENSE_EXCHANGE_MISSING', 'exchange', { message: `${line.amount.amount} ${pair.from} has no exchange rate to ${pair.to}.`, mend: 'Add the exchange rate with its day and source.' })];
  }
  const { rate, on, source } = line.exchange;
  const value = new Exact(rate);
  if (pair.from === pair.to) {
    if (value.equals(1)) return [];
    return [mustChange(subject, 'EXPENSE_EXCHANGE_NOT_NEEDED', 'exchange', { message: `The amount is in ${pair.from} as the report, but comes with an exchange rate of ${rate}.`, mend: 'Take the exchange rate out, or correct the currency of the amount.' })];
  }
  if (!value.greaterThan(0) || isAbsurd(rate)) {
    return [mustChange(subject, 'EXPENSE_EXCHANGE_IMPLAUSIBLE', 'exchange', { message: `${rate} is no exchange rate from ${pair.from} to ${pair.to}.`, mend: 'Correct the exchange rate.' })];
  }
  if (policy === undefined) return [];
  const findings: ExpenseFinding[] = [];
  if (Math.abs(daysBetween(line.incurredOn, on)) > policy.exchange.daysApart || on > today) {
    findings.push(mayPass(subject, 'EXPENSE_EXCHANGE_DATE', 'exchange', { message: `The exchange rate is of ${on}, the expense of ${line.incurredOn}; ${policy.name} allows ${policy.exchange.daysApart} days between them.`, mend: 'Take the rate of the day of the expense, or have this one confirmed.' }));
  }
  const reference = referenceRate(context.exchangeRates, pair, on, addDays(on, -RATE_HOLDS_DAYS));
  if (reference !== undefined) {
    const apart = value.minus(reference).abs().times(100).dividedBy(reference);
    if (apart.greaterThan(policy.exchange.tolerancePercent)) {
      findings.push(mayPass(subject, 'EXPENSE_EXCHANGE_DEVIATES', 'exchange', { message: `${rate} from ${pair.from} to ${pair.to} (${source}) is ${apart.toFixed(1)} % from the reference rate ${reference.toSignificantDigits(6).toFixed()}; ${policy.name} allows ${policy.exchange.tolerancePercent} %.`, mend: 'Correct the rate, or have the one of the card statement confirmed.' }));
    }
  }
  return findings;
});
