import { z } from 'zod';
import { payrollTermsSchema } from '../model/time/payroll-terms.ts';
import { payCodeSchema, regionalRuleSetSchema, timeClosingSchema } from '../model/time/regional-rule-set.ts';

/** Sections about time and pay. A configuration stored before they existed has none of them. */
export const timeSections = {
  payCodes: z.array(payCodeSchema).default([]),
  regionalRules: z.array(regionalRuleSetSchema).default([]),
  timeClosing: z.array(timeClosingSchema).default([]),
  payroll: z.array(payrollTermsSchema).default([]),
  /** Time that waits for something else (an activation, a period, an original) is shown to a person after so many days. */
  heldTime: z.strictObject({ caseAfterDays: z.number().int().min(1).max(90) }).default({ caseAfterDays: 5 }),
};
