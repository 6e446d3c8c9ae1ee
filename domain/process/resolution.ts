import { z } from 'zod';
import { caseActionSchema, ownerRoleSchema } from '../config/schema.ts';

/** What a person decides about an exception case. Workflows read it with `readResolution`, which agrees with this schema. */
export const resolutionSchema = z.object({
  action: caseActionSchema,
  /** Who decides: an ID of config/people.yaml. */
  by: z.string().min(1),
  reason: z.string().trim().min(1, 'say why: the reason goes into the audit trail'),
  role: ownerRoleSchema.optional(),
  /** With confirm_done: the record's ID in the system. */
  externalId: z.string().min(1).optional(),
  /** With reroute: the system to use instead. */
  system: z.string().min(1).optional(),
});
export type Resolution = z.infer<typeof resolutionSchema>;
