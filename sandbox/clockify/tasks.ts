/** Tasks belong to one project; a name is taken once in it. An active task cannot be deleted. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { refused } from './errors.ts';
import { bodyOf, flagFilter, idIn, nameFilter, queryOf, readBody, sendPage, WORKSPACE, type Service } from './http.ts';
import type { Project, Task } from './model.ts';

const Name = z.string().min(1).max(1000);
const NewTask = z.object({ name: Name, assigneeIds: z.array(z.string()).default([]), status: z.enum(['ACTIVE', 'DONE']).default('ACTIVE') });
const TaskChanges = z.object({ name: Name, assigneeIds: z.array(z.string()).default([]), status: z.enum(['ACTIVE', 'DONE']).optional(), billable: z.boolean().optional() });
const Rate = z.object({ amount: z.int().min(0).max(2_147_483_647), since: z.iso.datetime().nullish() });

export function createTask(service: Service, project: Project, body: unknown): Task {
  const values = readBody(NewTask, body);
  checkName(service, project, values.name, undefined);
  return service.account.tasks.insert({ ...values, projectId: project.id, billable: project.billable, hourlyRate: null });
}

export function installTasks(app: FastifyInstance, service: Service): void {
  const { account } = service;
  const path = `${WORKSPACE}/projects/:project/tasks`;
  const view = (task: Task) => ({ ...task, assigneeId: task.assigneeIds[0] ?? null, userGroupIds: [], estimate: 'PT0S', budgetEstimate: 0, duration: 'PT0S', costRate: null });
  const projectAt = (request: Parameters<typeof idIn>[0]) => account.projects.need(idIn(request, 'project'));
  const taskAt = (request: Parameters<typeof idIn>[0]): Task => {
    const task = account.tasks.need(idIn(request));
    if (task.projectId !== projectAt(request).id) throw refused("Task doesn't belong to Project");
    return task;
  };

  app.get(path, (request, reply) => {
    const query = queryOf(request);
    const active = flagFilter(query['is-active']);
    return sendPage(request, reply, account.tasksOf(projectAt(request).id).filter((task) => nameFilter(query)(task) && active(task.status === 'ACTIVE')), view);
  });
  app.post(path, (request, reply) => reply.code(201).send(view(createTask(service, projectAt(request), request.body))));
  app.get(`${path}/:id`, (request, reply) => reply.send(view(taskAt(request))));
  app.put(`${path}/:id`, (request, reply) => {
    const task = taskAt(request);
    const { name, assigneeIds, status = task.status, billable = task.billable } = bodyOf(TaskChanges, request);
    checkName(service, projectAt(request), name, task.id);
    return reply.send(view(account.tasks.update(task, { name, assigneeIds, status, billable })));
  });
  app.put(`${path}/:id/hourly-rate`, (request, reply) => {
    const { amount } = bodyOf(Rate, request);
    return reply.send(view(account.tasks.update(taskAt(request), { hourlyRate: { amount } })));
  });
  app.delete(`${path}/:id`, (request, reply) => {
    const task = taskAt(request);
    if (task.status === 'ACTIVE') throw refused('Cannot delete an active task');
    account.tasks.delete(task.id);
    return reply.send(view(task));
  });
}

function checkName({ account }: Service, project: Project, name: string, own: string | undefined): void {
  if (account.tasksOf(project.id).some((other) => other.id !== own && other.name.toLowerCase() === name.toLowerCase())) throw refused('Task with this name already exists');
}
