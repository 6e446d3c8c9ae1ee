import { z } from 'zod';

/** What `startSandbox` may be told about the Dataverse environment. */
export const ProjectOperationsOptions = z.object({
  tenantId: z.string().min(1),
  clientId: z.string().min(1),
  clientSecret: z.string().min(1),
  /** SPKI PEM of the certificate's key and base64url of the certificate's SHA-256, where the app registration has one. */
  publicKeyPem: z.string().includes('BEGIN PUBLIC KEY').optional(),
  certificateThumbprint: z.string().min(1).optional(),
  /** Rows of one page; the most is 5,000. */
  pageSize: z.int().min(1).max(5000).default(5000),
  /** Service protection of one user: requests in 300 seconds and at the same time. */
  requestsPerWindow: z.int().min(1).default(6000),
  concurrentRequests: z.int().min(1).default(52),
  accessTokenLifetimeSeconds: z.int().min(1).default(3600),
});
export type ProjectOperationsOptions = z.infer<typeof ProjectOperationsOptions>;
