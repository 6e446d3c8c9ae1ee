import { mayPass, notConfigured, type TimeFinding } from '../finding.ts';
import { weekdayOf } from '../hours.ts';
import { isTakenBack, type EntryRule } from '../review.ts';

/** What the region's law says of the day as such: Sundays and public holidays. For employees; subcontractors set their own hours. */
export const regionalDayRule: EntryRule = (review) => {
  const { entry, person, project, ruleSet, index } = review;
  if (person === undefined || person.kind === 'subcontractor' || isTakenBack(review)) return [];
  if (ruleSet === undefined) {
    return [notConfigured(entry, 'REGIONAL_RULES_MISSING', 'person', { message: `There is no regional rule set ${person.ruleSet ?? `for the country of ${person.legalEntity}`}.`, mend: 'Add it to config/regional-rules.yaml, or have the person\'s rule set corrected.' })];
  }
  if (!ruleSet.holidays.years.includes(Number(entry.workDate.slice(0, 4)))) {
    return [notConfigured(entry, 'PUBLIC_HOLIDAYS_UNKNOWN', 'workDate', { message: `The public holidays of ${entry.workDate.slice(0, 4)} are not known for ${ruleSet.name}.`, mend: 'Add the year to config/regional-rules.yaml.' })];
  }
  if (project?.absencePayCode != null) return [];
  const findings: TimeFinding[] = [];
  const holiday = index.holidays(ruleSet).get(entry.workDate);
  const { sundayWork, holidayWork } = ruleSet.limits;
  if (holidayWork !== null && holiday !== undefined) {
    findings.push(mayPass(entry, 'HOLIDAY_WORK_NOT_ALLOWED', 'workDate', { message: `${entry.workDate} is ${holiday}, a public holiday in ${ruleSet.name}, on which work is not allowed (${holidayWork.source}).`, mend: 'Correct the work date, or have the exception and the substitute day of rest confirmed by HR.' }));
  }
  if (sundayWork !== null && weekdayOf(entry.workDate) === 7) {
    findings.push(mayPass(entry, 'SUNDAY_WORK_NOT_ALLOWED', 'workDate', { message: `${entry.workDate} is a Sunday, on which work is not allowed in ${ruleSet.name} (${sundayWork.source}).`, mend: 'Correct the work date, or have the exception and the substitute day of rest confirmed by HR.' }));
  }
  return findings;
};
