import type { Decimal } from 'decimal.js';
import { addDays, isWithin, type LocalDate } from '../../../dates.ts';
import type { PerDiemRule } from '../../../model/time/expense-policy.ts';
import type { ExpenseLine } from '../../../model/time/expense-report.ts';
import type { DecimalText } from '../../../money.ts';
import { Exact, isAbsurd, isExactly } from '../amounts.ts';
import { mayPass, mustChange, notConfigured, type ExpenseFinding } from '../finding.ts';
import { eachLine, type ReportInReview, type ReportRule } from '../review.ts';

type PerDiemLine = Extract<ExpenseLine, { kind: 'per_diem' }>;
type Tier = PerDiemRule['perDay'][number];

const MOST_DAYS = 62;
const AMOUNT_SCALE = new Exact('1e10');

export function perDiemRuleFor(line: PerDiemLine, { policy }: ReportInReview): PerDiemRule | undefined {
  return policy?.perDiems.find((rule) => rule.destination === line.country && isWithin(line.incurredOn, rule.from, rule.to));
}

/** Days at the rate of the place less provided meals, to the cent; no more than the policy pays. */
export const perDiemRule = eachLine(({ line, report }, review) => {
  if (line.kind !== 'per_diem' || review.policy === undefined) return [];
  const subject = { report, line };
  const days = new Exact(line.days);
  if (!days.greaterThan(0) || days.greaterThan(MOST_DAYS) || isAbsurd(line.ratePerDay) || new Exact(line.ratePerDay).isNegative()) {
    return [mustChange(subject, 'EXPENSE_DAYS_IMPLAUSIBLE', 'days', { message: `${line.days} days at ${line.ratePerDay} ${line.amount.currency} cannot be one journey.`, mend: `Correct days and rate; claim at most ${MOST_DAYS} days in one line.` })];
  }
  const findings: ExpenseFinding[] = [];
  const gross = days.times(line.ratePerDay);
  if (line.deduction.currency !== line.amount.currency) {
    findings.push(mustChange(subject, 'EXPENSE_ALLOWANCE_CURRENCY', 'deduction', { message: `The deduction is in ${line.deduction.currency}, the allowance in ${line.amount.currency}.`, mend: 'Give both in the same currency.' }));
  } else if (!isExactly(line.amount, gross.minus(line.deduction.amount))) {
    findings.push(mustChange(subject, 'EXPENSE_ARITHMETIC_WRONG', 'amount', { message: `${line.days} days at ${line.ratePerDay} less ${line.deduction.amount} is not ${line.amount.amount} ${line.amount.currency}.`, mend: 'Have the expense system calculate the line again.' }));
  }
  const last = lastDay(line);
  if (last > report.submittedOn) {
    findings.push(mustChange(subject, 'EXPENSE_DAYS_IMPLAUSIBLE', 'days', { message: `${line.days} days from ${line.incurredOn} on last until ${last}, after the report was submitted on ${report.submittedOn}.`, mend: 'Correct the days, or submit the journey when it is over.' }));
  }
  const rule = perDiemRuleFor(line, review);
  if (rule === undefined) {
    findings.push(notConfigured(subject, 'EXPENSE_PER_DIEM_NOT_CONFIGURED', 'country', { message: `${review.policy.name} has no daily allowance for ${line.country} on ${line.incurredOn}.`, mend: 'Claim receipts instead, or add the allowance to config/expense-policy.yaml.' }));
    return findings;
  }
  if (line.amount.currency !== review.paidIn) {
    findings.push(mustChange(subject, 'EXPENSE_ALLOWANCE_CURRENCY', 'amount', { message: `The allowance is in ${line.amount.currency}; ${review.policy.name} pays it in ${review.paidIn ?? 'another currency'}.`, mend: `Claim the allowance in ${review.paidIn ?? 'the currency of the policy'}.` }));
    return findings;
  }
  const tier = tierOf(line.ratePerDay, rule);
  if (tier === undefined) {
    findings.push(mayPass(subject, 'EXPENSE_PER_DIEM_EXCEEDED', 'ratePerDay', { message: `${line.ratePerDay} ${line.amount.currency} a day is more than ${review.policy.name} pays for ${line.country} (${rule.perDay.map(({ amount }) => amount).join(', ')}; ${rule.source}).`, mend: 'Claim the rate of the policy, or have the higher one confirmed.' }));
  } else if (!wholeEnough(days, tier, line.ratePerDay, rule)) {
    findings.push(mustChange(subject, 'EXPENSE_DAYS_IMPLAUSIBLE', 'days', { message: `${line.days} days do not come from whole days and days of departure or return, which count ${rule.partialDay ?? 'nothing less than 1'} (${rule.source}).`, mend: 'Correct the days: claim days of departure and return in lines of their own where in doubt.' }));
  }
  const deduction = new Exact(line.deduction.amount);
  const meals = (tier ?? rule.perDay.at(-1))?.meals ?? null;
  if (!deduction.isZero() && !isAbsurd(line.deduction.amount) && !isOfMeals(deduction, meals, days, rule) && !deduction.equals(gross.minus(days.ceil().times(rule.least)))) {
    findings.push(mayPass(subject, 'EXPENSE_DEDUCTION_IMPLAUSIBLE', 'deduction', { message: `${line.deduction.amount} ${line.deduction.currency} is no sum of provided meals${meals === null ? '' : ` (breakfast ${meals.breakfast}, lunch ${meals.lunch}, dinner ${meals.dinner}; ${rule.source})`}.`, mend: 'Correct the deduction; claim days on which more was provided than is paid in lines of their own.' }));
  }
  return findings;
});

function isPartialRate(rate: DecimalText, tier: Tier, rule: PerDiemRule): boolean {
  return rule.partialDay !== null && new Exact(tier.amount).times(rule.partialDay).equals(rate);
}

/** The amount that the claimed rate stands for: exactly, as the part for a day of departure or return, else the next above. */
function tierOf(rate: DecimalText, rule: PerDiemRule): Tier | undefined {
  return (
    rule.perDay.find(({ amount }) => new Exact(amount).equals(rate)) ??
    rule.perDay.find((tier) => isPartialRate(rate, tier, rule)) ??
    rule.perDay.filter(({ amount }) => new Exact(amount).greaterThan(rate)).toSorted((left, right) => new Exact(left.amount).comparedTo(right.amount))[0]
  );
}

/** Whole days, and at most one of departure and one of return. */
function wholeEnough(days: Decimal, tier: Tier, rate: DecimalText, rule: PerDiemRule): boolean {
  if (days.isInteger()) return true;
  if (rule.partialDay === null || isPartialRate(rate, tier, rule)) return false;
  const part = new Exact(rule.partialDay);
  return [part, part.times(2)].some((parts) => days.minus(parts).isInteger() && days.greaterThanOrEqualTo(parts));
}

function isOfMeals(deduction: Decimal, meals: Tier['meals'], days: Decimal, rule: PerDiemRule): boolean {
  if (meals === null) return false;
  const units = (value: Decimal | DecimalText) => BigInt(new Exact(value).times(AMOUNT_SCALE).toFixed(0));
  const [all, breakfast, lunch, dinner] = [units(deduction), units(meals.breakfast), units(meals.lunch), units(meals.dinner)];
  const most = days.ceil().toNumber() + (rule.partialDay === null ? 0 : 1);
  for (let breakfasts = 0; breakfasts <= most; breakfasts += 1) {
    for (let lunches = 0; lunches <= most; lunches += 1) {
      const left = all - BigInt(breakfasts) * breakfast - BigInt(lunches) * lunch;
      if (left === 0n || (left > 0n && dinner > 0n && left % dinner === 0n && left / dinner <= BigInt(most))) return true;
    }
  }
  return false;
}

function lastDay(line: PerDiemLine): LocalDate {
  const days = new Exact(line.days);
  return days.greaterThan(0) && days.lessThanOrEqualTo(MOST_DAYS) ? addDays(line.incurredOn, days.ceil().toNumber() - 1) : line.incurredOn;
}

/** Each day away is paid once, in this report and beside the reports in force. */
export const daysTwiceRule: ReportRule = ({ report, lines, others }) => {
  const own = lines.flatMap(({ line }) => (line.kind === 'per_diem' ? [line] : []));
  const elsewhere = others.flatMap(({ report: other }) => other.lines.flatMap((line) => (line.kind === 'per_diem' ? [{ name: `report ${other.id}, line ${line.id}`, line }] : [])));
  return own.flatMap((line) => {
    const twice = [...own.filter((other) => other !== line).map((other) => ({ name: `line ${other.id}`, line: other })), ...elsewhere].find(({ line: other }) => other.incurredOn <= lastDay(line) && line.incurredOn <= lastDay(other));
    if (twice === undefined) return [];
    return [mustChange({ report, line }, 'EXPENSE_DAYS_TWICE', 'days', { message: `The days from ${line.incurredOn} to ${lastDay(line)} overlap those of ${twice.name}.`, mend: 'Claim one allowance for each day.' })];
  });
};
