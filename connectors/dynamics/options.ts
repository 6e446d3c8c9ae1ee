import { z } from 'zod';
import { billingMethodSchema } from '../../domain/model/billing.ts';

/** A legal entity's company ID, in Dynamics `dataAreaId`: at most four characters. */
const company = z.string().regex(/^[A-Za-z0-9]{1,4}$/, 'a dataAreaId of at most four letters and digits');
const name = z.string().min(1);
const projectGroups = z.partialRecord(billingMethodSchema, name);
/** ProjStatus; User1 to User3 are named by each company. */
const projectStage = z.enum(['Created', 'Estimated', 'Scheduled', 'InProcess', 'User1', 'User2', 'User3', 'Completed']);

/** The `options` of a Dynamics 365 Finance in config/systems.yaml. */
export const dynamicsOptionsSchema = z.strictObject({
  /** Legal entity → dataAreaId. */
  companies: z.record(z.string(), company).default({}),
  /** Which entities projects and contracts are kept in: those of project accounting, or those of Project Operations integrated with the ERP. */
  projectEntities: z.enum(['project_accounting', 'project_operations']).default('project_accounting'),
  /** Whether the WBS is written as ProjectTasks; without, it stands in the project's notes and hours name no activity. */
  wbs: z.enum(['project_tasks', 'none']).default('project_tasks'),
  customerGroup: name.default('10'),
  /** Billing method → project group, which carries the posting profiles. */
  projectGroups: projectGroups.default({ time_and_materials: 'TM', capped: 'TM', fixed_fee: 'FP', milestone: 'FP', retainer: 'FP' }),
  projectStages: z.strictObject({ pending: projectStage, active: projectStage, closed: projectStage, cancelled: projectStage }).default({ pending: 'Created', active: 'InProcess', closed: 'Completed', cancelled: 'Completed' }),
  /** Days of payment → terms of payment. Without one, the customer's apply. */
  paymentTerms: z.record(z.string(), name).default({}),
  /** ISO 3166 country of two letters → country/region ID, where the ISO code of the address is not enough. */
  countries: z.record(z.string(), name).default({}),
  /** Labor category → resource category (role), by which hours are priced; a category that is not here is its own role. */
  roles: z.record(z.string(), name).default({}),
  /** Labor category → project category of hours; `hourCategory` for all others. */
  categories: z.record(z.string(), name).default({}),
  hourCategory: name.default('Hours'),
  lineProperties: z.strictObject({ billable: name, nonBillable: name }).default({ billable: 'Billable', nonBillable: 'NonBill' }),
  /** Project journal name of type Hour. */
  journalName: name.default('Hour'),
  /** Legal entity → project that takes its own people's cost of work for a project that another ERP keeps. */
  costProjects: z.record(z.string(), name).default({}),
  hoursPerDay: z.number().positive().default(8),
  /** Lines of labor in one request; more than one go together as a change set. */
  linesPerRequest: z.int().min(1).max(1000).default(100),
  /** Where tokens come from: Microsoft Entra ID, or the environment itself (a sandbox). */
  authority: z.union([z.url(), z.literal('environment')]).default('https://login.microsoftonline.com'),
  /** The environment's address for people, for links; the API's own where it is not given. */
  environmentUrl: z.url().optional(),
});
export type DynamicsOptions = z.infer<typeof dynamicsOptionsSchema>;

const app = { tenantId: z.string().min(1), clientId: z.string().min(1) };

/** An app registration with a secret, or with a certificate (thumbprint: base64url of the certificate's SHA-256). */
export const dynamicsCredentialsSchema = z.union([
  z.object({ ...app, privateKeyPem: z.string().includes('PRIVATE KEY'), certificateThumbprint: z.string().min(1) }),
  z.object({ ...app, clientSecret: z.string().min(1) }),
]);
export type DynamicsCredentials = z.infer<typeof dynamicsCredentialsSchema>;
