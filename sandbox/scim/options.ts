import { z } from 'zod';

/** What `startSandbox` may be told about the HR system's SCIM service. */
export const ScimOptions = z.object({
  /** What it accepts; each that is given is accepted. */
  token: z.string().min(1).optional(),
  username: z.string().min(1).optional(),
  password: z.string().min(1).optional(),
  clientId: z.string().min(1).optional(),
  clientSecret: z.string().min(1).optional(),
  accessTokenLifetimeSeconds: z.int().min(1).default(3600),
  /** What the service offers, as its /ServiceProviderConfig says. */
  filter: z.boolean().default(true),
  sort: z.boolean().default(true),
  patch: z.boolean().default(true),
  etag: z.boolean().default(true),
  cursor: z.boolean().default(false),
  /** False: the discovery endpoints answer 404, as small providers' do. */
  discovery: z.boolean().default(true),
  /** Filters on meta.lastModified are refused as invalidFilter, others are taken. */
  filterByDate: z.boolean().default(true),
  /** Results of one answer at most. */
  maxResults: z.int().min(1).default(200),
  /** Without sortBy each answer has another order, which RFC 7644 allows. */
  unordered: z.boolean().default(false),
  /** Requests in a minute; null switches it off. */
  requestsPerMinute: z.int().min(1).nullable().default(null),
});
export type ScimOptions = z.infer<typeof ScimOptions>;
