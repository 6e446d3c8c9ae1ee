/**
 * https://help.getharvest.com/api-v2/projects-api/projects/projects/
 * A name is unique among a client's projects, a code is not (both unverified); deleting a project deletes its time entries and expenses.
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Account } from './account.ts';
import { forbidden, unprocessable } from './errors.ts';
import { equalsNumber, filters, found, isActive, numberIn, queryOf, remembered, sendDeleted, sendList, sendText, updatedSince, type Service } from './http.ts';
import { BILL_BY, BUDGET_BY, type Client, type Project } from './model.ts';
import { Bool, given, Integer, Name, NullableDate, NullableDecimal, NullableText, readParameters, Text } from './parameters.ts';

const Common = {
  code: NullableText.optional(),
  is_active: Bool.optional(),
  is_fixed_fee: Bool.optional(),
  hourly_rate: NullableDecimal.optional(),
  budget: NullableDecimal.optional(),
  budget_is_monthly: Bool.optional(),
  notify_when_over_budget: Bool.optional(),
  over_budget_notification_percentage: NullableDecimal.optional(),
  show_budget_to_all: Bool.optional(),
  cost_budget: NullableDecimal.optional(),
  cost_budget_include_expenses: Bool.optional(),
  fee: NullableDecimal.optional(),
  notes: Text.optional(),
  starts_on: NullableDate.optional(),
  ends_on: NullableDate.optional(),
};
const Required = {
  client_id: Integer,
  name: Name,
  is_billable: Bool,
  bill_by: z.enum(BILL_BY, 'is not included in the list'),
  budget_by: z.enum(BUDGET_BY, 'is not included in the list'),
};
const NewProject = z.object({ ...Required, ...Common });
const ProjectChanges = z.object(Required).partial().extend(Common);

/** Creates a project with the default tasks and everybody who is added to all future projects. Throws a 422. */
export function createProject(service: Service, body: unknown): Project {
  const { account } = service;
  const values = given(readParameters(NewProject, body));
  const { client_id, name, is_billable, bill_by, budget_by } = readParameters(z.object(Required), body);
  check(service, { client_id, name }, undefined);
  return account.transaction(() => {
    const project = account.projects.insert(
      settled(service, {
        code: null,
        is_active: true,
        is_fixed_fee: false,
        hourly_rate: null,
        budget: null,
        budget_is_monthly: false,
        notify_when_over_budget: false,
        over_budget_notification_date: null,
        show_budget_to_all: false,
        cost_budget: null,
        cost_budget_include_expenses: false,
        fee: null,
        notes: '',
        starts_on: null,
        ends_on: null,
        ...values,
        over_budget_notification_percentage: values.over_budget_notification_percentage ?? 80,
        client_id,
        name,
        is_billable,
        bill_by,
        budget_by,
      }),
    );
    addDefaults(account, project);
    return project;
  });
}

function changeProject(service: Service, project: Project, body: unknown): Project {
  const changes = given(readParameters(ProjectChanges, body));
  const { over_budget_notification_percentage: percentage, ...rest } = changes;
  const { id, created_at, updated_at, ...wanted } = { ...project, ...rest, over_budget_notification_percentage: percentage ?? project.over_budget_notification_percentage };
  check(service, wanted, id);
  return service.account.projects.update({ id, created_at, updated_at, ...wanted }, settled(service, wanted));
}

export function installProjects(app: FastifyInstance, service: Service): void {
  const { account } = service;
  const projectAt = (id: number): Project => found(account.projects.get(id));
  const text = (project: Project): string => projectText(account, project);

  app.get('/v2/projects', (request, reply) => {
    if (service.hidesReferences()) throw forbidden();
    const query = queryOf(request);
    const ofClient = query['client_id'];
    const candidates = ofClient === undefined ? account.projects.all() : account.projectsOf(Number(ofClient));
    const keep = filters<Project>(query, { is_active: isActive, updated_since: updatedSince, client_id: equalsNumber((project) => project.client_id) });
    return sendList(service, request, reply, 'projects', candidates.reverse().filter(keep), text);
  });
  app.post('/v2/projects', (request, reply) => sendText(reply, text(createProject(service, request.body)), 201));
  app.get('/v2/projects/:id', (request, reply) => sendText(reply, text(projectAt(numberIn(request, 'id')))));
  app.patch('/v2/projects/:id', (request, reply) => sendText(reply, text(changeProject(service, projectAt(numberIn(request, 'id')), request.body))));
  app.delete('/v2/projects/:id', (request, reply) => {
    deleteProject(account, projectAt(numberIn(request, 'id')));
    return sendDeleted(reply);
  });
}

function check(service: Service, { client_id, name }: { client_id: number; name: string }, self: number | undefined): void {
  const { account } = service;
  if (account.clients.get(client_id) === undefined) throw unprocessable("Client can't be blank");
  if (service.hidesReferences()) return;
  const taken = account.projectsOf(client_id).some((other) => other.id !== self && other.name.toLowerCase() === name.toLowerCase());
  if (taken) throw unprocessable('Name has already been taken');
}

/** A fee belongs to fixed-fee projects only, a project rate to those billed by it; an account without references keeps no code. */
function settled<P extends Pick<Project, 'is_fixed_fee' | 'fee' | 'bill_by' | 'hourly_rate' | 'code'>>(service: Service, project: P): P {
  return {
    ...project,
    fee: project.is_fixed_fee ? project.fee : null,
    hourly_rate: project.bill_by === 'Project' ? project.hourly_rate : null,
    code: service.hidesReferences() || project.code === '' ? null : project.code,
  };
}

function addDefaults(account: Account, project: Project): void {
  for (const task of account.tasks.all()) {
    if (!task.is_default || !task.is_active) continue;
    const billable = project.is_billable && task.billable_by_default;
    account.taskAssignments.insert({ project_id: project.id, task_id: task.id, is_active: true, billable, hourly_rate: task.default_hourly_rate, budget: null });
  }
  for (const user of account.users.all()) {
    if (!user.has_access_to_all_future_projects || !user.is_active) continue;
    account.userAssignments.insert({
      project_id: project.id,
      user_id: user.id,
      is_active: true,
      is_project_manager: user.access_roles.includes('administrator'),
      use_default_rates: true,
      hourly_rate: user.default_hourly_rate,
      budget: null,
    });
  }
}

function deleteProject(account: Account, project: Project): void {
  account.transaction(() => {
    for (const entry of account.entriesOfProject(project.id)) account.timeEntries.delete(entry.id);
    for (const expense of account.expensesOfProject(project.id)) account.expenses.delete(expense.id);
    for (const assignment of account.taskAssignmentsOf(project.id)) account.taskAssignments.delete(assignment.id);
    for (const assignment of account.userAssignmentsOf(project.id)) account.userAssignments.delete(assignment.id);
    account.projects.delete(project.id);
  });
}

function projectText(account: Account, project: Project): string {
  const client: Client | undefined = account.clients.get(project.client_id);
  return remembered(project, [client], () => {
    const { client_id, ...shown } = project;
    return { ...shown, client: { id: client_id, name: client?.name ?? '', currency: client?.currency ?? '' } };
  });
}
