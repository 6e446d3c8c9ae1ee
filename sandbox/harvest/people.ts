/** https://help.getharvest.com/api-v2/users-api/users/users/ and https://help.getharvest.com/api-v2/roles-api/roles/roles/ */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Account } from './account.ts';
import { forbidden, unprocessable } from './errors.ts';
import { filters, found, isActive, numberIn, queryOf, remembered, sendDeleted, sendList, sendText, updatedSince, type Service } from './http.ts';
import type { Role, User, UserAssignment } from './model.ts';
import { Bool, Decimal, given, Integer, Name, readParameters, Text } from './parameters.ts';

const Email = Text.refine((text) => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text), 'is invalid');
const AccessRoles = z.array(z.string()).refine((roles) => roles.some((role) => ['administrator', 'manager', 'member'].includes(role)), 'are invalid');
const Optional = {
  timezone: Text.optional(),
  telephone: Text.optional(),
  has_access_to_all_future_projects: Bool.optional(),
  is_contractor: Bool.optional(),
  is_active: Bool.optional(),
  weekly_capacity: Integer.optional(),
  default_hourly_rate: Decimal.optional(),
  cost_rate: Decimal.optional(),
  roles: z.array(Text).optional(),
  access_roles: AccessRoles.optional(),
};
const NewUser = z.object({ first_name: Name, last_name: Name, email: Email, ...Optional });
const UserChanges = z.object({ first_name: Name.optional(), last_name: Name.optional(), email: Email.optional(), ...Optional });
const RoleValues = z.object({ name: Name, user_ids: z.array(Integer).optional() });

export function createUser(account: Account, body: unknown): User {
  const values = given(readParameters(NewUser, body));
  const { first_name, last_name, email } = readParameters(z.object({ first_name: Name, last_name: Name, email: Email }), body);
  checkEmail(account, email, undefined);
  const user = account.users.insert({
    telephone: '',
    timezone: 'Eastern Time (US & Canada)',
    has_access_to_all_future_projects: false,
    is_contractor: false,
    is_active: true,
    weekly_capacity: 126_000,
    default_hourly_rate: 0,
    cost_rate: 0,
    roles: [],
    access_roles: ['member'],
    ...values,
    first_name,
    last_name,
    email,
  });
  const since = { user_id: user.id, start_date: null, end_date: null };
  if (user.default_hourly_rate > 0) account.billableRates.insert({ ...since, amount: user.default_hourly_rate });
  if (user.cost_rate > 0) account.costRates.insert({ ...since, amount: user.cost_rate });
  return user;
}

/** Whose personal access token the client has: the account's first administrator. */
export function tokenOwner(account: Account): User {
  return found(account.users.collection.find((user) => user.access_roles.includes('administrator')));
}

/** The one the token is of: the administrator, or in mode `member-token` the first member. */
export function whoAsks(service: Service): User {
  const { account } = service;
  return service.isMembers() ? found(account.users.collection.find((user) => !user.access_roles.includes('administrator'))) : tokenOwner(account);
}

export function installPeople(app: FastifyInstance, service: Service): void {
  const { account } = service;
  const userAt = (request: FastifyRequest): User => found(account.users.get(numberIn(request, 'id')));

  app.get('/v2/users', (request, reply) => {
    const keep = filters<User>(queryOf(request), { is_active: isActive, updated_since: updatedSince });
    return sendList(service, request, reply, 'users', account.users.all().reverse().filter(keep), userText);
  });
  app.post('/v2/users', (request, reply) => sendText(reply, userText(createUser(account, request.body)), 201));
  app.get('/v2/users/me', (_request, reply) => sendText(reply, userText(whoAsks(service))));
  app.get('/v2/users/:id', (request, reply) => sendText(reply, userText(userAt(request))));
  app.patch('/v2/users/:id', (request, reply) => {
    const user = userAt(request);
    const changes = given(readParameters(UserChanges, request.body));
    if (changes.email !== undefined) checkEmail(account, changes.email, user.id);
    return sendText(reply, userText(account.users.update(user, changes)));
  });
  app.delete('/v2/users/:id', (request, reply) => {
    const user = userAt(request);
    const used = account.timeEntries.collection.find((entry) => entry.user_id === user.id) ?? account.expenses.collection.find((expense) => expense.user_id === user.id);
    if (used !== undefined) throw unprocessable('User has time entries or expenses and cannot be deleted');
    account.users.delete(user.id);
    return sendDeleted(reply);
  });
  app.get('/v2/users/me/project_assignments', (request, reply) => projectAssignments(service, tokenOwner(account), request, (items) => sendList(service, request, reply, 'project_assignments', items, (item) => assignmentText(account, item))));
  app.get('/v2/users/:id/project_assignments', (request, reply) => projectAssignments(service, userAt(request), request, (items) => sendList(service, request, reply, 'project_assignments', items, (item) => assignmentText(account, item))));
  installRoles(app, service);
}

function projectAssignments<R>(service: Service, user: User, request: FastifyRequest, answer: (items: UserAssignment[]) => R): R {
  if (service.hidesReferences()) throw forbidden();
  const keep = filters<UserAssignment>(queryOf(request), { updated_since: updatedSince });
  return answer(service.account.userAssignments.collection.filter((each) => each.user_id === user.id && each.is_active && keep(each)).reverse());
}

function installRoles(app: FastifyInstance, service: Service): void {
  const { account } = service;
  const roleAt = (request: FastifyRequest): Role => found(account.roles.get(numberIn(request, 'id')));
  const text = (role: Role): string => JSON.stringify(role);

  app.get('/v2/roles', (request, reply) => sendList(service, request, reply, 'roles', account.roles.all().reverse(), text));
  app.post('/v2/roles', (request, reply) => {
    const { name, user_ids = [] } = readParameters(RoleValues, request.body);
    if (account.roles.collection.find((role) => role.name === name) !== undefined) throw unprocessable('Name has already been taken');
    return sendText(reply, text(account.roles.insert({ name, user_ids })), 201);
  });
  app.get('/v2/roles/:id', (request, reply) => sendText(reply, text(roleAt(request))));
  app.patch('/v2/roles/:id', (request, reply) => sendText(reply, text(account.roles.update(roleAt(request), given(readParameters(RoleValues.partial(), request.body))))));
  app.delete('/v2/roles/:id', (request, reply) => {
    account.roles.delete(roleAt(request).id);
    return sendDeleted(reply);
  });
}

function checkEmail(account: Account, email: string, self: number | undefined): void {
  if (account.users.collection.find((user) => user.id !== self && user.email.toLowerCase() === email.toLowerCase()) !== undefined) throw unprocessable('Email has already been taken');
}

function userText(user: User): string {
  return remembered(user, [], () => ({ ...user, avatar_url: `https://d3s3969qhosaug.cloudfront.net/default-avatars/${user.first_name.charAt(0)}${user.last_name.charAt(0)}.png` }));
}

function assignmentText(account: Account, assignment: UserAssignment): string {
  const { project_id, user_id: _, ...shown } = assignment;
  const project = account.projects.get(project_id);
  const client = project === undefined ? undefined : account.clients.get(project.client_id);
  const tasks = account.taskAssignmentsOf(project_id).filter((each) => each.is_active);
  return JSON.stringify({
    ...shown,
    project: { id: project_id, name: project?.name ?? '', code: project?.code ?? null },
    client: { id: client?.id ?? null, name: client?.name ?? '' },
    task_assignments: tasks.map(({ project_id: __, task_id, ...task }) => ({ ...task, task: { id: task_id, name: account.tasks.get(task_id)?.name ?? '' } })),
  });
}
