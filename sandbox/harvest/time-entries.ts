/**
 * https://help.getharvest.com/api-v2/timesheets-api/timesheets/time-entries/
 * The account tracks by duration. Approved or invoiced time is locked; an administrator may delete approved time, nobody time of an archived project or task.
 * `approval_status` as a filter, and the texts of refusals, are (unverified).
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { stamp, type Account } from './account.ts';
import { unprocessable } from './errors.ts';
import { equalsNumber, filters, found, numberIn, queryOf, remembered, sendDeleted, sendList, sendText, updatedSince, type Filter, type Query, type Service } from './http.ts';
import { APPROVAL_STATUSES, type ExternalReference, type Project, type TimeEntry } from './model.ts';
import { DateText, Decimal, Integer, NullableText, readParameters, Text } from './parameters.ts';
import { tokenOwner, whoAsks } from './people.ts';
import { rateOn } from './rates.ts';

const Reference = z.object({ id: Text, group_id: NullableText.optional(), account_id: NullableText.optional(), permalink: NullableText.optional() });
const Changes = z.object({
  project_id: Integer.optional(),
  task_id: Integer.optional(),
  spent_date: DateText.optional(),
  hours: Decimal.optional(),
  notes: NullableText.optional(),
  external_reference: Reference.nullable().optional(),
});
const NewEntry = Changes.extend({ user_id: Integer.optional(), project_id: Integer, task_id: Integer, spent_date: DateText });

export function createTimeEntry(account: Account, body: unknown): TimeEntry {
  const { user_id = tokenOwner(account).id, project_id, task_id, spent_date, hours, notes = null, external_reference = null } = readParameters(NewEntry, body);
  const place = placeOf(account, user_id, project_id, task_id, spent_date);
  return account.timeEntries.insert({
    ...place,
    hours: twoPlaces(hours ?? 0),
    notes,
    approval_status: 'unsubmitted',
    is_billed: false,
    is_running: hours === undefined,
    timer_started_at: hours === undefined ? stamp(account.now()) : null,
    external_reference: external_reference === null ? null : referenceOf(external_reference),
  });
}

const Approval = z.object({ user_id: Integer, from: DateText, to: DateText, approval_status: z.enum(APPROVAL_STATUSES) });

/** What an administrator does on Harvest's page "Team > Approvals", where the API has nothing: submits, approves or withdraws a person's time and expenses of some days. */
export function setApproval(account: Account, body: unknown): { readonly id: number } {
  const { user_id, from, to, approval_status } = readParameters(Approval, body);
  for (const entry of account.entriesOfUser(user_id)) {
    if (entry.spent_date >= from && entry.spent_date <= to && entry.approval_status !== approval_status) account.timeEntries.update(entry, { approval_status });
  }
  for (const expense of account.expensesOfUser(user_id)) {
    if (expense.spent_date >= from && expense.spent_date <= to && expense.approval_status !== approval_status) account.expenses.update(expense, { approval_status });
  }
  return { id: user_id };
}

export function installTimeEntries(app: FastifyInstance, service: Service): void {
  const { account } = service;
  const entryAt = (id: number): TimeEntry => found(account.timeEntries.get(id));
  const text = (entry: TimeEntry): string => entryText(account, entry);

  app.get('/v2/time_entries', (request, reply) => {
    const query = queryOf(request);
    const items = candidates(account, query).filter(entryFilter(account, query)).filter((entry) => !service.isMembers() || entry.user_id === whoAsks(service).id);
    items.sort((left, right) => right.spent_date.localeCompare(left.spent_date) || right.id - left.id);
    return sendList(service, request, reply, 'time_entries', items, text);
  });
  app.post('/v2/time_entries', (request, reply) => sendText(reply, text(createTimeEntry(account, request.body)), 201));
  app.get('/v2/time_entries/:id', (request, reply) => sendText(reply, text(entryAt(numberIn(request, 'id')))));
  app.patch('/v2/time_entries/:id', (request, reply) => sendText(reply, text(changeEntry(account, entryAt(numberIn(request, 'id')), request.body))));
  app.patch('/v2/time_entries/:id/stop', (request, reply) => sendText(reply, text(stopTimer(account, entryAt(numberIn(request, 'id'))))));
  app.delete('/v2/time_entries/:id/external_reference', (request, reply) => {
    account.timeEntries.update(entryAt(numberIn(request, 'id')), { external_reference: null });
    return sendDeleted(reply);
  });
  app.delete('/v2/time_entries/:id', (request, reply) => {
    const entry = entryAt(numberIn(request, 'id'));
    if (account.projects.get(entry.project_id)?.is_active === false || account.tasks.get(entry.task_id)?.is_active === false) {
      throw unprocessable('Time entry belongs to an archived project or task and cannot be deleted');
    }
    if (entry.is_billed) throw unprocessable('Time entry has been invoiced and cannot be deleted');
    account.timeEntries.delete(entry.id);
    return sendDeleted(reply);
  });
}

function changeEntry(account: Account, entry: TimeEntry, body: unknown): TimeEntry {
  const reason = lockedReason(account, entry);
  if (reason !== null) throw unprocessable(reason);
  const changes = readParameters(Changes, body);
  const place = placeOf(account, entry.user_id, changes.project_id ?? entry.project_id, changes.task_id ?? entry.task_id, changes.spent_date ?? entry.spent_date);
  return account.timeEntries.update(entry, {
    ...place,
    ...(changes.hours === undefined ? {} : { hours: twoPlaces(changes.hours) }),
    ...(changes.notes === undefined ? {} : { notes: changes.notes }),
    ...(changes.external_reference === undefined
      ? {}
      : { external_reference: changes.external_reference === null ? null : referenceOf(changes.external_reference) }),
  });
}

function stopTimer(account: Account, entry: TimeEntry): TimeEntry {
  if (!entry.is_running || entry.timer_started_at === null) throw unprocessable('Time entry is not running');
  const elapsed = (account.now().getTime() - Date.parse(entry.timer_started_at)) / 3_600_000;
  return account.timeEntries.update(entry, { hours: twoPlaces(entry.hours + elapsed), is_running: false, timer_started_at: null });
}

type Place = Pick<TimeEntry, 'user_id' | 'project_id' | 'task_id' | 'spent_date' | 'billable' | 'billable_rate' | 'cost_rate'>;

/** Checks that this person may book this task of this project, and finds the rates in force on the day. */
function placeOf(account: Account, user_id: number, project_id: number, task_id: number, spent_date: string): Place {
  const user = account.users.get(user_id);
  if (user === undefined) throw unprocessable("User can't be blank");
  const project = account.projects.get(project_id);
  if (project === undefined) throw unprocessable("Project can't be blank");
  if (!project.is_active) throw unprocessable('Project is archived');
  const task = account.taskAssignmentsOf(project_id).find((assignment) => assignment.task_id === task_id);
  if (task === undefined || !task.is_active) throw unprocessable('Task is not assigned to this project');
  const assignment = account.userAssignmentsOf(project_id).find((each) => each.user_id === user_id);
  if (assignment === undefined || !assignment.is_active) throw unprocessable('User is not assigned to this project');
  const billable = project.is_billable && task.billable;
  const personalRate = assignment.use_default_rates ? rateOn(account.billableRates, user_id, spent_date) : assignment.hourly_rate;
  const billable_rate = billable ? rateFor(project, task.hourly_rate, personalRate) : null;
  return { user_id, project_id, task_id, spent_date, billable, billable_rate, cost_rate: rateOn(account.costRates, user_id, spent_date) };
}

function rateFor(project: Project, taskRate: number | null, personalRate: number | null): number | null {
  if (project.bill_by === 'Project') return project.hourly_rate;
  if (project.bill_by === 'Tasks') return taskRate;
  return project.bill_by === 'People' ? personalRate : null;
}

function candidates(account: Account, query: Query): TimeEntry[] {
  const { external_reference_id: reference, project_id: project, user_id: user, from, to } = query;
  if (reference !== undefined) return account.entriesReferring(reference);
  if (project !== undefined) return account.entriesOfProject(Number(project));
  if (user !== undefined) return account.entriesOfUser(Number(user));
  const days = from === undefined || to === undefined ? undefined : daysFrom(from, to);
  return days?.flatMap((day) => account.entriesOfDay(day)) ?? account.timeEntries.all();
}

/** The days of a short range, which are looked up one by one. */
function daysFrom(from: string, to: string): string[] | undefined {
  const length = Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000) + 1;
  if (!(length >= 0 && length <= 31)) return undefined;
  return Array.from({ length }, (_, index) => new Date(Date.parse(`${from}T00:00:00Z`) + index * 86_400_000).toISOString().slice(0, 10));
}

function entryFilter(account: Account, query: Query): Filter<TimeEntry> {
  return filters<TimeEntry>(query, {
    user_id: equalsNumber((entry) => entry.user_id),
    client_id: equalsNumber((entry) => account.projects.get(entry.project_id)?.client_id ?? 0),
    project_id: equalsNumber((entry) => entry.project_id),
    task_id: equalsNumber((entry) => entry.task_id),
    is_billed: (value) => (entry) => entry.is_billed === (value === 'true'),
    is_running: (value) => (entry) => entry.is_running === (value === 'true'),
    approval_status(value) {
      if (!APPROVAL_STATUSES.some((status) => status === value)) throw unprocessable(`approval_status must be one of ${APPROVAL_STATUSES.join(', ')}`);
      return (entry) => entry.approval_status === value;
    },
    updated_since: updatedSince,
    from: (value) => (entry) => entry.spent_date >= value,
    to: (value) => (entry) => entry.spent_date <= value,
  });
}

function lockedReason(account: Account, entry: TimeEntry): string | null {
  const approved = entry.approval_status === 'approved';
  if (approved && entry.is_billed) return 'Item Invoiced and Approved and Locked for this Time Period';
  if (approved) return 'Item Approved and Locked for this Time Period';
  if (entry.is_billed) return 'Item Invoiced and Locked for this Time Period';
  return account.projects.get(entry.project_id)?.is_active === false ? 'Project is Archived' : null;
}

function entryText(account: Account, entry: TimeEntry): string {
  const project = account.projects.get(entry.project_id);
  const client = account.clients.get(project?.client_id ?? 0);
  const task = account.tasks.get(entry.task_id);
  const user = account.users.get(entry.user_id);
  const taskAssignment = account.taskAssignmentsOf(entry.project_id).find((each) => each.task_id === entry.task_id);
  const userAssignment = account.userAssignmentsOf(entry.project_id).find((each) => each.user_id === entry.user_id);
  return remembered(entry, [project, client, task, user, taskAssignment, userAssignment], () => {
    const { user_id, project_id, task_id, ...own } = entry;
    const locked = lockedReason(account, entry);
    return {
      ...own,
      user: { id: user_id, name: user === undefined ? '' : `${user.first_name} ${user.last_name}` },
      client: { id: client?.id ?? null, name: client?.name ?? '', currency: client?.currency ?? '' },
      project: { id: project_id, name: project?.name ?? '', code: project?.code ?? null },
      task: { id: task_id, name: task?.name ?? '' },
      user_assignment: userAssignment === undefined ? null : without(userAssignment, 'project_id', 'user_id'),
      task_assignment: taskAssignment === undefined ? null : without(taskAssignment, 'project_id', 'task_id'),
      hours_without_timer: entry.hours,
      rounded_hours: entry.hours,
      is_locked: locked !== null,
      locked_reason: locked,
      is_closed: entry.approval_status === 'approved',
      started_time: null,
      ended_time: null,
      invoice: null,
      budgeted: project?.budget !== null,
    };
  });
}

function without(record: object, ...names: string[]): object {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)));
}

function referenceOf(reference: z.infer<typeof Reference>): ExternalReference {
  const { id, group_id = null, account_id = null, permalink = null } = reference;
  return { id, group_id, account_id, permalink, service: permalink === null ? null : hostOf(permalink), service_icon_url: null };
}

function hostOf(permalink: string): string | null {
  return URL.canParse(permalink) ? new URL(permalink).hostname : null;
}

function twoPlaces(hours: number): number {
  return Math.round(hours * 100) / 100;
}
