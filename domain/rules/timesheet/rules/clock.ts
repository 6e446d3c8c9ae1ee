import { mustChange, type TimeFinding } from '../finding.ts';
import { hoursText, localDateOf } from '../hours.ts';
import type { EntryRule } from '../review.ts';

/** Minutes are rounded to hundredths of an hour by time systems: half a hundredth each way, and one for their own rounding. */
const TOLERANCE = 2;

/** Where the clock is recorded, hours are what passed between start and end without breaks, also on the days the clock changes. */
export const clockRule: EntryRule = ({ entry, person, hours }) => {
  const { clock } = entry;
  if (clock === null) return [];
  const elapsed = Date.parse(clock.endedAt) - Date.parse(clock.startedAt);
  if (elapsed <= 0) {
    return [mustChange(entry, 'CLOCK_OUT_OF_ORDER', 'clock.endedAt', { message: `The work ends (${clock.endedAt}) before it begins (${clock.startedAt}).`, mend: 'Correct start and end in the time system.' })];
  }
  const findings: TimeFinding[] = [];
  const worked = Math.round(elapsed / 36_000 - (clock.breakMinutes * 100) / 60);
  if (hours !== null && hours !== 0 && Math.abs(worked - hours) > TOLERANCE) {
    findings.push(mustChange(entry, 'HOURS_DIFFER_FROM_CLOCK', 'hours', { message: `${entry.hours} hours are entered, but from ${clock.startedAt} to ${clock.endedAt} without ${clock.breakMinutes} minutes of break are ${hoursText(worked)}.`, mend: 'Correct the hours or the times in the time system; on a day the clock changes, count the hours that really passed.' }));
  }
  if (person !== undefined && localDateOf(clock.startedAt, person.timeZone) !== entry.workDate) {
    findings.push(mustChange(entry, 'WORK_DATE_DIFFERS_FROM_CLOCK', 'workDate', { message: `The work began on ${localDateOf(clock.startedAt, person.timeZone)} in ${person.timeZone}, not on ${entry.workDate}.`, mend: 'Correct the work date or the start in the time system.' }));
  }
  return findings;
};
