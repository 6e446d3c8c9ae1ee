import { addMonths, daysBetween } from '../../../dates.ts';
import type { Finding } from '../../../findings.ts';
import { mayPass, mustChange, type DealRule } from '../rule.ts';

const MOST_DAYS = 366 * 20;

/** The project begins before it ends, at dates that make sense. */
export const datesRule: DealRule = ({ deal, asOf }) => {
  const { startDate: start, endDate: end } = deal;
  const findings: Finding[] = [];
  if (start === null) findings.push(mustChange('DATE_MISSING', 'startDate', { message: 'The deal has no start date.', mend: "Enter the project's start date at the opportunity." }));
  if (end === null) findings.push(mustChange('DATE_MISSING', 'endDate', { message: 'The deal has no end date.', mend: "Enter the project's end date at the opportunity." }));
  for (const [path, date] of [['startDate', start], ['endDate', end]] as const) {
    if (date !== null && (date < '2000-01-01' || date > '2100-12-31')) {
      findings.push(mustChange('DATES_IMPOSSIBLE', path, { message: `${date} cannot be a date of a project.`, mend: 'Correct the date at the opportunity.' }));
    }
  }
  if (findings.length > 0 || start === null || end === null) return findings;
  if (end < start) return [mustChange('DATES_OUT_OF_ORDER', 'endDate', { message: `The project would end on ${end}, before it begins on ${start}.`, mend: 'Correct the dates at the opportunity.' })];
  if (daysBetween(start, end) > MOST_DAYS) {
    return [mustChange('DATES_IMPOSSIBLE', 'endDate', { message: `The project would run from ${start} to ${end}, more than twenty years.`, mend: 'Correct the dates at the opportunity.' })];
  }
  if (start < addMonths(asOf, -12) || start > addMonths(asOf, 24) || end > addMonths(start, 60)) {
    return [
      mayPass('DATES_IMPLAUSIBLE', 'startDate', {
        message: `The project would run from ${start} to ${end}: it begins more than a year ago, more than two years from now, or runs longer than five years.`,
        mend: 'Correct the dates at the opportunity, or have them allowed.',
      }),
    ];
  }
  return [];
};
