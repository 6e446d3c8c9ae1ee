import { z } from 'zod';
import type { Project } from '../../domain/model/project.ts';
import { exactNumber } from '../exact-number.ts';
import { keptForAMinute } from '../kept-for-a-minute.ts';
import type { About, Harvest } from './client.ts';
import { folded } from './clients.ts';
import type { HarvestOptions } from './options.ts';

const taskRow = z.object({ id: z.number().int(), name: z.string(), is_active: z.boolean() });
const assignmentRow = z.object({ id: z.number().int(), is_active: z.boolean(), task: z.object({ id: z.number().int() }) });

/** The tasks of a project: one per labor category of its rate card, at the agreed hourly rate. */
export function createTasks(harvest: Harvest, options: HarvestOptions) {
  const all = keptForAMinute((about: About) => harvest.list('/tasks', 'tasks', taskRow, about, { is_active: 'true' }));

  const idOf = async (laborCategory: string, about: About): Promise<number> => {
    const name = options.tasks[laborCategory] ?? laborCategory.replaceAll('_', ' ');
    const task = (await all.get(about)).find((candidate) => folded(candidate.name) === folded(name));
    if (task !== undefined) return task.id;
    all.forget();
    throw harvest.failure(about, { kind: 'configuration', code: 'HARVEST_TASK_UNKNOWN', message: `Harvest has no active task "${name}" for the labor category ${laborCategory}, which ${about.object} needs.`, mend: `Add the task in Harvest (Manage > Tasks), or name another as tasks.${laborCategory} in the options of ${harvest.system}, then retry.` });
  };

  return {
    /** Throws where a labor category has no task, before anything is written. */
    async check(project: Project, about: About): Promise<void> {
      for (const line of project.rateCard.lines) await idOf(line.laborCategory, about);
    },
    /** Makes the project's task assignments equal to the rate card; a task no longer sold is put out of use, since time may be on it. */
    async assign(project: Project, projectId: number, about: About): Promise<void> {
      const path = `/projects/${projectId}/task_assignments`;
      const existing = await harvest.list(path, 'task_assignments', assignmentRow, about);
      const wanted = new Set<number>();
      for (const line of project.rateCard.lines) {
        const taskId = await idOf(line.laborCategory, about);
        wanted.add(taskId);
        const values = { is_active: true, billable: true, hourly_rate: line.unit === 'hour' ? exactNumber(line.rate) : null };
        const assignment = existing.find((candidate) => candidate.task.id === taskId);
        if (assignment === undefined) await harvest.create(path, { task_id: taskId, ...values }, assignmentRow, about);
        else await harvest.update(`${path}/${assignment.id}`, values, about);
      }
      for (const assignment of existing) {
        if (assignment.is_active && !wanted.has(assignment.task.id)) await harvest.update(`${path}/${assignment.id}`, { is_active: false }, about);
      }
    },
  };
}
