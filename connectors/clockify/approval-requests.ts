import { z } from 'zod';
import { addMilliseconds, type Instant } from '../../domain/dates.ts';
import type { About, Clockify } from './client.ts';
import type { ClockifyOptions } from './options.ts';

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString());

/** https://docs.clockify.me/#tag/Approval/operation/getApprovalRequests */
export const requestSchema = z.object({
  id: z.string(),
  dateRange: z.object({ start: instant, end: instant }),
  owner: z.object({ userId: z.string(), timeZone: z.string().nullish() }),
  status: z.object({ state: z.enum(['PENDING', 'APPROVED', 'WITHDRAWN_SUBMISSION', 'WITHDRAWN_APPROVAL', 'REJECTED']), updatedBy: z.string().nullish(), updatedAt: instant, note: z.string().nullish() }),
});

const entrySchema = z.object({
  id: z.string(),
  description: z.string().nullish(),
  billable: z.boolean(),
  project: z.object({ id: z.string(), name: z.string() }).nullish(),
  task: z.object({ name: z.string() }).nullish(),
  timeInterval: z.object({ start: instant, end: instant.nullish(), timeZone: z.string().nullish() }),
  type: z.string().nullish(),
});

const detailsSchema = z.object({ approvalRequest: requestSchema, entries: z.array(entrySchema).nullable() });
export type ApprovalDetails = z.infer<typeof detailsSchema>;
export type ApprovedEntry = z.infer<typeof entrySchema>;

/** The states that Clockify lists; a rejected request, or one whose submission was withdrawn, is not listed any more. */
const LISTED = ['APPROVED', 'PENDING', 'WITHDRAWN_APPROVAL'] as const;
const MOST_PASSES = 5;

/** Reads approval requests. There is no request for one by its ID: it is looked for in the lists, newest change first. All throw SystemFailure. */
export function createApprovalRequests(clockify: Clockify, options: ClockifyOptions) {
  const pages = (status: string, about: About) => clockify.pages('/approval-requests', detailsSchema, about, { status, 'sort-column': 'UPDATED_AT', 'sort-order': 'DESCENDING' }, options.pageSize);

  /** All of a state that changed at or after an instant; answers how many pages that were. */
  async function collect(status: string, since: Instant, into: Map<string, ApprovalDetails>, about: About): Promise<number> {
    let read = 0;
    for await (const { items } of pages(status, about)) {
      read += 1;
      const recent = items.filter(({ approvalRequest }) => approvalRequest.status.updatedAt >= since);
      for (const details of recent) {
        const { id, status: told } = details.approvalRequest;
        const known = into.get(id);
        if (known === undefined || known.approvalRequest.status.updatedAt <= told.updatedAt) into.set(id, details);
      }
      if (recent.length === 0) break;
    }
    return read;
  }

  return {
    /**
     * Every request that changed from `since` to `until`, and some of what changed later. Requests leave a list when their state changes, which moves
     * the others up between two pages: so longer lists are read again until nothing new is among them.
     */
    async changed(since: Instant, until: Instant, about: About): Promise<ApprovalDetails[]> {
      const found = new Map<string, ApprovalDetails>();
      for (let pass = 1; pass <= MOST_PASSES; pass += 1) {
        const before = new Set(found.keys());
        let most = 0;
        for (const status of LISTED) most = Math.max(most, await collect(status, since, found, about));
        const fresh = [...found.values()].filter(({ approvalRequest: { id, status } }) => !before.has(id) && status.updatedAt <= until);
        if (most === 1 || fresh.length === 0) return [...found.values()];
      }
      throw clockify.failure(about, { kind: 'transient', code: 'CLOCKIFY_LISTS_CHANGING', message: "Clockify's approval requests changed faster than they could be read.", mend: 'Nothing to do: it is tried again by itself.' });
    },

    /** Null where none of this ID is listed with a change since `since`. */
    async find(id: string, since: Instant, about: About): Promise<ApprovalDetails | null> {
      let open = LISTED.map((status) => pages(status, about));
      while (open.length > 0) {
        const further: typeof open = [];
        for (const list of open) {
          const { value, done } = await list.next();
          if (done === true) continue;
          const { items, last } = value;
          const found = items.find(({ approvalRequest }) => approvalRequest.id === id);
          if (found !== undefined) return found;
          if (!last && items.some(({ approvalRequest }) => approvalRequest.status.updatedAt >= since)) further.push(list);
        }
        open = further;
      }
      return null;
    },
    /** How far back `find` looks from an instant. */
    horizon: (at: Instant): Instant => addMilliseconds(at, -options.lookBackDays * 86_400_000),
  };
}
