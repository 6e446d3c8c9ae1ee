import { z } from 'zod';

/** What `startSandbox` may be told about the legacy ERP. */
export const LegacyOptions = z.object({
  /** The folder with `in`, `done`, `failed` and `out`. */
  folder: z.string().min(1),
  /** How often the import job looks into `in`, milliseconds. */
  lookEveryMs: z.int().min(1).default(500),
  /** How often an extract is written unasked, milliseconds; 0: never. */
  extractEveryMs: z.int().min(0).default(300_000),
  /** How long a batch waits for the import job in the mode "late", milliseconds. */
  lateMs: z.int().min(0).default(15_000),
  encoding: z.enum(['utf-8', 'iso-8859-1']).default('utf-8'),
});
export type LegacyOptions = z.infer<typeof LegacyOptions>;
