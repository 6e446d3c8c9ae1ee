import { z } from 'zod';
import { currencySchema } from '../money.ts';
import { addressSchema } from './client-account.ts';
import { codeSchema, documentHead } from './document.ts';

/** A client account as one ERP shall carry it: billed by these of our legal entities, in these currencies. */
export const customerSchema = z.strictObject({
  ...documentHead('customer', 1),
  /** "<crm>-<account>": stable over deals, so that two deals of one account share the customer. */
  id: z.string().min(1).max(120),
  name: z.string().min(1).max(255),
  parentId: z.string().min(1).max(120).nullable(),
  billingAddress: addressSchema,
  taxRegistrationNumber: z.string().max(40).nullable(),
  currencies: z.array(currencySchema).min(1),
  legalEntities: z.array(codeSchema).min(1),
  erp: codeSchema,
});
export type Customer = z.infer<typeof customerSchema>;
