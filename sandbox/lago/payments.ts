import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Account, Payment } from './account.ts';
import { badRequest, forbidden, invalid, notFound } from './errors.ts';
import { filtersOf, idIn, moment, newestFirst, pageOf, rootOf, type Service } from './http.ts';
import { dueOf, viewOfInvoice } from './invoices.ts';

const MOST_EVENTS = 100;
const given = z.object({ invoice_id: z.string(), amount_cents: z.int(), reference: z.string(), paid_at: z.iso.date().or(z.iso.datetime({ offset: true })).nullish() });
const event = z.object({
  transaction_id: z.string().min(1),
  external_subscription_id: z.string().min(1),
  code: z.string().min(1),
  timestamp: z.union([z.number(), z.string().regex(/^\d+(\.\d+)?$/)]).optional(),
  properties: z.record(z.string(), z.unknown()).nullish(),
});

function viewOf(account: Account, row: Payment): object {
  const invoice = account.invoices.get(row.invoice);
  const customer = account.customers.all().find((each) => each.lago_id === invoice?.customer);
  return {
    lago_id: row.lago_id, lago_customer_id: invoice?.customer ?? '', external_customer_id: customer?.external_id ?? '', invoice_ids: [row.invoice], invoice_numbers: [invoice?.number ?? ''], lago_payable_id: row.invoice, payable_type: 'Invoice',
    amount_cents: row.amount_cents, amount_currency: invoice?.currency ?? '', status: row.payment_status, payment_status: row.payment_status, type: row.type, reference: row.reference, payment_provider_code: row.type === 'provider' ? 'stripe_eu' : null,
    payment_provider_type: row.type === 'provider' ? 'stripe' : null, external_payment_id: null, provider_payment_id: row.type === 'provider' ? `pi_${row.lago_id.slice(0, 8)}` : null, provider_customer_id: null, next_action: {}, created_at: row.created_at,
  };
}

/** Money for an invoice. Entered by hand with a day, it is kept as of that day. */
export function receive({ account, announce }: Service, payment: { readonly invoice: string; readonly amount: number; readonly type: Payment['type']; readonly reference: string | null; readonly paidAt?: string | undefined }): Payment {
  const invoice = account.invoices.get(payment.invoice);
  if (invoice === undefined) throw notFound('invoice');
  if (payment.amount <= 0 || payment.amount > dueOf(invoice)) throw invalid({ amount_cents: ['invalid_value'] });
  const row: Payment = { lago_id: account.newId(), invoice: invoice.lago_id, amount_cents: payment.amount, type: payment.type, payment_status: 'succeeded', reference: payment.reference, created_at: moment(payment.paidAt === undefined ? account.now() : new Date(payment.paidAt)) };
  account.payments.put(row.lago_id, row);
  const paid = { ...invoice, total_paid_amount_cents: invoice.total_paid_amount_cents + payment.amount };
  const changed = { ...paid, payment_status: dueOf(paid) === 0 ? ('succeeded' as const) : invoice.payment_status };
  account.invoices.put(invoice.lago_id, changed);
  announce('payment.succeeded', 'payment', viewOf(account, row));
  if (changed.payment_status === 'succeeded') announce('invoice.payment_status_updated', 'invoice', viewOfInvoice(account, changed, false));
  return row;
}

export function installPayments(app: FastifyInstance, service: Service): void {
  const { account, premium } = service;
  app.post('/api/v1/payments', (request) => {
    const params = rootOf(given, request, 'payment');
    if (account.invoices.get(params.invoice_id) === undefined) throw notFound('invoice');
    if (!premium) throw forbidden();
    return { payment: viewOf(account, account.transaction(() => receive(service, { invoice: params.invoice_id, amount: params.amount_cents, type: 'manual', reference: params.reference, ...(params.paid_at == null ? {} : { paidAt: params.paid_at }) }))) };
  });
  app.get('/api/v1/payments', (request) => {
    const query = filtersOf(request);
    return pageOf('payments', newestFirst(account.payments.filter((row) => query['invoice_id'] === undefined || row.invoice === query['invoice_id'])), query, (row) => viewOf(account, row));
  });
  app.get('/api/v1/payments/:id', (request) => {
    const row = account.payments.get(idIn(request));
    if (row === undefined) throw notFound('payment');
    return { payment: viewOf(account, row) };
  });

  /** Events are taken by their transaction ID, a batch wholly or not at all. Whether the subscription or the metric is known is found out later. */
  app.post('/api/v1/events/batch', (request) => {
    const list = z.object({ events: z.array(z.unknown()) }).safeParse(request.body);
    if (!list.success) throw badRequest('param is missing or the value is empty: events');
    if (list.data.events.length === 0) throw invalid({ events: ['no_events'] });
    if (list.data.events.length > MOST_EVENTS) throw invalid({ events: ['too_many_events'] });
    const errors: Record<string, object> = {};
    const taken = list.data.events.map((each, index) => {
      const read = event.safeParse(each);
      if (!read.success) errors[index] = { [String(read.error.issues[0]?.path[0] ?? 'event')]: ['value_is_mandatory'] };
      else if (account.events.get(read.data.transaction_id) !== undefined) errors[index] = { transaction_id: ['value_already_exist'] };
      return read.data;
    });
    if (Object.keys(errors).length > 0) throw invalid(errors);
    account.transaction(() => {
      for (const each of taken) if (each !== undefined) account.events.put(each.transaction_id, { transaction_id: each.transaction_id, external_subscription_id: each.external_subscription_id, code: each.code, timestamp: String(each.timestamp ?? account.now().getTime() / 1000), properties: each.properties ?? {} });
    });
    return {
      events: taken.flatMap((each) => (each === undefined ? [] : [{
        lago_id: account.newId(), transaction_id: each.transaction_id, lago_customer_id: null, lago_subscription_id: null, external_subscription_id: each.external_subscription_id, code: each.code,
        timestamp: new Date(each.timestamp === undefined ? account.now() : Number(each.timestamp) * 1000).toISOString(), properties: each.properties ?? {}, created_at: moment(account.now()),
      }])),
    };
  });
}
