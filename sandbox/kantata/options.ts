import { z } from 'zod';

/** What `startSandbox` may be told about the Kantata OX account. */
export const KantataOptions = z.object({
  accessToken: z.string().min(1),
  /** Requests per second; null switches it off. Kantata tells its limits to customers only: this number is our own. */
  requestsPerSecond: z.int().min(1).nullable().default(20),
  /** First day of the week of timesheets: 0 Sunday, 1 Monday. */
  firstDayOfWeek: z.int().min(0).max(6).default(1),
  /** Added to every request, in milliseconds. */
  latencyMs: z.int().min(0).default(0),
});
export type KantataOptions = z.infer<typeof KantataOptions>;
