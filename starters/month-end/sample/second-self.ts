import { addDays } from '../../../domain/dates.ts';
import type { TimePerson } from '../../../domain/model/time/context.ts';
import type { DirtKind } from './dirt.ts';
import type { SampleFirm } from './firm.ts';
import { CATEGORY_WITHOUT_COST, type SamplePerson } from './people.ts';
import { planOf } from './plan.ts';

/** The address under which somebody stands in the reference data a second time. */
export function secondEmail({ email }: SamplePerson): string {
  return email.replace('@', '.2@');
}

/** An employer that is none of the firm's. */
const NO_ENTITY = 'ZZ99';
/** Where the time of people goes whom the reference data does not know. */
const UNKNOWN = 'UNKNOWN';

/** The legal entity that a timesheet of this kind is taken for, by the reference data. */
export function employerTold(author: SamplePerson, dirt: DirtKind | null): string {
  if (dirt === 'person_unknown') return UNKNOWN;
  return dirt === 'employer_unknown' ? NO_ENTITY : author.entity.code;
}

/** That second person with what is wrong with it; undefined where nobody by that address is known, or none is needed. */
export function secondSelf(firm: SampleFirm, person: SamplePerson, document: TimePerson): TimePerson | undefined {
  const dirty = planOf(person, firm.calendar).find(({ dirt }) => dirt !== null);
  const second = { ...document, email: secondEmail(person) };
  switch (dirty?.dirt) {
    case 'person_not_employed':
      return { ...second, to: addDays(dirty.weekStart, -3) };
    case 'employer_unknown':
      return { ...second, legalEntity: NO_ENTITY, ruleSet: 'US' };
    case 'subcontract_missing':
      return { ...second, kind: 'subcontractor', subcontract: null };
    case 'regional_rules_missing':
      return { ...second, ruleSet: 'ATLANTIS' };
    case 'cost_rate_missing':
    case 'cost_currency_differs':
      return { ...second, laborCategory: CATEGORY_WITHOUT_COST };
    default:
      return undefined;
  }
}
