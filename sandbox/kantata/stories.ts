/** Tasks, nested at most four levels below the top. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { invalid } from './errors.ts';
import { bodyOf, idIn, idNumber, localDate, queryOf, readBody, sendObjects } from './http.ts';
import { among, byReference, byTime, installList, is, route, sortable, type Service } from './lists.ts';
import type { Story } from './model.ts';
import { putReference, ReferenceValues } from './references.ts';

const Values = {
  story_type: z.enum(['task', 'deliverable', 'milestone', 'issue']).optional(),
  description: z.string().max(999, 'is too long (maximum is 999 characters)').nullish(),
  start_date: localDate.nullish(),
  due_date: localDate.nullish(),
  parent_id: idNumber.nullish(),
  archived: z.boolean().optional(),
  billable: z.boolean().optional(),
  fixed_fee: z.boolean().optional(),
  time_trackable: z.boolean().optional(),
  time_estimate_in_minutes: z.int().min(0).nullish(),
  external_reference: ReferenceValues.optional(),
};
const title = z.string().min(1, "can't be blank").max(255, 'is too long (maximum is 255 characters)');
const NewStory = z.strictObject({ workspace_id: idNumber, title, ...Values });
const Changes = z.strictObject({ title: title.optional(), ...Values });

export function createStory(service: Service, values: unknown): Story {
  const { account } = service;
  const given = readBody(NewStory, values);
  const parentId = given.parent_id ?? null;
  if (account.workspaces.get(given.workspace_id) === undefined) throw invalid('must exist', 'workspace_id');
  assertParent(service, given.workspace_id, parentId);
  return account.transaction(() => {
    const story = account.stories.insert({
      workspace_id: given.workspace_id, parent_id: parentId, title: given.title, description: given.description ?? null, story_type: given.story_type ?? 'task', archived: given.archived ?? false,
      billable: given.billable ?? true, time_estimate_in_minutes: given.time_estimate_in_minutes ?? null, start_date: given.start_date ?? null, due_date: given.due_date ?? null,
    });
    if (given.external_reference !== undefined) putReference(service, 'Story', story.id, given.external_reference);
    return story;
  });
}

function assertParent({ account }: Service, workspaceId: string, parentId: string | null): void {
  let depth = 0;
  for (let parent = account.stories.get(parentId); parent !== undefined; parent = account.stories.get(parent.parent_id)) depth += 1;
  if (parentId !== null && account.stories.get(parentId)?.workspace_id !== workspaceId) throw invalid('is not a task of this project', 'parent_id');
  if (depth > 4) throw invalid('Tasks can be nested up to 4 levels', 'parent_id');
}

export function installStories(app: FastifyInstance, service: Service): void {
  const { account, presenters } = service;
  installList(app, service, '/stories', {
    table: account.stories,
    presenter: presenters.stories,
    filters: { ...byTime, ...byReference(service, 'Story'), workspace_id: is(({ workspace_id }) => workspace_id), with_projects: among(({ workspace_id }) => workspace_id), with_parent_id: is(({ parent_id }) => parent_id) },
    hidden: { show_archived: ({ archived }) => archived, show_from_archived_workspaces: ({ workspace_id }) => account.workspaces.get(workspace_id)?.archived === true, show_deleted: () => false },
    orders: { created_at: ({ created_at }) => sortable(created_at), updated_at: ({ updated_at }) => sortable(updated_at) },
    defaultOrder: 'updated_at:desc',
  });
  route(app, 'POST', '/stories', (request, reply) => {
    const query = queryOf(request, []);
    return sendObjects(reply, presenters.stories, [createStory(service, bodyOf('story', z.looseObject({}), request)).id], query);
  });
  route(app, 'PUT', '/stories/:id', (request, reply) => {
    const query = queryOf(request, []);
    const story = account.stories.need(idIn(request));
    const { external_reference: reference, fixed_fee: _fixed, time_trackable: _trackable, ...changes } = bodyOf('story', Changes, request);
    if (changes.parent_id !== undefined) assertParent(service, story.workspace_id, changes.parent_id);
    account.stories.update(story, Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)));
    if (reference !== undefined) putReference(service, 'Story', story.id, reference);
    return sendObjects(reply, presenters.stories, [story.id], query);
  });
}
