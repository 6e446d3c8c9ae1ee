import { addDays, addMonths, daysBetween, type Instant, type LocalDate } from '../../../domain/dates.ts';
import { weekdayOf } from '../../../domain/rules/timesheet/hours.ts';

/** The days of a sample month: four weeks from its first Monday on, and those around it that some timesheets are of. */
export interface SampleCalendar {
  readonly month: string;
  /** Mondays. */
  readonly weeks: readonly LocalDate[];
  /** The week before the month's first: told late. */
  readonly previousWeek: LocalDate;
  /** The week in which the month is processed. */
  readonly currentWeek: LocalDate;
  /** Too long ago for any entity's closed period. */
  readonly oldWeek: LocalDate;
  /** Before the first accounting period. */
  readonly ancientWeek: LocalDate;
  /** In the year before, whose public holidays are not kept. */
  readonly lastYearsWeek: LocalDate;
  /** The last public holiday in Berlin before the month's end; null where work of that week would come too late. */
  readonly germanHoliday: LocalDate | null;
  /** First day after the month. */
  readonly nextMonth: LocalDate;
  readonly asOf: Instant;
  readonly today: LocalDate;
  /** People, projects and rates are in force from here on. */
  readonly firmStart: LocalDate;
  /** First months of the accounting periods and how many. */
  readonly periodsFrom: LocalDate;
  readonly periods: number;
}

const ANCIENT_WEEKS = 70;
const OLD_WEEKS = 17;
/** Fewer than any entity's days for late entries. */
const SOON_ENOUGH_DAYS = 44;
const HOLIDAY_YEAR = '2026';

/** Public holidays of 2026 by country, as far as they keep people from work (config/regional-rules.yaml names the sources). */
const HOLIDAYS: Readonly<Record<string, readonly string[]>> = {
  US: ['01-01', '01-19', '02-16', '05-25', '06-19', '07-03', '09-07', '10-12', '11-11', '11-26', '12-25'],
  CA: ['01-01', '02-16', '04-03', '05-18', '07-01', '09-07', '10-12', '12-25', '12-26'],
  GB: ['01-01', '04-03', '04-06', '05-04', '05-25', '08-31', '12-25', '12-28'],
  DE: ['01-01', '03-08', '04-03', '04-06', '05-01', '05-14', '05-25', '10-03', '12-25', '12-26'],
  AU: ['01-01', '01-26', '04-03', '04-06', '04-25', '04-27', '06-08', '10-05', '12-25', '12-26', '12-28'],
  SG: ['01-01', '02-17', '02-18', '04-03', '05-01', '05-27', '06-01', '08-10', '11-09', '12-25'],
  JP: ['01-01', '01-12', '02-11', '02-23', '03-20', '04-29', '05-04', '05-05', '05-06', '07-20', '08-11', '09-21', '09-22', '09-23', '10-12', '11-03', '11-23'],
  IN: ['01-26', '05-01', '08-15', '10-02', '11-01'],
};

export function isHoliday(country: string, date: LocalDate): boolean {
  return date.startsWith(HOLIDAY_YEAR) && (HOLIDAYS[country]?.includes(date.slice(5)) ?? false);
}

/** @throws RangeError for a month that is none, or of a year whose public holidays are not known here */
export function calendarOf(month: string): SampleCalendar {
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) throw new RangeError(`"${month}" is no month: write it as 2026-10`);
  if (!month.startsWith(HOLIDAY_YEAR) || month.endsWith('-01')) throw new RangeError(`the sample knows the public holidays of ${HOLIDAY_YEAR} only: pick a month from ${HOLIDAY_YEAR}-02 to ${HOLIDAY_YEAR}-12, not ${month}`);
  const first = `${month}-01`;
  const monday = addDays(first, (8 - weekdayOf(first)) % 7);
  const nextMonth = addMonths(first, 1);
  const today = thirdWorkingDay(nextMonth);
  const germanHoliday = (HOLIDAYS['DE'] ?? []).map((day) => `${HOLIDAY_YEAR}-${day}`).findLast((day) => day < nextMonth);
  return {
    month,
    weeks: [0, 7, 14, 21].map((days) => addDays(monday, days)),
    previousWeek: addDays(monday, -7),
    currentWeek: mondayOf(today),
    oldWeek: addDays(monday, -7 * OLD_WEEKS),
    ancientWeek: addDays(monday, -7 * ANCIENT_WEEKS),
    lastYearsWeek: mondayOf(`${Number(HOLIDAY_YEAR) - 1}-12-10`),
    germanHoliday: germanHoliday === undefined || daysBetween(mondayOf(germanHoliday), today) > SOON_ENOUGH_DAYS ? null : germanHoliday,
    nextMonth,
    asOf: `${today}T12:00:00.000Z`,
    today,
    firmStart: addMonths(first, -24),
    periodsFrom: addMonths(first, -12),
    periods: 17,
  };
}

export function mondayOf(date: LocalDate): LocalDate {
  return addDays(date, 1 - weekdayOf(date));
}

function thirdWorkingDay(monthStart: LocalDate): LocalDate {
  let day = monthStart;
  for (let counted = weekdayOf(day) <= 5 ? 1 : 0; counted < 3; counted += weekdayOf(day) <= 5 ? 1 : 0) day = addDays(day, 1);
  return day;
}
