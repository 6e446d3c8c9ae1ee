/** A project's resources: people in a role, or roles without a name; and their allocations. A named one takes part in the project by that. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { invalid } from './errors.ts';
import { bodyOf, idIn, idNumber, localDate, queryOf, readBody, sendObjects } from './http.ts';
import { among, byReference, byTime, flag, installList, is, route, sortable, type Service } from './lists.ts';
import type { Allocation, WorkspaceResource } from './model.ts';
import { putReference, ReferenceValues } from './references.ts';

const NewResource = z.strictObject({ workspace_id: idNumber, user_id: idNumber.nullish(), role_id: idNumber.nullish(), external_reference: ReferenceValues.optional() });
const Values = { start_date: localDate, end_date: localDate, minutes: z.int().min(0), hard: z.boolean().optional(), notes: z.string().nullish() };
const NewAllocation = z.strictObject({ resource_id: idNumber, ...Values, external_reference: ReferenceValues.optional() });
const Changes = z.strictObject({ start_date: Values.start_date.optional(), end_date: Values.end_date.optional(), minutes: Values.minutes.optional(), hard: Values.hard, notes: Values.notes });

/** Answers the participation there is, or makes one. */
export function takePart({ account }: Service, workspaceId: string, userId: string): string {
  return (account.participationsOf(workspaceId).find(({ user_id }) => user_id === userId) ?? account.participations.insert({ workspace_id: workspaceId, user_id: userId, role: 'maven' })).id;
}

export function createResource(service: Service, values: unknown): WorkspaceResource {
  const { account } = service;
  const { workspace_id: workspaceId, user_id: userId = null, role_id: roleId = null, external_reference: reference } = readBody(NewResource, values);
  if (account.workspaces.get(workspaceId) === undefined) throw invalid('must exist', 'workspace_id');
  if (userId === null && roleId === null) throw invalid("can't be blank for unnamed resources", 'role_id');
  if (userId !== null && account.users.get(userId) === undefined) throw invalid('must exist', 'user_id');
  const role = roleId === null ? undefined : account.roles.need(roleId);
  if (userId !== null && account.resourcesOf(workspaceId).some((other) => other.user_id === userId && other.role_id === roleId)) throw invalid('has already been taken', 'user_id');
  return account.transaction(() => {
    const label = `${account.users.get(userId)?.full_name ?? 'Unnamed'} ${role?.name ?? ''} ${account.resourcesOf(workspaceId).length + 1}`;
    const resource = account.resources.insert({ workspace_id: workspaceId, user_id: userId, role_id: roleId, participation_id: userId === null ? null : takePart(service, workspaceId, userId), label });
    if (reference !== undefined) putReference(service, 'WorkspaceResource', resource.id, reference);
    return resource;
  });
}

function deleteResource({ account }: Service, resource: WorkspaceResource): void {
  for (const allocation of account.allocationsOf(resource.id)) account.allocations.delete(allocation.id);
  account.resources.delete(resource.id);
}

export function installResources(app: FastifyInstance, service: Service): void {
  const { account, presenters } = service;
  installList(app, service, '/workspace_resources', {
    table: account.resources,
    presenter: presenters.workspace_resources,
    filters: { ...byTime, ...byReference(service, 'WorkspaceResource'), workspace_id: is(({ workspace_id }) => workspace_id), user_id: is(({ user_id }) => user_id), role_id: is(({ role_id }) => role_id), only_unnamed: flag(({ user_id }) => user_id === null) },
    hidden: { include_unnamed: ({ user_id }) => user_id === null },
    orders: { updated_at: ({ updated_at }) => sortable(updated_at), created_at: ({ created_at }) => sortable(created_at) },
    defaultOrder: 'updated_at:desc',
  });
  route(app, 'POST', '/workspace_resources', (request, reply) => {
    const query = queryOf(request, []);
    return sendObjects(reply, presenters.workspace_resources, [createResource(service, bodyOf('workspace_resource', z.looseObject({}), request)).id], query);
  });
  route(app, 'DELETE', '/workspace_resources/:id', (request, reply) => {
    const resource = account.resources.need(idIn(request));
    if (resource.user_id !== null && account.resourcesOf(resource.workspace_id).filter(({ user_id }) => user_id === resource.user_id).length === 1) throw invalid("The last resource for a user's primary role cannot be deleted", 'base');
    account.transaction(() => deleteResource(service, resource));
    return reply.code(204).send();
  });
  route(app, 'DELETE', '/participations/:id', (request, reply) => {
    const { id, workspace_id: workspaceId, user_id: userId } = account.participations.need(idIn(request));
    account.transaction(() => {
      for (const resource of account.resourcesOf(workspaceId).filter((one) => one.user_id === userId)) deleteResource(service, resource);
      for (const entry of account.entriesOfWorkspace(workspaceId).filter((one) => one.user_id === userId)) account.timeEntries.delete(entry.id);
      account.participations.delete(id);
    });
    return reply.code(204).send();
  });

  installList(app, service, '/workspace_allocations', {
    table: account.allocations,
    presenter: presenters.workspace_allocations,
    filters: {
      ...byTime,
      ...byReference(service, 'WorkspaceAllocation'),
      workspace_resource_ids: among(({ resource_id }) => resource_id),
      workspace_ids: (value) => ({ resource_id }: Allocation) => value.split(',').includes(account.resources.get(resource_id)?.workspace_id ?? ''),
      type: (value) => ({ hard }: Allocation) => hard === (value === 'hard'),
    },
    orders: { updated_at: ({ updated_at }) => sortable(updated_at) },
    defaultOrder: 'updated_at:desc',
  });
  route(app, 'POST', '/workspace_allocations', (request, reply) => {
    const query = queryOf(request, []);
    const { external_reference: reference, hard = false, notes = null, ...values } = bodyOf('workspace_allocation', NewAllocation, request);
    const resource = account.resources.need(values.resource_id);
    if (values.end_date < values.start_date) throw invalid('must be on or after the start date', 'end_date');
    if (hard && resource.user_id === null) throw invalid('cannot be hard for unnamed resources', 'hard');
    const allocation = account.transaction(() => {
      const made = account.allocations.insert({ ...values, hard, notes });
      if (reference !== undefined) putReference(service, 'WorkspaceAllocation', made.id, reference);
      return made;
    });
    return sendObjects(reply, presenters.workspace_allocations, [allocation.id], query);
  });
  route(app, 'PUT', '/workspace_allocations/:id', (request, reply) => {
    const query = queryOf(request, []);
    const changes = bodyOf('workspace_allocation', Changes, request);
    const allocation = account.allocations.update(account.allocations.need(idIn(request)), Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)));
    return sendObjects(reply, presenters.workspace_allocations, [allocation.id], query);
  });
  route(app, 'DELETE', '/workspace_allocations/:id', (request, reply) => {
    account.allocations.delete(account.allocations.need(idIn(request)).id);
    return reply.code(204).send();
  });
}
