import { z } from 'zod';
import { currencySchema } from '../../domain/money.ts';

const propertyName = z.string().regex(/^[a-z][a-z0-9_]{0,99}$/, 'the internal name of a property: "legal_entity"');

const dealPropertiesSchema = z.strictObject({
  legalEntity: propertyName.default('legal_entity'),
  serviceLine: propertyName.default('service_line'),
  practice: propertyName.default('practice'),
  billingMethod: propertyName.default('billing_method'),
  projectTemplate: propertyName.default('project_template'),
  rateCard: propertyName.default('rate_card'),
  startDate: propertyName.default('start_date'),
  endDate: propertyName.default('end_date'),
  purchaseOrder: propertyName.default('po_number'),
  contractNumber: propertyName.default('contract_number'),
  contractType: propertyName.default('contract_type'),
  contractStatus: propertyName.default('contract_status'),
  contractStart: propertyName.default('contract_start'),
  contractEnd: propertyName.default('contract_end'),
  deliveryStatus: propertyName.default('delivery_status'),
  deliveryMessage: propertyName.default('delivery_message'),
  deliveryProjects: propertyName.default('delivery_projects'),
  deliveryUpdatedAt: propertyName.default('delivery_updated_at'),
});

const linePropertiesSchema = z.strictObject({
  legalEntity: propertyName.default('legal_entity'),
  serviceLine: propertyName.default('service_line'),
  billingMethod: propertyName.default('billing_method'),
  projectTemplate: propertyName.default('project_template'),
  laborCategory: propertyName.default('labor_category'),
  unit: propertyName.default('unit'),
  cap: propertyName.default('cap_amount'),
  milestone: propertyName.default('milestone_name'),
  milestoneDueDate: propertyName.default('milestone_due_date'),
  resourceEmail: propertyName.default('resource_email'),
});

const companyPropertiesSchema = z.strictObject({
  /** Null: the parent company of HubSpot's own association. A name: a property of the firm's own with the parent's record ID. */
  parent: propertyName.nullable().default(null),
  country: propertyName.default('hs_country_code'),
  currency: propertyName.default('currency_code'),
  taxRegistrationNumber: propertyName.default('tax_registration_number'),
});

/** A custom object of the firm with one record for each project of a deal, found by a property with unique values that holds the project's number. */
const deliveryRecordsSchema = z.strictObject({
  /** As in paths: "2-3465404", or the fully qualified name "p48215077_delivery". */
  objectType: z.string().regex(/^(?:2-\d{1,20}|p\d*_[a-z][a-z0-9_]{0,99})$/, 'an object type ID ("2-3465404") or a fully qualified name ("p48215077_delivery")'),
  key: propertyName.default('delivery_key'),
  deal: propertyName.default('deal_id'),
  status: propertyName.default('delivery_status'),
  message: propertyName.default('delivery_message'),
  updatedAt: propertyName.default('delivery_updated_at'),
});

export const hubspotOptionsSchema = z.strictObject({
  /** Where people look at records; null: HubSpot's own address, or the system's where that is not HubSpot's API. */
  appBaseUrl: z.url().nullable().default(null),
  /** Internal IDs of the stages that mean won and lost, of every pipeline in use. */
  closedWonStages: z.array(z.string().min(1)).min(1).default(['closedwon']),
  closedLostStages: z.array(z.string().min(1)).default(['closedlost']),
  /** Currency of deals that name none: the account's company currency. */
  companyCurrency: currencySchema.nullable().default(null),
  /** The account's time zone: HubSpot keeps the closing day as an instant. A day set without a time is midnight in UTC and stays that day. */
  timeZone: z.string().refine(isTimeZone, 'an IANA time zone such as "Pacific/Auckland"').default('UTC'),
  /** Searches have a limit of their own, five a second for the whole account: one is left to others. */
  searchesPerSecond: z.number().positive().default(4),
  deal: dealPropertiesSchema.prefault({}),
  line: linePropertiesSchema.prefault({}),
  company: companyPropertiesSchema.prefault({}),
  /** The association label of the company that a deal is billed to, where it has several: its text ("Bill to") or, which nobody can rename, its type ID. Without such a company the primary one is. */
  billToLabel: z.union([z.string().trim().min(1), z.number().int().positive()]).nullable().default(null),
  /** Each write-back is also a note on the timelines of the deal and its client; `key` is a property of notes with unique values. Null: no notes. */
  notes: z.strictObject({ key: propertyName.default('q2c_note_key') }).nullable().default(null),
  /** Null: only the deal's own delivery properties are written. */
  deliveryRecords: deliveryRecordsSchema.nullable().default(null),
});
export type HubSpotOptions = z.infer<typeof hubspotOptionsSchema>;

export const hubspotCredentialsSchema = z.object({
  /** A private app's access token. */
  accessToken: z.string().min(1),
  /** The account's ID, for links. */
  portalId: z.union([z.string(), z.number()]).transform(String).nullish(),
});
export type HubSpotCredentials = z.infer<typeof hubspotCredentialsSchema>;

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
