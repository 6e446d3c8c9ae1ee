import { createPrivateKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { currencySchema } from '../../domain/money.ts';

const fieldName = z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,79}$/, 'the API name of a field: "Legal_Entity__c"');

/** The firm's own field names; those of a standard installation are the defaults. */
const opportunityFieldsSchema = z.strictObject({
  legalEntity: fieldName.default('Legal_Entity__c'),
  serviceLine: fieldName.default('Service_Line__c'),
  practice: fieldName.default('Practice__c'),
  billingMethod: fieldName.default('Billing_Method__c'),
  projectTemplate: fieldName.default('Project_Template__c'),
  rateCard: fieldName.default('Rate_Card__c'),
  startDate: fieldName.default('Start_Date__c'),
  endDate: fieldName.default('End_Date__c'),
  purchaseOrder: fieldName.default('PO_Number__c'),
  deliveryStatus: fieldName.default('Delivery_Status__c'),
  deliveryMessage: fieldName.default('Delivery_Message__c'),
  deliveryProjects: fieldName.default('Delivery_Projects__c'),
  deliveryUpdatedAt: fieldName.default('Delivery_Updated_At__c'),
});

const lineFieldsSchema = z.strictObject({
  legalEntity: fieldName.default('Legal_Entity__c'),
  serviceLine: fieldName.default('Service_Line__c'),
  billingMethod: fieldName.default('Billing_Method__c'),
  projectTemplate: fieldName.default('Project_Template__c'),
  laborCategory: fieldName.default('Labor_Category__c'),
  unit: fieldName.default('Unit__c'),
  cap: fieldName.default('Cap_Amount__c'),
  milestone: fieldName.default('Milestone_Name__c'),
  resourceEmail: fieldName.default('Resource_Email__c'),
});

/** A custom object of the firm with one record for each project of a deal, found by an external ID field that holds the project's number. */
const deliveryRecordsSchema = z.strictObject({
  object: fieldName.default('Delivery__c'),
  externalId: fieldName.default('Delivery_Key__c'),
  opportunity: fieldName.default('Opportunity__c'),
  status: fieldName.default('Status__c'),
  message: fieldName.default('Message__c'),
  updatedAt: fieldName.default('Updated_At__c'),
});
export type DeliveryRecordsOptions = z.infer<typeof deliveryRecordsSchema>;

/** The subscription to change events over the Pub/Sub API (starters/change-events). */
const changeEventsSchema = z.strictObject({
  /** Salesforce's one address for all organizations; without TLS on the loopback address only. */
  endpoint: z.url({ protocol: /^https?$/ }).refine((url) => url.startsWith('https:') || isLoopback(url), 'https, or an address of this machine').default('https://api.pubsub.salesforce.com:7443'),
  /** "/data/OpportunityChangeEvent", or a custom channel with opportunities and opportunity products: "/data/Deals__chn". */
  topic: z.string().regex(/^\/(?:data|event)\/\w{1,80}$/).default('/data/OpportunityChangeEvent'),
  /** Events asked for ahead of what has been kept; Salesforce's bound is 100. */
  ahead: z.number().int().min(1).max(100).default(100),
  /** Salesforce sends at least an empty answer within 270 seconds: after this silence the stream is taken for dead. */
  silenceSeconds: z.number().positive().default(300),
  /** The stages' API names that mean won: an event that sets one begins a deal's process. */
  wonStages: z.array(z.string().min(1)).min(1).default(['Closed Won']),
});
export type ChangeEventsOptions = z.infer<typeof changeEventsSchema>;

export const salesforceOptionsSchema = z.strictObject({
  /** REST API version without the "v". */
  apiVersion: z.string().regex(/^\d{2,3}\.0$/).default('64.0'),
  /** The assertion's audience: "https://test.salesforce.com" for a Salesforce sandbox organization. */
  audience: z.url().default('https://login.salesforce.com'),
  /** Records on one page of a query's answer. */
  queryBatchSize: z.number().int().min(200).max(2000).default(2000),
  /** Where people look at records; null: the system's own address. */
  lightningBaseUrl: z.url().nullable().default(null),
  /** Set it in an organization without multiple currencies, which has no CurrencyIsoCode field. */
  corporateCurrency: currencySchema.nullable().default(null),
  opportunity: opportunityFieldsSchema.prefault({}),
  line: lineFieldsSchema.prefault({}),
  account: z.strictObject({ country: fieldName.default('BillingCountryCode'), taxRegistrationNumber: fieldName.default('Tax_Registration_Number__c') }).prefault({}),
  contract: z.strictObject({ type: fieldName.default('Contract_Type__c') }).prefault({}),
  /** Null: only the opportunity's own delivery fields are written. */
  deliveryRecords: deliveryRecordsSchema.nullable().default(null),
  /** Null: changes come by outbound messages and the sweep. */
  changeEvents: changeEventsSchema.nullable().default(null),
  /** The share of the organization's daily API requests from which on this system slows down, to leave the rest to others. */
  apiUsageCeiling: z.number().min(0.1).max(1).default(0.95),
});
export type SalesforceOptions = z.infer<typeof salesforceOptionsSchema>;

const certificateCredentials = z.object({
  /** The connected app's consumer key. */
  clientId: z.string().min(1),
  /** The integration user. */
  username: z.string().min(1),
  privateKeyPem: z.string().transform((pem, context): KeyObject => {
    try {
      return createPrivateKey(pem);
    } catch {
      context.addIssue({ code: 'custom', message: 'a private key in PEM form' });
      return z.NEVER;
    }
  }),
});

const secretCredentials = z.object({ clientId: z.string().min(1), clientSecret: z.string().min(1) });

/** With a private key the JWT bearer flow is used, else the client credentials flow as the user that the connected app runs as. */
export const salesforceCredentialsSchema = z.unknown().transform((value, context): z.infer<typeof certificateCredentials> | z.infer<typeof secretCredentials> => {
  const hasKey = typeof value === 'object' && value !== null && 'privateKeyPem' in value;
  const parsed = hasKey ? certificateCredentials.safeParse(value) : secretCredentials.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const { path, message } of parsed.error.issues) context.addIssue({ code: 'custom', path: [...path], message });
  return z.NEVER;
});
export type SalesforceCredentials = z.infer<typeof salesforceCredentialsSchema>;

function isLoopback(url: string): boolean {
  return /^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?(?:\/|$)/.test(url);
}
