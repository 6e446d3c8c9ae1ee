import { daysBetween } from '../../../dates.ts';
import { fitsCurrency, minorDigits, sumMoney, type Money } from '../../../money.ts';
import { Exact, isAbsurd } from '../amounts.ts';
import { mayPass, mustChange, type ExpenseFinding, type Subject } from '../finding.ts';
import { eachLine, type ReportRule } from '../review.ts';

const LONGEST_AGO_DAYS = 3 * 366;

/** An amount that can be: positive, not absurd, in the currency's own decimals. */
function amountFindings(subject: Subject, field: string, amount: Money, least: 'positive' | 'zero'): ExpenseFinding[] {
  const value = new Exact(amount.amount);
  if (isAbsurd(amount.amount)) return [mustChange(subject, 'EXPENSE_AMOUNT_ABSURD', field, { message: `${amount.amount} ${amount.currency} cannot be what a person spent.`, mend: 'Correct the amount in the expense system.' })];
  if (value.lessThan(0) || (least === 'positive' && value.isZero())) return [mustChange(subject, 'EXPENSE_AMOUNT_NOT_POSITIVE', field, { message: `${amount.amount} ${amount.currency} is nothing to pay back.`, mend: 'Enter what was spent; to take an expense back, submit a new version of the report without it.' })];
  if (!fitsCurrency(amount)) return [mustChange(subject, 'EXPENSE_AMOUNT_TOO_FINE', field, { message: `${amount.amount} ${amount.currency} has more than the ${minorDigits(amount.currency)} decimals of ${amount.currency}.`, mend: 'Round the amount as it was paid.' })];
  return [];
}

/** Each line is of a size, on a day and in words that can be. */
export const plausibilityRule = eachLine((review, { today, policy, paidIn }) => {
  const { line, report, amount } = review;
  const subject = { report, line };
  const findings = amountFindings(subject, 'amount', line.amount, 'positive');
  if (line.kind === 'per_diem') findings.push(...amountFindings(subject, 'deduction', line.deduction, 'zero'));
  if (findings.length === 0 && amount !== null && policy !== undefined && amount.currency === paidIn && new Exact(amount.amount).greaterThan(policy.mostPerLine)) {
    findings.push(mayPass(subject, 'EXPENSE_LINE_TOO_HIGH', 'amount', { message: `${amount.amount} ${amount.currency} is more than ${policy.mostPerLine} ${paidIn}, the most that ${policy.name} pays back in one line.`, mend: 'Correct the amount, or have the expense confirmed.' }));
  }
  if (line.incurredOn > today) {
    findings.push(mustChange(subject, 'EXPENSE_IN_FUTURE', 'incurredOn', { message: `${line.incurredOn} is still to come: today is ${today}.`, mend: 'Correct the date, or submit the expense when it has been paid.' }));
  } else if (line.incurredOn > report.submittedOn) {
    findings.push(mustChange(subject, 'EXPENSE_AFTER_SUBMISSION', 'incurredOn', { message: `The expense is of ${line.incurredOn}, the report was submitted on ${report.submittedOn}.`, mend: 'Correct the date of the expense.' }));
  }
  const age = daysBetween(line.incurredOn, report.submittedOn);
  if (age > LONGEST_AGO_DAYS) {
    findings.push(mustChange(subject, 'EXPENSE_DATE_ABSURD', 'incurredOn', { message: `${line.incurredOn} is more than three years before the report.`, mend: 'Correct the date in the expense system.' }));
  } else if (policy !== undefined && age > policy.submitWithinDays) {
    findings.push(mayPass(subject, 'EXPENSE_TOO_OLD', 'incurredOn', { message: `The expense of ${line.incurredOn} was submitted ${age} days later; ${policy.name} allows ${policy.submitWithinDays}.`, mend: 'Correct the date, or have the late expense confirmed.' }));
  }
  const texts = [line.description, line.task ?? '', line.costCenter ?? '', line.projectNumber, line.kind === 'receipt' ? line.merchant : ''];
  if (texts.some((text) => !text.isWellFormed() || text.includes('\0'))) {
    findings.push(mustChange(subject, 'EXPENSE_TEXT_UNREADABLE', 'description', { message: 'The line holds broken characters that no system can store.', mend: 'Write the text again in the expense system.' }));
  }
  return findings;
});

/** Lines are told apart by their IDs, and add up to the report's total to the cent. */
export const totalRule: ReportRule = ({ report, lines, today }) => {
  const findings: ExpenseFinding[] = [];
  const counts = Map.groupBy(lines, ({ line }) => line.id);
  for (const [id, same] of counts) {
    if (same.length > 1) findings.push(mustChange({ report, line: { id } }, 'EXPENSE_LINE_REPEATED', 'id', { message: `The report holds ${same.length} lines with the ID ${id}.`, mend: 'Give each line an ID of its own; send each line once.' }));
  }
  if (report.submittedOn > today) {
    findings.push(mustChange({ report }, 'EXPENSE_IN_FUTURE', 'submittedOn', { message: `The report is submitted on ${report.submittedOn}; today is ${today}.`, mend: 'Correct the date in the expense system.' }));
  }
  if (report.total.currency !== report.currency) {
    findings.push(mustChange({ report }, 'EXPENSE_TOTAL_WRONG', 'total', { message: `The total is in ${report.total.currency}, the report in ${report.currency}.`, mend: 'Give the total in the currency of the report.' }));
    return findings;
  }
  const amounts = lines.flatMap(({ amount }) => (amount === null ? [] : [amount]));
  if (amounts.length < lines.length) return findings;
  const sum = sumMoney(amounts, report.currency);
  if (!new Exact(sum.amount).equals(report.total.amount)) {
    findings.push(mustChange({ report }, 'EXPENSE_TOTAL_WRONG', 'total', { message: `The lines add up to ${sum.amount} ${sum.currency}, the report says ${report.total.amount} ${report.total.currency}.`, mend: 'Have the expense system calculate the total again: each line in the currency of the report, rounded to its decimals.' }));
  }
  return findings;
};
