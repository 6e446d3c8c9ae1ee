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
});
export type SalesforceOptions = z.infer<typeof salesforceOptionsSchema>;

export const salesforceCredentialsSchema = z.object({
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
export type SalesforceCredentials = z.infer<typeof salesforceCredentialsSchema>;
