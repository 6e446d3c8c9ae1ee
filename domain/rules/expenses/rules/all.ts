import type { ReportRule } from '../review.ts';
import { billedOnRule } from '../bill-on.ts';
import { approvalRule } from './approval.ts';
import { categoryRule, limitRule } from './category.ts';
import { exchangeRule } from './exchange.ts';
import { mileageRule, yearlyDistanceRule } from './mileage.ts';
import { daysTwiceRule, perDiemRule } from './per-diem.ts';
import { periodRule } from './period.ts';
import { personRule } from './person.ts';
import { plausibilityRule, totalRule } from './plausibility.ts';
import { assignmentRule, billableRule, costCenterRule, projectRule } from './project.ts';
import { duplicateRule, receiptRule, repeatedReceiptRule } from './receipt.ts';
import { taxRule } from './tax.ts';

/** Every rule about an expense report, the most telling first: a rejected report's case goes by its first finding. */
export const REPORT_RULES: readonly ReportRule[] = [
  personRule,
  approvalRule,
  plausibilityRule,
  totalRule,
  exchangeRule,
  categoryRule,
  receiptRule,
  repeatedReceiptRule,
  duplicateRule,
  taxRule,
  perDiemRule,
  daysTwiceRule,
  mileageRule,
  yearlyDistanceRule,
  limitRule,
  projectRule,
  assignmentRule,
  billableRule,
  costCenterRule,
  billedOnRule,
  periodRule,
];
