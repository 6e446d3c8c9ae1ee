import { z } from 'zod';

/** What `startSandbox` may be told about the Lago organization. */
export const LagoOptions = z.object({
  apiKey: z.string().min(1),
  /** Signs webhooks. */
  hmacKey: z.string().min(1),
  /** Whether a subscription of Lago's premium features is held: credit notes and payments entered by hand need one. */
  premium: z.boolean().default(true),
  /** Null switches the limit off; a Lago of one's own has none. */
  requestsPerSecond: z.int().min(1).nullable().default(null),
});
export type LagoOptions = z.infer<typeof LagoOptions>;
