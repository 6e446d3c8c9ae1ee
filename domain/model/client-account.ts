import { z } from 'zod';
import { currencySchema } from '../money.ts';
import { countrySchema, documentHead, textSchema } from './document.ts';

export const addressSchema = z.strictObject({
  street: textSchema.nullable(),
  city: textSchema.nullable(),
  region: textSchema.nullable(),
  postalCode: textSchema.nullable(),
  country: countrySchema.nullable(),
});
export type Address = z.infer<typeof addressSchema>;

/** A client's account as the CRM knows it; the hierarchy is told by `parentId`. */
export const clientAccountSchema = z.strictObject({
  ...documentHead('client-account', 1),
  id: z.string().min(1).max(100),
  name: z.string().min(1).max(255),
  parentId: z.string().min(1).max(100).nullable(),
  billingAddress: addressSchema,
  taxRegistrationNumber: z.string().max(40).nullable(),
  currency: currencySchema.nullable(),
});
export type ClientAccount = z.infer<typeof clientAccountSchema>;
