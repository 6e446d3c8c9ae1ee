import { isWithin } from '../../../dates.ts';
import { mustChange, mayPass, notConfigured, type TimeFinding } from '../finding.ts';
import { hundredths, weekdayOf } from '../hours.ts';
import { isTakenBack, type EntryRule } from '../review.ts';

/** The person is one of ours on the work date, works on that day, and a subcontractor works on an order. */
export const personRule: EntryRule = (review) => {
  const { entry, person, project, index } = review;
  if (person === undefined) {
    return [notConfigured(entry, 'PERSON_UNKNOWN', 'person', { message: `${entry.person} is not among our people.`, mend: 'Have the person added by HR (the identity map shows under which address), or correct the entry.' })];
  }
  if (isTakenBack(review)) return [];
  const findings: TimeFinding[] = [];
  if (!isWithin(entry.workDate, person.from, person.to)) {
    findings.push(mustChange(entry, 'PERSON_NOT_EMPLOYED', 'workDate', { message: `${entry.person} is with us from ${person.from}${person.to === null ? '' : ` to ${person.to}`}; the work is of ${entry.workDate}.`, mend: "Correct the work date, or have HR correct the person's dates." }));
  }
  if (index.entity(person.legalEntity) === undefined) {
    findings.push(notConfigured(entry, 'EMPLOYER_UNKNOWN', 'person', { message: `The employer ${person.legalEntity} of ${entry.person} is not one of our legal entities.`, mend: 'Add it to config/legal-entities.yaml, or have HR correct the person.' }));
  }
  if (person.kind === 'subcontractor') {
    const order = person.subcontract;
    if (order === null || !isWithin(entry.workDate, order.from, order.to)) {
      findings.push(mustChange(entry, 'SUBCONTRACT_MISSING', 'person', { message: `${entry.person} is a subcontractor without an order for ${entry.workDate}.`, mend: 'Have purchasing place or extend the order, then submit the entry again.' }));
    }
  }
  const agreed = person.calendar?.[weekdayOf(entry.workDate) - 1];
  if (agreed !== undefined && hundredths(agreed) === 0 && weekdayOf(entry.workDate) <= 5 && project?.absencePayCode == null) {
    findings.push(mayPass(entry, 'NOT_A_WORKING_DAY', 'workDate', { message: `${entry.workDate} is a day off in the part-time calendar of ${entry.person}.`, mend: 'Correct the work date, or have the exchange of days approved.' }));
  }
  return findings;
};
