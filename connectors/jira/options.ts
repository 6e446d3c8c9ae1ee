import { z } from 'zod';

const text = z.string().min(1);

/** Chosen by shape: a user's or service account's API token, or a service account's OAuth 2.0 credential. */
export const jiraCredentialsSchema = z.union([
  z.strictObject({ email: z.email(), apiToken: text }),
  z.strictObject({ clientId: text, clientSecret: text }),
]);
export type JiraCredentials = z.infer<typeof jiraCredentialsSchema>;

const names = z.array(text);

export const jiraOptionsSchema = z.strictObject({
  /** The key of the service project. */
  project: z.string().regex(/^[A-Z][A-Z0-9_]+$/, 'the key of a project, in capitals'),
  issueType: text.default('[System] Service request'),
  /** Which request type a ticket shows as, so that queues and portal have it: the custom field "Request Type" and the ID of the type. */
  requestType: z.strictObject({ field: z.string().regex(/^customfield_\d+$/), id: z.string().regex(/^\d+$/) }).nullable().default(null),
  /** Names of the site's priorities. */
  priorities: z.strictObject({ low: text.default('Low'), medium: text.default('Medium'), high: text.default('High'), critical: text.default('Highest') }).prefault({}),
  /** The component of an owner's team: { tax: 'Tax' }. A label names the owner in any case. */
  components: z.record(z.string(), text).default({}),
  /** Names of the workflow's transitions that end a ticket, in the order of preference; without any of them one that leads to a status that is done. */
  transitions: z.strictObject({ resolve: names.default(['Resolve this issue', 'Resolve', 'Done', 'Close']), cancel: names.default(['Cancel request', 'Cancel', 'Won\'t do', 'Decline']) }).prefault({}),
  /** Names of the site's resolutions, sent where the transition asks for one. */
  resolutions: z.strictObject({ resolve: text.default('Done'), cancel: text.default('Won\'t Do') }).prefault({}),
  /** Comments that the reporter does not see in the portal. */
  internalComments: z.boolean().default(true),
  /** Jira's due date is a day: the one in this zone. */
  timeZone: z.string().refine((zone) => isTimeZone(zone), 'an IANA time zone such as "Europe/Berlin"').default('UTC'),
  /** Where people open the site, if its API has another address: https://northwind.atlassian.net */
  siteUrl: z.url({ protocol: /^https?$/ }).optional(),
  tokenUrl: z.url({ protocol: /^https?$/ }).default('https://auth.atlassian.com/oauth/token'),
  /** Issues read by key, before and after the newest one that the search knows, to find a ticket that the search does not know yet. */
  unindexed: z.int().min(5).max(50).default(50),
});
export type JiraOptions = z.infer<typeof jiraOptionsSchema>;

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone.length > 0;
  } catch {
    return false;
  }
}
