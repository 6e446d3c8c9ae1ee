import { z } from 'zod';
import type { Instant } from '../../domain/dates.ts';
import { paymentSchema, type Payment } from '../../domain/model/invoice.ts';
import type { CallContext } from '../ports.ts';
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

const methodOf = z.looseObject({ type: z.string() }).nullish();
const invoicePaymentRow = z.object({
  id: z.string(),
  status: z.string(),
  currency: z.string(),
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
const refundRow = z.object({ id: z.string(), amount: minorUnits, currency: z.string(), created: z.int(), status: z.string().nullish(), payment_intent: z.string().nullish(), reason: z.string().nullish() });
type RefundRow = z.infer<typeof refundRow>;
/** https://docs.stripe.com/api/refunds/object#refund_object-status */
const REFUND_STATES: ReadonlyMap<string | null, 'underway' | 'given' | 'nothing given'> = new Map([
  ['pending', 'underway'], ['requires_action', 'underway'], ['succeeded', 'given'], ['failed', 'nothing given'], ['canceled', 'nothing given'],
]);
const ofIntentRow = z.object({ id: z.string(), status: z.string(), invoice: z.looseObject({ id: z.string(), metadata: z.record(z.string(), z.string()).nullish() }) });

const EXPAND = ['invoice', 'payment.payment_intent.latest_charge'];

export interface Change {
  readonly changedAt: Instant;
  readonly payment: Payment;
}

/**
 * Payments and refunds since a moment. An invoice payment is made when the invoice is issued and paid later, so its list cannot be asked for what was paid
 * lately: Stripe's events can, for 30 days. Before that, the list of the paid ones is read as far back as invoices take to be paid.
 */
export function createPayments(stripe: Stripe, options: StripeOptions, now: () => number) {
  const about = (context: CallContext, what: string): About => ({ object: what, context });

  const paidOf = (row: InvoicePaymentRow): Payment => {
    const { payment_intent: intent, payment_record: record, charge } = row.payment;
    const details = typeof intent?.latest_charge === 'object' ? intent.latest_charge?.payment_method_details : undefined;
    const idOf = (each: { readonly id: string } | string | null | undefined) => (typeof each === 'string' ? each : (each?.id ?? null));
    const amount = moneyOf(row.amount_paid ?? '0', row.currency);
    return paymentSchema.parse({
      schema: 'payment', schemaVersion: 1, system: stripe.system, externalId: row.id, receivedAt: instantOf(row.status_transitions.paid_at ?? 0), amount,
      method: details?.type ?? (row.payment.type === 'payment_record' ? 'outside_stripe' : row.payment.type),
      reference: intent?.id ?? idOf(record) ?? idOf(charge),
      applied: [{ externalInvoiceId: row.invoice.id, invoiceId: row.invoice.metadata?.['q2c_invoice'] ?? null, amount }],
    });
  };

  /** The invoice that the refunded payment paid; where it paid several, people say which. */
  async function refundedInvoice(refund: RefundRow, context: CallContext): Promise<z.infer<typeof ofIntentRow>['invoice'] | null> {
    if (refund.payment_intent == null) return null;
    const found: z.infer<typeof ofIntentRow>[] = [];
    const query = { payment: { type: 'payment_intent', payment_intent: refund.payment_intent }, expand: ['data.invoice'] };
    for await (const row of stripe.list('/invoice_payments', ofIntentRow, about(context, `refund ${refund.id}`), query)) if (row.status === 'paid') found.push(row);
    return found.length === 1 ? (found[0]?.invoice ?? null) : null;
  }

  async function refundOf(row: RefundRow, context: CallContext): Promise<Payment> {
    const given = stateOf(row, context) === 'given' ? `-${row.amount}` : '0';
    const amount = moneyOf(given, row.currency);
    const invoice = given === '0' ? null : await refundedInvoice(row, context);
    return paymentSchema.parse({
      schema: 'payment', schemaVersion: 1, system: stripe.system, externalId: row.id, receivedAt: instantOf(row.created), amount, method: 'refund', reference: row.payment_intent ?? row.reason ?? null,
      applied: invoice === null ? [] : [{ externalInvoiceId: invoice.id, invoiceId: invoice.metadata?.['q2c_invoice'] ?? null, amount }],
    });
  }

  const stateOf = (refund: RefundRow, context: CallContext) => {
    const state = REFUND_STATES.get(refund.status ?? null);
    if (state !== undefined) return state;
    throw stripe.failure(about(context, `refund ${refund.id}`), { kind: 'contract', code: 'STRIPE_REFUND_STATUS', message: `Refund ${refund.id} has the status ${refund.status ?? 'null'} in Stripe, which the connector does not know: whether money was given back is not known.`, mend: 'Add the status to connectors/stripe/payments.ts, then retry.' });
  };
  const isSettled = (refund: RefundRow, context: CallContext) => stateOf(refund, context) !== 'underway';

  async function* byEvents(sinceS: number, context: CallContext): AsyncGenerator<Change> {
    const latest = new Map<string, { readonly type: string; readonly at: number }>();
    for await (const event of stripe.list('/events', eventRow, about(context, `payments since ${instantOf(sinceS)}`), { created: { gte: sinceS }, types: EVENT_TYPES })) {
      const { id } = event.data.object;
      if (!latest.has(id)) latest.set(id, { type: event.type, at: event.created });
    }
    for (const [id, { type, at }] of [...latest].toReversed()) {
      context.heartbeat(`${stripe.system}: payment ${id}`);
      const changedAt = instantOf(at);
      if (type.startsWith('refund.')) {
        const row = await stripe.get(`/refunds/${id}`, refundRow, about(context, `refund ${id}`));
        if (row !== null && isSettled(row, context)) yield { changedAt, payment: await refundOf(row, context) };
      } else {
        const row = await stripe.get(`/invoice_payments/${id}`, invoicePaymentRow, about(context, `payment ${id}`), { expand: EXPAND });
        if (row?.status === 'paid') yield { changedAt, payment: paidOf(row) };
      }
    }
  }

  async function* byLists(sinceS: number, context: CallContext): AsyncGenerator<Change> {
    const changes: { readonly at: number; readonly read: () => Payment | Promise<Payment> }[] = [];
    const query = { status: 'paid', created: { gte: sinceS - options.paidWithinDays * DAY_S }, expand: EXPAND.map((path) => `data.${path}`) };
    for await (const row of stripe.list('/invoice_payments', invoicePaymentRow, about(context, `payments since ${instantOf(sinceS)}`), query)) {
      const at = row.status_transitions.paid_at ?? 0;
      if (at >= sinceS) changes.push({ at, read: () => paidOf(row) });
    }
    // A refund does not say when it was settled: one that was made before may have been since.
    const refundsFrom = { created: { gte: sinceS - options.refundedWithinDays * DAY_S } };
    for await (const row of stripe.list('/refunds', refundRow, about(context, `refunds since ${instantOf(sinceS)}`), refundsFrom)) {
      if (isSettled(row, context)) changes.push({ at: Math.max(row.created, sinceS), read: () => refundOf(row, context) });
    }
    for (const { at, read } of changes.toSorted((left, right) => left.at - right.at)) yield { changedAt: instantOf(at), payment: await read() };
  }

  return (since: Instant, context: CallContext): AsyncIterable<Change> => {
    const sinceS = Math.floor(Date.parse(since) / 1000);
    return sinceS * 1000 >= now() - EVENT_DAYS * DAY_S * 1000 ? byEvents(sinceS, context) : byLists(sinceS, context);
  };
}
