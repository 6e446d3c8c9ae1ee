import { z } from 'zod';
import type { Instant } from '../../domain/dates.ts';
import type { Payment } from '../../domain/model/invoice.ts';
import { currencySchema } from '../../domain/money.ts';
import type { CallContext } from '../ports.ts';
import type { ChangedPayment } from '../receivables-port.ts';
import { asPayment, fieldsOf, unreadable, type PaymentRecord } from '../told-payment.ts';
import { cents, moneyOf } from './amounts.ts';
import type { About, Lago } from './client.ts';
import { invoiceRow, ourIdOf } from './invoice.ts';
import type { LagoOptions } from './options.ts';

const DAY_MS = 86_400_000;
const listedRow = z.looseObject({ lago_id: z.string().min(1), created_at: z.unknown() });
const paymentRow = z.object({
  invoice_ids: z.array(z.string()).nullish(),
  amount_cents: cents,
  amount_currency: currencySchema,
  payment_status: z.string(),
  type: z.string().nullish(),
  reference: z.string().nullish(),
  payment_provider_type: z.string().nullish(),
  provider_payment_id: z.string().nullish(),
});
const moment = z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString());
/** Of `payment_status`: only the first is money. Source: Lago's Payment model. */
const STATES: ReadonlySet<string> = new Set(['succeeded', 'pending', 'processing', 'failed']);
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

  return async function* (since: Instant, context: CallContext): AsyncGenerator<ChangedPayment> {
    const about: About = { object: `payments since ${since}`, context };
    const from = new Date(Date.parse(since) - options.paymentLookBackDays * DAY_MS).toISOString();
    const records: (PaymentRecord & { readonly at: Instant | null })[] = [];
    for await (const row of lago.list('/payments', 'payments', listedRow, about)) {
      const at = moment.safeParse(row.created_at);
      if (at.success && at.data < from) break;
      // Where the moment cannot be read, it is told as one of now: before those that are older.
      records.push({ system: lago.system, prefix: 'LAGO', what: 'payment', externalId: row.lago_id, changedAt: at.data ?? since, document: row, at: at.data ?? null });
    }
    const ours = new Map<string, string | null>();
    for (const record of records.toReversed()) {
      const read = fieldsOf(paymentRow, record);
      if ('told' in read) {
        yield read.told;
        continue;
      }
      const { fields } = read;
      if (record.at === null) yield unreadable(record, 'it does not say when it was made.');
      else if (!STATES.has(fields.payment_status)) yield unreadable(record, `its payment_status is "${fields.payment_status}", so whether money came in is not known.`, 'LAGO_PAYMENT_STATUS');
      else if (fields.payment_status === 'succeeded') {
        yield asPayment(record, {
          receivedAt: record.at, amount: moneyOf(fields.amount_cents, fields.amount_currency),
          method: fields.payment_provider_type ?? fields.type ?? null, reference: fields.reference ?? fields.provider_payment_id ?? null, applied: await appliedTo(fields, ours, about),
        });
      }
    }
  };
}
