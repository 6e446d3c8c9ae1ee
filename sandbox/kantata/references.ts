/**
 * External references: an object's ID in another system. Of one service an object has one. They stay when their object is deleted (unverified: the harsher of two
 * possibilities), and nothing keeps two objects from naming the same ID of another system.
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { stamp, type Account } from './account.ts';
import { badRequest } from './errors.ts';
import { bodyOf, idIn, idNumber, queryOf, sendObjects } from './http.ts';
import { byTime, installList, is, route, sortable, type Service } from './lists.ts';
import { SUBJECT_TYPES, type ExternalReference, type SubjectType } from './model.ts';

const text = z.string().min(1).max(255);
const Fields = {
  service_name: text,
  service_model: text,
  service_model_ref: text,
  status: z.enum(['pending', 'successful', 'failed']).optional(),
  external_message: z.string().optional(),
  external_link: z.string().optional(),
  external_status: z.string().max(255).optional(),
  locked: z.boolean().optional(),
};
export const ReferenceValues = z.strictObject(Fields);
const CreateOrUpdate = z.strictObject({ subject_type: z.enum(SUBJECT_TYPES), subject_id: idNumber, ...Fields });

const TABLES: Readonly<Record<SubjectType, (account: Account) => { need(id: string): object }>> = {
  Participation: ({ participations }) => participations, RateCard: ({ rateCards }) => rateCards, Role: ({ roles }) => roles, Story: ({ stories }) => stories, Submission: ({ submissions }) => submissions,
  TimeEntry: ({ timeEntries }) => timeEntries, User: ({ users }) => users, Workspace: ({ workspaces }) => workspaces, WorkspaceAllocation: ({ allocations }) => allocations,
  WorkspaceGroup: ({ groups }) => groups, WorkspaceResource: ({ resources }) => resources,
};

export function putReference({ account }: Service, type: SubjectType, subjectId: string, values: z.infer<typeof ReferenceValues>): ExternalReference {
  TABLES[type](account).need(subjectId);
  const known = account.referencesOf(type, subjectId).find(({ service_name }) => service_name === values.service_name);
  const synced = { last_synced_at: stamp(account.now()) };
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  if (known !== undefined) return account.references.update(known, { ...given, ...synced });
  return account.references.insert({
    subject_type: type, subject_id: subjectId, status: values.status ?? null, external_status: values.external_status ?? null, external_message: values.external_message ?? null, external_link: values.external_link ?? null,
    locked: values.locked ?? false, service_name: values.service_name, service_model: values.service_model, service_model_ref: values.service_model_ref, ...synced,
  });
}

export function installReferences(app: FastifyInstance, service: Service): void {
  const { account, presenters } = service;
  const path = '/external_references';
  app.addHook('preHandler', async (request) => {
    if (request.method === 'GET' && /\/external_references(\.json)?(\?|$)/.test(request.url) && !/[?&]subject_type=/.test(request.url)) throw badRequest('subject_type is required');
  });
  installList(app, service, path, {
    table: account.references,
    presenter: presenters.external_references,
    filters: {
      ...byTime,
      subject_type: is(({ subject_type }) => subject_type),
      subject_id: is(({ subject_id }) => subject_id),
      service_name: is(({ service_name }) => service_name),
      service_model: is(({ service_model }) => service_model),
      service_model_ref: is(({ service_model_ref }) => service_model_ref),
      status: is(({ status }) => status),
      external_status: is(({ external_status }) => external_status),
      external_message: is(({ external_message }) => external_message),
    },
    orders: { created_at: ({ created_at }) => sortable(created_at), last_synced_at: ({ last_synced_at }) => sortable(last_synced_at) },
    defaultOrder: 'last_synced_at:desc',
  });
  route(app, 'POST', `${path}/create_or_update`, (request, reply) => {
    const query = queryOf(request, []);
    const { subject_type, subject_id, ...values } = bodyOf('external_reference', CreateOrUpdate, request);
    return sendObjects(reply, presenters.external_references, [putReference(service, subject_type, subject_id, values).id], query);
  });
  route(app, 'DELETE', `${path}/:id`, (request, reply) => {
    account.references.delete(account.references.need(idIn(request)).id);
    return reply.code(204).send();
  });
}
