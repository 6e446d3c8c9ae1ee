/** https://help.getharvest.com/api-v2/tasks-api/tasks/tasks/ : a task with time entries cannot be deleted. That names are unique is (unverified). */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Account } from './account.ts';
import { unprocessable } from './errors.ts';
import { filters, found, isActive, numberIn, queryOf, remembered, sendDeleted, sendList, sendText, updatedSince, type Service } from './http.ts';
import type { Task } from './model.ts';
import { Bool, Decimal, given, Name, readParameters } from './parameters.ts';

const NewTask = z.object({
  name: Name,
  billable_by_default: Bool.default(true),
  default_hourly_rate: Decimal.default(0),
  is_default: Bool.default(false),
  is_active: Bool.default(true),
});
const TaskChanges = z.object({
  name: Name.optional(),
  billable_by_default: Bool.optional(),
  default_hourly_rate: Decimal.optional(),
  is_default: Bool.optional(),
  is_active: Bool.optional(),
});

export function createTask(account: Account, body: unknown): Task {
  const values = readParameters(NewTask, body);
  checkName(account, values.name, undefined);
  return account.tasks.insert(values);
}

export function installTasks(app: FastifyInstance, service: Service): void {
  const { account } = service;
  const taskAt = (id: number): Task => found(account.tasks.get(id));
  const text = (task: Task): string => remembered(task, [], () => task);

  app.get('/v2/tasks', (request, reply) => {
    const keep = filters<Task>(queryOf(request), { is_active: isActive, updated_since: updatedSince });
    return sendList(service, request, reply, 'tasks', account.tasks.all().reverse().filter(keep), text);
  });
  app.post('/v2/tasks', (request, reply) => sendText(reply, text(createTask(account, request.body)), 201));
  app.get('/v2/tasks/:id', (request, reply) => sendText(reply, text(taskAt(numberIn(request, 'id')))));
  app.patch('/v2/tasks/:id', (request, reply) => {
    const task = taskAt(numberIn(request, 'id'));
    const changes = given(readParameters(TaskChanges, request.body));
    if (changes.name !== undefined) checkName(account, changes.name, task.id);
    return sendText(reply, text(account.tasks.update(task, changes)));
  });
  app.delete('/v2/tasks/:id', (request, reply) => {
    const task = taskAt(numberIn(request, 'id'));
    if (account.timeEntries.collection.find((entry) => entry.task_id === task.id) !== undefined) throw unprocessable('Task has time entries and cannot be deleted');
    account.transaction(() => {
      for (const assignment of account.taskAssignments.all()) if (assignment.task_id === task.id) account.taskAssignments.delete(assignment.id);
      account.tasks.delete(task.id);
    });
    return sendDeleted(reply);
  });
}

function checkName(account: Account, name: string, self: number | undefined): void {
  if (account.tasks.collection.find((task) => task.id !== self && task.name.toLowerCase() === name.toLowerCase()) !== undefined) throw unprocessable('Name has already been taken');
}
