import { z } from 'zod';

const Text = z.string().min(1);

/** What `startSandbox` may be told about the company in Gusto. */
export const GustoOptions = z.object({
  companyUuid: z.guid(),
  clientId: Text,
  clientSecret: Text,
  /** The pair that connecting the company gave. */
  accessToken: Text.optional(),
  refreshToken: Text,
  accessTokenLifetimeSeconds: z.int().min(1).default(7200),
  /** In a rolling minute. */
  requestsPerMinute: z.int().min(1).nullable().default(200),
});
export type GustoOptions = z.infer<typeof GustoOptions>;
