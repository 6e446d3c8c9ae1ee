import type { ExpenseLine } from '../../../model/time/expense-report.ts';
import { Exact } from '../amounts.ts';
import { mayPass, mustChange, type ExpenseFinding } from '../finding.ts';
import { eachLine, type ReportRule } from '../review.ts';

type ReceiptLine = Extract<ExpenseLine, { kind: 'receipt' }>;

/** There is a receipt where the policy asks for one. */
export const receiptRule = eachLine(({ line, report, amount, categoryCode, category }, { policy, paidIn }) => {
  if (line.kind !== 'receipt' || line.receipt !== null || policy === undefined || amount === null) return [];
  const { above, always } = policy.receipt;
  const name = category?.name ?? categoryCode;
  if (always.includes(categoryCode)) {
    return [mayPass({ report, line }, 'EXPENSE_RECEIPT_MISSING', 'receipt', { message: `${name} needs a receipt, whatever the amount (${policy.name}).`, mend: 'Add the receipt to the line, or have a statement in lieu confirmed.' })];
  }
  if (amount.currency !== paidIn || new Exact(amount.amount).lessThanOrEqualTo(above)) return [];
  return [mayPass({ report, line }, 'EXPENSE_RECEIPT_MISSING', 'receipt', { message: `${amount.amount} ${amount.currency} for ${name} has no receipt; ${policy.name} asks for one above ${above} ${paidIn}.`, mend: 'Add the receipt to the line, or have a statement in lieu confirmed.' })];
});

/** One receipt is paid once: not in two lines of the same category, not in two reports, of whomever. One bill may cover several categories. */
export const repeatedReceiptRule: ReportRule = ({ report, lines, context }) => {
  const withReceipt = lines.flatMap(({ line }) => (line.kind === 'receipt' && line.receipt !== null ? [{ line, receipt: line.receipt }] : []));
  const findings: ExpenseFinding[] = [];
  for (const same of Map.groupBy(withReceipt, ({ receipt }) => receipt.sha256).values()) {
    const categories = new Set(same.map(({ line }) => line.category));
    const ids = new Set(same.map(({ receipt }) => receipt.id));
    if (same.length > 1 && (categories.size < same.length || ids.size > 1)) {
      for (const { line } of same) findings.push(mustChange({ report, line }, 'EXPENSE_RECEIPT_REPEATED', 'receipt', { message: `The same receipt stands in lines ${same.map((one) => one.line.id).join(', ')}.`, mend: 'Claim each receipt once; divide one bill into lines of different categories under the same receipt ID.' }));
    }
  }
  for (const { line, receipt } of withReceipt) {
    const seen = context.receipts.find(({ sha256, report: other }) => sha256 === receipt.sha256 && !(other.system === report.system && other.id === report.id) && !(report.replaces !== null && other.system === report.system && other.id === report.replaces.id));
    if (seen === undefined) continue;
    findings.push(mayPass({ report, line }, 'EXPENSE_RECEIPT_SEEN_BEFORE', 'receipt', { message: `This receipt was claimed before by ${seen.person} in report ${seen.report.id} version ${seen.report.version}, line ${seen.line}.`, mend: 'Take the line out; where people shared one bill, have the shares confirmed.' }));
  }
  return findings;
};

/** The same money spent at the same place on the same day is one expense, with or without a receipt, until a person says it is two. */
export const duplicateRule: ReportRule = ({ report, lines, others }) => {
  const candidates = lines.flatMap(({ line }) => (line.kind === 'receipt' ? [line] : []));
  const earlier = new Map(others.flatMap(({ report: other }) => other.lines.flatMap((line) => (line.kind === 'receipt' ? [[sameness(line), { report: other, line }] as const] : []))));
  const within = Map.groupBy(candidates, sameness);
  return candidates.flatMap((line) => {
    const before = earlier.get(sameness(line));
    if (before !== undefined && !differentReceipts(line, before.line)) {
      return [mayPass({ report, line }, 'EXPENSE_DUPLICATE', 'amount', { message: `${line.amount.amount} ${line.amount.currency} at ${line.merchant} on ${line.incurredOn} was claimed before in report ${before.report.id} version ${before.report.version}, line ${before.line.id}.`, mend: 'Take the line out, or have it confirmed that it is another expense.' })];
    }
    const twins = (within.get(sameness(line)) ?? []).filter((other) => other !== line && !differentReceipts(line, other));
    if (twins.length === 0) return [];
    return [mayPass({ report, line }, 'EXPENSE_DUPLICATE', 'amount', { message: `${line.amount.amount} ${line.amount.currency} at ${line.merchant} on ${line.incurredOn} stands in the report more than once (lines ${[line, ...twins].map(({ id }) => id).toSorted().join(', ')}).`, mend: 'Take the repeated line out, or have it confirmed that they are different expenses.' })];
  });
};

function sameness({ incurredOn, merchant, amount, category, country }: ReceiptLine): string {
  return JSON.stringify([incurredOn, merchant.normalize('NFKC').toLowerCase().replaceAll(/\s+/g, ' ').trim(), new Exact(amount.amount).toFixed(), amount.currency, category, country]);
}

function differentReceipts(left: ReceiptLine, right: ReceiptLine): boolean {
  return left.receipt !== null && right.receipt !== null && left.receipt.sha256 !== right.receipt.sha256;
}
