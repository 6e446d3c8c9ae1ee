import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { refused } from './errors.ts';
import { flagFilter, idIn, nameFilter, queryOf, readBody, sendPage, WORKSPACE, type Service } from './http.ts';
import type { Tag } from './model.ts';

export function createTag({ account }: Service, body: unknown): Tag {
  const { name } = readBody(z.object({ name: z.string().min(1).max(100) }), body);
  if (account.tags.all().some((tag) => tag.name.toLowerCase() === name.toLowerCase())) throw refused('Tag with this name already exists');
  return account.tags.insert({ name, archived: false });
}

export function installTags(app: FastifyInstance, service: Service): void {
  const { account, workspaceId } = service;
  const view = (tag: Tag) => ({ ...tag, workspaceId });
  app.get(`${WORKSPACE}/tags`, (request, reply) => {
    const query = queryOf(request);
    const archived = flagFilter(query['archived']);
    return sendPage(request, reply, account.tags.all().filter((tag) => nameFilter(query)(tag) && archived(tag.archived)), view);
  });
  app.post(`${WORKSPACE}/tags`, (request, reply) => reply.code(201).send(view(createTag(service, request.body))));
  app.get(`${WORKSPACE}/tags/:id`, (request, reply) => reply.send(view(account.tags.need(idIn(request)))));
}
