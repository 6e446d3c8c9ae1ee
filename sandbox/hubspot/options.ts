import { z } from 'zod';

export const HubSpotOptions = z.object({
  accessToken: z.string(),
  clientSecret: z.string(),
  portalId: z.coerce.number().int(),
  appId: z.int().default(4_182_731),
  requestsPerTenSeconds: z.int().positive().default(190),
  searchesPerSecond: z.int().positive().default(5),
  dailyRequests: z.int().positive().default(1_000_000),
  /** The deal properties whose changes are subscribed; creation and deletion of deals always are. */
  subscribedProperties: z
    .array(z.string())
    .default([
      'dealstage',
      'amount',
      'closedate',
      'legal_entity',
      'service_line',
      'billing_method',
      'start_date',
      'end_date',
      'po_number',
      'contract_status',
    ]),
});
export type HubSpotOptions = z.infer<typeof HubSpotOptions>;
