import type { ExceptionPolicy, FirmConfig } from '../../domain/config/schema.ts';

const terms = { escalateTo: 'controller', slaHours: 24, remindHoursBefore: 4 } as const;

/** What the exception policies of a firm say of expenses, wherever its configuration does not yet. */
const EXPENSE_POLICIES: readonly ExceptionPolicy[] = [
  { code: 'EXPENSE_*', severity: 'medium', owner: 'finance_operations', ...terms, actions: ['retry', 'correct', 'override', 'return_to_submitter'], override: { roles: ['finance_operations', 'controller'], secondPersonAbove: { amount: '5000', currency: 'USD' } } },
  { code: 'EXPENSE_TAX_*', severity: 'medium', owner: 'tax', ...terms, actions: ['retry', 'correct', 'override', 'return_to_submitter'], override: { roles: ['tax', 'controller'], secondPersonAbove: { amount: '5000', currency: 'USD' } } },
  { code: 'EXPENSES_NOT_OFFERED', severity: 'high', owner: 'finance_operations', ...terms, actions: ['retry', 'confirm_done'], override: null },
  { code: 'REPORT_STALE', severity: 'low', owner: 'finance_operations', ...terms, actions: ['retry', 'correct', 'return_to_submitter'], override: null },
];

export function withExpensePolicies(config: FirmConfig): FirmConfig {
  const known = new Set(config.exceptionPolicies.map(({ code }) => code));
  return { ...config, exceptionPolicies: [...config.exceptionPolicies, ...EXPENSE_POLICIES.filter(({ code }) => !known.has(code))] };
}
