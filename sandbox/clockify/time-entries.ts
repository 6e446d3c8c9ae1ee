/** Time entries have a start and an end; those that wait for approval or have it are locked. They show no time of their last change. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { stamp, type Account } from './account.ts';
import { refused } from './errors.ts';
import { bodyOf, idIn, queryOf, readBody, sendPage, WORKSPACE, type Service } from './http.ts';
import type { TimeEntry } from './model.ts';

const Instant = z.iso.datetime().transform((text) => stamp(new Date(text)));
const Values = z.object({
  start: Instant,
  end: Instant.nullish(),
  description: z.string().max(3000).default(''),
  billable: z.boolean().optional(),
  projectId: z.string().nullish(),
  taskId: z.string().nullish(),
  tagIds: z.array(z.string()).nullish(),
  type: z.enum(['REGULAR', 'BREAK', 'HOLIDAY', 'TIME_OFF']).default('REGULAR'),
});

export function createTimeEntry({ account }: Service, userId: string, body: unknown): TimeEntry {
  const values = valuesOf(account, readBody(Values, body));
  return account.timeEntries.insert({ ...values, userId: account.users.need(userId).id, invoiced: false, approvalRequestId: null });
}

export function isLocked({ account }: Service, entry: TimeEntry): boolean {
  return account.approvals.get(entry.approvalRequestId)?.state === 'APPROVED';
}

/** ISO 8601, as Clockify writes durations: "PT7H30M". */
export function durationOf(entries: readonly TimeEntry[]): string {
  const seconds = entries.reduce((sum, { start, end }) => sum + (end === null ? 0 : (Date.parse(end) - Date.parse(start)) / 1000), 0);
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  const text = `${hours > 0 ? `${hours}H` : ''}${minutes > 0 ? `${minutes}M` : ''}${rest > 0 ? `${rest}S` : ''}`;
  return `PT${text === '' ? '0S' : text}`;
}

export function installTimeEntries(app: FastifyInstance, service: Service): void {
  const { account, workspaceId } = service;
  const view = (entry: TimeEntry) => {
    const { start, end, approvalRequestId: _request, invoiced: _invoiced, ...own } = entry;
    return { ...own, workspaceId, isLocked: isLocked(service, entry), timeInterval: { start, end, duration: end === null ? null : durationOf([entry]) }, customFieldValues: [], hourlyRate: null, costRate: null, kioskId: null };
  };
  const ofUser = `${WORKSPACE}/user/:user/time-entries`;

  app.get(ofUser, (request, reply) => {
    const { start, end, project } = queryOf(request);
    const user = account.users.need(idIn(request, 'user'));
    const found = account.entriesOfUser(user.id).filter((entry) => (start === undefined || entry.start >= start) && (end === undefined || entry.start <= end) && (project === undefined || entry.projectId === project));
    return sendPage(request, reply, found.toSorted((left, right) => right.start.localeCompare(left.start)), view);
  });
  app.post(ofUser, (request, reply) => reply.code(201).send(view(createTimeEntry(service, idIn(request, 'user'), request.body))));
  app.patch(`${WORKSPACE}/time-entries/invoiced`, (request, reply) => {
    const { timeEntryIds, invoiced } = bodyOf(z.object({ timeEntryIds: z.array(z.string()), invoiced: z.boolean() }), request);
    account.transaction(() => {
      for (const id of timeEntryIds) account.timeEntries.update(account.timeEntries.need(id), { invoiced });
    });
    return reply.code(200).send();
  });
  app.get(`${WORKSPACE}/time-entries/:id`, (request, reply) => reply.send(view(account.timeEntries.need(idIn(request)))));
  app.put(`${WORKSPACE}/time-entries/:id`, (request, reply) => {
    const entry = unlocked(service, account.timeEntries.need(idIn(request)));
    return reply.send(view(account.timeEntries.update(entry, valuesOf(account, bodyOf(Values, request)))));
  });
  app.delete(`${WORKSPACE}/time-entries/:id`, (request, reply) => {
    account.timeEntries.delete(unlocked(service, account.timeEntries.need(idIn(request))).id);
    return reply.code(204).send();
  });
}

function valuesOf(account: Account, { start, end = null, description, billable, projectId = null, taskId = null, tagIds, type }: z.output<typeof Values>) {
  const project = projectId === null ? undefined : account.projects.need(projectId);
  if (project?.archived === true) throw refused('Project is archived');
  if (taskId !== null && account.tasks.need(taskId).projectId !== projectId) throw refused("Task doesn't belong to Project");
  for (const tag of tagIds ?? []) account.tags.need(tag);
  if (end !== null && end < start) throw refused('Start datetime is greater than end datetime');
  return { start, end, description, billable: billable ?? project?.billable ?? false, projectId, taskId, tagIds: tagIds ?? [], type };
}

function unlocked(service: Service, entry: TimeEntry): TimeEntry {
  if (isLocked(service, entry)) throw refused('Time entry is approved and locked');
  return entry;
}
