import { z } from 'zod';

/** The `options` of a PostgreSQL warehouse in config/systems.yaml. */
export const warehousePostgresOptionsSchema = z.strictObject({
  /** Made if it is missing and the role may. */
  schema: z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/, 'lower-case letters, digits and underscores').default('q2c'),
  /** Rows of one statement. */
  batchSize: z.number().int().min(1).max(10_000).default(2000),
  /** PostgreSQL ends a statement that takes longer, seconds. */
  statementSeconds: z.number().int().min(1).max(3600).default(240),
});
export type WarehousePostgresOptions = z.infer<typeof warehousePostgresOptionsSchema>;

export const warehousePostgresCredentialsSchema = z.object({
  /** `postgres://user:password@host:5432/database?sslmode=verify-full` */
  url: z.string().regex(/^postgres(ql)?:\/\//, 'a connection URL beginning with postgres://'),
});
