import { z } from 'zod';
import type { Project } from '../../domain/model/project.ts';
import { madeAnswer, type About, type Clockify } from './client.ts';
import { folded, taskName } from './names.ts';
import type { ClockifyOptions } from './options.ts';
import { rateOf } from './rates.ts';

const taskRow = z.object({ id: z.string(), name: z.string(), status: z.enum(['ACTIVE', 'DONE', 'ALL']), billable: z.boolean(), assigneeIds: z.array(z.string()).nullish(), hourlyRate: z.object({ amount: z.number() }).nullish() });

/** The tasks of a project, which in Clockify are its own: one per labor category of its rate card, at the agreed hourly rate. */
export function createTasks(clockify: Clockify, options: ClockifyOptions) {
  return {
    /** Makes the project's tasks equal to the rate card; one no longer sold is marked as done, since time may be on it. */
    async assign(project: Project, projectId: string, about: About): Promise<void> {
      const path = `/projects/${projectId}/tasks`;
      const existing = await clockify.list(path, taskRow, about);
      const wanted = new Set<string>();
      for (const line of project.rateCard.lines) {
        const name = taskName(line.laborCategory, options.tasks);
        const known = existing.find((task) => folded(task.name) === folded(name));
        const task = known ?? (await clockify.send('POST', path, { name, status: 'ACTIVE' }, taskRow, about));
        wanted.add(task.id);
        if (task.status !== 'ACTIVE' || !task.billable) await clockify.send('PUT', `${path}/${task.id}`, { name: task.name, assigneeIds: task.assigneeIds ?? [], status: 'ACTIVE', billable: true }, madeAnswer, about);
        const amount = rateOf(line);
        if (amount !== null && task.hourlyRate?.amount !== amount) await clockify.send('PUT', `${path}/${task.id}/hourly-rate`, { amount }, madeAnswer, about);
      }
      for (const task of existing) {
        if (task.status === 'ACTIVE' && !wanted.has(task.id)) await clockify.send('PUT', `${path}/${task.id}`, { name: task.name, assigneeIds: task.assigneeIds ?? [], status: 'DONE', billable: task.billable }, madeAnswer, about);
      }
    },
  };
}
