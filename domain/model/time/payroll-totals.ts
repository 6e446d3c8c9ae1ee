import { addDecimal } from '../../money.ts';
import type { PayrollLine, PayrollTotals } from './payroll-export.ts';

/** The control totals of an export's lines. */
export function controlTotals(lines: readonly Pick<PayrollLine, 'person' | 'payCode' | 'hours'>[]): PayrollTotals {
  const perPayCode = new Map<string, string>();
  for (const { payCode, hours } of lines) perPayCode.set(payCode, addDecimal(perPayCode.get(payCode) ?? '0', hours));
  return {
    lines: lines.length,
    people: new Set(lines.map(({ person }) => person)).size,
    hours: [...perPayCode.values()].reduce(addDecimal, '0'),
    hoursPerPayCode: [...perPayCode].map(([payCode, hours]) => ({ payCode, hours })).toSorted((left, right) => (left.payCode < right.payCode ? -1 : 1)),
  };
}
