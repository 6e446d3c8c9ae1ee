import { z } from 'zod';
import { addDays, addMilliseconds, type Instant, type LocalDate } from '../../domain/dates.ts';
import type { ExpenseSource, ReadReport } from '../expense-source.ts';
import type { AccountFacts } from './account-facts.ts';
import type { About, Harvest } from './client.ts';
import { expenseRow, reportKey, reportOf, type ExpenseRow, type PersonWeekCurrency } from './expense-mapping.ts';
import type { HarvestOptions } from './options.ts';
import { weekOf } from './timesheet-mapping.ts';

const reportId = /^(\d{1,15}):(\d{4}-\d{2}-\d{2}):([A-Z]{3})$/;
/** Above so many people of one week, the week is read as a whole: it takes fewer requests than reading each. */
const FEW = 10;

/**
 * Harvest's approved expenses as reports, one for each person, week and currency ("1782959:2026-11-16:USD"): Harvest has no reports, approves a person's
 * week, and keeps an expense in the currency of the project's client.
 * @param now the present in milliseconds; another clock for tests
 */
export function createExpenseSource(harvest: Harvest, facts: AccountFacts, options: HarvestOptions, now: () => number = Date.now): ExpenseSource {
  const read = (about: About, query: Readonly<Record<string, string>>) => harvest.pages('/expenses', 'expenses', expenseRow, about, query);

  /** All expenses of these people in one week, by report. */
  const ofWeek = async (weekStart: LocalDate, userIds: ReadonlySet<number>, about: About): Promise<Map<string, ExpenseRow[]>> => {
    const found = new Map<string, ExpenseRow[]>();
    const week = { from: weekStart, to: addDays(weekStart, 6) };
    for (const query of userIds.size <= FEW ? [...userIds].map((userId) => ({ ...week, user_id: String(userId) })) : [week]) {
      for await (const page of read(about, query)) {
        for (const row of page) {
          if (!userIds.has(row.user.id)) continue;
          const key = reportKey({ userId: row.user.id, weekStart, currency: row.client.currency });
          const rows = found.get(key);
          if (rows === undefined) found.set(key, [row]);
          else rows.push(row);
        }
      }
    }
    return found;
  };

  const readReport = async (of: PersonWeekCurrency, rows: readonly ExpenseRow[], changedAt: Instant, about: About): Promise<ReadReport> => {
    const person = (await facts.emailsOf([of.userId], about))(of.userId);
    const made = reportOf(of, rows, { system: harvest.system, options, person, approver: await facts.approver(about), changedAt });
    if ('report' in made) return made;
    const id = reportKey(of);
    const failure = harvest.failure({ ...about, object: `expense report ${id}` }, { kind: 'contract', code: 'HARVEST_EXPENSES_UNREADABLE', message: `The expenses ${id} of Harvest cannot be read as a report: ${made.problem}.`, mend: 'Correct the expenses in Harvest, or have connectors/harvest/expense-mapping.ts extended. All other reports are taken.' });
    return { unreadable: { id, version: made.version, document: { expenses: rows }, failure: failure.failure } };
  };

  return {
    async *changed(since, context) {
      const about = { object: `expenses changed since ${since}`, context };
      const startedAt = new Date(now()).toISOString();
      if (!(await facts.hasExpenses(about))) return;
      const firstDay = await facts.weekStartDay(about);
      // An expense that moved to a project in another currency left another report of its person's week: all of that week are told.
      const weeks = new Map<string, { readonly userId: number; readonly weekStart: LocalDate; changedAt: Instant }>();
      for await (const page of read(about, { updated_since: addMilliseconds(since, -options.overlapSeconds * 1000) })) {
        for (const row of page) {
          const week = { userId: row.user.id, weekStart: weekOf(row.spent_date, firstDay), changedAt: row.updated_at };
          const key = `${week.userId}:${week.weekStart}`;
          if ((weeks.get(key)?.changedAt ?? '') < week.changedAt) weeks.set(key, week);
        }
      }
      const reports: { readonly of: PersonWeekCurrency; readonly rows: readonly ExpenseRow[]; readonly changedAt: Instant }[] = [];
      for (const [weekStart, changed] of Map.groupBy(weeks.values(), (week) => week.weekStart)) {
        const changedOf = new Map(changed.map(({ userId, changedAt }) => [userId, changedAt]));
        for (const rows of (await ofWeek(weekStart, new Set(changedOf.keys()), about)).values()) {
          const [first] = rows;
          if (first === undefined) continue;
          const changedAt = changedOf.get(first.user.id) ?? startedAt;
          // What changed while this was read is told of by the next sweep: the time known must not run ahead of the reading.
          reports.push({ of: { userId: first.user.id, weekStart, currency: first.client.currency }, rows, changedAt: changedAt < startedAt ? changedAt : startedAt });
        }
      }
      for (const { of, rows, changedAt } of reports.toSorted((left, right) => (left.changedAt < right.changedAt ? -1 : left.changedAt > right.changedAt ? 1 : reportKey(left.of) < reportKey(right.of) ? -1 : 1))) {
        yield { changedAt, ...(await readReport(of, rows, changedAt, about)) };
      }
    },

    async *current(reportIds, context) {
      const about = { object: `${reportIds.length} expense reports`, context };
      const at = new Date(now()).toISOString();
      if (!(await facts.hasExpenses(about))) {
        throw harvest.failure(about, { kind: 'configuration', code: 'HARVEST_EXPENSES_OFF', message: 'The Harvest account shows no expenses any more, though some were taken from it.', mend: 'Switch the module "Expense tracking" on in Harvest (Settings > Modules), then retry.' });
      }
      const firstDay = await facts.weekStartDay(about);
      const wanted = reportIds.flatMap((id): PersonWeekCurrency[] => {
        const [, user, weekStart, currency] = reportId.exec(id) ?? [];
        if (user === undefined || weekStart === undefined || currency === undefined || !z.iso.date().safeParse(weekStart).success || weekOf(weekStart, firstDay) !== weekStart) return [];
        return [{ userId: Number(user), weekStart, currency }];
      });
      for (const [weekStart, of] of Map.groupBy(wanted, (each) => each.weekStart)) {
        const rows = await ofWeek(weekStart, new Set(of.map(({ userId }) => userId)), about);
        for (const each of of) {
          const own = rows.get(reportKey(each));
          if (own !== undefined) yield await readReport(each, own, at, about);
        }
      }
    },
  };
}
