import { z } from 'zod';
import { addMilliseconds, type Instant } from '../../domain/dates.ts';
import { timesheetSchema, type Timesheet } from '../../domain/model/time/timesheet.ts';
import type { TimesheetSource } from '../timesheet-source.ts';
import type { CallContext } from '../ports.ts';
import type { AccountFacts } from './account-facts.ts';
import type { Harvest } from './client.ts';
import type { HarvestOptions } from './options.ts';
import { createRecheck } from './recheck.ts';
import { createTimeEntries, weekKey, type PersonWeek, type TimeEntryRow } from './time-entries.ts';
import { timesheetOf, weekOf } from './timesheet-mapping.ts';

const sheetId = /^(\d{1,15}):(\d{4}-\d{2}-\d{2})$/;

interface ChangedWeek extends PersonWeek {
  readonly changedAt: Instant;
  readonly rows: readonly TimeEntryRow[];
}

/**
 * Harvest's approved time as timesheets, one for each person and week ("1782959:2026-11-16"); Harvest itself has entries only.
 * @param now the present in milliseconds; another clock for tests
 */
export function createTimesheetSource(harvest: Harvest, facts: AccountFacts, options: HarvestOptions, now: () => number = Date.now): TimesheetSource {
  const entries = createTimeEntries(harvest);
  const recheck = createRecheck(options);
  const { users, weekStartDay, emailsOf, approver } = facts;

  return {
    async *changed(since, context) {
      const about = { object: `timesheets changed since ${since}`, context };
      const startedAt = new Date(now()).toISOString();
      const firstDay = await weekStartDay(about);
      const changed = await entries.changedWeeks(addMilliseconds(since, -options.overlapSeconds * 1000), (date) => weekOf(date, firstDay), about);
      const weeks = new Map<string, ChangedWeek>();
      for (const [weekStart, ofWeek] of Map.groupBy(changed.values(), (week) => week.weekStart)) {
        const rows = await entries.ofPeople(weekStart, new Set(ofWeek.map(({ userId }) => userId)), about);
        for (const week of ofWeek) weeks.set(weekKey(week), { ...week, rows: rows.get(week.userId) ?? [] });
      }
      const check = recheck.due(since, startedAt);
      if (check !== null) {
        const active = (await users(about)).filter((user) => user.is_active).map((user) => user.id);
        for (const weekStart of check.weeks.map((date) => weekOf(date, firstDay))) {
          const rows = await entries.ofEveryone(weekStart, about);
          for (const userId of new Set([...active, ...rows.keys()])) {
            const week = { userId, weekStart, changedAt: check.day, rows: rows.get(userId) ?? [] };
            if (check.differs(weekKey(week), week.rows) && !weeks.has(weekKey(week))) weeks.set(weekKey(week), week);
          }
        }
      }
      const emailOf = await emailsOf([...weeks.values()].map(({ userId }) => userId), about);
      const approvedBy = await approver(about);
      for (const week of [...weeks.values()].toSorted((left, right) => (left.changedAt < right.changedAt ? -1 : left.changedAt > right.changedAt ? 1 : 0))) {
        const made = timesheetOf(week, week.rows, { system: harvest.system, options, person: emailOf(week.userId), approver: approvedBy, atLeast: recheck.versionFloor(week.weekStart, startedAt) });
        const sheet = timesheetSchema.safeParse(made);
        // What changed while this was read is told of by the next sweep: the time known must not run ahead of the reading.
        const changedAt = week.changedAt < startedAt ? week.changedAt : startedAt;
        if (sheet.success) yield { changedAt, sheet: sheet.data };
        else if (made !== null) yield { changedAt, unreadable: { id: made.id, version: made.version, document: made, failure: unreadableFailure(made.id, sheet.error, context).failure } };
      }
      check?.done();
    },

    async load(timesheetId, context): Promise<Timesheet | null> {
      const [, user, weekStart] = sheetId.exec(timesheetId) ?? [];
      const about = { object: `timesheet ${timesheetId}`, context };
      if (user === undefined || weekStart === undefined || !z.iso.date().safeParse(weekStart).success || weekOf(weekStart, await weekStartDay(about)) !== weekStart) return null;
      const week = { userId: Number(user), weekStart };
      const known = (await users(about)).some(({ id }) => id === week.userId);
      const rows = (await entries.ofPeople(weekStart, new Set([week.userId]), about)).get(week.userId) ?? [];
      if (!known && rows.length === 0) return null;
      const emailOf = await emailsOf([week.userId], about);
      const made = timesheetOf(week, rows, { system: harvest.system, options, person: emailOf(week.userId), approver: await approver(about), atLeast: recheck.versionFloor(weekStart, new Date(now()).toISOString()) });
      if (made === null) return null;
      const sheet = timesheetSchema.safeParse(made);
      if (!sheet.success) throw unreadableFailure(timesheetId, sheet.error, context);
      return sheet.data;
    },

    reject: { unsupported: "Harvest's API can neither withdraw an approval nor write to approved time: the reasons stand in the line's case; an Administrator or Manager withdraws the approval in Harvest (Team > Approvals), the person corrects the time and submits it again." },
    lock: { unsupported: 'Harvest itself locks time when it is approved; no more than that can be done over its API.' },
    markInvoiced: { unsupported: "Harvest marks time as invoiced by its own invoices only (is_billed cannot be set over its API): use Harvest's report \"Detailed time\" > Mark as invoiced where people need to see it." },
  };

  function unreadableFailure(timesheetId: string, error: z.ZodError, context: CallContext) {
    const about = { object: `timesheet ${timesheetId}`, context };
    return harvest.failure(about, { kind: 'contract', code: 'HARVEST_TIMESHEET_UNREADABLE', message: `The week ${timesheetId} of Harvest cannot be read as a timesheet: ${z.prettifyError(error)}.`, mend: 'Correct the time in Harvest, or have connectors/harvest/timesheet-mapping.ts extended. All other timesheets are taken.' });
  }
}
