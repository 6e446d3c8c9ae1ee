import { sumMoney } from '../../../money.ts';
import { Exact } from '../amounts.ts';
import { mayPass, mustChange, notConfigured, type ExpenseFinding } from '../finding.ts';
import { eachLine, type ReportInReview, type ReportRule } from '../review.ts';

/** The firm knows the category and pays it back in the employer's country. */
export const categoryRule = eachLine(({ line, report, categoryCode, category }, { policy, context }) => {
  if (category === undefined) {
    return [notConfigured({ report, line }, 'EXPENSE_CATEGORY_UNKNOWN', 'category', { message: `The category ${categoryCode} is not one of ours.`, mend: `Pick one of ${context.categories.map(({ code }) => code).join(', ')}, or add it to config/expense-policy.yaml.` })];
  }
  if (line.kind !== 'receipt' || policy === undefined || policy.categories.some(({ code }) => code === categoryCode)) return [];
  return [mustChange({ report, line }, 'EXPENSE_CATEGORY_NOT_ALLOWED', 'category', { message: `${category.name} is not paid back by ${policy.name}.`, mend: 'Take the line out, or pick the category it belongs to.' })];
});

/** No receipt, and no day, above the most that the policy pays for the category; what other reports in force claim for the day counts. */
export const limitRule: ReportRule = (review) => {
  const { report, policy, paidIn, lines } = review;
  if (policy === undefined || paidIn !== report.currency) return [];
  const findings: ExpenseFinding[] = [];
  for (const { code, most, per } of policy.categories) {
    if (most === null) continue;
    const claimed = lines.filter(({ categoryCode, line }) => line.kind === 'receipt' && categoryCode === code);
    for (const [key, group] of Map.groupBy(claimed, ({ line }) => (per === 'day' ? line.incurredOn : canonicalKey(line)))) {
      const own = sumMoney(group.flatMap(({ amount }) => (amount === null ? [] : [amount])), paidIn);
      const total = new Exact(own.amount).plus(per === 'day' ? claimedElsewhere(review, code, key) : 0);
      if (total.lessThanOrEqualTo(most)) continue;
      for (const { line, category } of group) {
        findings.push(mayPass({ report, line }, 'EXPENSE_LIMIT_EXCEEDED', 'amount', { message: `${total.toFixed()} ${paidIn} for ${category?.name ?? code}${per === 'day' ? ` on ${line.incurredOn}` : ''} is more than the ${most} ${paidIn} that ${policy.name} pays.`, mend: 'Claim no more than that, or have the amount confirmed.' }));
      }
    }
  }
  return findings;
};

function canonicalKey(line: { readonly id: string; readonly incurredOn: string }): string {
  return `${line.incurredOn} ${line.id}`;
}

function claimedElsewhere({ others, paidIn }: ReportInReview, category: string, day: string): string {
  const amounts = others.flatMap(({ posting }) => posting.lines.filter((line) => line.kind === 'receipt' && line.category === category && line.incurredOn === day && line.amount.currency === paidIn).map(({ amount }) => amount.amount));
  return amounts.reduce((sum, amount) => sum.plus(amount), new Exact(0)).toFixed();
}
