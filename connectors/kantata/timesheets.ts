import { z } from 'zod';
import { addMilliseconds, type Instant } from '../../domain/dates.ts';
import { timesheetSchema, type Timesheet } from '../../domain/model/time/timesheet.ts';
import type { ChangedTimesheet, TimesheetRejection, TimesheetSource } from '../timesheet-source.ts';
import type { About, Kantata } from './client.ts';
import type { KantataOptions } from './options.ts';
import type { People } from './people.ts';
import type { References } from './references.ts';
import { rejectionNote } from './rejection-note.ts';
import { createSubmissions, isUnread, type Submission, type UnreadSubmission } from './submissions.ts';
import { createTimeEntries, type EntryRow } from './time-entries.ts';
import { timesheetOf, versionOf, wasDecided } from './timesheet-mapping.ts';

const submissionId = /^[1-9]\d{0,9}$/;
/** Submissions whose time is read together. */
const CHUNK = 100;

type Read = { readonly sheet: Timesheet } | { readonly unreadable: { readonly id: string; readonly version: number | null; readonly document: object; readonly problem: string } };

/**
 * Kantata's timesheet submissions as timesheets; the ID of one is the other's.
 * @param now the present in milliseconds; another clock for tests
 */
export function createTimesheetSource(kantata: Kantata, references: References, people: People, options: KantataOptions, now: () => number = Date.now): TimesheetSource {
  const submissions = createSubmissions(kantata, options);
  const timeEntries = createTimeEntries(kantata, references);

  /** The time a submission was approved with; null where that is not what it holds now. */
  const approvedTime = (submission: Submission, entries: ReadonlyMap<string, EntryRow>): EntryRow[] | null => {
    const own = submission.time_entry_ids.flatMap((id) => entries.get(id) ?? []);
    return own.length === submission.time_entry_ids.length && own.every(({ approvedWith }) => approvedWith === submission.id) ? own : null;
  };

  /** Of submissions read before, the timesheets. One whose approval was taken back since is read anew, so that no time is told under an approval it does not have. */
  const timesheets = async (given: readonly Submission[], about: About): Promise<Map<string, Read>> => {
    const approved = given.filter(({ status }) => status === 'approved');
    const entries = await timeEntries.read(approved.flatMap(({ time_entry_ids }) => time_entry_ids), about);
    const projects = await timeEntries.projects(new Set(given.map(({ workspace_id }) => workspace_id)), about);
    const emails = await people.emailsOf(given.flatMap(({ current_resolution_creator_id }) => current_resolution_creator_id ?? []), about);
    const settingOf = ({ workspace_id: id }: Submission) => ({ system: kantata.system, options, emails, projectNumber: projects.get(id) ?? `Kantata project ${id}` });
    const read = new Map<string, Read>();
    for (const submission of given) {
      const own = submission.status === 'approved' ? approvedTime(submission, entries) : [];
      read.set(submission.id, own === null ? await readAnew(submission, about) : checked(timesheetOf(submission, own, settingOf(submission))));
    }
    return read;
  };

  const readAnew = async (before: Submission, about: About): Promise<Read> => {
    const again = await submissions.load(before.id, about);
    if (again !== null && isUnread(again)) return { unreadable: { id: again.id, version: null, document: again.document, problem: again.problem } };
    if (again !== null && (again.updated_at !== before.updated_at || again.status !== before.status)) {
      const read = (await timesheets([again], about)).get(again.id);
      if (read !== undefined) return read;
    }
    return { unreadable: { id: before.id, version: versionOf(before), document: before, problem: `Kantata does not show all of its ${before.time_entry_ids.length} time entries as approved with it; our token may not see them` } };
  };

  const failureOf = (id: string, problem: string, about: About) =>
    kantata.failure(about, { kind: 'contract', code: 'KANTATA_TIMESHEET_UNREADABLE', message: `The timesheet submission ${id} of Kantata cannot be read as a timesheet: ${problem}.`, mend: 'Correct the time in Kantata, or have connectors/kantata/timesheet-mapping.ts extended. All other timesheets are taken.' });

  return {
    async *changed(since, context) {
      const about = { object: `timesheets changed since ${since}`, context };
      const startedAt = new Date(now()).toISOString();
      // What changed while this was read is told of by the next sweep: the time known must not run ahead of the reading.
      const until = (at: Instant | null): Instant => (at !== null && at < startedAt ? at : startedAt);
      const changed = await submissions.changed(addMilliseconds(since, -options.overlapSeconds * 1000), about);
      const changedAt = (each: Submission | UnreadSubmission) => until(isUnread(each) ? each.updatedAt : each.updated_at);
      const told = changed.filter((each) => isUnread(each) || wasDecided(each)).toSorted((left, right) => (changedAt(left) < changedAt(right) ? -1 : changedAt(left) > changedAt(right) ? 1 : Number(left.id) - Number(right.id)));
      for (let from = 0; from < told.length; from += CHUNK) {
        const chunk = told.slice(from, from + CHUNK);
        const read = await timesheets(chunk.flatMap((each) => (isUnread(each) ? [] : [each])), about);
        for (const each of chunk) yield changeOf(each, read.get(each.id), changedAt(each), about);
      }
    },

    async load(timesheetId, context): Promise<Timesheet | null> {
      if (!submissionId.test(timesheetId)) return null;
      const about = { object: `timesheet ${timesheetId}`, context };
      const submission = await submissions.load(timesheetId, about);
      if (submission === null) return null;
      if (isUnread(submission)) throw failureOf(timesheetId, submission.problem, about);
      const read = (await timesheets([submission], about)).get(timesheetId);
      if (read === undefined) return null;
      if ('unreadable' in read) throw failureOf(timesheetId, read.unreadable.problem, about);
      return read.sheet;
    },

    async reject(rejection: TimesheetRejection, context) {
      if (!submissionId.test(rejection.timesheetId)) return;
      const about = { object: `timesheet ${rejection.timesheetId}`, context };
      const submission = await submissions.load(rejection.timesheetId, about);
      if (submission === null || isUnread(submission)) return;
      // Given back already: what was decided about an approval says nothing of what came after it.
      if (versionOf(submission) !== rejection.version || submission.status !== 'approved') return;
      const { can_reject_submission: mayReject = true, can_cancel_submission: mayCancel = false } = submission.permissions ?? {};
      if (mayReject !== true && mayCancel !== true) {
        throw kantata.failure(about, { kind: 'business_rule', code: 'KANTATA_APPROVAL_FINAL', message: `Kantata does not let our token take back the approval of ${about.object} of ${rejection.person}: it may be invoiced there, or approvals are final in this account.`, mend: `Have the time corrected in Kantata by an Account Administrator (${rejection.reason}), or book the correction as time of a later week; then choose "confirm_done".` });
      }
      const description = rejectionNote(rejection, await timeEntries.read(rejection.entries.map(({ id }) => id), about));
      await kantata.act('PUT', `/timesheet_submissions/${rejection.timesheetId}/${mayReject === true ? 'reject' : 'cancel'}`, { resolution: { description } }, about);
    },

    lock: { unsupported: 'Kantata itself locks time when it is approved, for everybody; only a rejected or cancelled timesheet opens it, and the line sees that.' },
    markInvoiced: { unsupported: 'Kantata marks time as invoiced by its own invoices only (is_invoiced cannot be set over its API): where people need to see it there, make an invoice of it in Kantata and mark that as sent elsewhere.' },
  };

  function changeOf(each: Submission | UnreadSubmission, read: Read | undefined, changedAt: Instant, about: About): ChangedTimesheet {
    if (read !== undefined && 'sheet' in read) return { changedAt, sheet: read.sheet };
    const unread = read !== undefined ? read.unreadable : { id: each.id, version: null, document: isUnread(each) ? each.document : each, problem: isUnread(each) ? each.problem : 'it is gone' };
    const { problem, ...unreadable } = unread;
    return { changedAt, unreadable: { ...unreadable, failure: failureOf(each.id, problem, { ...about, object: `timesheet ${each.id}` }).failure } };
  }
}

function checked(made: Timesheet): Read {
  const sheet = timesheetSchema.safeParse(made);
  return sheet.success ? { sheet: sheet.data } : { unreadable: { id: made.id, version: made.version, document: made, problem: z.prettifyError(sheet.error) } };
}
