import { addDays, addMonths, isWithin, type LocalDate } from '../../../dates.ts';
import type { MileageRule } from '../../../model/time/expense-policy.ts';
import type { ExpenseLine } from '../../../model/time/expense-report.ts';
import { Exact, isExactly } from '../amounts.ts';
import { mayPass, mustChange, notConfigured, type ExpenseFinding } from '../finding.ts';
import { eachLine, type ReportInReview, type ReportRule } from '../review.ts';

type MileageLine = Extract<ExpenseLine, { kind: 'mileage' }>;

const LONGEST_DRIVE = 5_000;

export function mileageRuleFor(line: MileageLine, { policy }: ReportInReview): MileageRule | undefined {
  return policy?.mileage.find((rule) => isWithin(line.incurredOn, rule.from, rule.to));
}

/** Distance times rate, to the cent; in the unit and at most at the rate of the policy on that day. */
export const mileageRule = eachLine(({ line, report }, review) => {
  if (line.kind !== 'mileage' || review.policy === undefined) return [];
  const subject = { report, line };
  const distance = new Exact(line.distance);
  if (!distance.greaterThan(0) || distance.greaterThan(LONGEST_DRIVE) || new Exact(line.ratePerUnit).isNegative()) {
    return [mustChange(subject, 'EXPENSE_DISTANCE_IMPLAUSIBLE', 'distance', { message: `${line.distance} ${line.unit} at ${line.ratePerUnit} cannot be one drive.`, mend: `Correct distance and rate; claim each drive in a line of its own (at most ${LONGEST_DRIVE} ${line.unit}).` })];
  }
  const findings: ExpenseFinding[] = [];
  if (!isExactly(line.amount, distance.times(line.ratePerUnit))) {
    findings.push(mustChange(subject, 'EXPENSE_ARITHMETIC_WRONG', 'amount', { message: `${line.distance} ${line.unit} at ${line.ratePerUnit} is not ${line.amount.amount} ${line.amount.currency}.`, mend: 'Have the expense system calculate the line again.' }));
  }
  const rule = mileageRuleFor(line, review);
  if (rule === undefined) {
    findings.push(notConfigured(subject, 'EXPENSE_MILEAGE_NOT_CONFIGURED', 'incurredOn', { message: `${review.policy.name} has no rate for driving on ${line.incurredOn}.`, mend: 'Add the rate to config/expense-policy.yaml, or claim the fare of another means of travel.' }));
    return findings;
  }
  if (line.unit !== rule.unit) {
    findings.push(mustChange(subject, 'EXPENSE_MILEAGE_UNIT_DIFFERS', 'unit', { message: `The distance is in ${line.unit}; ${review.policy.name} pays by the ${rule.unit}.`, mend: `Give distance and rate in ${rule.unit}.` }));
  } else if (line.amount.currency !== review.paidIn) {
    findings.push(mustChange(subject, 'EXPENSE_ALLOWANCE_CURRENCY', 'amount', { message: `The allowance is in ${line.amount.currency}; ${review.policy.name} pays it in ${review.paidIn ?? 'another currency'}.`, mend: `Claim the allowance in ${review.paidIn ?? 'the currency of the policy'}.` }));
  } else if (new Exact(line.ratePerUnit).greaterThan(rule.rate)) {
    findings.push(mayPass(subject, 'EXPENSE_MILEAGE_EXCEEDED', 'ratePerUnit', { message: `${line.ratePerUnit} ${line.amount.currency} a ${line.unit} is more than ${rule.rate}, the rate on ${line.incurredOn} (${rule.source}).`, mend: 'Claim the rate of the policy, or have the higher one confirmed.' }));
  }
  return findings;
});

/** Where the full rate is only for the first so many miles of a tax year, no more than those are claimed at it, this report and those in force together. */
export const yearlyDistanceRule: ReportRule = (review) => {
  const { report, lines, others } = review;
  const own = lines.flatMap(({ line }) => (line.kind === 'mileage' ? [line] : []));
  const elsewhere = others.flatMap(({ report: other }) => other.lines.flatMap((line) => (line.kind === 'mileage' ? [line] : [])));
  return own.flatMap((line): ExpenseFinding[] => {
    const rule = mileageRuleFor(line, review);
    if (rule?.beyond == null || !new Exact(line.ratePerUnit).greaterThan(rule.beyond.rate)) return [];
    const { beyond, unit } = rule;
    const year = yearOf(line.incurredOn, beyond.yearStartsOn);
    const full = [...own, ...elsewhere].filter((drive) => drive.unit === unit && isWithin(drive.incurredOn, year.from, year.to) && new Exact(drive.ratePerUnit).greaterThan(beyond.rate));
    const total = full.reduce((sum, { distance }) => sum.plus(distance), new Exact(0));
    if (total.lessThanOrEqualTo(beyond.distance)) return [];
    return [mayPass({ report, line }, 'EXPENSE_MILEAGE_YEAR_EXCEEDED', 'ratePerUnit', { message: `With this report ${report.person} claims ${total.toFixed()} ${unit} at more than ${beyond.rate} in the year from ${year.from}; beyond ${beyond.distance} ${unit} the rate is ${beyond.rate} (${rule.source}).`, mend: `Claim what lies beyond at ${beyond.rate} in a line of its own, or have it confirmed (the excess is taxable pay).` })];
  });
};

function yearOf(date: LocalDate, startsOn: string): { readonly from: LocalDate; readonly to: LocalDate } {
  const start = `${date.slice(0, 4)}-${startsOn}`;
  const from = date >= start ? start : addMonths(start, -12);
  return { from, to: addDays(addMonths(from, 12), -1) };
}
