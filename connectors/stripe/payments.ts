import { z } from 'zod';
import type { Instant } from '../../domain/dates.ts';
import type { CallContext } from '../ports.ts';
import type { ChangedPayment } from '../receivables-port.ts';
import { asPayment, fieldsOf, unreadable, type PaymentRecord } from '../told-payment.ts';
import { minorUnits, moneyOf } from './amounts.ts';
import type { About, Stripe } from './client.ts';
import { instantOf } from './dates.ts';
import type { StripeOptions } from './options.ts';

const DAY_S = 86_400;
/** Events go back 30 days; a day less, as lists take time to read. Source: https://docs.stripe.com/api/events/list */
const EVENT_DAYS = 29;
const EVENT_TYPES = ['invoice_payment.paid', 'refund.created', 'refund.updated', 'refund.failed'];

/** Of an event only what it is about is taken: its content is of the API version that made it. */
const eventRow = z.object({ id: z.string(), type: z.string(), created: z.int(), data: z.object({ object: z.looseObject({ id: z.string() }) }) });

/** A row of a list, by itself: the others are read even where this one cannot be. */
const listedRow = z.looseObject({ id: z.string().min(1) });
const methodOf = z.looseObject({ type: z.string() }).nullish();
const currency = z.string().regex(/^[A-Za-z]{3}$/, 'a three-letter currency code');
const invoicePaymentRow = z.object({
  id: z.string(),
  status: z.string(),
  currency,
  amount_paid: minorUnits.nullish(),
  status_transitions: z.object({ paid_at: z.int().nullish() }),
  invoice: z.looseObject({ id: z.string(), metadata: z.record(z.string(), z.string()).nullish() }),
  payment: z.object({
    type: z.string(),
    payment_intent: z.looseObject({ id: z.string(), latest_charge: z.looseObject({ payment_method_details: methodOf }).or(z.string()).nullish() }).nullish(),
    payment_record: z.looseObject({ id: z.string() }).or(z.string()).nullish(),
    charge: z.looseObject({ id: z.string() }).or(z.string()).nullish(),
  }),
});
type InvoicePaymentRow = z.infer<typeof invoicePaymentRow>;
const refundRow = z.object({ id: z.string(), amount: minorUnits, currency, created: z.int(), status: z.string().nullish(), payment_intent: z.string().nullish(), reason: z.string().nullish() });
type RefundRow = z.infer<typeof refundRow>;
/** https://docs.stripe.com/api/refunds/object#refund_object-status */
const REFUND_STATES: ReadonlyMap<string | null, 'underway' | 'given' | 'nothing given'> = new Map([
  ['pending', 'underway'], ['requires_action', 'underway'], ['succeeded', 'given'], ['failed', 'nothing given'], ['canceled', 'nothing given'],
]);
/** https://docs.stripe.com/api/invoice-payment/object#invoice_payment_object-status */
const PAYMENT_STATES: ReadonlyMap<string, 'paid' | 'not paid'> = new Map([['paid', 'paid'], ['open', 'not paid'], ['canceled', 'not paid']]);
const ofIntentRow = z.object({ id: z.string(), status: z.string(), invoice: z.looseObject({ id: z.string(), metadata: z.record(z.string(), z.string()).nullish() }) });

const EXPAND = ['invoice', 'payment.payment_intent.latest_charge'];

/**
 * Payments and refunds since a moment. An invoice payment is made when the invoice is issued and paid later, so its list cannot be asked for what was paid
 * lately: Stripe's events can, for 30 days. Before that, the list of the paid ones is read as far back as invoices take to be paid.
 */
export function createPayments(stripe: Stripe, options: StripeOptions, now: () => number) {
  const about = (context: CallContext, what: string): About => ({ object: what, context });

  const recordOf = (what: PaymentRecord['what'], document: z.infer<typeof listedRow>, at: number): PaymentRecord => ({ system: stripe.system, prefix: 'STRIPE', what, externalId: document.id, changedAt: instantOf(at), document });

  /** The invoice that the refunded payment paid; where it paid several, people say which. */
  async function refundedInvoice(refund: RefundRow, context: CallContext): Promise<z.infer<typeof ofIntentRow>['invoice'] | null> {
    if (refund.payment_intent == null) return null;
    const found: z.infer<typeof ofIntentRow>[] = [];
    const query = { payment: { type: 'payment_intent', payment_intent: refund.payment_intent }, expand: ['data.invoice'] };
    for await (const row of stripe.list('/invoice_payments', ofIntentRow, about(context, `refund ${refund.id}`), query)) if (row.status === 'paid') found.push(row);
    return found.length === 1 ? (found[0]?.invoice ?? null) : null;
  }

  /** Null for what is no money yet. */
  function paymentOf(record: PaymentRecord): ChangedPayment | null {
    const read = fieldsOf(invoicePaymentRow, record);
    if ('told' in read) return read.told;
    const { fields } = read;
    const state = PAYMENT_STATES.get(fields.status);
    if (state === undefined) return unreadable(record, `its status is "${fields.status}", so whether money came in is not known.`, 'STRIPE_PAYMENT_STATUS');
    if (state === 'not paid') return null;
    const { paid_at: paidAt } = fields.status_transitions;
    return paidAt == null ? unreadable(record, 'it is paid and does not say when.') : asPayment(record, paidOf(fields, paidAt));
  }

  async function refundOf(record: PaymentRecord, context: CallContext): Promise<ChangedPayment | null> {
    const read = fieldsOf(refundRow, record);
    if ('told' in read) return read.told;
    const { fields } = read;
    const state = REFUND_STATES.get(fields.status ?? null);
    if (state === undefined) return unreadable(record, `its status is "${fields.status ?? 'null'}", so whether money was given back is not known.`, 'STRIPE_REFUND_STATUS');
    if (state === 'underway') return null;
    const amount = moneyOf(state === 'given' ? `-${fields.amount}` : '0', fields.currency);
    const invoice = state === 'given' ? await refundedInvoice(fields, context) : null;
    return asPayment(record, {
      receivedAt: instantOf(fields.created), amount, method: 'refund', reference: fields.payment_intent ?? fields.reason ?? null,
      applied: invoice === null ? [] : [{ externalInvoiceId: invoice.id, invoiceId: invoice.metadata?.['q2c_invoice'] ?? null, amount }],
    });
  }

  async function* byEvents(sinceS: number, context: CallContext): AsyncGenerator<ChangedPayment> {
    const latest = new Map<string, { readonly type: string; readonly at: number }>();
    for await (const event of stripe.list('/events', eventRow, about(context, `payments since ${instantOf(sinceS)}`), { created: { gte: sinceS }, types: EVENT_TYPES })) {
      const { id } = event.data.object;
      if (!latest.has(id)) latest.set(id, { type: event.type, at: event.created });
    }
    for (const [id, { type, at }] of [...latest].toReversed()) {
      context.heartbeat(`${stripe.system}: payment ${id}`);
      const isRefund = type.startsWith('refund.');
      const row = isRefund ? await stripe.get(`/refunds/${id}`, listedRow, about(context, `refund ${id}`)) : await stripe.get(`/invoice_payments/${id}`, listedRow, about(context, `payment ${id}`), { expand: EXPAND });
      if (row === null) continue;
      const told = isRefund ? await refundOf(recordOf('refund', row, at), context) : paymentOf(recordOf('payment', row, at));
      if (told !== null) yield told;
    }
  }

  async function* byLists(sinceS: number, context: CallContext): AsyncGenerator<ChangedPayment> {
    const records: { readonly at: number; readonly record: PaymentRecord }[] = [];
    const query = { status: 'paid', created: { gte: sinceS - options.paidWithinDays * DAY_S }, expand: EXPAND.map((path) => `data.${path}`) };
    for await (const row of stripe.list('/invoice_payments', listedRow, about(context, `payments since ${instantOf(sinceS)}`), query)) {
      const at = z.object({ status_transitions: z.object({ paid_at: z.int() }) }).safeParse(row).data?.status_transitions.paid_at ?? sinceS;
      if (at >= sinceS) records.push({ at, record: recordOf('payment', row, at) });
    }
    // A refund does not say when it was settled: one that was made before may have been since.
    const refundsFrom = { created: { gte: sinceS - options.refundedWithinDays * DAY_S } };
    for await (const row of stripe.list('/refunds', listedRow, about(context, `refunds since ${instantOf(sinceS)}`), refundsFrom)) {
      const at = Math.max(z.object({ created: z.int() }).safeParse(row).data?.created ?? sinceS, sinceS);
      records.push({ at, record: recordOf('refund', row, at) });
    }
    for (const { record } of records.toSorted((left, right) => left.at - right.at)) {
      const told = record.what === 'refund' ? await refundOf(record, context) : paymentOf(record);
      if (told !== null) yield told;
    }
  }

  return (since: Instant, context: CallContext): AsyncIterable<ChangedPayment> => {
    const sinceS = Math.floor(Date.parse(since) / 1000);
    return sinceS * 1000 >= now() - EVENT_DAYS * DAY_S * 1000 ? byEvents(sinceS, context) : byLists(sinceS, context);
  };
}

function paidOf(row: InvoicePaymentRow, paidAt: number): Parameters<typeof asPayment>[1] {
  const { payment_intent: intent, payment_record: record, charge } = row.payment;
  const details = typeof intent?.latest_charge === 'object' ? intent.latest_charge?.payment_method_details : undefined;
  const idOf = (each: { readonly id: string } | string | null | undefined) => (typeof each === 'string' ? each : (each?.id ?? null));
  const amount = moneyOf(row.amount_paid ?? '0', row.currency);
  return {
    receivedAt: instantOf(paidAt), amount,
    method: details?.type ?? (row.payment.type === 'payment_record' ? 'outside_stripe' : row.payment.type),
    reference: intent?.id ?? idOf(record) ?? idOf(charge),
    applied: [{ externalInvoiceId: row.invoice.id, invoiceId: row.invoice.metadata?.['q2c_invoice'] ?? null, amount }],
  };
}
