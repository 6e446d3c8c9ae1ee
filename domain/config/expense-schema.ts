import { z } from 'zod';
import { expenseCategorySchema, expensePolicySchema, expenseTaxRuleSchema } from '../model/time/expense-policy.ts';

/** Sections about expenses. A configuration stored before they existed has none of them. */
export const expenseSections = {
  expenseCategories: z.array(expenseCategorySchema).default([]),
  expenseTaxes: z.array(expenseTaxRuleSchema).default([]),
  expensePolicies: z.array(expensePolicySchema).default([]),
};
