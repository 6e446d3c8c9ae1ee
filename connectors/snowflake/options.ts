import { z } from 'zod';

const name = z.string().min(1).max(255);

/** The `options` of a Snowflake warehouse in config/systems.yaml. Names are case-sensitive, as `SHOW` prints them: mostly capitals. */
export const snowflakeOptionsSchema = z.strictObject({
  database: name,
  schema: name,
  /** The virtual warehouse that does the work. */
  warehouse: name,
  role: name,
  /** Snowflake ends a statement that takes longer, seconds. */
  statementSeconds: z.number().int().min(1).max(3600).default(240),
  /** Rows of one MERGE. */
  batchSize: z.number().int().min(1).max(10_000).default(1000),
});
export type SnowflakeOptions = z.infer<typeof snowflakeOptionsSchema>;

const text = z.string().min(1);
export const snowflakeCredentialsSchema = z.union([
  /** `account`: the account identifier ("MYORG-PROD"), or the locator without its region. */
  z.object({ account: text, user: text, privateKeyPem: text, passphrase: text.exactOptional() }),
  /** A Snowflake OAuth integration for a custom client; its refresh token does not change. */
  z.object({ clientId: text, clientSecret: text, refreshToken: text }),
  z.object({ programmaticAccessToken: text }),
]);
export type SnowflakeCredentials = z.infer<typeof snowflakeCredentialsSchema>;
