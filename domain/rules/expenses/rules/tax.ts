import type { Decimal } from 'decimal.js';
import { fitsCurrency, minorDigits } from '../../../money.ts';
import type { ExpenseLine } from '../../../model/time/expense-report.ts';
import { Exact, isAbsurd } from '../amounts.ts';
import { mayPass, mustChange, notConfigured, type ExpenseFinding } from '../finding.ts';
import { eachLine } from '../review.ts';

type Tax = Extract<ExpenseLine, { kind: 'receipt' }>['tax'][number];

/** Tax is of a rate that the country knows, no more than the amount can contain, and recovered only where the employer may. */
export const taxRule = eachLine(({ line, report, category }, { context, employer }) => {
  if (line.kind !== 'receipt' || line.tax.length === 0) return [];
  const subject = { report, line };
  const broken = line.tax.flatMap((tax) => brokenTax(subject, tax, line.amount.currency));
  if (broken.length > 0) return broken;
  const findings: ExpenseFinding[] = [];
  const least = line.tax.reduce((sum, tax) => sum.plus(containing(tax)), new Exact(0));
  if (least.greaterThan(line.amount.amount)) {
    findings.push(mustChange(subject, 'EXPENSE_TAX_IMPLAUSIBLE', 'tax', { message: `${line.amount.amount} ${line.amount.currency} cannot contain tax of ${line.tax.map(({ amount, ratePercent }) => `${amount.amount} at ${ratePercent} %`).join(', ')}.`, mend: 'Correct rate and amount of the tax as the receipt shows them.' }));
  }
  const rule = context.taxes.find(({ country }) => country === line.country);
  const recovered = line.tax.filter(({ recoverable }) => recoverable);
  if (rule === undefined) {
    if (recovered.length > 0) findings.push(notConfigured(subject, 'EXPENSE_TAX_COUNTRY_UNKNOWN', 'country', { message: `Whether tax of ${line.country} is recovered is not configured.`, mend: 'Add the country to expenseTaxes in config/expense-policy.yaml, or mark the tax as not recoverable.' }));
    return findings;
  }
  for (const { ratePercent } of line.tax) {
    const known = rule.ratesPercent === null ? new Exact(ratePercent).lessThanOrEqualTo(rule.mostPercent) : rule.ratesPercent.some((rate) => new Exact(rate).equals(ratePercent));
    if (!known) findings.push(mayPass(subject, 'EXPENSE_TAX_RATE_UNKNOWN', 'tax', { message: `${line.country} has no tax of ${ratePercent} % (${rule.ratesPercent === null ? `at most ${rule.mostPercent} %` : `${rule.ratesPercent.join(', ')} %`}; ${rule.source}).`, mend: 'Correct the rate or the country as the receipt shows them, or have the tax confirmed.' }));
  }
  if (recovered.length === 0) return findings;
  if (employer !== undefined && !rule.recoverableIn.includes(employer.country)) {
    findings.push(mustChange(subject, 'EXPENSE_TAX_NOT_RECOVERABLE', 'tax', { message: `${employer.code} does not recover tax of ${line.country}.`, mend: 'Mark the tax as not recoverable.' }));
  } else if (category?.taxRecoverable === false) {
    findings.push(mustChange(subject, 'EXPENSE_TAX_NOT_RECOVERABLE', 'tax', { message: `Tax in ${category.name} is not recovered.`, mend: 'Mark the tax as not recoverable, or pick the category the expense belongs to.' }));
  }
  if (line.receipt === null) {
    findings.push(mustChange(subject, 'EXPENSE_TAX_WITHOUT_RECEIPT', 'receipt', { message: 'Tax is to be recovered, but there is no receipt to prove it.', mend: 'Add the receipt, or mark the tax as not recoverable.' }));
  }
  return findings;
});

function brokenTax(subject: Parameters<typeof mustChange>[0], { amount, ratePercent }: Tax, currency: string): ExpenseFinding[] {
  if (amount.currency !== currency) {
    return [mustChange(subject, 'EXPENSE_TAX_CURRENCY_DIFFERS', 'tax', { message: `The tax is in ${amount.currency}, the amount that contains it in ${currency}.`, mend: 'Give the tax in the currency of the receipt.' })];
  }
  const value = new Exact(amount.amount);
  const rate = new Exact(ratePercent);
  const sane = !value.isNegative() && !rate.isNegative() && rate.lessThanOrEqualTo(100) && !isAbsurd(amount.amount) && fitsCurrency(amount) && !(rate.isZero() && !value.isZero());
  if (sane) return [];
  return [mustChange(subject, 'EXPENSE_TAX_IMPLAUSIBLE', 'tax', { message: `${amount.amount} ${amount.currency} at ${ratePercent} % is no tax.`, mend: 'Correct rate and amount of the tax as the receipt shows them.' })];
}

/** The least gross amount that contains a tax; the tax itself may be rounded up by a minor unit. */
function containing({ amount, ratePercent }: Tax): Decimal {
  const rate = new Exact(ratePercent);
  if (rate.isZero()) return new Exact(0);
  const unrounded = new Exact(amount.amount).minus(new Exact(10).pow(-minorDigits(amount.currency)));
  return unrounded.isNegative() ? new Exact(amount.amount) : unrounded.plus(unrounded.times(100).dividedBy(rate));
}
