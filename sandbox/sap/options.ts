import { z } from 'zod';

/** What `startSandbox` may be told about the S/4HANA Cloud system. */
export const SapSandboxOptions = z.object({
  /** The communication user. */
  user: z.string().min(1),
  password: z.string().min(1),
  /** An OAuth 2.0 client of the communication system, where it has one. */
  clientId: z.string().min(1).optional(),
  clientSecret: z.string().min(1).optional(),
  /** Seconds after which a session without use ends. */
  sessionSeconds: z.int().min(1).default(1800),
  accessTokenLifetimeSeconds: z.int().min(1).default(3600),
  /** Records of one page of an answer. */
  pageSize: z.int().min(1).max(10_000).default(1000),
  /** Whether customers have numbers of a range of their own, or those of their partners. */
  ownCustomerNumbers: z.boolean().default(false),
  /** Whether time has to be approved in SAP again before it counts. */
  timeApproval: z.boolean().default(false),
});
export type SapSandboxOptions = z.infer<typeof SapSandboxOptions>;
