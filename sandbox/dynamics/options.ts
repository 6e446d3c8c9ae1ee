import { z } from 'zod';

/** What `startSandbox` may be told about the finance and operations environment. */
export const DynamicsOptions = z.object({
  tenantId: z.string().min(1),
  clientId: z.string().min(1),
  clientSecret: z.string().min(1),
  /** SPKI PEM of the certificate's key and base64url of the certificate's SHA-256, where the app registration has one. */
  publicKeyPem: z.string().includes('BEGIN PUBLIC KEY').optional(),
  certificateThumbprint: z.string().min(1).optional(),
  /** The company of the user that the app registration is registered as: what is seen without cross-company=true. */
  defaultCompany: z.string().min(1).default('dat'),
  /** Companies with Project Operations integrated: only these take its entities. */
  integratedCompanies: z.array(z.string()).default([]),
  /** Rows of one page; the most is 10,000. */
  pageSize: z.int().min(1).max(10_000).default(10_000),
  /** User-based service protection: requests in 300 seconds and at the same time; null where the feature is off. */
  requestsPerWindow: z.int().min(1).nullable().default(null),
  concurrentRequests: z.int().min(1).nullable().default(52),
  accessTokenLifetimeSeconds: z.int().min(1).default(3600),
});
export type DynamicsOptions = z.infer<typeof DynamicsOptions>;
