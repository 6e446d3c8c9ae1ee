import type { EntryRule } from '../review.ts';
import { approvalRule } from './approval.ts';
import { assignmentRule, laborCategoryRule } from './assignment.ts';
import { billingEligibilityRule, costCenterRule, costRule, rateRule } from './billing.ts';
import { clockRule } from './clock.ts';
import { periodRule } from './period.ts';
import { personRule } from './person.ts';
import { plausibilityRule } from './plausibility.ts';
import { projectRule } from './project.ts';
import { regionalDayRule } from './regional-entry.ts';

/** Every rule about one entry. */
export const ENTRY_RULES: readonly EntryRule[] = [
  plausibilityRule,
  clockRule,
  personRule,
  approvalRule,
  projectRule,
  assignmentRule,
  laborCategoryRule,
  billingEligibilityRule,
  rateRule,
  costCenterRule,
  costRule,
  periodRule,
  regionalDayRule,
];
