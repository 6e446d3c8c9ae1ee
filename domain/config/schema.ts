import { z } from 'zod';
import { localDateSchema } from '../dates.ts';
import { currencySchema, decimalSchema, moneySchema } from '../money.ts';
import { billingMethodSchema } from '../model/billing.ts';
import { contractStatusSchema, contractTypeSchema } from '../model/contract.ts';
import { codeSchema, countrySchema } from '../model/document.ts';
import { rateLineSchema } from '../model/rate-card.ts';
import { expenseSections } from './expense-schema.ts';
import { timeSections } from './time-schema.ts';

/** Who works on exceptions. */
export const ownerRoleSchema = z.enum(['finance_operations', 'project_management_office', 'integration_support', 'sales_operations', 'tax', 'controller']);
export type OwnerRole = z.infer<typeof ownerRoleSchema>;

export const caseActionSchema = z.enum(['retry', 'correct', 'override', 'reroute', 'return_to_submitter', 'confirm_done', 'confirm_not_done', 'abort']);
export type CaseAction = z.infer<typeof caseActionSchema>;

export const severitySchema = z.enum(['low', 'medium', 'high', 'critical']);

const hours = z.number().positive().max(24 * 90);

export const legalEntitySchema = z.strictObject({
  /** Short: it begins every project number. */
  code: codeSchema.max(12),
  name: z.string().min(1),
  country: countrySchema,
  region: z.enum(['NA', 'EMEA', 'APAC']),
  timeZone: z.string().refine(isTimeZone, 'an IANA time zone such as "Europe/Berlin"'),
  functionalCurrency: currencySchema,
  /** The currencies this entity may bill in. */
  billingCurrencies: z.array(currencySchema).min(1),
  taxRegistrationNumber: z.string().min(1),
  paymentTermsDays: z.number().int().min(0).max(365),
  /** Days after the end of a month until which its invoices must be out: cases near it are due sooner. */
  invoiceCutoffDay: z.number().int().min(1).max(28),
  costCenters: z.array(z.strictObject({ code: codeSchema, name: z.string().min(1), serviceLine: codeSchema })).min(1),
});
export type LegalEntity = z.infer<typeof legalEntitySchema>;

export const serviceLineSchema = z.strictObject({
  code: codeSchema,
  name: z.string().min(1),
  /** Practices of the CRM that sell this line. */
  practices: z.array(z.string().min(1)).min(1),
  billingMethods: z.array(billingMethodSchema).min(1),
  defaultTemplate: codeSchema,
});
export type ServiceLine = z.infer<typeof serviceLineSchema>;

export const billingMethodRuleSchema = z.strictObject({
  code: billingMethodSchema,
  name: z.string().min(1),
  requiresContract: z.array(contractTypeSchema).min(1),
  requiresCap: z.boolean(),
  requiresMilestones: z.boolean(),
  requiresPurchaseOrderAbove: decimalSchema.nullable(),
  /** How the billing schedule is laid out. */
  schedule: z.enum(['monthly_actuals', 'instalments', 'milestones', 'monthly_fixed']),
  /** For instalments: shares in percent, at the given share of the project's time; add up to 100. */
  instalments: z.array(z.strictObject({ percent: z.number().positive().max(100), atPercentOfTime: z.number().min(0).max(100), description: z.string().min(1) })).default([]),
});
export type BillingMethodRule = z.infer<typeof billingMethodRuleSchema>;

export const projectTemplateSchema = z.strictObject({
  code: codeSchema,
  version: z.number().int().positive(),
  name: z.string().min(1),
  serviceLines: z.array(codeSchema).min(1),
  billingMethods: z.array(billingMethodSchema).min(1),
  wbs: z
    .array(z.strictObject({ code: codeSchema, name: z.string().min(1).max(120), parent: codeSchema.nullable().default(null), billable: z.boolean(), shareOfHoursPercent: z.number().min(0).max(100).default(0) }))
    .min(1),
});
export type ProjectTemplate = z.infer<typeof projectTemplateSchema>;

export const rateCardSchema = z.strictObject({
  code: codeSchema,
  name: z.string().min(1),
  legalEntities: z.array(codeSchema).min(1),
  serviceLines: z.union([z.literal('all'), z.array(codeSchema).min(1)]),
  currency: currencySchema,
  status: z.enum(['draft', 'approved', 'retired']),
  approvedBy: z.string().nullable(),
  /** Rates by period; periods neither overlap nor leave gaps between them. */
  periods: z.array(z.strictObject({ from: localDateSchema, to: localDateSchema.nullable(), lines: z.array(rateLineSchema).min(1) })).min(1),
  /** A deal's unit price may be this far below the card, in percent, without approval. */
  maxDiscountPercent: z.number().min(0).max(100),
});
export type RateCard = z.infer<typeof rateCardSchema>;

export const taxRuleSchema = z.strictObject({
  code: codeSchema,
  description: z.string().min(1),
  seller: codeSchema,
  /** The client's country, a group defined in `countryGroups`, or "*". */
  client: z.string().min(1),
  /** With a country: the regions of it (as the client's address spells them) this rule is for; empty: all that no other rule names. */
  regions: z.array(z.string().min(1)).default([]),
  ratePercent: decimalSchema,
  reverseCharge: z.boolean(),
  requiresTaxRegistration: z.boolean(),
});
export type TaxRule = z.infer<typeof taxRuleSchema>;

export const systemSchema = z.strictObject({
  id: codeSchema,
  kind: z.enum(['crm', 'erp', 'time', 'resources', 'reporting', 'payroll', 'billing', 'hr', 'warehouse', 'service_desk']),
  product: z.enum(['salesforce', 'hubspot', 'canonical', 'netsuite', 'tryton', 'dynamics', 'project_operations', 'harvest', 'harvest_assignments', 'clockify', 'warehouse', 'payroll_file', 'snowflake', 'warehouse_postgres', 'scim', 'jira', 'oracle', 'sap', 'kantata', 'kantata_resources', 'legacy_file', 'stripe', 'lago', 'gusto']),
  name: z.string().min(1),
  /** Where its API is: an address, or "endpoint:<name>" for the one in .data/endpoints.json. */
  address: z.string().min(1),
  /** Under which name the secrets provider keeps its credentials. */
  credentials: z.string().min(1).nullable(),
  limits: z.strictObject({ concurrency: z.number().int().positive().nullable(), requestsPerSecond: z.number().positive().nullable(), timeoutSeconds: z.number().positive().max(300) }),
  /** Options of the product's connector, checked by it. */
  options: z.record(z.string(), z.unknown()).default({}),
});
export type SystemConfig = z.infer<typeof systemSchema>;

export const routingSchema = z.strictObject({
  legalEntity: codeSchema,
  erp: codeSchema,
  time: codeSchema,
  resources: codeSchema.nullable(),
  reporting: codeSchema.nullable(),
});

export const ownershipSchema = z.strictObject({
  object: z.enum(['account', 'customer', 'opportunity', 'contract', 'project', 'wbs', 'rate_card', 'billing_schedule', 'assignment', 'time_entry', 'invoice', 'payment']),
  /** An attribute, or "*" for all that no other line names. */
  attribute: z.string().min(1),
  owner: z.enum(['crm', 'erp', 'time', 'resources', 'billing', 'hr', 'configuration']),
});

export const exceptionPolicySchema = z.strictObject({
  /** A finding or failure code, a prefix ending in "*", or "*". The most exact one applies. */
  code: z.string().min(1),
  severity: severitySchema,
  owner: ownerRoleSchema,
  escalateTo: ownerRoleSchema,
  slaHours: hours,
  /** A reminder this long before the case is due. */
  remindHoursBefore: z.number().nonnegative(),
  actions: z.array(caseActionSchema).min(1),
  override: z.strictObject({ roles: z.array(ownerRoleSchema).min(1), secondPersonAbove: moneySchema.nullable() }).nullable().default(null),
});
export type ExceptionPolicy = z.infer<typeof exceptionPolicySchema>;

export const firmConfigSchema = z.strictObject({
  firm: z.strictObject({
    /** Of all the files together; raised when their shape changes. */
    schemaVersion: z.literal(1),
    name: z.string().min(1),
    reportingCurrency: currencySchema,
    /** Converts days sold into planned hours, and daily prices for the comparison with hourly rates. */
    hoursPerDay: z.number().positive().max(24).default(8),
    /** E-mail domains of the firm's own people; empty: a resource may have any address. */
    resourceEmailDomains: z.array(z.string().min(1)).default([]),
  }),
  legalEntities: z.array(legalEntitySchema).min(1),
  serviceLines: z.array(serviceLineSchema).min(1),
  billingMethods: z.array(billingMethodRuleSchema).min(1),
  laborCategories: z.array(z.strictObject({ code: codeSchema, name: z.string().min(1).max(100) })).min(1),
  projectTemplates: z.array(projectTemplateSchema).min(1),
  rateCards: z.array(rateCardSchema).min(1),
  contractPolicy: z.strictObject({ acceptedStatuses: z.array(contractStatusSchema).min(1) }),
  countryGroups: z.record(z.string(), z.array(countrySchema)),
  taxRules: z.array(taxRuleSchema).min(1),
  systems: z.array(systemSchema).min(1),
  routing: z.array(routingSchema).min(1),
  ownership: z.array(ownershipSchema).min(1),
  exceptionPolicies: z.array(exceptionPolicySchema).min(1),
  /** How long a step may keep failing for passing reasons before integration support is told, minutes. */
  transientSlaMinutes: z.number().positive(),
  /** Exchange rates to the reporting currency, only for thresholds in policies; never for money that is booked. */
  thresholdRates: z.record(currencySchema, decimalSchema),
  /** People who resolve cases, and their roles. */
  people: z.array(z.strictObject({ id: z.string().min(1), name: z.string().min(1), roles: z.array(ownerRoleSchema).min(1) })).min(1),
  ...timeSections,
  ...expenseSections,
});
export type FirmConfig = z.infer<typeof firmConfigSchema>;

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone.length > 0;
  } catch {
    return false;
  }
}
