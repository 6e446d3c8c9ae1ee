import { z } from 'zod';
import { localDateSchema } from '../dates.ts';
import { currencySchema, decimalSchema, moneySchema } from '../money.ts';
import { billingMethodSchema } from './billing.ts';
import { codeSchema, documentHead } from './document.ts';

export const statementOfWorkLineSchema = z.strictObject({
  projectNumber: codeSchema,
  serviceLine: codeSchema,
  billingMethod: billingMethodSchema,
  description: z.string().min(1).max(255),
  quantity: decimalSchema,
  unit: z.enum(['hour', 'day', 'month', 'each']),
  unitPrice: decimalSchema,
  amount: moneySchema,
});

/** What was sold, by one legal entity, as the ERP shall book it. */
export const statementOfWorkSchema = z.strictObject({
  ...documentHead('statement-of-work', 1),
  id: z.string().min(1).max(120),
  /** The contract's number in the CRM. */
  number: z.string().min(1).max(80),
  type: z.enum(['master_services_agreement', 'statement_of_work', 'order_form']),
  customerId: z.string().min(1).max(120),
  legalEntity: codeSchema,
  erp: codeSchema,
  currency: currencySchema,
  signedOn: localDateSchema,
  startDate: localDateSchema,
  endDate: localDateSchema,
  purchaseOrder: z.string().max(60).nullable(),
  paymentTermsDays: z.number().int().nonnegative(),
  total: moneySchema,
  lines: z.array(statementOfWorkLineSchema).min(1),
});
export type StatementOfWork = z.infer<typeof statementOfWorkSchema>;
