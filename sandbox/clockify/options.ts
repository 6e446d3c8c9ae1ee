import { z } from 'zod';

/** What `startSandbox` may be told about the Clockify workspace. */
export const ClockifyOptions = z.object({
  apiKey: z.string().min(1),
  workspaceId: z.string().regex(/^[0-9a-f]{24}$/),
  /** The authentication tokens of the two webhooks that are there from the beginning. */
  webhookTokens: z.object({ NEW_APPROVAL_REQUEST: z.string().min(1), APPROVAL_REQUEST_STATUS_UPDATED: z.string().min(1) }),
  /** Requests per second; null switches it off. */
  requestsPerSecond: z.int().min(1).nullable().default(50),
  /** Added to every request, in milliseconds. */
  latencyMs: z.int().min(0).default(0),
});
export type ClockifyOptions = z.infer<typeof ClockifyOptions>;
