import { z } from 'zod';
import { instantSchema, localDateSchema } from '../dates.ts';
import { currencySchema, decimalSchema, moneySchema } from '../money.ts';
import { codeSchema, documentHead } from './document.ts';

export const invoiceLineSchema = z.strictObject({
  /** Unique in its invoice, stable over changes. */
  number: z.number().int().positive(),
  projectNumber: codeSchema,
  kind: z.enum(['labor', 'expense', 'milestone', 'instalment', 'adjustment']),
  description: z.string().min(1).max(500),
  /** Hours, days or pieces, with their sign; null where the line is an amount alone. */
  quantity: decimalSchema.nullable(),
  unitPrice: moneySchema.nullable(),
  /** Without tax. */
  amount: moneySchema,
  taxRule: codeSchema,
  /** Percent. */
  taxRate: decimalSchema,
  tax: moneySchema,
  /** The postings behind it: what is marked invoiced. */
  postingKeys: z.array(z.string().min(1)).default([]),
});
export type InvoiceLine = z.infer<typeof invoiceLineSchema>;

/** What a legal entity bills a customer. `total` = sum of the lines' amounts and taxes, in the invoice's currency. A credit note carries negative amounts. */
export const invoiceSchema = z.strictObject({
  ...documentHead('invoice', 1),
  /** Ours, and every system's external ID of it: "INV-US01-2026-10-000017". */
  id: codeSchema,
  kind: z.enum(['invoice', 'credit_note']),
  /** Of a credit note: the invoice it takes back, by our ID. */
  credits: codeSchema.nullable(),
  legalEntity: codeSchema,
  customerId: z.string().min(1).max(120),
  contractId: z.string().min(1).max(120).nullable(),
  currency: currencySchema,
  issueDate: localDateSchema,
  dueDate: localDateSchema,
  periodFrom: localDateSchema,
  periodTo: localDateSchema,
  purchaseOrder: z.string().max(80).nullable(),
  memo: z.string().max(1000),
  lines: z.array(invoiceLineSchema).min(1).max(5000),
  net: moneySchema,
  tax: moneySchema,
  total: moneySchema,
});
export type Invoice = z.infer<typeof invoiceSchema>;

/** draft: can still change · issued: sent or posted · paid: nothing is open · voided: taken back · uncollectible: written off */
export const invoiceStatusSchema = z.enum(['draft', 'issued', 'partly_paid', 'paid', 'voided', 'uncollectible']);
export type InvoiceStatus = z.infer<typeof invoiceStatusSchema>;

/** What a system has of an invoice, asked from it. */
export const invoiceStandingSchema = z.strictObject({
  /** The number the customer sees; null before it is issued. */
  number: z.string().min(1).nullable(),
  status: invoiceStatusSchema,
  total: moneySchema,
  /** What is still to be paid. */
  open: moneySchema,
});
export type InvoiceStanding = z.infer<typeof invoiceStandingSchema>;

/** Money that came in, as the system that received it has it. */
export const paymentSchema = z.strictObject({
  ...documentHead('payment', 1),
  system: codeSchema,
  externalId: z.string().min(1).max(255),
  receivedAt: instantSchema,
  /** Negative where it was given back. */
  amount: moneySchema,
  method: z.string().min(1).max(60).nullable(),
  reference: z.string().max(255).nullable(),
  /** The parts of it that pay invoices, by the invoice's external ID there, and by ours where the system has it. */
  applied: z.array(z.strictObject({ externalInvoiceId: z.string().min(1), invoiceId: codeSchema.nullable(), amount: moneySchema })),
});
export type Payment = z.infer<typeof paymentSchema>;
