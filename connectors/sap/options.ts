import { z } from 'zod';
import { billingMethodSchema } from '../../domain/model/billing.ts';

const text = (length: number) => z.string().min(1).max(length);
const organization = z.strictObject({ companyCode: text(4), salesOrganization: text(4) });

/** The `options` of an SAP S/4HANA Cloud in config/systems.yaml. Values are keys of its configuration. */
export const sapOptionsSchema = z.strictObject({
  /** Legal entity → company code and sales organization. */
  organizations: z.record(z.string(), organization).default({}),
  distributionChannel: text(2).default('10'),
  division: text(2).default('00'),
  /** Business partners: grouping (number range), roles, reconciliation account of each company code. */
  partnerGrouping: text(4).default('BP02'),
  partnerRoles: z.array(text(6)).min(1).default(['FLCU00', 'FLCU01']),
  reconciliationAccount: text(10).default('12100000'),
  /** ISO country → business partner tax type. A tax number of a country that is not here is not sent. */
  taxTypes: z.record(z.string(), text(4)).default({}),
  /** Days of payment → terms of payment. Without one, the customer's apply. */
  paymentTerms: z.record(z.string(), text(4)).default({}),
  salesOrderType: text(4).default('OR'),
  /** Billing method → product of the sales order's item, whose item category decides how it is billed. */
  products: z.partialRecord(billingMethodSchema, text(40)).default({ time_and_materials: 'P002', capped: 'P002', fixed_fee: 'P001', milestone: 'P001', retainer: 'P001' }),
  /** Condition type that takes an item's value as it is agreed. */
  priceCondition: text(4).default('PPR0'),
  /** Header text for what was sold. */
  orderText: text(4).default('TX01'),
  /** Reason for rejection of items that can no longer be deleted. */
  rejectionReason: text(2).default('61'),
  /** Date category of dates in billing plans; the plan type's own where it is not given. */
  billingDateCategory: text(2).optional(),
  projectProfile: text(7).default('YP02'),
  /** Our cost center → SAP's; a code that is not here is its own. */
  costCenters: z.record(z.string(), text(10)).default({}),
  /** Legal entity → profit center of projects; derived from the cost center where it is not given. */
  profitCenters: z.record(z.string(), text(10)).default({}),
  processingStatuses: z.strictObject({ pending: text(2), active: text(2), closed: text(2), cancelled: text(2) }).default({ pending: '00', active: '10', closed: '42', cancelled: '42' }),
  /** Labor category → activity type, by which hours are costed and priced; `activityType` for all others. */
  activityTypes: z.record(z.string(), text(6)).default({}),
  activityType: text(6).default('T001'),
  controllingArea: text(4).default('A000'),
  /** Billing control category of hours that are not billed. */
  notBilled: text(8).default('NB'),
  /** Custom CDS view with DefaultEmailAddress, PersonWorkAgreementExternalID and CompanyCode, published as an OData service. */
  peopleView: z.string().regex(/^YY1_\w{1,26}$/, 'the name of a custom CDS view: YY1_…').default('YY1_Q2CPEOPLE'),
  /** Legal entity → project that takes its own people's cost of work for a project that another ERP keeps. */
  costProjects: z.record(z.string(), text(24)).default({}),
  /** Entries of labor in one $batch; 1: each by a POST of its own. */
  linesPerRequest: z.int().min(1).max(100).default(100),
  /** Two letters, for texts and addresses. */
  language: z.string().length(2).default('EN'),
  /** Where people open it; derived from the API's address (my123-api.… → my123.…) where it is not given. */
  uiUrl: z.url().optional(),
});
export type SapOptions = z.infer<typeof sapOptionsSchema>;

/** A communication user with a password, or an OAuth 2.0 client; the token endpoint is the system's own where none is named. */
export const sapCredentialsSchema = z.union([
  z.object({ clientId: z.string().min(1), clientSecret: z.string().min(1), tokenUrl: z.url().optional() }),
  z.object({ user: z.string().min(1), password: z.string().min(1) }),
]);
export type SapCredentials = z.infer<typeof sapCredentialsSchema>;
