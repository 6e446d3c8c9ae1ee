/**
 * Timesheet submissions: time of one person, one project and one week. What is submitted again after a rejection or cancellation is a new submission. The
 * reference tells in `permissions` what may be done with one; that an approved one may be rejected or cancelled is (unverified), so it goes by the mode.
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { stamp } from './account.ts';
import { invalid } from './errors.ts';
import { bodyOf, idIn, idNumber, queryOf, readBody, sendObjects } from './http.ts';
import { among, byReference, byTime, installList, is, route, type Service } from './lists.ts';
import type { Submission, SubmissionStatus } from './model.ts';
import type { SubmissionRights } from './presenters.ts';
import { tokenOwner } from './people.ts';
import { putReference, ReferenceValues } from './references.ts';

/** An approved timesheet can be neither rejected nor cancelled; or cancelled only. */
export const APPROVED_IS_FINAL_MODE = 'approved-is-final';
export const APPROVED_CANCELS_MODE = 'approved-can-be-cancelled-only';

const NewSubmission = z.strictObject({ line_item_ids: z.array(idNumber).min(1, "can't be blank"), title: z.string().min(1, "can't be blank"), workspace_id: idNumber, user_id: idNumber.optional(), comment: z.string().optional(), external_reference: ReferenceValues.optional() });
const Resolution = z.strictObject({ description: z.string().nullish() });
/** An admin action: submits a person's week of one project, and decides at once if asked. */
const Seeded = z.object({ user_id: z.string(), workspace_id: z.string(), week_start: z.iso.date(), status: z.enum(['pending', 'approved']).default('approved') });

export function rightsOf(service: Pick<Service, 'account' | 'mode'>, { id, status }: Submission): SubmissionRights {
  const invoiced = status === 'approved' && entriesOf(service, id).some(({ is_invoiced }) => is_invoiced);
  const approvedMay = (mode: string) => status === 'approved' && !invoiced && mode !== APPROVED_IS_FINAL_MODE;
  return {
    can_approve_submission: status === 'pending',
    can_reject_submission: status === 'pending' || (approvedMay(service.mode()) && service.mode() !== APPROVED_CANCELS_MODE),
    can_cancel_submission: status === 'pending' || approvedMay(service.mode()),
    can_resubmit_submission: status === 'rejected' || status === 'cancelled',
  };
}

function entriesOf({ account }: Pick<Service, 'account'>, submissionId: string) {
  const submission = account.submissions.get(submissionId);
  return submission === undefined ? [] : submission.submitted_entry_ids.flatMap((id) => account.timeEntries.get(id) ?? []).filter(({ recent_submission_id }) => recent_submission_id === submissionId);
}

export function submit(service: Service, values: unknown): Submission {
  const { account, firstDayOfWeek } = service;
  const { line_item_ids: ids, workspace_id: workspaceId, title, comment = null, external_reference: reference, ...given } = readBody(NewSubmission, values);
  const userId = given.user_id ?? tokenOwner(service).id;
  const entries = ids.map((id) => account.timeEntries.get(id));
  if (!account.workspaces.need(workspaceId).require_time_approvals) throw invalid('This project does not require time approvals', 'workspace_id');
  if (entries.some((entry) => entry === undefined || entry.workspace_id !== workspaceId || entry.user_id !== userId)) throw invalid('must be time entries of the user in this project', 'line_item_ids');
  if (entries.some((entry) => entry !== undefined && entry.active_submission_id !== null)) throw invalid('have been submitted already', 'line_item_ids');
  const weeks = new Set(entries.map((entry) => weekOf(entry?.date_performed ?? '', firstDayOfWeek)));
  const [start = ''] = weeks;
  if (weeks.size > 1) throw invalid('must be of one week', 'line_item_ids');
  return account.transaction(() => {
    const submission = account.submissions.insert({ workspace_id: workspaceId, user_id: userId, title, comment, start_date: start, end_date: dayAfter(start, 6), status: 'pending', resolution: null, submitted_entry_ids: ids });
    for (const entry of entries) if (entry !== undefined) account.timeEntries.update(entry, { active_submission_id: submission.id, recent_submission_id: submission.id });
    if (reference !== undefined) putReference(service, 'Submission', submission.id, reference);
    return submission;
  });
}

export function resolve(service: Service, submission: Submission, status: Exclude<SubmissionStatus, 'pending'>, description: string | null): void {
  const { account } = service;
  const rights = rightsOf(service, submission);
  if (!{ approved: rights.can_approve_submission, rejected: rights.can_reject_submission, cancelled: rights.can_cancel_submission }[status]) throw invalid(`A timesheet that is ${submission.status} cannot be ${status}`, 'base');
  account.transaction(() => {
    account.submissions.update(submission, { status, resolution: { description, creator_id: tokenOwner(service).id, created_at: stamp(account.now()) } });
    if (status !== 'approved') for (const entry of entriesOf(service, submission.id)) account.timeEntries.update(entry, { active_submission_id: null });
  });
}

export function seedSubmission(service: Service, record: unknown): Submission {
  const { account, firstDayOfWeek } = service;
  const { user_id: userId, workspace_id: workspaceId, week_start: start, status } = readBody(Seeded, record);
  const ids = account.entriesOfUser(userId).filter((entry) => entry.workspace_id === workspaceId && entry.active_submission_id === null && weekOf(entry.date_performed, firstDayOfWeek) === start).map(({ id }) => Number(id));
  const made = submit(service, { line_item_ids: ids, title: `Week of ${start}`, workspace_id: Number(workspaceId), user_id: Number(userId) });
  if (status === 'approved') resolve(service, made, 'approved', null);
  return made;
}

export function installSubmissions(app: FastifyInstance, service: Service): void {
  const { account, presenters } = service;
  const path = '/timesheet_submissions';
  installList(app, service, path, {
    table: account.submissions,
    presenter: presenters.timesheet_submissions,
    filters: {
      ...byTime,
      ...byReference(service, 'Submission'),
      active: (value) => ({ status }: Submission) => value !== 'true' || status === 'pending' || status === 'approved',
      not_cancelled: (value) => ({ status }: Submission) => value !== 'true' || status !== 'cancelled',
      statuses: (value) => ({ status }: Submission) => value.split(',').includes(status === 'pending' ? 'new' : status),
      start_date: is(({ start_date }) => start_date),
      end_date: is(({ end_date }) => end_date),
      start_date_after: (value) => ({ start_date }: Submission) => start_date >= value,
      user_ids: among(({ user_id }) => user_id),
      workspace_id: is(({ workspace_id }) => workspace_id),
      workspace_ids: among(({ workspace_id }) => workspace_id),
    },
    orders: { date: ({ start_date }) => start_date },
    defaultOrder: 'date:desc',
  });
  route(app, 'POST', path, (request, reply) => {
    const query = queryOf(request, []);
    return sendObjects(reply, presenters.timesheet_submissions, [submit(service, bodyOf('timesheet_submission', z.looseObject({}), request)).id], query);
  });
  for (const [action, status] of [['approve', 'approved'], ['reject', 'rejected'], ['cancel', 'cancelled']] as const) {
    route(app, 'PUT', `${path}/:id/${action}`, (request, reply) => {
      const query = queryOf(request, []);
      const submission = account.submissions.need(idIn(request));
      resolve(service, submission, status, bodyOf('resolution', Resolution, request).description ?? null);
      return sendObjects(reply, presenters.timesheet_submissions, [submission.id], query);
    });
  }
}

function weekOf(date: string, firstDay: number): string {
  const day = new Date(`${date}T00:00:00Z`).getUTCDay();
  return dayAfter(date, -((day - firstDay + 7) % 7));
}

function dayAfter(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}
