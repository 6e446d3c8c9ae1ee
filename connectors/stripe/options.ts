import { z } from 'zod';

/** How a tax rule of ours shows on Stripe's invoices. */
const taxSchema = z.strictObject({
  /** What customers read: "VAT". */
  name: z.string().min(1).max(200),
  type: z.enum(['gst', 'hst', 'igst', 'jct', 'pst', 'qst', 'rst', 'sales_tax', 'service_tax', 'vat']).optional(),
  country: z.string().regex(/^[A-Z]{2}$/, 'a two-letter country code').optional(),
  state: z.string().min(1).max(20).optional(),
  /** Why it is what it is, where the rate alone does not say. */
  reason: z.enum(['customer_exempt', 'not_collecting', 'not_subject_to_tax', 'not_supported', 'product_exempt', 'reduced_rated', 'reverse_charge', 'standard_rated', 'zero_rated']).optional(),
});
export type StripeTax = z.infer<typeof taxSchema>;

/** The `options` of a Stripe account in config/systems.yaml. */
export const stripeOptionsSchema = z.strictObject({
  /** Tax rule → what the invoice shows; a rule not named here shows its own code. */
  taxes: z.record(z.string(), taxSchema).default({}),
  /** Country of the billing address → the kind of tax ID its registration number is: { DE: eu_vat, GB: gb_vat, US: us_ein }. */
  taxIdTypes: z.record(z.string().regex(/^[A-Z]{2}$/), z.string().regex(/^[a-z]{2}_[a-z]+$/)).default({}),
  /** Who numbers invoices: Stripe when they are issued, or we by our own ID (at most 26 characters). */
  invoiceNumbers: z.enum(['stripe', 'ours']).default('stripe'),
  /** Whether Stripe e-mails an invoice to the customer when it is issued. */
  emailOnIssue: z.boolean().default(false),
  /** The e-mail address of customers that have none in Stripe: an invoice to be sent needs one. Often our own accounts-receivable mailbox. */
  fallbackEmail: z.email().max(512).optional(),
  /** Where the credit of an invoice goes that is paid already: to the customer's balance (next invoices are less), or refunded by people past Stripe. */
  creditOfPaid: z.enum(['customer_balance', 'outside_stripe']).default('customer_balance'),
  /** How customers are found that are older than `recentHours`: by search, or by the list of all (accounts in India have no search). */
  findCustomersBy: z.enum(['search', 'list']).default('search'),
  /** Search lags, up to an hour when it is disturbed: customers made in so many hours are found by the list instead, which never lags. */
  recentHours: z.number().int().min(2).max(720).default(24),
  /** An invoice is taken to be paid within so many days: payments are looked for among those of younger invoices, where Stripe's events (30 days) do not reach back. */
  paidWithinDays: z.number().int().min(30).max(3660).default(400),
  /** A refund is taken to succeed or fail within so many days: those settled lately are looked for among so much older ones, where events do not reach back. */
  refundedWithinDays: z.number().int().min(30).max(3660).default(180),
  /** The account's own time zone (Settings > Business > Account details), in which Stripe shows days: an invoice may be due until the end of today there. */
  timeZone: z.string().refine(isTimeZone, 'an IANA time zone such as "America/New_York"').default('UTC'),
  /** Address for people, for links: "https://dashboard.stripe.com". */
  dashboardUrl: z.url().optional(),
});
export type StripeOptions = z.infer<typeof stripeOptionsSchema>;

export const stripeCredentialsSchema = z.object({ secretKey: z.string().regex(/^(sk|rk)_(test|live)_\w+$/, 'a secret or restricted key of Stripe (sk_… or rk_…)') });

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone.length > 0;
  } catch {
    return false;
  }
}
