import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { refused } from './errors.ts';
import { expander, get, pageOf, post, type Service } from './http.ts';
import { totalsOf, viewOfInvoice, viewOfInvoicePayment } from './invoice-view.ts';
import type { Invoice, InvoicePayment, Refund } from './model.ts';
import { created, expand, flag, int, isWithin, listing, text } from './params.ts';

const EXPANDABLE = ['invoice', 'payment.payment_intent', 'payment.payment_intent.latest_charge'];
const payments = z.strictObject({
  ...listing,
  created,
  invoice: text().optional(),
  payment: z.strictObject({ type: z.enum(['payment_intent', 'payment_record']), payment_intent: text().optional(), payment_record: text().optional() }).optional(),
  status: z.enum(['canceled', 'open', 'paid']).optional(),
});

/** The payment that Stripe asks for when an invoice is issued. */
export function requestPayment({ account }: Service, invoice: Invoice, amount: number): InvoicePayment {
  const intent = account.paymentIntents.insert((head) => ({ ...head, amount, currency: invoice.currency, customer: invoice.customer, status: 'requires_payment_method', charge: null }));
  return account.invoicePayments.insert((head) => ({ ...head, invoice: invoice.id, currency: invoice.currency, amount_requested: amount, amount_paid: null, status: 'open', is_default: true, payment: { type: 'payment_intent', payment_intent: intent.id }, paid_at: null, canceled_at: null }));
}

export function cancelOpen({ account }: Service, invoice: Invoice): void {
  for (const row of account.invoicePayments.by('invoice', invoice.id)) if (row.status === 'open') account.invoicePayments.update(row, { status: 'canceled', canceled_at: account.seconds() });
}

/** Money came in: by the payment that was asked for where it pays all, else by a further one that is attached, as the customer's bank transfers are. */
export function receive(service: Service, invoice: Invoice, amount: number, method: string): InvoicePayment {
  const { account, announce } = service;
  if (invoice.status !== 'open' && invoice.status !== 'uncollectible') throw refused('invoice_not_open', `Invoice ${invoice.id} is ${invoice.status} and cannot be paid.`);
  const { remaining } = totalsOf(account, invoice);
  if (amount <= 0 || amount > remaining) throw refused('amount_too_large', `Invoice ${invoice.id} has ${remaining} left to pay.`);
  const now = account.seconds();
  const asked = account.invoicePayments.by('invoice', invoice.id).find((row) => row.is_default && row.status === 'open');
  const whole = amount === remaining;
  const outside = method === 'outside_stripe';
  const charge = { id: account.nextId('ch'), created: now, method, refunded: 0 };
  const paidBy = (): InvoicePayment['payment'] => {
    if (outside) return { type: 'payment_record', payment_record: account.nextId('pr') };
    const intent = whole && asked?.payment.type === 'payment_intent' ? account.paymentIntents.need(asked.payment.payment_intent) : account.paymentIntents.insert((head) => ({ ...head, amount, currency: invoice.currency, customer: invoice.customer, status: 'succeeded', charge }));
    account.paymentIntents.update(intent, { amount, status: 'succeeded', charge });
    return { type: 'payment_intent', payment_intent: intent.id };
  };
  const paid = { amount_paid: amount, status: 'paid' as const, payment: paidBy(), paid_at: now };
  const row =
    whole && asked !== undefined
      ? account.invoicePayments.update(asked, { ...paid, amount_requested: amount })
      : account.invoicePayments.insert((head) => ({ ...head, invoice: invoice.id, currency: invoice.currency, amount_requested: amount, is_default: false, canceled_at: null, ...paid }));
  if (!whole && asked !== undefined) account.invoicePayments.update(asked, { amount_requested: remaining - amount });
  const changed = account.invoices.update(invoice, { amountPaid: invoice.amountPaid + amount, paidOffStripe: invoice.paidOffStripe + (outside ? amount : 0), ...(whole ? { status: 'paid' as const, transitions: { ...invoice.transitions, paid_at: now } } : {}) });
  announce('invoice_payment.paid', viewOfInvoicePayment(account, row));
  if (whole) announce('invoice.paid', viewOfInvoice(account, changed));
  return row;
}

const viewOfRefund = (row: Refund): object => ({
  id: row.id, object: 'refund', amount: row.amount, balance_transaction: null, charge: row.charge, created: row.created, currency: row.currency, metadata: {}, payment_intent: row.payment_intent, reason: row.reason, receipt_number: null,
  source_transfer_reversal: null, status: row.status, transfer_reversal: null,
});

export function settleRefund({ account, announce }: Service, refund: Refund, status: Refund['status']): Refund {
  const changed = account.refunds.update(refund, { status });
  announce(status === 'failed' ? 'refund.failed' : 'refund.updated', viewOfRefund(changed));
  return changed;
}

export function installPayments(app: FastifyInstance, service: Service): void {
  const { account, announce } = service;

  get(app, '/v1/invoice_payments', payments, (query) => {
    const expanded = expander(query.expand, EXPANDABLE);
    const { payment } = query;
    const rows = query.invoice !== undefined ? account.invoicePayments.by('invoice', query.invoice) : payment?.payment_intent !== undefined ? account.invoicePayments.by('intent', payment.payment_intent) : account.invoicePayments.all();
    const fits = (row: InvoicePayment) => isWithin(row.created, query.created) && (query.status === undefined || row.status === query.status) && (payment === undefined || row.payment.type === payment.type);
    return pageOf('/v1/invoice_payments', rows.filter(fits), query, (row) => viewOfInvoicePayment(account, row, expanded));
  });
  get(app, '/v1/invoice_payments/:id', z.strictObject({ expand }), (query, { id = '' }) => viewOfInvoicePayment(account, account.invoicePayments.need(id), expander(query.expand, EXPANDABLE)));
  post(app, service, '/v1/invoices/:id/pay', z.strictObject({ paid_out_of_band: flag.optional(), expand }), (params, { id = '' }) => {
    const invoice = account.invoices.need(id);
    if (params.paid_out_of_band !== true) throw refused('invoice_no_payment_method_types', 'The customer has no payment method that could be charged.');
    receive(service, invoice, totalsOf(account, invoice).remaining, 'outside_stripe');
    return viewOfInvoice(account, account.invoices.need(id));
  });

  get(app, '/v1/refunds', z.strictObject({ ...listing, created, payment_intent: text().optional(), charge: text().optional() }), (query) => pageOf('/v1/refunds', account.refunds.all().filter((row) => isWithin(row.created, query.created) && (query.payment_intent === undefined || row.payment_intent === query.payment_intent)), query, viewOfRefund));
  get(app, '/v1/refunds/:id', z.strictObject({ expand }), (_query, { id = '' }) => viewOfRefund(account.refunds.need(id)));
  post(app, service, '/v1/refunds', z.strictObject({ payment_intent: text(), amount: int.optional(), reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer']).optional(), expand }), (params) => {
    const intent = account.paymentIntents.need(params.payment_intent, 'payment_intent');
    const { charge } = intent;
    if (charge === null) throw refused('payment_intent_unexpected_state', 'This PaymentIntent does not have a successful charge to refund.', 'payment_intent');
    const amount = params.amount ?? intent.amount - charge.refunded;
    if (amount <= 0 || amount > intent.amount - charge.refunded) throw refused('charge_already_refunded', `Refund amount is greater than unrefunded amount on charge.`, 'amount');
    account.paymentIntents.update(intent, { charge: { ...charge, refunded: charge.refunded + amount } });
    // A transfer is given back by a bank, which takes its time.
    const row = account.refunds.insert((head) => ({ ...head, amount, currency: intent.currency, charge: charge.id, payment_intent: intent.id, status: charge.method === 'card' ? 'succeeded' : 'pending', reason: params.reason ?? null }));
    announce('refund.created', viewOfRefund(row));
    return viewOfRefund(row);
  });
}
