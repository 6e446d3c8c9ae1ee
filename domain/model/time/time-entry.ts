import { z } from 'zod';
import { instantSchema, localDateSchema } from '../../dates.ts';
import { decimalSchema } from '../../money.ts';
import { codeSchema, documentHead, textSchema } from '../document.ts';
import { recordIdSchema, recordRefSchema, versionSchema } from './record.ts';

/** Work of one person on one day for one project, as the time system tells it. Whether its codes are known is for the rules to say. */
export const timeEntrySchema = z.strictObject({
  ...documentHead('time-entry', 1),
  system: codeSchema,
  id: recordIdSchema,
  version: versionSchema,
  /** A correction names the version it replaces, of this entry or of another; hours "0" then take the original back. */
  replaces: recordRefSchema.nullable(),
  person: z.email(),
  /** The local day on which the work began. */
  workDate: localDateSchema,
  hours: decimalSchema,
  /** Where the time system records the clock: both or neither. */
  clock: z.strictObject({ startedAt: instantSchema, endedAt: instantSchema, breakMinutes: z.number().int().min(0).max(1440) }).nullable(),
  projectNumber: z.string().min(1).max(80),
  task: z.string().min(1).max(80).nullable(),
  /** The time system's own role name, mapped to a labor category. */
  role: z.string().min(1).max(80).nullable(),
  laborCategory: z.string().min(1).max(80).nullable(),
  costCenter: z.string().min(1).max(80).nullable(),
  billable: z.boolean(),
  notes: textSchema,
});
export type TimeEntry = z.infer<typeof timeEntrySchema>;
