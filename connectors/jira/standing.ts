import { z } from 'zod';
import type { CallContext } from '../ports.ts';
import type { TicketStanding } from '../service-desk-port.ts';
import { ISSUE_FIELDS, isDone, issueSchema, type Issue, type Jira } from './client.ts';

/** As many issues as Jira reads at once. */
const AT_ONCE = 100;

const fetchAnswer = z.looseObject({ issues: z.array(issueSchema), issueErrors: z.array(z.looseObject({ id: z.string().optional() })).default([]) });

/** How tickets stand by now, read by their IDs: the search would tell of some minutes ago. */
export function createStanding(jira: Jira) {
  return async (externalIds: readonly string[], context: CallContext): Promise<ReadonlyMap<string, TicketStanding>> => {
    const standing = new Map<string, TicketStanding>();
    const saw = (id: string, issue: Issue) => standing.set(id, { number: issue.key, state: isDone(issue) ? 'closed' : 'open' });
    for (let from = 0; from < externalIds.length; from += AT_ONCE) {
      const asked = externalIds.slice(from, from + AT_ONCE);
      const { issues, issueErrors } = await jira.ask('/issue/bulkfetch', { issueIdsOrKeys: [...asked], fields: ISSUE_FIELDS, properties: [] }, fetchAnswer, { object: `${asked.length} tickets`, context });
      for (const issue of issues) saw(issue.id, issue);
      const unread = new Set(issueErrors.flatMap(({ id }) => id ?? []));
      for (const id of asked) {
        if (standing.has(id) || unread.has(id)) continue;
        // What is left out of a bulk answer may be gone, or have been moved to an ID of its own.
        const issue = await jira.issue(id, { object: `ticket ${id}`, context });
        if (issue === null) standing.set(id, { number: null, state: 'gone' });
        else saw(id, issue);
      }
    }
    return standing;
  };
}
