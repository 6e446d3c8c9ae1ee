import { z } from 'zod';
import { addDays, type LocalDate } from '../../domain/dates.ts';
import type { About, Harvest } from './client.ts';

/** A number as JSON had it: a double, or its text where a double would not hold it. */
const exactDecimal = z.union([z.number(), z.string()]);
const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString());

/** https://help.getharvest.com/api-v2/timesheets-api/timesheets/time-entries/ */
const rowSchema = z.object({
  id: z.number().int(),
  spent_date: z.iso.date(),
  user: z.object({ id: z.number().int() }),
  project: z.object({ id: z.number().int(), name: z.string(), code: z.string().nullish() }),
  task: z.object({ name: z.string() }),
  hours: exactDecimal,
  rounded_hours: exactDecimal.optional(),
  notes: z.string().nullable(),
  is_closed: z.boolean(),
  is_running: z.boolean(),
  billable: z.boolean(),
  updated_at: instant,
});
export type TimeEntryRow = z.infer<typeof rowSchema>;

/** One person's week: what Harvest approves together. */
export interface PersonWeek {
  readonly userId: number;
  readonly weekStart: LocalDate;
}

export const weekKey = ({ userId, weekStart }: PersonWeek) => `${userId}:${weekStart}`;

/** Above so many people of one week, the week is read as a whole: it takes fewer requests than reading each. */
const FEW = 10;

/** Reads time entries. The lists hold all people's, as the token's user is an administrator. All throw SystemFailure. */
export function createTimeEntries(harvest: Harvest) {
  const read = (about: About, query: Readonly<Record<string, string>>) => harvest.pages('/time_entries', 'time_entries', rowSchema, about, query);

  async function* ofWeek(weekStart: LocalDate, about: About, userId?: number): AsyncGenerator<TimeEntryRow, void> {
    const query = { from: weekStart, to: addDays(weekStart, 6), ...(userId === undefined ? {} : { user_id: String(userId) }) };
    for await (const page of read(about, query)) yield* page;
  }

  return {
    /** Everything that changed at or after an instant, by person and week: the instant of the newest change. */
    async changedWeeks(since: string, weekOf: (date: LocalDate) => LocalDate, about: About): Promise<Map<string, PersonWeek & { changedAt: string }>> {
      const changed = new Map<string, PersonWeek & { changedAt: string }>();
      for await (const page of read(about, { updated_since: since })) {
        for (const row of page) {
          const week = { userId: row.user.id, weekStart: weekOf(row.spent_date) };
          const known = changed.get(weekKey(week));
          if (known === undefined || known.changedAt < row.updated_at) changed.set(weekKey(week), { ...week, changedAt: row.updated_at });
        }
      }
      return changed;
    },

    /** All entries of these people in one week. */
    async ofPeople(weekStart: LocalDate, userIds: ReadonlySet<number>, about: About): Promise<Map<number, TimeEntryRow[]>> {
      const entries = new Map<number, TimeEntryRow[]>([...userIds].map((userId) => [userId, []]));
      const sources = userIds.size <= FEW ? [...userIds].map((userId) => ofWeek(weekStart, about, userId)) : [ofWeek(weekStart, about)];
      for (const source of sources) {
        for await (const row of source) entries.get(row.user.id)?.push(row);
      }
      return entries;
    },

    /** All entries of a week, by person. */
    async ofEveryone(weekStart: LocalDate, about: About): Promise<Map<number, TimeEntryRow[]>> {
      const rows: TimeEntryRow[] = [];
      for await (const row of ofWeek(weekStart, about)) rows.push(row);
      return Map.groupBy(rows, (row) => row.user.id);
    },
  };
}
