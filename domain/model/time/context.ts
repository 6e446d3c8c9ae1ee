import { z } from 'zod';
import { instantSchema, localDateSchema } from '../../dates.ts';
import { currencySchema, decimalSchema, moneySchema } from '../../money.ts';
import { billingMethodSchema } from '../billing.ts';
import { codeSchema, countrySchema, documentHead } from '../document.ts';
import { projectStatusSchema } from '../project.ts';
import { rateUnitSchema } from '../rate-card.ts';
import { postedEntrySchema } from './enriched-entry.ts';
import { accountingPeriodSchema, payPeriodSchema } from './periods.ts';
import { recordIdSchema, recordRefSchema, versionSchema } from './record.ts';
import { payCodeSchema, regionalRuleSetSchema, timeClosingSchema } from './regional-rule-set.ts';

const inForce = { from: localDateSchema, to: localDateSchema.nullable() };

/** Terms a person works under, for as long as they hold: who changes employer, cost center, labor category or calendar has a row for each stretch of time. */
export const timePersonSchema = z.strictObject({
  email: z.email(),
  kind: z.enum(['employee', 'subcontractor']),
  legalEntity: codeSchema,
  /** A regional rule set; null: the default one of the employer's country. */
  ruleSet: codeSchema.nullable(),
  overtime: z.enum(['eligible', 'exempt']),
  laborCategory: codeSchema,
  costCenter: codeSchema,
  timeZone: z.string().min(1),
  /** First and last day of these terms. */
  ...inForce,
  /** Agreed hours, Monday to Sunday; null: no agreed hours. */
  calendar: z.array(decimalSchema).length(7).nullable(),
  /** Who may approve this person's time; empty: whoever may approve for the project. */
  approvers: z.array(z.email()),
  /** Of subcontractors: on what order they work. */
  subcontract: z.strictObject({ vendor: z.string().min(1), order: z.string().min(1), ...inForce, rate: decimalSchema, currency: currencySchema }).nullable(),
});
export type TimePerson = z.infer<typeof timePersonSchema>;

export const timeProjectSchema = z.strictObject({
  number: codeSchema,
  legalEntity: codeSchema,
  kind: z.enum(['client', 'internal']),
  /** Vacation, sickness and the like: no working time; paid by this code. */
  absencePayCode: codeSchema.nullable(),
  status: projectStatusSchema,
  /** First day on which no more work may be done. */
  inactiveFrom: localDateSchema.nullable(),
  startDate: localDateSchema,
  endDate: localDateSchema,
  billingMethod: billingMethodSchema.nullable(),
  currency: currencySchema,
  costCenter: codeSchema,
  tasks: z.array(z.strictObject({ code: codeSchema, billable: z.boolean() })),
  approvers: z.array(z.email()),
  /** `used`: the billed amounts of everything in force. */
  cap: z.strictObject({ limit: moneySchema, used: moneySchema, beyond: z.enum(['refuse', 'write_off']) }).nullable(),
  /** The ERP the project was made in, where that is not the one its legal entity is routed to. */
  erp: codeSchema.exactOptional(),
  /** The project is known by another code from this work date on. */
  changedTo: z.strictObject({ number: codeSchema, from: localDateSchema }).nullable(),
});
export type TimeProject = z.infer<typeof timeProjectSchema>;

export const timeAssignmentSchema = z.strictObject({ person: z.email(), projectNumber: codeSchema, laborCategory: codeSchema, ...inForce });
export type TimeAssignment = z.infer<typeof timeAssignmentSchema>;

export const projectRateSchema = z.strictObject({ projectNumber: codeSchema, laborCategory: codeSchema, unit: rateUnitSchema, rate: decimalSchema, currency: currencySchema, ...inForce });
export const transferRateSchema = z.strictObject({ employer: codeSchema, client: codeSchema, laborCategory: codeSchema, rate: decimalSchema, currency: currencySchema, ...inForce });
export const costRateSchema = z.strictObject({ legalEntity: codeSchema, laborCategory: codeSchema, rate: decimalSchema, currency: currencySchema, ...inForce });

/** One version of a record of one time system: another system may use the same ID for something else. */
export const systemRefSchema = z.strictObject({ system: codeSchema, id: recordIdSchema, version: versionSchema });
export type SystemRef = z.infer<typeof systemRefSchema>;

/** Everything a timesheet is judged by, as a plain document: the same document always gives the same answer. */
export const timesheetContextSchema = z.strictObject({
  ...documentHead('timesheet-context', 1),
  asOf: instantSchema,
  configHash: z.string(),
  /** Converts daily rates. */
  hoursPerDay: z.number().positive().max(24),
  legalEntities: z.array(z.strictObject({ code: codeSchema, country: countrySchema, timeZone: z.string(), functionalCurrency: currencySchema, billingCurrencies: z.array(currencySchema), costCenters: z.array(codeSchema) })),
  laborCategories: z.array(codeSchema),
  /** Roles of a time system. */
  roles: z.array(z.strictObject({ system: codeSchema, role: z.string().min(1), laborCategory: codeSchema })),
  people: z.array(timePersonSchema),
  projects: z.array(timeProjectSchema),
  assignments: z.array(timeAssignmentSchema),
  rates: z.array(projectRateSchema),
  transferRates: z.array(transferRateSchema),
  costRates: z.array(costRateSchema),
  ruleSets: z.array(regionalRuleSetSchema),
  payCodes: z.array(payCodeSchema),
  closings: z.array(timeClosingSchema),
  periods: z.array(accountingPeriodSchema),
  payPeriods: z.array(payPeriodSchema),
  /** What was posted for this person before, of the days around this timesheet, of every entry it corrects and of every entry that took the place of one of its own. */
  posted: z.array(postedEntrySchema),
  /** Entries that were received and refused for good: their corrections stand on their own. */
  refused: z.array(systemRefSchema.extend({ replaces: recordRefSchema.nullable() })),
  /** Findings that somebody with the right role let pass. */
  waivers: z.array(z.strictObject({ entry: systemRefSchema, code: z.string().min(1), by: z.string().min(1) })),
  /** Approvals taken back, with the instant: an approval decided before that no longer counts. */
  withdrawals: z.array(z.strictObject({ timesheet: systemRefSchema, at: instantSchema })),
  /** Approved versions that take the place of this timesheet's, each with the IDs of the entries it still tells of. */
  laterVersions: z.array(z.strictObject({ version: versionSchema, entries: z.array(recordIdSchema) })).exactOptional(),
});
export type TimesheetContext = z.infer<typeof timesheetContextSchema>;
