import { z } from 'zod';

/** What `startSandbox` may be told about the Jira site. */
export const JiraOptions = z.object({
  /** The integration user's API token, for basic authentication at the site's own address. */
  email: z.string().min(1),
  apiToken: z.string().min(1),
  /** A service account's OAuth 2.0 credential, for `/ex/jira/{cloudId}`. */
  clientId: z.string().min(1).optional(),
  clientSecret: z.string().min(1).optional(),
  cloudId: z.string().min(1).default('11111111-2222-4333-8444-555555555555'),
  accessTokenLifetimeSeconds: z.int().min(1).default(3600),
  /** How long the search does not know of a change. */
  searchLagMs: z.int().min(0).default(3000),
  /** Requests per second to one endpoint; null switches it off. */
  requestsPerSecond: z.int().min(1).nullable().default(100),
  /** Writes to one issue in two seconds; null switches it off. */
  issueWrites: z.int().min(1).nullable().default(20),
  /** What the project's create and edit screens leave out, as some projects' do: 'priority', 'duedate', 'labels', 'components'. */
  missingFields: z.array(z.string()).default([]),
  /** Statuses from which no transition leads to one that is done. */
  deadEnd: z.boolean().default(false),
});
export type JiraOptions = z.infer<typeof JiraOptions>;
