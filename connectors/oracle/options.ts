import { z } from 'zod';
import { billingMethodSchema } from '../../domain/model/billing.ts';
import { statementOfWorkSchema } from '../../domain/model/statement-of-work.ts';

const name = z.string().min(1);
const byCode = z.record(z.string(), name);

const billPlanSchema = z.strictObject({
  /** Bill plan and revenue methods, as set up under Manage Billing Methods. */
  method: name,
  revenueMethod: name.optional(),
  cycle: name.optional(),
  laborFormat: name.optional(),
  nonlaborFormat: name.optional(),
  eventFormat: name.optional(),
});

/** The `options` of an Oracle Fusion Cloud in config/systems.yaml. Names are as the set-up pages show them. */
export const oracleOptionsSchema = z.strictObject({
  /** Legal entity → business unit. */
  businessUnits: byCode.default({}),
  /** Legal entity → name of Oracle's own legal entity; the business unit's applies where there is none. */
  legalEntities: byCode.default({}),
  /** Cost center or legal entity → organization that owns projects and expenditures; else the business unit's name. */
  organizations: byCode.default({}),
  /** What the records are found by, registered as source system, source application and billing event source. */
  sourceName: name.max(30).default('Q2C'),
  /** Project template code or billing method → number of Oracle's project template. */
  projectTemplates: byCode.default({}),
  /** Codes of project statuses. */
  projectStatuses: z.strictObject({ pending: name, active: name, closed: name, cancelled: name }).default({ pending: 'SUBMITTED', active: 'ACTIVE', closed: 'CLOSED', cancelled: 'REJECTED' }),
  contractTypes: z.partialRecord(statementOfWorkSchema.shape.type, name).default({}),
  contractType: name.default('Sell: Project Lines'),
  contractLineType: name.default('Free-form, project'),
  /** By billing method. Without one, contracts get no bill plan, and finance adds it. */
  billPlans: z.partialRecord(billingMethodSchema, billPlanSchema).default({}),
  /** Days of payment → payment terms of bill plans. */
  paymentTerms: byCode.default({}),
  /** Event type names of billing events. */
  eventTypes: z.strictObject({ instalment: name, milestone: name }).default({ instalment: 'Fixed Fee', milestone: 'Milestone' }),
  rates: z.strictObject({ scheduleType: z.enum(['PROJECT_ROLE', 'JOB']), set: name, jobSet: name.optional() }).default({ scheduleType: 'PROJECT_ROLE', set: 'COMMON' }),
  /** Labor category → project role or job, by which hours are priced; a category that is not here is its own. */
  roles: byCode.default({}),
  hoursPerDay: z.number().positive().default(8),
  labor: z
    .strictObject({
      /** A third-party transaction source of ours alone, with duplicate references not allowed. */
      transactionSource: name.default('Q2C'),
      document: name.default('Approved time'),
      documentEntry: name.default('Labor'),
      expenditureType: name.default('Professional Labor'),
      /** By labor category, where not all are the same. */
      expenditureTypes: byCode.default({}),
      /** Whether the document takes raw costs; else Oracle prices hours by its own cost rates. */
      costed: z.boolean().default(false),
      /** Work type IDs that make a line billable or not; without them the task decides. */
      workTypes: z.strictObject({ billable: name, nonBillable: name }).optional(),
    })
    .prefault({}),
  /** Legal entity → project that takes its own people's cost of work for a project that another ERP keeps. */
  costProjects: byCode.default({}),
  /** Lines of labor in one batch request, all done or none. */
  linesPerRequest: z.int().min(1).max(500).default(50),
  /** Customer accounts of Receivables, made over SOAP; the reference data set ID of each legal entity's sites. Without it, customers are organizations only. */
  customerAccounts: z.strictObject({ sets: byCode }).optional(),
  /** Where OAuth tokens come from: the identity domain, or the system's own address (a sandbox). */
  identityDomain: z.union([z.url(), z.literal('environment')]).optional(),
  scope: name.optional(),
});
export type OracleOptions = z.infer<typeof oracleOptionsSchema>;

/**
 * What an integration user signs in with, told by its shape: an assertion signed for the user (JWT), a confidential application of its own
 * (client credentials), or a password.
 */
export const oracleCredentialsSchema = z.union([
  z.object({ username: name, clientId: name, clientSecret: name.optional(), certificateAlias: name, privateKeyPem: z.string().includes('PRIVATE KEY') }),
  z.object({ clientId: name, clientSecret: name }),
  z.object({ username: name, password: name }),
]);
export type OracleCredentials = z.infer<typeof oracleCredentialsSchema>;
