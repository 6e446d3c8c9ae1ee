import { z } from 'zod';
import type { Instant } from '../../domain/dates.ts';
import type { About, Kantata } from './client.ts';
import { idText } from './envelope.ts';
import type { KantataOptions } from './options.ts';
import { userRow } from './people.ts';
import { anyRow, wholeList, type AnyRow } from './whole-list.ts';

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString());

/** https://developer.kantata.com/tag/Timesheet-Submissions */
const submissionRow = z.object({
  id: idText,
  /** One that is new to us is read by a person: whether its time stands nobody can tell. */
  status: z.enum(['pending', 'approved', 'rejected', 'cancelled']),
  start_date: z.iso.date(),
  end_date: z.iso.date().nullish(),
  updated_at: instant,
  current_resolution_created_at_date: instant.nullish(),
  current_resolution_creator_id: idText.nullish(),
  current_resolution_description: z.string().nullish(),
  permissions: z.object({ can_reject_submission: z.boolean().nullish(), can_cancel_submission: z.boolean().nullish() }).nullish(),
  user_id: idText,
  workspace_id: idText,
  time_entry_ids: z.array(idText),
});
export type Submission = z.infer<typeof submissionRow> & { readonly email: string | null };

/** One that is there and cannot be read, with as much as tells which it is. */
export interface UnreadSubmission {
  readonly id: string;
  readonly updatedAt: Instant | null;
  readonly document: object;
  readonly problem: string;
}

const INCLUDE = 'time_entries,user,workspace';
const updated = z.object({ updated_at: instant });

/** Reads timesheet submissions, each with its person and the IDs of its time. All throw SystemFailure. */
export function createSubmissions(kantata: Kantata, options: KantataOptions) {
  const read = (row: AnyRow, users: ReadonlyMap<string, z.infer<typeof userRow>>): Submission | UnreadSubmission => {
    const parsed = submissionRow.safeParse(row);
    if (parsed.success) return { ...parsed.data, email: users.get(parsed.data.user_id)?.email_address ?? null };
    const at = updated.safeParse(row);
    return { id: row.id, updatedAt: at.success ? at.data.updated_at : null, document: row, problem: z.prettifyError(parsed.error) };
  };

  return {
    /** Every submission that changed after an instant. */
    async changed(since: Instant, about: About): Promise<(Submission | UnreadSubmission)[]> {
      return await wholeList(kantata, '/timesheet_submissions', { updated_after: since, order: 'date:asc', include: INCLUDE }, options.pageSize, about, ({ rows, beside }) => {
        const users = beside('users', userRow);
        return rows.map((row) => read(row, users));
      });
    },

    async load(id: string, about: About): Promise<Submission | UnreadSubmission | null> {
      const shown = await kantata.show(`/timesheet_submissions/${id}`, anyRow, about, { include: INCLUDE });
      return shown === null ? null : read(shown.row, shown.answer.beside('users', userRow));
    },
  };
}

export function isUnread(submission: Submission | UnreadSubmission): submission is UnreadSubmission {
  return 'problem' in submission;
}
