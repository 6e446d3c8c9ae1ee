import { z } from 'zod';
import { localDateSchema } from '../../dates.ts';
import { codeSchema, documentHead } from '../document.ts';
import { approvalSchema } from './approval.ts';
import { recordIdSchema, recordRefSchema, versionSchema } from './record.ts';
import { timeEntrySchema } from './time-entry.ts';

/** The entries of one person in one week, approved together. */
export const timesheetSchema = z.strictObject({
  ...documentHead('timesheet', 1),
  system: codeSchema,
  id: recordIdSchema,
  version: versionSchema,
  replaces: recordRefSchema.nullable(),
  person: z.email(),
  /** First day of the seven the timesheet is for. */
  weekStart: localDateSchema,
  approval: approvalSchema,
  entries: z.array(timeEntrySchema).max(500),
});
export type Timesheet = z.infer<typeof timesheetSchema>;
