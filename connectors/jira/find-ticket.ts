import { createHash } from 'node:crypto';
import { z } from 'zod';
import { CASE_PROPERTY, ISSUE_FIELDS, issueSchema, type About, type Issue, type Jira } from './client.ts';
import type { JiraOptions } from './options.ts';

/** Labels take no spaces and 255 characters; a case's ID may have both. */
export function labelOf(caseId: string): string {
  return `q2c-case-${createHash('sha256').update(caseId).digest('hex').slice(0, 40)}`;
}

// An answer without its list is none: what is taken for absence is made again.
const searchAnswer = z.looseObject({ issues: z.array(issueSchema) });
const newestAnswer = z.looseObject({ issues: z.array(z.looseObject({ key: z.string() })) });
const fetchAnswer = z.looseObject({ issues: z.array(issueSchema), issueErrors: z.array(z.looseObject({ id: z.string().optional(), errorMessage: z.string().optional() })).default([]) });

export interface Tickets {
  find(caseId: string, about: About): Promise<Issue | null>;
  /** A key that is known to exist: the look-up need not rely on the search for how far the project has come. */
  saw(key: string): void;
}

/**
 * A case's ticket, exactly, also moments after it was made. Jira's search lags behind by seconds to minutes, and makes up only for issues whose IDs are
 * known, which a lost answer did not tell. But keys of a project count up and issues are read by key as they are: so beyond what the search finds by
 * label, all issues around the newest known one are read by key, onwards until a whole stretch of keys has no issue.
 * https://developer.atlassian.com/cloud/jira/platform/search-and-reconcile
 */
export function createTickets(jira: Jira, options: JiraOptions): Tickets {
  let highest = 0;
  const stretch = options.unindexed;

  const numberOf = (key: string): number => {
    const [, project, number] = /^(.+)-(\d+)$/.exec(key) ?? [];
    return project === options.project ? Number(number) : 0;
  };
  const saw = (key: string) => {
    highest = Math.max(highest, numberOf(key));
  };

  const indexed = async (caseId: string, about: About): Promise<Issue[]> => {
    const body = { jql: `labels = "${labelOf(caseId)}" ORDER BY created ASC`, fields: ISSUE_FIELDS, properties: [CASE_PROPERTY], maxResults: 20 };
    return (await jira.ask('/search/jql', body, searchAnswer, about)).issues;
  };

  const newest = async (about: About): Promise<number> => {
    const body = { jql: `project = "${options.project}" ORDER BY key DESC`, fields: ['created'], maxResults: 1 };
    for (const { key } of (await jira.ask('/search/jql', body, newestAnswer, about)).issues) saw(key);
    return highest;
  };

  const byKey = async (from: number, to: number, about: About): Promise<Issue[]> => {
    const numbers = Array.from({ length: to - from + 1 }, (_, index) => from + index).filter((number) => number > 0);
    const { issues, issueErrors } = await jira.ask('/issue/bulkfetch', { issueIdsOrKeys: numbers.map((number) => `${options.project}-${number}`), fields: ISSUE_FIELDS, properties: [CASE_PROPERTY] }, fetchAnswer, about);
    const [error] = issueErrors;
    if (error === undefined) return issues;
    // What could not be read might be the one that is looked for.
    throw jira.failure(about, { kind: 'transient', code: 'JIRA_READ_INCOMPLETE', message: `Jira could not read all issues among which ${about.object} is looked for: ${error.errorMessage ?? error.id ?? 'no reason given'}.`, mend: 'Nothing to do: it is tried again by itself.' });
  };

  return {
    saw,
    async find(caseId, about) {
      const known = ofCase(await indexed(caseId, about), caseId);
      if (known !== null) return known;
      const from = await newest(about);
      const around = await byKey(from - stretch + 1, from + stretch, about);
      const recent = [...around];
      for (let reached = from + stretch, last = around; last.some(({ key }) => numberOf(key) > reached - stretch); ) {
        for (const { key } of last) saw(key);
        last = await byKey(reached + 1, reached + stretch, about);
        recent.push(...last);
        reached += stretch;
      }
      return ofCase(recent, caseId);
    },
  };
}

/** A clone made by people has the labels of the original but not its property; the oldest is the original. */
function ofCase(issues: readonly Issue[], caseId: string): Issue | null {
  const label = labelOf(caseId);
  const labelled = issues.filter(({ fields }) => fields.labels.includes(label)).toSorted((left, right) => Number(left.id) - Number(right.id));
  const caseOf = (issue: Issue) => issue.properties?.[CASE_PROPERTY]?.caseId;
  return labelled.find((issue) => caseOf(issue) === caseId) ?? issues.find((issue) => caseOf(issue) === caseId) ?? labelled.find((issue) => caseOf(issue) === undefined) ?? null;
}
