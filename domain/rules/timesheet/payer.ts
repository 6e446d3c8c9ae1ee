import type { LocalDate } from '../../dates.ts';
import type { TimePerson } from '../../model/time/context.ts';
import type { PostedEntry } from '../../model/time/enriched-entry.ts';
import type { RegionalRuleSet } from '../../model/time/regional-rule-set.ts';
import type { ContextIndex } from './index-context.ts';
import { termsOn } from './terms.ts';

/** Who pays an employee's hours, by which rules: overtime is counted over the hours of a week that one payer pays alike. */
export interface Payer {
  readonly key: string;
  readonly person: TimePerson;
  readonly ruleSet: RegionalRuleSet;
}

/** Undefined for who is on no payroll, and for an employer that the person's terms know no more. */
export function payerOf(email: string, employer: string, date: LocalDate, index: ContextIndex): Payer | undefined {
  const rows = index.terms(email);
  const person = termsOn(rows.length === 1 && rows[0]?.legalEntity === employer ? rows : rows.filter(({ legalEntity }) => legalEntity === employer), date);
  const ruleSet = person?.kind === 'employee' ? index.ruleSet(person) : undefined;
  return person === undefined || ruleSet === undefined ? undefined : { key: `${email} ${employer} ${ruleSet.code} ${person.overtime}`, person, ruleSet };
}

export function payerOfPosted({ labor: { entry, employer } }: PostedEntry, index: ContextIndex): Payer | undefined {
  return payerOf(entry.person, employer, entry.workDate, index);
}
