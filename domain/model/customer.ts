import { z } from 'zod';
import { currencySchema } from '../money.ts';
import { addressSchema } from './client-account.ts';
import { codeSchema, documentHead } from './document.ts';

/** What a deal says of a customer, and what the configuration can say the system of record of. */
export const CUSTOMER_ATTRIBUTES = ['name', 'parentId', 'billingAddress', 'taxRegistrationNumber', 'currencies', 'legalEntities'] as const;
export type CustomerAttribute = (typeof CUSTOMER_ATTRIBUTES)[number];

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
  /** Attributes with another system of record than the CRM: sent when the customer is made, left alone where it stands already. */
  ownedElsewhere: z.array(z.enum(CUSTOMER_ATTRIBUTES)).default([]),
});
export type Customer = z.infer<typeof customerSchema>;

/** Whether a write may set the attribute: always at first, later unless another system owns it. */
export function maySet(customer: Customer, attribute: CustomerAttribute, exists: boolean): boolean {
  return !exists || !customer.ownedElsewhere.includes(attribute);
}
