import type { Account } from './account.ts';
import type { Invoice, InvoicePayment, Line } from './model.ts';
import { viewOfTax } from './taxes.ts';

export interface Totals {
  readonly subtotal: number;
  readonly tax: number;
  readonly total: number;
  readonly due: number;
  readonly remaining: number;
}

export function linesOf(account: Account, invoice: Invoice): Line[] {
  return account.lines.by('invoice', invoice.id);
}

export function totalsOf(account: Account, invoice: Invoice): Totals {
  const lines = linesOf(account, invoice);
  const subtotal = lines.reduce((sum, line) => sum + line.amount, 0);
  const tax = lines.reduce((sum, line) => sum + line.taxes.reduce((taxes, each) => taxes + each.amount, 0), 0);
  const total = subtotal + tax;
  const due = Math.max(0, total - invoice.creditedOpen);
  return { subtotal, tax, total, due, remaining: Math.max(0, due - invoice.amountPaid) };
}

export function viewOfLine(line: Line): object {
  return {
    id: line.id, object: 'line_item', amount: line.amount, currency: line.currency, description: line.description, discount_amounts: [], discountable: line.discountable, discounts: [], invoice: line.invoice, livemode: false, metadata: line.metadata,
    parent: { invoice_item_details: { invoice_item: line.invoiceItem, proration: false, proration_details: null, subscription: null }, subscription_item_details: null, type: 'invoice_item_details' },
    period: line.period, pretax_credit_amounts: [], pricing: null, quantity: 1, quantity_decimal: '1', subscription: null, subtotal: line.amount, taxes: line.taxes.map(viewOfTax),
  };
}

export function viewOfInvoice(account: Account, invoice: Invoice): object {
  const { subtotal, tax, total, due, remaining } = totalsOf(account, invoice);
  const lines = linesOf(account, invoice).toReversed();
  const issued = invoice.status !== 'draft';
  return {
    id: invoice.id, object: 'invoice', account_country: 'US', account_name: 'Northwind Consulting', account_tax_ids: null, amount_due: due, amount_overpaid: 0, amount_paid: invoice.amountPaid, amount_paid_off_stripe: invoice.paidOffStripe,
    amount_remaining: remaining, amount_shipping: 0, application: null, attempt_count: 0, attempted: false, auto_advance: invoice.auto_advance, automatic_tax: { disabled_reason: null, enabled: false, liability: null, provider: null, status: null },
    automatically_finalizes_at: null, billing_reason: 'manual', collection_method: invoice.collection_method, created: invoice.created, currency: invoice.currency, custom_fields: invoice.custom_fields, customer: invoice.customer,
    customer_email: account.customers.get(invoice.customer)?.email ?? null, customer_name: account.customers.get(invoice.customer)?.name ?? null, default_payment_method: null, default_source: null, default_tax_rates: [],
    description: invoice.description, discounts: [], due_date: invoice.due_date, effective_at: invoice.effective_at ?? invoice.transitions.finalized_at, ending_balance: issued ? 0 : null, footer: invoice.footer, from_invoice: null,
    hosted_invoice_url: issued ? `https://invoice.stripe.com/i/acct_sandbox/${invoice.id}` : null, invoice_pdf: issued ? `https://pay.stripe.com/invoice/acct_sandbox/${invoice.id}/pdf` : null, issuer: { type: 'self' }, last_finalization_error: null,
    latest_revision: null, lines: { object: 'list', data: lines.slice(0, 10).map(viewOfLine), has_more: lines.length > 10, url: `/v1/invoices/${invoice.id}/lines` }, livemode: false, metadata: invoice.metadata, next_payment_attempt: null,
    number: invoice.number, on_behalf_of: null, parent: null, payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null }, period_end: invoice.created, period_start: invoice.created,
    post_payment_credit_notes_amount: invoice.creditedPaid, pre_payment_credit_notes_amount: invoice.creditedOpen, receipt_number: null, shipping_cost: null, shipping_details: null, starting_balance: 0, statement_descriptor: null,
    status: invoice.status, status_transitions: invoice.transitions, subtotal, subtotal_excluding_tax: subtotal, test_clock: null, total, total_discount_amounts: [], total_excluding_tax: subtotal, total_pretax_credit_amounts: [],
    total_taxes: tax === 0 ? [] : linesOf(account, invoice).flatMap((line) => line.taxes.map(viewOfTax)), webhooks_delivered_at: invoice.created,
  };
}

export function viewOfInvoicePayment(account: Account, row: InvoicePayment, expanded: (path: string) => boolean = () => false): object {
  const intent = row.payment.type === 'payment_intent' ? account.paymentIntents.get(row.payment.payment_intent) : undefined;
  const invoice = expanded('invoice') ? viewOfInvoice(account, account.invoices.need(row.invoice)) : row.invoice;
  const payment =
    intent === undefined || !expanded('payment.payment_intent')
      ? row.payment
      : { type: 'payment_intent', payment_intent: { id: intent.id, object: 'payment_intent', amount: intent.amount, currency: intent.currency, status: intent.status, latest_charge: expanded('payment.payment_intent.latest_charge') ? chargeOf(intent.charge) : (intent.charge?.id ?? null) } };
  return {
    id: row.id, object: 'invoice_payment', amount_paid: row.amount_paid, amount_requested: row.amount_requested, created: row.created, currency: row.currency, invoice, is_default: row.is_default, livemode: false, payment, status: row.status,
    status_transitions: { canceled_at: row.canceled_at, paid_at: row.paid_at },
  };
}

function chargeOf(charge: { readonly id: string; readonly created: number; readonly method: string } | null): object | null {
  return charge === null ? null : { id: charge.id, object: 'charge', created: charge.created, payment_method_details: { type: charge.method } };
}
