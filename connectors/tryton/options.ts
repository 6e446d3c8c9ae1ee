import { z } from 'zod';

const byCode = z.record(z.string(), z.string().min(1));

/** The `options` of a Tryton in config/systems.yaml. Everything has a default that fits a database set up as the README says. */
export const trytonOptionsSchema = z.strictObject({
  /** Legal entity code → ID of its company.company. An entity that is not named here is the company whose party has the entity's code. */
  companies: z.record(z.string(), z.string().regex(/^\d+$/, 'the ID of a company in Tryton, as text')).default({}),
  /** Names (in English) of the project.work.status records. */
  projectStatuses: z
    .strictObject({ pending: z.string(), active: z.string(), closed: z.string(), cancelled: z.string() })
    .default({ pending: 'Pending', active: 'Open', closed: 'Done', cancelled: 'Cancelled' }),
  /** Labor category code → code of the product.product that stands for an hour of it. A category not named here has its own code. */
  products: byCode.default({}),
  /** Days of payment → name of the account.invoice.payment_term. Without one, the sale keeps the customer's term. */
  paymentTerms: byCode.default({}),
  /** Country code → type of party.identifier under which a tax registration number is checked and kept ("eu_vat"). Others are kept unchecked. */
  taxIdentifierTypes: byCode.default({}),
  /** Address of the web client, for links in cases: "https://erp.example.com". */
  webClient: z.url().optional(),
});
export type TrytonOptions = z.infer<typeof trytonOptionsSchema>;

export const trytonCredentialsSchema = z.object({ database: z.string().min(1), user: z.string().min(1), password: z.string().min(1) });
export type TrytonCredentials = z.infer<typeof trytonCredentialsSchema>;
