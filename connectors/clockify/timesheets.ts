import { z } from 'zod';
import { addMilliseconds } from '../../domain/dates.ts';
import { timesheetSchema, type Timesheet } from '../../domain/model/time/timesheet.ts';
import { emptyAnswer } from '../http/client.ts';
import { keptForAMinute } from '../kept-for-a-minute.ts';
import type { CallContext } from '../ports.ts';
import type { TimesheetRejection, TimesheetSource } from '../timesheet-source.ts';
import { createApprovalRequests, requestSchema, type ApprovalDetails } from './approval-requests.ts';
import type { About, Clockify } from './client.ts';
import type { ClockifyOptions } from './options.ts';
import { rejectionNote } from './rejection-note.ts';
import { timesheetOf, versionOf } from './timesheet-mapping.ts';

const userRow = z.object({ id: z.string(), email: z.string() });
const requestId = /^[0-9a-f]{24}$/;
const INVOICED_AT_ONCE = 200;

/**
 * Clockify's approval requests as timesheets; the ID of one is the other's.
 * @param now the present in milliseconds; another clock for tests
 */
export function createTimesheetSource(clockify: Clockify, options: ClockifyOptions, now: () => number = Date.now): TimesheetSource {
  const requests = createApprovalRequests(clockify, options);
  const users = keptForAMinute(async (about: About) => new Map((await clockify.list('/users', userRow, about, { status: 'ALL', 'include-roles': 'false' })).map((user) => [user.id, user.email.toLowerCase()])));
  const present = () => new Date(now()).toISOString();

  const emailsOf = async (all: readonly ApprovalDetails[], about: About): Promise<(userId: string) => string> => {
    let emails = await users.get(about);
    if (all.some(({ approvalRequest: { owner } }) => !emails.has(owner.userId))) {
      users.forget();
      emails = await users.get(about);
    }
    return (userId) => {
      const email = z.email().safeParse(emails.get(userId));
      // Nobody's address, so that the rules give the time back by name: it is not lost, and holds up nobody else's.
      return email.success ? email.data : `user-${userId}@clockify.invalid`;
    };
  };

  const find = (timesheetId: string, about: About) => (requestId.test(timesheetId) ? requests.find(timesheetId, requests.horizon(present()), about) : Promise.resolve(null));

  return {
    async *changed(since, context) {
      const about = { object: `timesheets changed since ${since}`, context };
      const startedAt = present();
      const changed = await requests.changed(addMilliseconds(since, -options.overlapSeconds * 1000), startedAt, about);
      const emailOf = await emailsOf(changed, about);
      const updatedAt = ({ approvalRequest }: ApprovalDetails) => approvalRequest.status.updatedAt;
      for (const details of changed.toSorted((left, right) => (updatedAt(left) < updatedAt(right) ? -1 : updatedAt(left) > updatedAt(right) ? 1 : 0))) {
        const made = timesheetOf(details, { system: clockify.system, options, emailOf });
        const sheet = timesheetSchema.safeParse(made);
        // What changed while this was read is told of by the next sweep: the time known must not run ahead of the reading.
        const changedAt = updatedAt(details) < startedAt ? updatedAt(details) : startedAt;
        yield sheet.success ? { changedAt, sheet: sheet.data } : { changedAt, unreadable: { id: made.id, version: made.version, document: made, failure: unreadableFailure(made.id, sheet.error, context).failure } };
      }
    },

    async load(timesheetId, context): Promise<Timesheet | null> {
      const about = { object: `timesheet ${timesheetId}`, context };
      const details = await find(timesheetId, about);
      if (details === null) return null;
      const sheet = timesheetSchema.safeParse(timesheetOf(details, { system: clockify.system, options, emailOf: await emailsOf([details], about) }));
      if (!sheet.success) throw unreadableFailure(timesheetId, sheet.error, context);
      return sheet.data;
    },

    async reject(rejection: TimesheetRejection, context) {
      const about = { object: `timesheet ${rejection.timesheetId}`, context };
      const details = await find(rejection.timesheetId, about);
      // Given back already, or approved anew since: what was decided about the older version says nothing of this one.
      if (details === null || versionOf(details.approvalRequest) !== rejection.version) return;
      const { state } = details.approvalRequest.status;
      if (state !== 'APPROVED' && state !== 'PENDING') return;
      const note = rejectionNote(rejection, details, options);
      await clockify.send('PATCH', `/approval-requests/${rejection.timesheetId}`, { state: state === 'APPROVED' ? 'WITHDRAWN_APPROVAL' : 'REJECTED', note }, requestSchema, about);
    },

    lock: { unsupported: 'Clockify itself locks time when it is approved, for everybody; only a withdrawn approval opens it, and the line sees that.' },

    async markInvoiced(entries, invoice, context) {
      for (let from = 0; from < entries.length; from += INVOICED_AT_ONCE) {
        const timeEntryIds = entries.slice(from, from + INVOICED_AT_ONCE).map(({ id }) => id);
        await clockify.send('PATCH', '/time-entries/invoiced', { timeEntryIds, invoiced: true }, emptyAnswer, { object: `time entries of invoice ${invoice}`, context });
      }
    },
  };

  function unreadableFailure(timesheetId: string, error: z.ZodError, context: CallContext) {
    const about = { object: `timesheet ${timesheetId}`, context };
    return clockify.failure(about, { kind: 'contract', code: 'CLOCKIFY_TIMESHEET_UNREADABLE', message: `The approval request ${timesheetId} of Clockify cannot be read as a timesheet: ${z.prettifyError(error)}.`, mend: 'Correct the time in Clockify, or have connectors/clockify/timesheet-mapping.ts extended. All other timesheets are taken.' });
  }
}
