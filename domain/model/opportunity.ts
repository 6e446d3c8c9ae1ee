import { z } from 'zod';
import { instantSchema, localDateSchema } from '../dates.ts';
import { currencySchema, decimalSchema, decimalText, moneySchema } from '../money.ts';
import { clientAccountSchema } from './client-account.ts';
import { contractSchema } from './contract.ts';
import { documentHead, textSchema, upcast, type Upcaster } from './document.ts';

export const OPPORTUNITY_SCHEMA_VERSION = 2;

/** Codes as the CRM's users typed or picked them: whether the firm knows them is for the rules to say. */
const pickedCode = z.string().max(80).nullable();

/** Texts of which the later sorts after the earlier: "9" and "10" would not. */
const versionSchema = z.string().max(40).regex(/^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z|\d{10,40})$/, 'an instant such as 2026-11-21T06:50:00.000Z, or a counter padded with zeros to at least ten digits');

export const opportunityLineSchema = z.strictObject({
  id: z.string().min(1).max(100),
  description: z.string().max(255),
  legalEntity: pickedCode,
  serviceLine: pickedCode,
  billingMethod: pickedCode,
  projectTemplate: pickedCode,
  laborCategory: pickedCode,
  unit: z.enum(['hour', 'day', 'month', 'each']),
  quantity: decimalSchema,
  unitPrice: decimalSchema,
  amount: moneySchema,
  cap: moneySchema.nullable(),
  milestone: z.strictObject({ name: z.string().min(1).max(120), dueDate: localDateSchema.nullable() }).nullable(),
  resourceEmail: z.email().nullable(),
});
export type OpportunityLine = z.infer<typeof opportunityLineSchema>;

/** A sold (or not yet sold) deal as its CRM tells it, with everything the line needs to make projects of it. */
export const opportunitySchema = z.strictObject({
  ...documentHead('opportunity', OPPORTUNITY_SCHEMA_VERSION),
  crm: z.string().min(1).max(40),
  id: z.string().min(1).max(100).regex(/^[^/]+$/, 'an ID without "/"'),
  /** Grows with each change in the CRM, and is compared as text. */
  version: versionSchema,
  modifiedAt: instantSchema,
  url: z.url().nullable(),
  name: z.string().min(1).max(255),
  stage: z.enum(['open', 'closed_won', 'closed_lost']),
  closeDate: localDateSchema.nullable(),
  currency: currencySchema.nullable(),
  amount: moneySchema.nullable(),
  /** The deal's own account first, then its parents up to the top; ends early where a parent repeats. */
  accounts: z.array(clientAccountSchema).min(1).max(20),
  contract: contractSchema.nullable(),
  legalEntity: pickedCode,
  serviceLine: pickedCode,
  practice: pickedCode,
  billingMethod: pickedCode,
  projectTemplate: pickedCode,
  rateCard: pickedCode,
  startDate: localDateSchema.nullable(),
  endDate: localDateSchema.nullable(),
  purchaseOrder: textSchema.max(60).nullable(),
  lines: z.array(opportunityLineSchema).max(200),
});
export type Opportunity = z.infer<typeof opportunitySchema>;

/**
 * Version 1 had one `account` instead of the hierarchy and amounts as bare numbers in the deal's currency;
 * version 2 carries the hierarchy and exact money with its currency.
 */
const fromVersion1: Upcaster = (older) => {
  const { account, amount, lines, ...rest } = z
    .looseObject({
      account: z.unknown(),
      currency: z.string().nullable().default(null),
      amount: z.number().nullable().default(null),
      lines: z.array(z.looseObject({ amount: z.number(), quantity: z.number(), unitPrice: z.number(), cap: z.number().nullable().default(null) })).default([]),
    })
    .parse(older);
  const exact = (value: number | null) => (value === null || rest.currency === null ? null : { amount: decimalText(value), currency: rest.currency });
  return {
    ...rest,
    amount: exact(amount),
    accounts: [account],
    lines: lines.map((line) => ({
      ...line,
      quantity: decimalText(line.quantity),
      unitPrice: decimalText(line.unitPrice),
      amount: exact(line.amount),
      cap: exact(line.cap),
    })),
  };
};

/** Parses an opportunity of any known schema version into the newest. @throws ZodError, RangeError */
export function parseOpportunity(document: unknown): Opportunity {
  const loose = z.looseObject({ schema: z.literal('opportunity'), schemaVersion: z.number().int() }).parse(document);
  return opportunitySchema.parse(upcast(loose, OPPORTUNITY_SCHEMA_VERSION, { 1: fromVersion1 }));
}
