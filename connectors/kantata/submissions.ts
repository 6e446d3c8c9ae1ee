import { z } from 'zod';
import type { Instant } from '../../domain/dates.ts';
import type { About, Kantata } from './client.ts';
import { idText } from './envelope.ts';
import type { KantataOptions } from './options.ts';
import { userRow } from './people.ts';

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
const MOST_PASSES = 5;
const anyRow = z.looseObject({ id: idText });
const updated = z.object({ updated_at: instant });

/** Reads timesheet submissions, each with its person and the IDs of its time. All throw SystemFailure. */
export function createSubmissions(kantata: Kantata, options: KantataOptions) {
  const read = (row: z.infer<typeof anyRow>, users: ReadonlyMap<string, z.infer<typeof userRow>>): Submission | UnreadSubmission => {
    const parsed = submissionRow.safeParse(row);
    if (parsed.success) return { ...parsed.data, email: users.get(parsed.data.user_id)?.email_address ?? null };
    const at = updated.safeParse(row);
    return { id: row.id, updatedAt: at.success ? at.data.updated_at : null, document: row, problem: z.prettifyError(parsed.error) };
  };

  return {
    /**
     * Every submission that changed after an instant. The list has no order by change and none among equal dates, and grows while it is read: it is read again
     * until as many different ones were seen as it says it has. None leaves it meanwhile, since a change is always later.
     */
    async changed(since: Instant, about: About): Promise<(Submission | UnreadSubmission)[]> {
      const found = new Map<string, Submission | UnreadSubmission>();
      const query = { updated_after: since, order: 'date:asc', include: INCLUDE, per_page: String(options.pageSize) };
      for (let pass = 1; pass <= MOST_PASSES; pass += 1) {
        for (let number = 1; ; number += 1) {
          const { rows, count, beside } = await kantata.page('/timesheet_submissions', anyRow, about, { ...query, page: String(number) });
          const users = beside('users', userRow);
          for (const row of rows) found.set(row.id, read(row, users));
          if (rows.length > 0 && number * options.pageSize < count) continue;
          if (found.size >= count) return [...found.values()];
          break;
        }
      }
      throw kantata.failure(about, { kind: 'transient', code: 'KANTATA_LIST_CHANGING', message: "Kantata's timesheets changed faster than they could be read.", mend: 'Nothing to do: it is tried again by itself.' });
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
