import { z } from 'zod';

export const SalesforceOptions = z.object({
  clientId: z.string(),
  clientSecret: z.string().optional(),
  username: z.string(),
  publicKeyPem: z.string(),
  organizationId: z.string(),
  webhookToken: z.string(),
  tokenLifetimeSeconds: z.number().positive().default(7200),
  /** API calls in 24 hours. */
  dailyApiRequests: z.int().positive().default(1_000_000),
  /** The Pub/Sub API's port on the loopback address, 0 for a free one; without it there is no Pub/Sub API. */
  pubSubPort: z.int().min(0).max(65_535).optional(),
  /** How long change events are kept. */
  eventRetentionHours: z.number().positive().default(72),
  /** A subscriber that waits for events hears from us at least this often. */
  keepaliveSeconds: z.number().positive().default(270),
  /** A subscriber that asks for no more events is cut off after this. */
  idleSubscriberSeconds: z.number().positive().default(60),
  /** Which records send an outbound message when they are created or changed, and which fields it carries. */
  outboundMessages: z
    .array(z.object({ object: z.string(), field: z.string(), values: z.array(z.string()), send: z.array(z.string()) }))
    .default([
      {
        object: 'Opportunity',
        field: 'StageName',
        values: ['Closed Won'],
        send: ['AccountId', 'LastModifiedById', 'Name', 'StageName', 'SystemModstamp'],
      },
    ]),
});
export type SalesforceOptions = z.infer<typeof SalesforceOptions>;
