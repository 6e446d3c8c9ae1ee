import { z } from 'zod';

/** What `startSandbox` may be told about the Stripe account. */
export const StripeOptions = z.object({
  secretKey: z.string().regex(/^(sk|rk)_(test|live)_\w+$/),
  /** Of the one webhook endpoint that is there from the beginning. */
  webhookSecret: z.string().startsWith('whsec_'),
  /** How long a write takes to be found by search. */
  searchLagMs: z.int().min(0).default(60_000),
  /** Null switches the limit off. A sandbox of Stripe has 25 a second, a live account 100: https://docs.stripe.com/rate-limits */
  requestsPerSecond: z.int().min(1).nullable().default(100),
  latencyMs: z.int().min(0).default(0),
});
export type StripeOptions = z.infer<typeof StripeOptions>;
