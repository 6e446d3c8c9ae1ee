import { isWithin } from '../../../dates.ts';
import { mustChange, notConfigured, type ExpenseFinding } from '../finding.ts';
import type { ReportRule } from '../review.ts';

/** The person is one of ours on every day that money was spent, a subcontractor on an order; the employer pays back by a policy, in its currency. */
export const personRule: ReportRule = (review) => {
  const { report, person, employer, policy, paidIn, context, lines } = review;
  if (person === undefined) {
    return [notConfigured({ report }, 'PERSON_UNKNOWN', 'person', { message: `${report.person} is not among our people.`, mend: 'Have the person added by HR, or correct the report.' })];
  }
  if (employer === undefined) {
    return [notConfigured({ report }, 'EMPLOYER_UNKNOWN', 'person', { message: `The employer ${person.legalEntity} of ${report.person} is not one of our legal entities.`, mend: 'Add it to config/legal-entities.yaml, or have HR correct the person.' })];
  }
  const findings: ExpenseFinding[] = [];
  if (policy === undefined) {
    findings.push(notConfigured({ report }, 'EXPENSE_POLICY_MISSING', 'person', { message: `There is no expense policy for ${employer.country}, the country of ${employer.code}.`, mend: 'Add it to config/expense-policy.yaml, or one for "*".' }));
  }
  if (!context.erps.some(({ legalEntity }) => legalEntity === employer.code)) {
    findings.push(notConfigured({ report }, 'EXPENSE_ERP_MISSING', 'person', { message: `${employer.code} has no ERP to book expenses in.`, mend: 'Route the legal entity to an ERP in config/routing.yaml.' }));
  }
  if (paidIn !== undefined && report.currency !== paidIn) {
    findings.push(mustChange({ report }, 'EXPENSE_CURRENCY_NOT_PAID', 'currency', { message: `The report is in ${report.currency}; ${employer.code} pays its people back in ${paidIn}.`, mend: `Submit the report in ${paidIn}, with the exchange rate of each foreign amount.` }));
  }
  for (const { line } of lines) {
    if (!isWithin(line.incurredOn, person.from, person.to)) {
      findings.push(mustChange({ report, line }, 'PERSON_NOT_EMPLOYED', 'incurredOn', { message: `${report.person} is with us from ${person.from}${person.to === null ? '' : ` to ${person.to}`}; the expense is of ${line.incurredOn}.`, mend: "Correct the date, or have HR correct the person's dates." }));
    }
    if (person.kind === 'subcontractor' && (person.subcontract === null || !isWithin(line.incurredOn, person.subcontract.from, person.subcontract.to))) {
      findings.push(mustChange({ report, line }, 'SUBCONTRACT_MISSING', 'incurredOn', { message: `${report.person} is a subcontractor without an order for ${line.incurredOn}.`, mend: 'Have purchasing place or extend the order, then submit the report again.' }));
    }
  }
  return findings;
};
