import { z } from 'zod';

const Text = z.string().min(1);

/** What `startSandbox` may be told about the Snowflake account. Names are in capitals, as `SHOW` prints them. */
export const SnowflakeOptions = z.object({
  /** Account identifier, in capitals and without a region. */
  account: Text.regex(/^[A-Z0-9_-]+$/),
  user: Text.regex(/^[A-Z0-9_]+$/),
  /** SPKI PEM of the user's RSA_PUBLIC_KEY. */
  publicKeyPem: z.string().includes('BEGIN PUBLIC KEY'),
  programmaticAccessToken: Text.optional(),
  /** An OAuth integration for a custom client, with a refresh token that does not change. */
  oauth: z.object({ clientId: Text, clientSecret: Text, refreshToken: Text }).optional(),
  oauthTokenLifetimeSeconds: z.int().min(1).default(599),
  database: Text.default('ANALYTICS'),
  schema: Text.default('Q2C'),
  warehouse: Text.default('LOADING'),
  role: Text.default('Q2C_LOADER'),
  /** Rows in one partition of a result. */
  partitionRows: z.int().min(1).default(10_000),
  /** Null: no limit. Snowflake publishes no figure. */
  requestsPerSecond: z.int().min(1).nullable().default(null),
});
export type SnowflakeOptions = z.infer<typeof SnowflakeOptions>;
