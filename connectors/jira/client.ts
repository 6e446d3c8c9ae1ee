import { z } from 'zod';
import { SystemFailure, type Failure } from '../../domain/failure.ts';
import type { ConnectorSettings } from '../connector.ts';
import { createHttpClient, emptyAnswer } from '../http/client.ts';
import { peopleAddress } from '../people-address.ts';
import type { CallContext, Found } from '../ports.ts';
import { jiraAuth } from './auth.ts';
import { classifyJira, isGone } from './classify.ts';
import { readJiraLimits } from './limits.ts';
import { jiraCredentialsSchema, type JiraOptions } from './options.ts';

export interface About {
  readonly object: string;
  readonly context: CallContext;
}

/** Jira Cloud's REST API v3 as far as the line needs it. Paths are below /rest/api/3. All throw SystemFailure. */
export interface Jira {
  readonly system: string;
  get<T>(path: string, answer: z.ZodType<T>, about: About): Promise<T>;
  /** A question that needs a body. */
  ask<T>(path: string, body: object, answer: z.ZodType<T>, about: About): Promise<T>;
  create<T>(path: string, body: object, answer: z.ZodType<T>, about: About): Promise<T>;
  change(method: 'POST' | 'PUT', path: string, body: object, about: About): Promise<void>;
  /** Null where there is no such issue, or none that the integration user may see. */
  issue(id: string, about: About): Promise<Issue | null>;
  found(issue: { readonly id: string; readonly key: string }): Found;
  failure(about: About, what: Pick<Failure, 'kind' | 'code' | 'message' | 'mend'>): SystemFailure;
}

/** Entity properties: on an issue whose case it is, on a comment what makes it one. */
export const CASE_PROPERTY = 'q2c.case';
export const COMMENT_PROPERTY = 'q2c.comment';

export const issueSchema = z.looseObject({
  id: z.string().regex(/^\d+$/),
  key: z.string().regex(/^[A-Z][A-Z0-9_]+-\d+$/),
  fields: z.looseObject({
    labels: z.array(z.string()).default([]),
    status: z.looseObject({ name: z.string(), statusCategory: z.looseObject({ key: z.string() }) }),
  }),
  properties: z.looseObject({ [CASE_PROPERTY]: z.looseObject({ caseId: z.string() }).optional().catch(undefined) }).optional(),
});
export type Issue = z.infer<typeof issueSchema>;
export const ISSUE_FIELDS = ['labels', 'status'];

export function isDone(issue: Issue): boolean {
  return issue.fields.status.statusCategory.key === 'done';
}

export function createJiraClient(settings: ConnectorSettings, options: JiraOptions): Jira {
  const http = createHttpClient({ ...settings, auth: jiraAuth(settings, options, jiraCredentialsSchema.parse(settings.credentials)), classify: classifyJira, readLimits: readJiraLimits });
  // Through the gateway for service accounts the API's address is not the site's.
  const siteUrl = options.siteUrl === undefined && new URL(settings.baseUrl).hostname === 'api.atlassian.com' ? null : peopleAddress(options.siteUrl, settings.baseUrl, () => undefined);
  const root = '/rest/api/3';

  const get: Jira['get'] = async (path, answer, about) => (await http.request({ method: 'GET', path: `${root}${path}`, answer, writes: false, ...about })).body;
  return {
    system: settings.system,
    get,
    ask: async (path, body, answer, about) => (await http.request({ method: 'POST', path: `${root}${path}`, json: body, answer, writes: false, ...about })).body,
    create: async (path, body, answer, about) => (await http.request({ method: 'POST', path: `${root}${path}`, json: body, answer, writes: true, ...about })).body,
    async change(method, path, body, about) {
      await http.request({ method, path: `${root}${path}`, json: body, answer: emptyAnswer, writes: true, ...about });
    },
    async issue(id, about) {
      try {
        return await get(`/issue/${encodeURIComponent(id)}?fields=${ISSUE_FIELDS.join(',')}&properties=${CASE_PROPERTY}`, issueSchema, about);
      } catch (error) {
        if (isGone(error)) return null;
        throw error;
      }
    },
    found: ({ id, key }) => ({ externalId: id, url: siteUrl === null ? null : `${siteUrl}/browse/${key}` }),
    failure: (about, what) => new SystemFailure({ system: settings.system, object: about.object, written: 'no', ...what }),
  };
}
