import type { Collection, SandboxContext } from '../kit/sandbox.ts';
import { notSeen } from './errors.ts';
import { applied, type Fields, type IssueUpdate } from './fields.ts';
import type { JiraOptions } from './options.ts';
import { CATEGORIES, PROJECT, STATUSES, type StatusName } from './reference-data.ts';
import type { AtlassianDocument } from './document.ts';

export interface Issue {
  readonly id: string;
  readonly key: string;
  readonly fields: Fields;
  readonly status: StatusName;
  readonly resolution: string | null;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly created: string;
  readonly updated: string;
}

export interface Comment {
  readonly id: string;
  readonly issueId: string;
  readonly body: AtlassianDocument;
  readonly properties: IssueUpdate['properties'];
  readonly created: string;
}

/** What the search knows: a change is in it only after a while. */
interface Indexed {
  readonly id: string;
  readonly versions: readonly { readonly from: number; readonly issue: Issue | null }[];
}

export interface Issues {
  create(body: unknown): Issue;
  edit(issue: Issue, body: unknown): Issue;
  put(issue: Issue): Issue;
  remove(issue: Issue): void;
  /** By ID or key, as it is now. @throws Refusal */
  need(idOrKey: string): Issue;
  find(idOrKey: string): Issue | undefined;
  all(): readonly Issue[];
  /** As the search has it; `fresh` IDs as they are. */
  indexed(fresh: ReadonlySet<string>): readonly Issue[];
  comments: Collection<Comment>;
  commentsOf(issueId: string): readonly Comment[];
  nextId(sequence: string): number;
}

const FIRST_ID = 10_000;

export function openIssues(context: SandboxContext, options: JiraOptions): Issues {
  const issues: Collection<Issue> = context.records.collection('issues');
  const index: Collection<Indexed> = context.records.collection('__index');
  const comments: Collection<Comment> = context.records.collection('comments');
  const byKey = issues.indexBy(({ key }) => key);
  const commentsByIssue = comments.indexBy(({ issueId }) => issueId);
  const now = () => context.now().toISOString();

  const reindex = (id: string, issue: Issue | null) => {
    const at = context.now().getTime();
    const before = index.get(id)?.versions ?? [];
    // Of what the search knows already only the last version is needed.
    const known = before.filter(({ from }) => from <= at).slice(-1);
    index.put(id, { id, versions: [...known, ...before.filter(({ from }) => from > at), { from: at + options.searchLagMs, issue }] });
  };
  const put = (issue: Issue): Issue => {
    const next = { ...issue, updated: now() };
    issues.put(issue.id, next);
    reindex(issue.id, next);
    return next;
  };
  const find = (idOrKey: string): Issue | undefined => issues.get(idOrKey) ?? byKey(idOrKey.toUpperCase())[0];

  return {
    find,
    put,
    comments,
    create(body) {
      const { fields, properties } = applied(null, body, options);
      const number = context.records.nextId(PROJECT.key);
      return put({ id: String(FIRST_ID + number), key: `${PROJECT.key}-${number}`, fields, status: 'waiting', resolution: null, properties: Object.fromEntries(properties.map(({ key, value }) => [key, value])), created: now(), updated: now() });
    },
    edit(issue, body) {
      const { fields, properties } = applied(issue.fields, body, options);
      return put({ ...issue, fields, properties: { ...issue.properties, ...Object.fromEntries(properties.map(({ key, value }) => [key, value])) } });
    },
    remove(issue) {
      issues.delete(issue.id);
      reindex(issue.id, null);
    },
    need(idOrKey) {
      const issue = find(idOrKey);
      if (issue === undefined) throw notSeen();
      return issue;
    },
    all: () => issues.all(),
    indexed(fresh) {
      const at = context.now().getTime();
      return index.all().flatMap(({ id, versions }) => (fresh.has(id) ? issues.get(id) : versions.findLast(({ from }) => from <= at)?.issue) ?? []);
    },
    commentsOf: (issueId) => commentsByIssue(issueId),
    nextId: (sequence) => FIRST_ID + context.records.nextId(sequence),
  };
}

/** An issue as the API shows it, with the fields and properties that were asked for. */
export function issueView(issue: Issue, baseUrl: string, wanted: { readonly fields: readonly string[] | null; readonly properties: readonly string[] }): object {
  const status = STATUSES[issue.status];
  const all: Readonly<Record<string, unknown>> = {
    summary: issue.fields.summary,
    project: { ...PROJECT, projectTypeKey: 'service_desk' },
    issuetype: { name: issue.fields.issuetype },
    status: { id: status.id, name: status.name, statusCategory: CATEGORIES[status.category] },
    resolution: issue.resolution === null ? null : { name: issue.resolution },
    description: issue.fields.description,
    priority: { name: issue.fields.priority },
    duedate: issue.fields.duedate,
    labels: issue.fields.labels,
    components: issue.fields.components.map((name) => ({ name })),
    created: jiraTime(issue.created),
    updated: jiraTime(issue.updated),
  };
  const { fields, properties } = wanted;
  const shown = fields === null || fields.includes('*all') || fields.includes('*navigable') ? all : Object.fromEntries(Object.entries(all).filter(([name]) => fields.includes(name)));
  return {
    id: issue.id,
    key: issue.key,
    self: `${baseUrl}/rest/api/3/issue/${issue.id}`,
    fields: shown,
    ...(properties.length === 0 ? {} : { properties: Object.fromEntries(properties.filter((key) => Object.hasOwn(issue.properties, key)).map((key) => [key, issue.properties[key]])) }),
  };
}

export function jiraTime(instant: string): string {
  return instant.replace('Z', '+0000');
}
