/**
 * https://help.getharvest.com/api-v2/projects-api/projects/task-assignments/ and …/user-assignments/
 * One assignment for each task, or user, of a project; text of the refusal of a second one (unverified).
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Account } from './account.ts';
import { forbidden, unprocessable } from './errors.ts';
import { equalsNumber, filters, found, isActive, numberIn, queryOf, remembered, sendDeleted, sendList, sendText, updatedSince, type Service } from './http.ts';
import type { Project, TaskAssignment, UserAssignment } from './model.ts';
import { Bool, given, Integer, NullableDecimal, readParameters } from './parameters.ts';

const TaskAssignmentChanges = z.object({ is_active: Bool.optional(), billable: Bool.optional(), hourly_rate: NullableDecimal.optional(), budget: NullableDecimal.optional() });
const NewTaskAssignment = TaskAssignmentChanges.extend({ task_id: Integer });
const UserAssignmentChanges = z.object({
  is_active: Bool.optional(),
  is_project_manager: Bool.optional(),
  use_default_rates: Bool.optional(),
  hourly_rate: NullableDecimal.optional(),
  budget: NullableDecimal.optional(),
});
const NewUserAssignment = UserAssignmentChanges.extend({ user_id: Integer });

export function createTaskAssignment(account: Account, project: Project, body: unknown): TaskAssignment {
  const { task_id, is_active = true, billable = false, hourly_rate, budget = null } = readParameters(NewTaskAssignment, body);
  const task = account.tasks.get(task_id);
  if (task === undefined) throw unprocessable("Task can't be blank");
  if (!task.is_active) throw unprocessable('Task is archived');
  if (account.taskAssignmentsOf(project.id).some((other) => other.task_id === task_id)) throw unprocessable('Task has already been taken');
  const rate = hourly_rate ?? (project.bill_by === 'Tasks' ? null : 0);
  return account.taskAssignments.insert({ project_id: project.id, task_id, is_active, billable, hourly_rate: rate, budget });
}

export function createUserAssignment(account: Account, project: Project, body: unknown): UserAssignment {
  const values = readParameters(NewUserAssignment, body);
  const user = account.users.get(values.user_id);
  if (user === undefined) throw unprocessable("User can't be blank");
  if (!user.is_active) throw unprocessable('User is archived');
  if (account.userAssignmentsOf(project.id).some((other) => other.user_id === user.id)) throw unprocessable('User has already been taken');
  const useDefault = values.use_default_rates ?? true;
  return account.userAssignments.insert({
    project_id: project.id,
    user_id: user.id,
    is_active: values.is_active ?? true,
    is_project_manager: values.is_project_manager ?? user.access_roles.some((role) => role === 'administrator' || role === 'manager'),
    use_default_rates: useDefault,
    hourly_rate: useDefault ? user.default_hourly_rate : (values.hourly_rate ?? 0),
    budget: values.budget ?? null,
  });
}

export function installAssignments(app: FastifyInstance, service: Service): void {
  const { account } = service;
  const projectAt = (request: FastifyRequest): Project => found(account.projects.get(numberIn(request, 'project')));
  installTaskAssignments(app, service, projectAt);
  installUserAssignments(app, service, projectAt);
}

function installTaskAssignments(app: FastifyInstance, service: Service, projectAt: (request: FastifyRequest) => Project): void {
  const { account } = service;
  const text = (assignment: TaskAssignment): string => taskAssignmentText(account, assignment);
  const assignmentAt = (request: FastifyRequest): TaskAssignment => {
    const assignment = account.taskAssignments.get(numberIn(request, 'id'));
    return found(assignment?.project_id === projectAt(request).id ? assignment : undefined);
  };
  const keep = (request: FastifyRequest) => filters<TaskAssignment>(queryOf(request), { is_active: isActive, updated_since: updatedSince });
  const path = '/v2/projects/:project/task_assignments';

  app.get('/v2/task_assignments', (request, reply) => {
    if (service.hidesReferences()) throw forbidden();
    return sendList(service, request, reply, 'task_assignments', account.taskAssignments.all().reverse().filter(keep(request)), text);
  });
  app.get(path, (request, reply) =>
    sendList(service, request, reply, 'task_assignments', account.taskAssignmentsOf(projectAt(request).id).reverse().filter(keep(request)), text),
  );
  app.post(path, (request, reply) => sendText(reply, text(createTaskAssignment(account, projectAt(request), request.body)), 201));
  app.get(`${path}/:id`, (request, reply) => sendText(reply, text(assignmentAt(request))));
  app.patch(`${path}/:id`, (request, reply) =>
    sendText(reply, text(account.taskAssignments.update(assignmentAt(request), given(readParameters(TaskAssignmentChanges, request.body))))),
  );
  app.delete(`${path}/:id`, (request, reply) => {
    const assignment = assignmentAt(request);
    const used = account.entriesOfProject(assignment.project_id).some((entry) => entry.task_id === assignment.task_id);
    if (used) throw unprocessable('Task assignment has time entries and cannot be deleted');
    account.taskAssignments.delete(assignment.id);
    return sendDeleted(reply);
  });
}

function installUserAssignments(app: FastifyInstance, service: Service, projectAt: (request: FastifyRequest) => Project): void {
  const { account } = service;
  const text = (assignment: UserAssignment): string => userAssignmentText(account, assignment);
  const assignmentAt = (request: FastifyRequest): UserAssignment => {
    const assignment = account.userAssignments.get(numberIn(request, 'id'));
    return found(assignment?.project_id === projectAt(request).id ? assignment : undefined);
  };
  const keep = (request: FastifyRequest) =>
    filters<UserAssignment>(queryOf(request), { is_active: isActive, updated_since: updatedSince, user_id: equalsNumber((assignment) => assignment.user_id) });
  const path = '/v2/projects/:project/user_assignments';

  app.get('/v2/user_assignments', (request, reply) => {
    if (service.hidesReferences()) throw forbidden();
    return sendList(service, request, reply, 'user_assignments', account.userAssignments.all().reverse().filter(keep(request)), text);
  });
  app.get(path, (request, reply) =>
    sendList(service, request, reply, 'user_assignments', account.userAssignmentsOf(projectAt(request).id).reverse().filter(keep(request)), text),
  );
  app.post(path, (request, reply) => sendText(reply, text(createUserAssignment(account, projectAt(request), request.body)), 201));
  app.get(`${path}/:id`, (request, reply) => sendText(reply, text(assignmentAt(request))));
  app.patch(`${path}/:id`, (request, reply) =>
    sendText(reply, text(account.userAssignments.update(assignmentAt(request), given(readParameters(UserAssignmentChanges, request.body))))),
  );
  app.delete(`${path}/:id`, (request, reply) => {
    const { id, project_id, user_id } = assignmentAt(request);
    const used = [...account.entriesOfProject(project_id), ...account.expensesOfProject(project_id)].some((record) => record.user_id === user_id);
    if (used) throw unprocessable('User assignment has time entries or expenses and cannot be deleted');
    account.userAssignments.delete(id);
    return sendDeleted(reply);
  });
}

function taskAssignmentText(account: Account, assignment: TaskAssignment): string {
  const project = account.projects.get(assignment.project_id);
  const task = account.tasks.get(assignment.task_id);
  return remembered(assignment, [project, task], () => {
    const { project_id, task_id, ...shown } = assignment;
    return { ...shown, project: { id: project_id, name: project?.name ?? '', code: project?.code ?? null }, task: { id: task_id, name: task?.name ?? '' } };
  });
}

function userAssignmentText(account: Account, assignment: UserAssignment): string {
  const project = account.projects.get(assignment.project_id);
  const user = account.users.get(assignment.user_id);
  return remembered(assignment, [project, user], () => {
    const { project_id, user_id, ...shown } = assignment;
    const name = user === undefined ? '' : `${user.first_name} ${user.last_name}`;
    return { ...shown, project: { id: project_id, name: project?.name ?? '', code: project?.code ?? null }, user: { id: user_id, name } };
  });
}
