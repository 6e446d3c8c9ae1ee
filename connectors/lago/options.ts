import { z } from 'zod';

const LINE_KINDS = ['labor', 'expense', 'milestone', 'instalment', 'adjustment'] as const;

/** The `options` of a Lago organization in config/systems.yaml. */
export const lagoOptionsSchema = z.strictObject({
  /** Kind of invoice line → code of the add-on that stands for it; a kind not named here is the add-on called like it. */
  addOns: z.partialRecord(z.enum(LINE_KINDS), z.string().min(1)).default({}),
  /** Tax rule → codes of the taxes in Lago that make up its rate, also where the rate is 0: without codes Lago applies its defaults. */
  taxCodes: z.record(z.string(), z.array(z.string().min(1)).min(1)).default({}),
  /** Legal entity → code of its billing entity in Lago; without it, the customer's own applies. */
  billingEntities: z.record(z.string(), z.string().min(1)).default({}),
  /** The property of usage events that carries the quantity. */
  usageProperty: z.string().min(1).max(40).default('quantity'),
  /** Payments entered by hand carry the day they were made: they are looked for so many days back. */
  paymentLookBackDays: z.number().int().min(1).max(3660).default(45),
  /** Address for people, for links: "https://app.getlago.com". */
  appUrl: z.url().optional(),
});
export type LagoOptions = z.infer<typeof lagoOptionsSchema>;

export const lagoCredentialsSchema = z.object({ apiKey: z.string().min(1) });
