import { z } from 'zod';

/** What `startSandbox` may be told about the Harvest account. */
export const HarvestOptions = z.object({
  accountId: z.string().min(1),
  accessToken: z.string().min(1),
  /** General limit: requests per window; null switches it off. */
  requestsPerWindow: z.int().min(1).nullable().default(100),
  windowMs: z.int().min(1).default(15_000),
  /** Limit of the /v2/reports endpoints, counted apart. */
  reportsPerWindow: z.int().min(1).nullable().default(100),
  reportsWindowMs: z.int().min(1).default(15 * 60_000),
  /** Added to every request, in milliseconds. */
  latencyMs: z.int().min(0).default(0),
});
export type HarvestOptions = z.infer<typeof HarvestOptions>;
