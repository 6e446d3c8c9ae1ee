import { addDays, daysBetween } from '../../../dates.ts';
import { mustChange, type TimeFinding } from '../finding.ts';
import { hoursText, lengthOfDay } from '../hours.ts';
import { isTakenBack, type EntryRule } from '../review.ts';

/** The entry is of a size and on a day that can be: no absurd number, no more hours than the local day has, no text that systems cannot carry. */
export const plausibilityRule: EntryRule = ({ entry, sheet, person, hours, index }) => {
  const findings: TimeFinding[] = [];
  const today = person === undefined ? undefined : index.today(person.timeZone);
  if (hours === null) {
    const fine = /^-?\d{1,6}\./.test(entry.hours);
    findings.push(
      fine
        ? mustChange(entry, 'HOURS_TOO_FINE', 'hours', { message: `${entry.hours} hours are given to more than two decimals.`, mend: 'Round the hours to hundredths in the time system.' })
        : mustChange(entry, 'HOURS_ABSURD', 'hours', { message: `${entry.hours} hours cannot be the work of one day.`, mend: 'Correct the hours in the time system.' }),
    );
  } else if (hours < 0 || (hours === 0 && !isTakenBack({ entry, hours }))) {
    findings.push(mustChange(entry, 'HOURS_NOT_POSITIVE', 'hours', { message: `${entry.hours} hours are not work.`, mend: 'Enter the hours worked; to take an entry back, send a correction of it with 0 hours.' }));
  } else if (person !== undefined && hours > lengthOfDay(entry.workDate, person.timeZone)) {
    const length = hoursText(lengthOfDay(entry.workDate, person.timeZone));
    findings.push(mustChange(entry, 'HOURS_ABSURD', 'hours', { message: `${entry.hours} hours are more than ${entry.workDate} has in ${person.timeZone} (${length}).`, mend: 'Correct the hours in the time system.' }));
  }
  if (entry.system !== sheet.system) {
    findings.push(mustChange(entry, 'ENTRY_OF_OTHER_SYSTEM', 'system', { message: `The entry is of ${entry.system}, its timesheet of ${sheet.system}.`, mend: 'Send entries in timesheets of the time system they are kept in.' }));
  }
  if (entry.person !== sheet.person) {
    findings.push(mustChange(entry, 'PERSON_DIFFERS', 'person', { message: `The entry is of ${entry.person}, its timesheet of ${sheet.person}.`, mend: 'Move the entry to the timesheet of the person who did the work.' }));
  }
  if (entry.workDate < sheet.weekStart || entry.workDate > addDays(sheet.weekStart, 6)) {
    findings.push(mustChange(entry, 'WORK_DATE_OUTSIDE_WEEK', 'workDate', { message: `${entry.workDate} is not in the week from ${sheet.weekStart} that the timesheet is for.`, mend: 'Correct the work date, or move the entry to the timesheet of its week.' }));
  }
  if (today !== undefined && entry.workDate > today) {
    findings.push(mustChange(entry, 'WORK_DATE_IN_FUTURE', 'workDate', { message: `${entry.workDate} is still to come: today is ${today} in ${person?.timeZone}.`, mend: 'Correct the work date, or submit the entry when the work is done.' }));
  }
  if (today !== undefined && daysBetween(entry.workDate, today) > 3 * 366) {
    findings.push(mustChange(entry, 'WORK_DATE_ABSURD', 'workDate', { message: `${entry.workDate} is more than three years ago.`, mend: 'Correct the work date in the time system.' }));
  }
  if (!entry.notes.isWellFormed() || entry.notes.includes('\0')) {
    findings.push(mustChange(entry, 'NOTES_UNREADABLE', 'notes', { message: 'The notes hold broken characters that no system can store.', mend: 'Write the notes again in the time system.' }));
  }
  return findings;
};
