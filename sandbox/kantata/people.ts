/** Users and roles: invited and set up on Kantata's own pages, seeded here. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { invalid, notFound } from './errors.ts';
import { queryOf, readBody, sendObjects } from './http.ts';
import { among, byReference, byTime, installList, matching, is, route, type Service } from './lists.ts';
import type { Role, User } from './model.ts';

const NewUser = z.object({ full_name: z.string().min(1), email_address: z.string(), headline: z.string().default('Consultant'), on_my_account: z.boolean().default(true) });
const NewRole = z.object({ name: z.string().min(1) });

export function createUser({ account }: Service, values: unknown): User {
  const read = readBody(NewUser, values);
  if (account.users.all().some(({ email_address }) => email_address.toLowerCase() === read.email_address.toLowerCase())) throw invalid('Email address has already been taken', 'email_address');
  return account.users.insert(read);
}

export function createRole({ account }: Service, values: unknown): Role {
  const { name } = readBody(NewRole, values);
  if (account.roles.all().some((role) => role.name.toLowerCase() === name.toLowerCase() && role.deleted_at === null)) throw invalid('Name has already been taken', 'name');
  return account.roles.insert({ name, deleted_at: null });
}

/** Whose token it is: the account's first user, an administrator. */
export function tokenOwner({ account }: Service): User {
  const [owner] = account.users.all();
  if (owner === undefined) throw notFound();
  return owner;
}

export function installPeople(app: FastifyInstance, service: Service): void {
  const { account, presenters } = service;
  route(app, 'GET', '/users/me', (request, reply) => sendObjects(reply, presenters.users, [tokenOwner(service).id], queryOf(request, [])));
  installList(app, service, '/users', {
    table: account.users,
    presenter: presenters.users,
    filters: {
      ...byTime,
      ...byReference(service, 'User'),
      on_my_account: (value) => (user: User) => value !== 'true' || user.on_my_account,
      by_email_address: (value) => (user: User) => user.email_address.toLowerCase() === value.toLowerCase(),
      by_email_addresses: (value) => (user: User) => value.toLowerCase().split(',').includes(user.email_address.toLowerCase()),
    },
    orders: { alphabetical: ({ full_name }) => full_name },
    defaultOrder: 'alphabetical:asc',
  });
  installList(app, service, '/roles', {
    table: account.roles,
    presenter: presenters.roles,
    filters: {
      ...byTime,
      ...byReference(service, 'Role'),
      matching: matching(({ name }) => name),
      for_workspace: (value) => (role: Role) => account.resourcesOf(value).some(({ role_id }) => role_id === role.id),
      only_active: (value) => (role: Role) => value !== 'true' || role.deleted_at === null,
    },
    orders: { alphabetical: ({ name }) => name },
    defaultOrder: 'alphabetical:asc',
  });
  installList(app, service, '/participations', {
    table: account.participations,
    presenter: presenters.participations,
    filters: { ...byTime, workspace_id: is(({ workspace_id }) => workspace_id), user_id: is(({ user_id }) => user_id), workspace_ids: among(({ workspace_id }) => workspace_id) },
    orders: { created_at: ({ created_at }) => created_at },
    defaultOrder: 'created_at:asc',
  });
}
