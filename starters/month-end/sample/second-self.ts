import { addDays } from '../../../domain/dates.ts';
import type { TimePerson } from '../../../domain/model/time/context.ts';
import type { SampleFirm } from './firm.ts';
import { CATEGORY_WITHOUT_COST, type SamplePerson } from './people.ts';
import { planOf } from './plan.ts';

/** The address under which somebody stands in the reference data a second time. */
export function secondEmail({ email }: SamplePerson): string {
  return email.replace('@', '.2@');
}

/** That second person with what is wrong with it; undefined where nobody by that address is known, or none is needed. */
export function secondSelf(firm: SampleFirm, person: SamplePerson, document: TimePerson): TimePerson | undefined {
  const dirty = planOf(person, firm.calendar).find(({ dirt }) => dirt !== null);
  const second = { ...document, email: secondEmail(person) };
  switch (dirty?.dirt) {
    case 'person_not_employed':
      return { ...second, to: addDays(dirty.weekStart, -3) };
    case 'employer_unknown':
      return { ...second, legalEntity: 'ZZ99', ruleSet: 'US' };
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
