import { z } from 'zod';
import type { Project, WbsElement } from '../../domain/model/project.ts';
import { exactNumber } from '../exact-number.ts';
import { isRefused } from './classify.ts';
import type { About, Oracle } from './client.ts';
import { partsOf, type PartSet } from './parts.ts';
import { cut } from './references.ts';
import { idValue } from './rows.ts';

const taskRow = z.object({ TaskId: idValue, TaskNumber: z.string(), ChargeableFlag: z.boolean().nullish(), TaskDescription: z.string().nullish() });
export type TaskRow = z.infer<typeof taskRow>;
const NAME_LENGTH = 255;

export function tasksOf(projectSelf: string): PartSet<TaskRow> {
  return { path: `${projectSelf}/child/Tasks`, row: taskRow, fields: ['TaskId', 'TaskNumber', 'ChargeableFlag', 'TaskDescription'], keyOf: (row) => row.TaskNumber };
}

/**
 * One task for each WBS element under its code, parents first, as a child needs its parent's ID. Costs go on tasks without children. Tasks that the
 * template or people made stay; of ours, those no longer in the WBS take no more costs where Oracle does not delete them.
 */
export async function writeTasks(oracle: Oracle, projectSelf: string, document: Project, about: About): Promise<void> {
  const tasks = tasksOf(projectSelf);
  const existing = await partsOf(oracle, tasks, about);
  const ids = new Map([...existing].map(([number, row]) => [number, row.TaskId]));
  for (const element of parentsFirst(document.wbs)) {
    const body = taskBody(document, element);
    const before = existing.get(element.code);
    if (before !== undefined) await oracle.update(before.self, body, before.etag, about);
    else {
      const parent = element.parentCode === null ? undefined : ids.get(element.parentCode);
      const made = await oracle.create(tasks.path, { TaskNumber: element.code, ...(parent === undefined ? {} : { ParentTaskId: exactNumber(parent) }), ...body }, taskRow, about);
      ids.set(element.code, made.TaskId);
    }
  }
  const wanted = new Set(document.wbs.map((element) => element.code));
  for (const [number, row] of [...existing].toReversed()) {
    if (wanted.has(number) || !isOurs(row)) continue;
    try {
      await oracle.remove(row.self, about);
    } catch (error) {
      if (!isRefused(error)) throw error;
      await oracle.update(row.self, { ChargeableFlag: false }, row.etag, about);
    }
  }
}

/** Told by the beginning of its description from tasks of the template or of people. */
function isOurs(row: TaskRow): boolean {
  return row.TaskDescription?.startsWith(markOf(row.TaskNumber)) === true;
}

function markOf(code: string): string {
  return `WBS element ${code}.`;
}

function taskBody(document: Project, element: WbsElement): object {
  const hasChildren = document.wbs.some((other) => other.parentCode === element.code);
  return {
    TaskName: cut(element.name, NAME_LENGTH),
    TaskDescription: `${markOf(element.code)}${element.plannedHours === null ? '' : ` ${element.plannedHours} hours planned.`}`,
    TaskStartDate: document.startDate,
    TaskFinishDate: document.endDate,
    BillableFlag: element.billable,
    ChargeableFlag: !hasChildren,
  };
}

export function parentsFirst(wbs: readonly WbsElement[]): WbsElement[] {
  const level = (element: WbsElement): number => {
    const parent = wbs.find((other) => other.code === element.parentCode);
    return parent === undefined ? 0 : level(parent) + 1;
  };
  return wbs.toSorted((left, right) => level(left) - level(right));
}
