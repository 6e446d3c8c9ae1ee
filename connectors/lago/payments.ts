import { z } from 'zod';
import type { Instant } from '../../domain/dates.ts';
import { paymentSchema, type Payment } from '../../domain/model/invoice.ts';
import type { CallContext } from '../ports.ts';
import { cents, moneyOf } from './amounts.ts';
import type { About, Lago } from './client.ts';
import { invoiceRow, ourIdOf } from './invoice.ts';
import type { LagoOptions } from './options.ts';

const DAY_MS = 86_400_000;
const paymentRow = z.object({
  lago_id: z.string(),
  invoice_ids: z.array(z.string()).nullish(),
  amount_cents: cents,
  amount_currency: z.string(),
  payment_status: z.string(),
  type: z.string().nullish(),
  reference: z.string().nullish(),
  payment_provider_type: z.string().nullish(),
  provider_payment_id: z.string().nullish(),
  created_at: z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString()),
});
type PaymentRow = z.infer<typeof paymentRow>;

/**
 * Payments by their list, newest first. A payment that a provider confirms later keeps its first moment, and one entered by hand carries the day it was made,
 * so they are told from `paymentLookBackDays` before `since`: more than was asked for, each known by its ID.
 */
export function createPayments(lago: Lago, options: LagoOptions) {
  async function appliedTo(row: PaymentRow, ours: Map<string, string | null>, about: About): Promise<Payment['applied']> {
    const [invoiceId, ...others] = row.invoice_ids ?? [];
    // A payment request pays several invoices; Lago does not tell how much of each.
    if (invoiceId === undefined || others.length > 0) return [];
    if (!ours.has(invoiceId)) {
      const found = await lago.get(`/invoices/${encodeURIComponent(invoiceId)}`, z.object({ invoice: invoiceRow }), about);
      ours.set(invoiceId, found === null ? null : ourIdOf(found.invoice));
    }
    return [{ externalInvoiceId: invoiceId, invoiceId: ours.get(invoiceId) ?? null, amount: moneyOf(row.amount_cents, row.amount_currency) }];
  }

  return async function* (since: Instant, context: CallContext): AsyncGenerator<{ readonly changedAt: Instant; readonly payment: Payment }> {
    const about: About = { object: `payments since ${since}`, context };
    const from = new Date(Date.parse(since) - options.paymentLookBackDays * DAY_MS).toISOString();
    const rows: PaymentRow[] = [];
    for await (const row of lago.list('/payments', 'payments', paymentRow, about)) {
      if (row.created_at < from) break;
      if (row.payment_status === 'succeeded') rows.push(row);
    }
    const ours = new Map<string, string | null>();
    for (const row of rows.toReversed()) {
      const payment = paymentSchema.parse({
        schema: 'payment', schemaVersion: 1, system: lago.system, externalId: row.lago_id, receivedAt: row.created_at, amount: moneyOf(row.amount_cents, row.amount_currency),
        method: row.payment_provider_type ?? row.type ?? null, reference: row.reference ?? row.provider_payment_id ?? null, applied: await appliedTo(row, ours, about),
      });
      yield { changedAt: row.created_at, payment };
    }
  };
}
