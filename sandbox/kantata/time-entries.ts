/** Time entries: those on a timesheet that is pending or approved are locked. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { invalid } from './errors.ts';
import { bodyOf, idIn, idNumber, localDate, queryOf, readBody, sendObjects } from './http.ts';
import { among, byReference, byTime, flag, installList, is, route, sortable, type Service } from './lists.ts';
import type { TimeEntry } from './model.ts';
import { tokenOwner } from './people.ts';
import { takePart } from './resources.ts';
import { putReference, ReferenceValues } from './references.ts';

const Values = {
  date_performed: localDate,
  time_in_minutes: z.int().min(1).max(1440),
  billable: z.boolean().optional(),
  notes: z.string().max(60_000).nullish(),
  rate_in_cents: z.int().optional(),
  role_id: idNumber.nullish(),
  story_id: idNumber.nullish(),
};
const NewEntry = z.strictObject({ workspace_id: idNumber, user_id: idNumber.optional(), ...Values, external_reference: ReferenceValues.optional() });
const Changes = z.strictObject({ ...Values, date_performed: Values.date_performed.optional(), time_in_minutes: Values.time_in_minutes.optional() });

export function createTimeEntry(service: Service, values: unknown, asAdmin = false): TimeEntry {
  const { account } = service;
  const { workspace_id: workspaceId, external_reference: reference, ...given } = readBody(NewEntry, values);
  const userId = given.user_id ?? tokenOwner(service).id;
  const workspace = account.workspaces.get(workspaceId);
  if (workspace === undefined || account.users.get(userId) === undefined) throw invalid('must exist', 'workspace_id');
  if (!asAdmin && (workspace.archived || !workspace.time_trackable)) throw invalid('Time cannot be tracked to this project', 'workspace_id');
  if (asAdmin) takePart(service, workspaceId, userId);
  if (!account.participationsOf(workspaceId).some(({ user_id }) => user_id === userId)) throw invalid('is not a participant of this project', 'user_id');
  const story = given.story_id == null ? undefined : account.stories.get(given.story_id);
  if (given.story_id != null && story?.workspace_id !== workspaceId) throw invalid('is not a task of this project', 'story_id');
  if (given.role_id != null) account.roles.need(given.role_id);
  return account.transaction(() => {
    const entry = account.timeEntries.insert({
      workspace_id: workspaceId, user_id: userId, story_id: given.story_id ?? null, role_id: given.role_id ?? null, date_performed: given.date_performed, time_in_minutes: given.time_in_minutes,
      billable: given.billable ?? story?.billable ?? true, notes: given.notes ?? null, is_invoiced: false, active_submission_id: null, recent_submission_id: null,
    });
    if (reference !== undefined) putReference(service, 'TimeEntry', entry.id, reference);
    return entry;
  });
}

function unlocked(entry: TimeEntry): TimeEntry {
  if (entry.active_submission_id !== null) throw invalid('Time entry is on a timesheet and cannot be changed', 'base');
  return entry;
}

export function installTimeEntries(app: FastifyInstance, service: Service): void {
  const { account, presenters } = service;
  const archived = ({ workspace_id }: { readonly workspace_id: string }) => account.workspaces.get(workspace_id)?.archived === true;
  installList(app, service, '/time_entries', {
    table: account.timeEntries,
    presenter: presenters.time_entries,
    filters: {
      ...byTime,
      ...byReference(service, 'TimeEntry'),
      workspace_id: is(({ workspace_id }) => workspace_id),
      workspace_ids: among(({ workspace_id }) => workspace_id),
      with_user_ids: among(({ user_id }) => user_id),
      with_timesheet_id: is(({ active_submission_id }) => active_submission_id),
      with_recent_timesheet_ids: among(({ recent_submission_id }) => recent_submission_id),
      in_active_submission: flag(({ active_submission_id }) => active_submission_id !== null),
      approved: () => ({ active_submission_id }: TimeEntry) => account.submissions.get(active_submission_id)?.status === 'approved',
      invoiced: () => ({ is_invoiced }: TimeEntry) => is_invoiced,
      uninvoiced: () => ({ is_invoiced }: TimeEntry) => !is_invoiced,
      on_my_account: () => () => true,
      date_performed_between: (value) => ({ date_performed }: TimeEntry) => {
        const [from = '', to = ''] = value.split(':');
        return date_performed >= from && date_performed <= to;
      },
    },
    hidden: { from_archived_workspaces: archived },
    orders: { date_performed: ({ date_performed }) => date_performed, created_at: ({ created_at }) => sortable(created_at), updated_at: ({ updated_at }) => sortable(updated_at) },
    defaultOrder: 'date_performed:desc',
  });
  route(app, 'POST', '/time_entries', (request, reply) => {
    const query = queryOf(request, []);
    return sendObjects(reply, presenters.time_entries, [createTimeEntry(service, bodyOf('time_entry', z.looseObject({}), request)).id], query);
  });
  route(app, 'PUT', '/time_entries/:id', (request, reply) => {
    const query = queryOf(request, []);
    const entry = unlocked(account.timeEntries.need(idIn(request)));
    const { rate_in_cents: _rate, ...changes } = bodyOf('time_entry', Changes, request);
    account.timeEntries.update(entry, Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)));
    return sendObjects(reply, presenters.time_entries, [entry.id], query);
  });
  route(app, 'DELETE', '/time_entries/:id', (request, reply) => {
    account.timeEntries.delete(unlocked(account.timeEntries.need(idIn(request))).id);
    return reply.code(204).send();
  });
}
