import { z } from 'zod';

/** What `startSandbox` may be told about the payroll bureau. */
export const PayrollOptions = z.object({
  /** Where exports come in and acknowledgements go out. */
  folder: z.string().min(1),
  /** How often the bureau looks for new exports, milliseconds. */
  lookEveryMs: z.int().min(20).default(500),
  /** How long it takes over an export in the mode "late", milliseconds. */
  lateMs: z.int().min(0).default(15_000),
  /** Puts exports into the folder "processed" once it has taken them. */
  moveProcessed: z.boolean().default(false),
});
export type PayrollOptions = z.infer<typeof PayrollOptions>;
