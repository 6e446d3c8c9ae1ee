import { z } from 'zod';
import { localDateSchema } from '../dates.ts';
import { decimalSchema } from '../money.ts';
import { codeSchema, documentHead } from './document.ts';

export const laborCategorySchema = z.strictObject({ ...documentHead('labor-category', 1), code: codeSchema, name: z.string().min(1).max(100) });
export type LaborCategory = z.infer<typeof laborCategorySchema>;

export const costCenterSchema = z.strictObject({ ...documentHead('cost-center', 1), code: codeSchema, legalEntity: codeSchema, name: z.string().min(1).max(100) });
export type CostCenter = z.infer<typeof costCenterSchema>;

/** A person who can be assigned to projects. */
export const resourceSchema = z.strictObject({
  ...documentHead('resource', 1),
  email: z.email(),
  name: z.string().min(1).max(200),
  legalEntity: codeSchema,
  laborCategory: codeSchema,
  costCenter: codeSchema,
});
export type Resource = z.infer<typeof resourceSchema>;

/** A person, or a role still to be filled (`resourceEmail` null), planned on a project. */
export const assignmentSchema = z.strictObject({
  ...documentHead('assignment', 1),
  resourceEmail: z.email().nullable(),
  laborCategory: codeSchema,
  from: localDateSchema,
  to: localDateSchema,
  plannedHours: decimalSchema.nullable(),
});
export type Assignment = z.infer<typeof assignmentSchema>;
