import { isWithin, type LocalDate } from '../../dates.ts';
import type { TimePerson } from '../../model/time/context.ts';

/**
 * The terms a person works under on a day: employer, cost center, labor category, calendar. A person has a row for each stretch of time; where two
 * cover a day the later one counts. On a day that none covers, the last before it, else the first: what is wrong then is for the rules to say.
 * @param rows of one person, the earliest first
 */
export function termsOn(rows: readonly TimePerson[], date: LocalDate): TimePerson | undefined {
  if (rows.length === 1) return rows[0];
  return rows.findLast(({ from, to }) => isWithin(date, from, to)) ?? rows.findLast(({ from }) => from <= date) ?? rows[0];
}

/** The rows of each person, the earliest first. */
export function termsByPerson(people: Iterable<TimePerson>): ReadonlyMap<string, readonly TimePerson[]> {
  const rows = Map.groupBy(people, ({ email }) => email);
  for (const own of rows.values()) if (own.length > 1) own.sort((left, right) => (left.from < right.from ? -1 : left.from > right.from ? 1 : 0));
  return rows;
}
