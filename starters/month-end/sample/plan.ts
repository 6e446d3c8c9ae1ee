import type { LocalDate } from '../../../domain/dates.ts';
import { mondayOf, type SampleCalendar } from './calendar.ts';
import { needsOf, type DirtKind, type DirtNeeds } from './dirt.ts';
import type { SamplePerson } from './people.ts';
import { at } from './random.ts';
import { ENTRIES_EACH, SHEETS_EACH } from './terms.ts';

/** One of somebody's four timesheets. */
export interface SheetPlan {
  readonly weekStart: LocalDate;
  /** early: before it is approved · copy: what came before, once more · correction: of entries of that week */
  readonly role: 'original' | 'early' | 'copy' | 'correction';
  readonly entries: number;
  readonly approvedLate: boolean;
  readonly dirt: DirtKind | null;
}

export const CORRECTED = 2;

/** Somebody's four timesheets in the order they arrive in; with a fixed number of entries altogether. */
export function planOf(person: SamplePerson, calendar: SampleCalendar): readonly SheetPlan[] {
  const [first, second, third, fourth] = [0, 1, 2, 3].map((week) => plain(at(calendar.weeks, week)));
  if (first === undefined || second === undefined || third === undefined || fourth === undefined) throw new RangeError(`the month ${calendar.month} has no four weeks`);
  switch (person.story) {
    case 'regular':
      return person.dirt === null ? [first, second, third, fourth] : dirtied([first, second, third, fourth], person.dirt.kind, person.dirt.arrival, calendar);
    case 'late_approval':
      return [second, third, fourth, { ...first, approvedLate: true }];
    case 'previous_month':
      return [first, second, { ...plain(calendar.previousWeek), approvedLate: true }, fourth];
    case 'correction':
      return [...longer([first, second, third]), correction(at([first, second, third], person.index % 3))];
    case 'correction_first':
      return [correction(second), ...longer([first, second, third])];
    case 'told_early':
      return [first, { ...second, role: 'early' }, second, third];
    case 'told_twice':
      return [first, second, { ...second, role: 'copy' }, third];
  }
}

function plain(weekStart: LocalDate): SheetPlan {
  return { weekStart, role: 'original', entries: ENTRIES_EACH / SHEETS_EACH, approvedLate: false, dirt: null };
}

function correction({ weekStart }: SheetPlan): SheetPlan {
  return { ...plain(weekStart), role: 'correction', entries: CORRECTED };
}

/** The entries that a short correction leaves to the others. */
function longer(sheets: readonly SheetPlan[]): SheetPlan[] {
  const left = ENTRIES_EACH - CORRECTED;
  const each = Math.floor(left / sheets.length);
  return sheets.map((sheet, position) => ({ ...sheet, entries: each + (position < left % sheets.length ? 1 : 0) }));
}

/** Nobody has two timesheets of one week: a kind that is of one of the month's weeks takes that week's. */
function dirtied(sheets: readonly SheetPlan[], dirt: DirtKind, arrival: number, calendar: SampleCalendar): SheetPlan[] {
  const weekStart = weekFor(needsOf(dirt).week, calendar) ?? at(sheets, arrival).weekStart;
  const ofMonth = sheets.findIndex((sheet) => sheet.weekStart === weekStart);
  const position = ofMonth < 0 ? arrival : ofMonth;
  return sheets.map((sheet, other) => (other === position ? { ...sheet, weekStart, dirt } : sheet));
}

function weekFor(week: DirtNeeds['week'], calendar: SampleCalendar): LocalDate | undefined {
  switch (week) {
    case 'current':
      return calendar.currentWeek;
    case 'old':
      return calendar.oldWeek;
    case 'ancient':
      return calendar.ancientWeek;
    case 'last_year':
      return calendar.lastYearsWeek;
    case 'german_holiday':
      return calendar.germanHoliday === null ? undefined : mondayOf(calendar.germanHoliday);
    case undefined:
      return undefined;
  }
}
