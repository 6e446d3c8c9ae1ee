import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { invalid } from './errors.ts';
import { bodyOf, idIn, idNumber, queryOf, readBody, sendObjects } from './http.ts';
import { byReference, byTime, flag, installList, matching, route, sortable, type Service } from './lists.ts';
import type { Group } from './model.ts';
import { putReference, ReferenceValues } from './references.ts';

const text = z.string().max(10_000).nullish();
const Values = {
  add_workspace_ids: z.array(idNumber).optional(), notes: text, company: z.boolean().optional(), contact_name: text, email: text, phone_number: text, address: text, website: text, external_reference: ReferenceValues.optional(),
};
const name = z.string().min(1, "can't be blank").max(255, 'is too long (maximum is 255 characters)');
const NewGroup = z.strictObject({ name, ...Values });
const Changes = z.strictObject({ name: name.optional(), remove_workspace_ids: z.array(idNumber).optional(), ...Values });

function assertFree({ account }: Service, wanted: string, self?: Group): void {
  if (account.groups.all().some((group) => group.id !== self?.id && group.name.toLowerCase() === wanted.toLowerCase())) throw invalid('Name has already been taken', 'name');
}

export function createGroup(service: Service, values: unknown): Group {
  const { external_reference: reference, add_workspace_ids: _added, ...given } = readBody(NewGroup, values);
  assertFree(service, given.name);
  return service.account.transaction(() => {
    const group = service.account.groups.insert({
      name: given.name, company: given.company ?? false, notes: given.notes ?? null, address: given.address ?? null, contact_name: given.contact_name ?? null, email: given.email ?? null, phone_number: given.phone_number ?? null, website: given.website ?? null,
    });
    if (reference !== undefined) putReference(service, 'WorkspaceGroup', group.id, reference);
    return group;
  });
}

export function installGroups(app: FastifyInstance, service: Service): void {
  const { account, presenters } = service;
  const path = '/workspace_groups';
  installList(app, service, path, {
    table: account.groups,
    presenter: presenters.workspace_groups,
    filters: { ...byTime, ...byReference(service, 'WorkspaceGroup'), companies_only: flag(({ company }) => company), matching: matching(({ name }) => name) },
    orders: { name: (group) => group.name.toLowerCase(), created_at: ({ created_at }) => sortable(created_at), updated_at: ({ updated_at }) => sortable(updated_at) },
    defaultOrder: 'name:asc',
  });
  route(app, 'POST', path, (request, reply) => {
    const query = queryOf(request, []);
    return sendObjects(reply, presenters.workspace_groups, [createGroup(service, bodyOf('workspace_group', NewGroup.loose(), request)).id], query);
  });
  route(app, 'PUT', `${path}/:id`, (request, reply) => {
    const query = queryOf(request, []);
    const group = account.groups.need(idIn(request));
    const { external_reference: reference, add_workspace_ids: _added, remove_workspace_ids: _removed, ...changes } = bodyOf('workspace_group', Changes, request);
    if (changes.name !== undefined) assertFree(service, changes.name, group);
    account.groups.update(group, Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)));
    if (reference !== undefined) putReference(service, 'WorkspaceGroup', group.id, reference);
    return sendObjects(reply, presenters.workspace_groups, [group.id], query);
  });
  route(app, 'DELETE', `${path}/:id`, (request, reply) => {
    const group = account.groups.need(idIn(request));
    account.transaction(() => {
      for (const workspace of account.workspaces.all()) {
        if (workspace.group_ids.includes(group.id)) account.workspaces.update(workspace, { group_ids: workspace.group_ids.filter((id) => id !== group.id), primary_group_id: workspace.primary_group_id === group.id ? null : workspace.primary_group_id });
      }
      account.groups.delete(group.id);
    });
    return reply.code(204).send();
  });
}
