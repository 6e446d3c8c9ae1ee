/** A project's name is taken once per client; one must be archived before it is deleted, and its time stays without a project. An update replaces what it leaves out. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { refused } from './errors.ts';
import { bodyOf, flagFilter, idIn, nameFilter, queryOf, readBody, sendPage, WORKSPACE, type Service } from './http.ts';
import type { Project } from './model.ts';
import { durationOf } from './time-entries.ts';

const Rate = z.object({ amount: z.int().min(0).max(2_147_483_647) });
const Name = z.string().min(2).max(250);
const Values = {
  clientId: z.string().optional(),
  billable: z.boolean().optional(),
  isPublic: z.boolean().optional(),
  color: z.string().regex(/^#[0-9a-fA-F]{6}$/).optional(),
  note: z.string().max(16_384).optional(),
  hourlyRate: Rate.nullish(),
};
const NewProject = z.object({ name: Name, ...Values });
const ProjectChanges = z.object({ name: Name.optional(), archived: z.boolean().optional(), ...Values });

export function createProject(service: Service, body: unknown): Project {
  const { name, clientId = '', billable = true, isPublic = true, color = '#03A9F4', note = '', hourlyRate = null } = readBody(NewProject, body);
  if (clientId !== '') service.account.clients.need(clientId);
  checkName(service, name, clientId, undefined);
  return service.account.projects.insert({ name, clientId, archived: false, billable, public: isPublic, color, note, hourlyRate });
}

export function installProjects(app: FastifyInstance, service: Service): void {
  const { account, workspaceId } = service;
  const view = (project: Project) => ({
    ...project,
    workspaceId,
    clientName: account.clients.get(project.clientId)?.name ?? '',
    memberships: [],
    template: false,
    duration: durationOf(account.entriesOfProject(project.id)),
    estimate: { estimate: 'PT0S', type: 'AUTO' },
    costRate: null,
  });

  app.get(`${WORKSPACE}/projects`, (request, reply) => {
    const query = queryOf(request);
    const archived = flagFilter(query['archived']);
    const clients = query['clients']?.split(',');
    const candidates = clients === undefined ? account.projects.all() : clients.flatMap((id) => account.projectsOf(id));
    return sendPage(request, reply, candidates.filter((project) => nameFilter(query)(project) && archived(project.archived)), view);
  });
  app.post(`${WORKSPACE}/projects`, (request, reply) => reply.code(201).send(view(createProject(service, request.body))));
  app.get(`${WORKSPACE}/projects/:id`, (request, reply) => reply.send(view(account.projects.need(idIn(request)))));
  app.put(`${WORKSPACE}/projects/:id`, (request, reply) => {
    const project = account.projects.need(idIn(request));
    const { name = project.name, clientId = '', archived = project.archived, billable = false, isPublic = project.public, color = project.color, note = '', hourlyRate = null } = bodyOf(ProjectChanges, request);
    if (clientId !== '') account.clients.need(clientId);
    checkName(service, name, clientId, project.id);
    return reply.send(view(account.projects.update(project, { name, clientId, archived, billable, public: isPublic, color, note, hourlyRate })));
  });
  app.delete(`${WORKSPACE}/projects/:id`, (request, reply) => {
    const project = account.projects.need(idIn(request));
    if (!project.archived) throw refused('Cannot delete an active project');
    account.transaction(() => {
      for (const entry of account.entriesOfProject(project.id)) account.timeEntries.update(entry, { projectId: null, taskId: null });
      for (const task of account.tasksOf(project.id)) account.tasks.delete(task.id);
      account.projects.delete(project.id);
    });
    return reply.send(view(project));
  });
}

function checkName({ account }: Service, name: string, clientId: string, own: string | undefined): void {
  if (account.projectsOf(clientId).some((other) => other.id !== own && other.name.toLowerCase() === name.toLowerCase())) throw refused('Project with this name already exists');
}
