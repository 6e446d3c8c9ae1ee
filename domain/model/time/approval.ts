import { z } from 'zod';
import { instantSchema } from '../../dates.ts';
import { documentHead, textSchema } from '../document.ts';
import { recordRefSchema } from './record.ts';

export const approvalStatusSchema = z.enum(['draft', 'submitted', 'approved', 'rejected', 'withdrawn']);
export type ApprovalStatus = z.infer<typeof approvalStatusSchema>;

/** Where a timesheet or expense report stands with its approver. A withdrawn approval takes back one that was given. */
export const approvalSchema = z.strictObject({
  ...documentHead('approval', 1),
  /** The version that was decided on. */
  of: recordRefSchema,
  status: approvalStatusSchema,
  approver: z.email().nullable(),
  decidedAt: instantSchema.nullable(),
  reason: textSchema.nullable(),
});
export type Approval = z.infer<typeof approvalSchema>;
