import { z } from 'zod';
import { localDateSchema } from '../dates.ts';
import { currencySchema, decimalSchema, moneySchema } from '../money.ts';
import { billingMethodSchema, billingScheduleSchema } from './billing.ts';
import { codeSchema, countrySchema, documentHead } from './document.ts';
import { projectRateCardSchema } from './rate-card.ts';
import { assignmentSchema } from './staffing.ts';

export const projectStatusSchema = z.enum(['pending', 'active', 'closed', 'cancelled']);
export type ProjectStatus = z.infer<typeof projectStatusSchema>;

export const wbsElementSchema = z.strictObject({
  code: codeSchema,
  name: z.string().min(1).max(120),
  parentCode: codeSchema.nullable(),
  billable: z.boolean(),
  plannedHours: decimalSchema.nullable(),
});
export type WbsElement = z.infer<typeof wbsElementSchema>;

export const taxTreatmentSchema = z.strictObject({
  code: codeSchema,
  description: z.string(),
  ratePercent: decimalSchema,
  reverseCharge: z.boolean(),
});
export type TaxTreatment = z.infer<typeof taxTreatmentSchema>;

/** A project as decided from a deal, complete enough for every target system to make it from this document alone. */
export const projectSchema = z.strictObject({
  ...documentHead('project', 1),
  /** Stable over versions of the deal: the key under which every system's own ID is kept. */
  id: z.string().min(1).max(120),
  /** What people call it; unique in the firm: "US01-TECH-7K3QF9QX". */
  number: codeSchema,
  name: z.string().min(1).max(200),
  customerId: z.string().min(1).max(120),
  contractId: z.string().min(1).max(120),
  legalEntity: z.strictObject({ code: codeSchema, name: z.string(), country: countrySchema, region: z.string(), currency: currencySchema, timeZone: z.string() }),
  serviceLine: codeSchema,
  practice: z.string().nullable(),
  costCenter: codeSchema,
  billingMethod: billingMethodSchema,
  template: z.strictObject({ code: codeSchema, version: z.number().int().positive() }),
  startDate: localDateSchema,
  endDate: localDateSchema,
  value: moneySchema,
  cap: moneySchema.nullable(),
  purchaseOrder: z.string().max(60).nullable(),
  tax: taxTreatmentSchema,
  wbs: z.array(wbsElementSchema).min(1),
  rateCard: projectRateCardSchema,
  billingSchedule: billingScheduleSchema,
  assignments: z.array(assignmentSchema),
  /** System IDs (config/systems.yaml) this project is made in. */
  targets: z.strictObject({ erp: codeSchema, time: codeSchema, resources: codeSchema.nullable(), reporting: codeSchema.nullable() }),
});
export type Project = z.infer<typeof projectSchema>;
