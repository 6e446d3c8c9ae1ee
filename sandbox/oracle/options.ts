import { z } from 'zod';

/** What `startSandbox` may be told about the Oracle Fusion environment. */
export const OracleOptions = z.object({
  /** The integration user; signs in with the password, or by an assertion of the application. */
  username: z.string().min(1),
  password: z.string().min(1),
  /** The confidential application in the identity domain, with its secret and the certificate that signs assertions. */
  clientId: z.string().min(1),
  clientSecret: z.string().min(1),
  certificateAlias: z.string().min(1),
  publicKeyPem: z.string().includes('BEGIN PUBLIC KEY'),
  scope: z.string().min(1).default('urn:opc:resource:fa:instanceid=1urn:opc:resource:consumer::all'),
  /** The most rows of a page. */
  pageSize: z.int().min(1).max(500).default(500),
  accessTokenLifetimeSeconds: z.int().min(1).default(3600),
});
export type OracleOptions = z.infer<typeof OracleOptions>;
