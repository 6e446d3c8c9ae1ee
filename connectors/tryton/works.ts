import { z } from 'zod';
import type { CallContext } from '../ports.ts';
import { searchRead, startsWith, type Tryton } from './client.ts';
import { refusedByRule } from './failures.ts';
import { secondsField } from './wire.ts';

/**
 * Tryton does not let an outside program set a work's `number` (it is readonly for clients as well as people), so a work is found by the
 * first word of its name: the project number at the top, the WBS code below. Links in the identity map survive a renaming.
 */
const workRow = z.object({
  id: z.number().int(),
  name: z.string(),
  type: z.enum(['project', 'task']),
  parent: z.number().int().nullable(),
  party: z.number().int().nullable(),
  status: z.number().int(),
  timesheet_available: z.union([z.boolean(), z.literal([0, 1])]).nullable().transform(Boolean),
  timesheet_duration: secondsField,
  invoice_line: z.number().int().nullable(),
  project_invoice_method: z.string().nullable(),
});
const FIELDS = ['name', 'type', 'parent', 'party', 'status', 'timesheet_available', 'timesheet_duration', 'invoice_line', 'project_invoice_method'];
export type Work = z.infer<typeof workRow>;

/** Parts of a project that are not WBS elements; ":" never occurs in a WBS code. */
export const RATES = 'Rates:';
export const BILLING = 'Billing:';

export function keyOf(work: Work): string {
  return work.name.split(' ', 1)[0] ?? '';
}

export interface WorkQuery {
  readonly company: number;
  readonly object: string;
  readonly context: CallContext;
}

/** The work at the top of a project, or the part of one. @throws SystemFailure where several have the same key */
export async function findWork(tryton: Tryton, key: string, parent: number | null, query: WorkQuery): Promise<Work | null> {
  const rows = await searchRead(tryton, { model: 'project.work', domain: [['name', 'like', startsWith(`${key} `)], ['parent', '=', parent], ['company', '=', query.company]], fields: FIELDS, row: workRow, ...query });
  if (rows.length <= 1) return rows[0] ?? null;
  throw refusedByRule(tryton.system, query.object, {
    code: 'TRYTON_WORK_AMBIGUOUS',
    message: `Tryton has ${rows.length} works whose name starts with "${key}" (IDs ${rows.map((row) => row.id).join(', ')}).`,
    mend: 'Rename or delete those that are not ours in Tryton, then retry.',
  });
}

/** A work with everything below it, in no certain order; empty where it is gone. */
export async function readTree(tryton: Tryton, id: number, query: WorkQuery): Promise<Work[]> {
  return searchRead(tryton, { model: 'project.work', domain: [['parent', 'child_of', [id]]], fields: FIELDS, row: workRow, ...query });
}

/** True where time was booked or an invoice was made: such works are never deleted. `timesheet_duration` counts the works below, too. */
export function isUsed(works: readonly Work[]): boolean {
  return works.some((work) => work.timesheet_duration > 0 || work.invoice_line !== null);
}

/** The works below one, at any depth. */
export function below(works: readonly Work[], id: number): Work[] {
  const children = works.filter((work) => work.parent === id);
  return children.flatMap((child) => [child, ...below(works, child.id)]);
}

/** Deletes a whole tree in one transaction. */
export async function deleteWorks(tryton: Tryton, works: readonly Work[], query: WorkQuery): Promise<void> {
  await tryton.call({ method: 'project.work.delete', args: [works.map((work) => work.id)], result: z.null(), writes: true, ...query });
}
