import { z } from 'zod';
import { byIds, type About, type Kantata } from './client.ts';
import { idText } from './envelope.ts';
import { wbsCodeIn } from './tasks.ts';
import { referenceRow, type References } from './references.ts';

/** https://developer.kantata.com/tag/Time-Entries */
const entryRow = z.object({
  id: idText,
  date_performed: z.iso.date(),
  time_in_minutes: z.number(),
  billable: z.boolean(),
  notes: z.string().nullish(),
  approved: z.boolean(),
  role_id: idText.nullish(),
  story_id: idText.nullish(),
  active_submission_id: idText.nullish(),
});
const roleRow = z.object({ name: z.string() });
const titledRow = z.object({ id: idText, title: z.string(), external_reference_ids: z.array(idText).nullish() });

export interface EntryRow {
  readonly id: string;
  readonly workDate: string;
  readonly minutes: number;
  readonly billable: boolean;
  readonly notes: string | null;
  readonly role: string | null;
  /** Our WBS code of its task, or the title of a task that is none of ours. */
  readonly task: string | null;
  /** The submission it is approved with; null while it is not. */
  readonly approvedWith: string | null;
}

/** Reads time entries with what they are booked on. Our names of projects and tasks are kept, as they do not change. All throw SystemFailure. */
export function createTimeEntries(kantata: Kantata, references: References) {
  const projectNumbers = new Map<string, string>();
  const taskCodes = new Map<string, string>();

  /** Our keys of objects, or the titles of those without one. */
  const names = async (path: '/workspaces' | '/stories', ids: ReadonlySet<string>, about: About): Promise<ReadonlyMap<string, string>> => {
    const [known, keyOf, hidden] = path === '/workspaces'
      ? [projectNumbers, (key: string) => key, [{ include_archived: 'true' }]] as const
      : [taskCodes, wbsCodeIn, [{ show_archived: 'true', show_deleted: 'true' }, { show_archived: 'true', show_deleted: 'true', show_from_archived_workspaces: 'true' }]] as const;
    const found = new Map([...ids].flatMap((id) => (known.has(id) ? [[id, known.get(id) ?? ''] as const] : [])));
    for (const query of hidden) {
      const missing = [...ids].filter((id) => !found.has(id));
      for (const { rows, beside } of await byIds(kantata, path, missing, titledRow, about, { ...query, include: 'external_references' })) {
        const all = beside('external_references', referenceRow);
        for (const { id, title, external_reference_ids: references_ } of rows) {
          const key = references.ours(path === '/workspaces' ? 'project' : 'wbs-element', references_, all)?.service_model_ref;
          if (key != null) known.set(id, keyOf(key));
          found.set(id, key == null ? title : keyOf(key));
        }
      }
    }
    return found;
  };

  return {
    /** The entries with these IDs; those that are gone, or hidden from our token, are not among them. */
    async read(ids: Iterable<string>, about: About): Promise<ReadonlyMap<string, EntryRow>> {
      const answers = await byIds(kantata, '/time_entries', ids, entryRow, about, { include: 'active_submission,role,story', from_archived_workspaces: 'true', on_my_account: 'false' });
      const tasks = await names('/stories', new Set(answers.flatMap(({ rows }) => rows.flatMap(({ story_id }) => story_id ?? []))), about);
      return new Map(answers.flatMap(({ rows, beside }) => {
        const roles = beside('roles', roleRow);
        return rows.map((row): [string, EntryRow] => [row.id, {
          id: row.id,
          workDate: row.date_performed,
          minutes: row.time_in_minutes,
          billable: row.billable,
          notes: row.notes ?? null,
          role: row.role_id == null ? null : (roles.get(row.role_id)?.name ?? null),
          task: row.story_id == null ? null : (tasks.get(row.story_id) ?? `task ${row.story_id}`),
          approvedWith: row.approved ? (row.active_submission_id ?? null) : null,
        }]);
      }));
    },
    /** Our numbers of projects, or their titles where they are none of ours. */
    projects: (ids: ReadonlySet<string>, about: About) => names('/workspaces', ids, about),
    /** Our WBS codes of tasks, or their titles where they are none of ours. */
    tasks: (ids: ReadonlySet<string>, about: About) => names('/stories', ids, about),
  };
}
export type TimeEntries = ReturnType<typeof createTimeEntries>;
