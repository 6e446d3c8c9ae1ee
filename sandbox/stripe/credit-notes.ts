import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { badParameter, missing, refused } from './errors.ts';
import { get, pageOf, post, type Service } from './http.ts';
import { totalsOf } from './invoice-view.ts';
import type { CreditNote } from './model.ts';
import { created, expand, isWithin, listing, mergedMetadata, metadata, text, timestamp, whole } from './params.ts';
import { creditTaxAmounts, creditTaxesOf, viewOfTax } from './taxes.ts';

/** A description only goes with lines of one's own. https://docs.stripe.com/api/credit_notes/create */
const line = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('custom_line_item'), description: text(), quantity: whole, unit_amount: whole, tax_amounts: creditTaxAmounts }),
  z.strictObject({ type: z.literal('invoice_line_item'), invoice_line_item: text(), amount: whole, tax_amounts: creditTaxAmounts }),
]);
const create = z.strictObject({
  invoice: text(),
  lines: z.array(line).min(1),
  memo: text().optional(),
  effective_at: timestamp.optional(),
  email_type: z.enum(['credit_note', 'none']).optional(),
  metadata: metadata.optional(),
  reason: z.enum(['duplicate', 'fraudulent', 'order_change', 'product_unsatisfactory']).optional(),
  credit_amount: whole.optional(),
  out_of_band_amount: whole.optional(),
  refund_amount: whole.optional(),
  expand,
});

function viewOf(row: CreditNote): object {
  const total = row.subtotal + row.tax;
  return {
    id: row.id, object: 'credit_note', amount: total, amount_shipping: 0, created: row.created, currency: row.currency, customer: row.customer, customer_balance_transaction: null, discount_amount: 0, discount_amounts: [],
    effective_at: row.effective_at ?? row.created, invoice: row.invoice,
    lines: { object: 'list', has_more: false, url: `/v1/credit_notes/${row.id}/lines`, data: row.lines.map((each) => ({ id: each.id, object: 'credit_note_line_item', amount: each.amount, description: each.description, livemode: false, quantity: 1, taxes: each.taxes.map(viewOfTax), type: each.invoiceLine === null ? 'custom_line_item' : 'invoice_line_item', ...(each.invoiceLine === null ? {} : { invoice_line_item: each.invoiceLine }) })) },
    livemode: false, memo: row.memo, metadata: row.metadata, number: row.number, out_of_band_amount: row.outOfBand, pdf: `https://pay.stripe.com/credit_notes/acct_sandbox/${row.id}/pdf`, post_payment_amount: row.postPayment, pre_payment_amount: row.prePayment,
    reason: null, refunds: [], shipping_cost: null, status: row.status, subtotal: row.subtotal, subtotal_excluding_tax: row.subtotal, total, total_excluding_tax: row.subtotal, type: row.postPayment > 0 ? 'post_payment' : 'pre_payment', voided_at: row.voided_at,
  };
}

export function installCreditNotes(app: FastifyInstance, service: Service): void {
  const { account, announce } = service;

  post(app, service, '/v1/credit_notes', create, (params) => {
    const invoice = account.invoices.need(params.invoice, 'invoice');
    if (invoice.status !== 'open' && invoice.status !== 'paid') throw refused('credit_note_invalid_invoice_status', `You can only create credit notes for open or paid invoices; this one is ${invoice.status}.`, 'invoice');
    const lines = params.lines.map((each) => {
      const head = { id: account.nextId('cnli'), taxes: creditTaxesOf(account, each.tax_amounts ?? []) };
      if (each.type === 'custom_line_item') return { ...head, invoiceLine: null, description: each.description, amount: each.quantity * each.unit_amount };
      const billed = account.lines.get(each.invoice_line_item);
      if (billed?.invoice !== invoice.id) throw missing('invoice line item', each.invoice_line_item, 'lines[invoice_line_item]');
      const earlier = account.creditNotes.by('invoice', invoice.id).filter((note) => note.status === 'issued').flatMap((note) => note.lines).filter((one) => one.invoiceLine === billed.id);
      if (each.amount > billed.amount - earlier.reduce((sum, one) => sum + one.amount, 0)) throw refused('credit_note_line_amount_too_large', 'The credited amount exceeds what is left of the invoice line item.', 'lines[amount]');
      return { ...head, invoiceLine: billed.id, description: billed.description, amount: each.amount };
    });
    const subtotal = lines.reduce((sum, each) => sum + each.amount, 0);
    const tax = lines.reduce((sum, each) => sum + each.taxes.reduce((taxes, one) => taxes + one.amount, 0), 0);
    const { total: billed, remaining } = totalsOf(account, invoice);
    const total = subtotal + tax;
    if (total === 0) throw badParameter('parameter_invalid', 'The credit note must be over more than 0.', 'lines');
    if (total > billed - invoice.creditedOpen - invoice.creditedPaid) throw refused('credit_note_amount_too_large', 'The total of credit notes would exceed the total of the invoice.', 'lines');
    const postPayment = Math.max(0, total - remaining);
    const given = (params.credit_amount ?? 0) + (params.out_of_band_amount ?? 0) + (params.refund_amount ?? 0);
    if (given !== postPayment) throw refused('credit_note_amounts_mismatch', `The sum of credit_amount, refund_amount and out_of_band_amount (${given}) must equal the post payment amount (${postPayment}).`, 'credit_amount');
    const customer = account.customers.need(invoice.customer);
    if ((params.credit_amount ?? 0) > 0) account.customers.update(customer, { balance: customer.balance - (params.credit_amount ?? 0) });
    const prePayment = total - postPayment;
    const settled = prePayment > 0 && prePayment === remaining;
    account.invoices.update(invoice, { creditedOpen: invoice.creditedOpen + prePayment, creditedPaid: invoice.creditedPaid + postPayment, ...(settled ? { status: 'paid' as const } : {}) });
    const count = account.creditNotes.by('invoice', invoice.id).length;
    const row = account.creditNotes.insert((head) => ({
      ...head, invoice: invoice.id, customer: invoice.customer, currency: invoice.currency, number: `${invoice.number ?? ''}-CN-${String(count + 1).padStart(2, '0')}`, status: 'issued', subtotal, tax, prePayment, postPayment,
      outOfBand: params.out_of_band_amount ?? 0, memo: params.memo ?? null, effective_at: params.effective_at ?? null, metadata: mergedMetadata({}, params.metadata), lines, voided_at: null,
    }));
    announce('credit_note.created', viewOf(row));
    return viewOf(row);
  });
  get(app, '/v1/credit_notes', z.strictObject({ ...listing, created, invoice: text().optional(), customer: text().optional() }), (query) => {
    const rows = query.invoice === undefined ? account.creditNotes.all() : account.creditNotes.by('invoice', query.invoice);
    return pageOf('/v1/credit_notes', rows.filter((row) => isWithin(row.created, query.created) && (query.customer === undefined || row.customer === query.customer)), query, viewOf);
  });
  get(app, '/v1/credit_notes/:id', z.strictObject({ expand }), (_query, { id = '' }) => viewOf(account.creditNotes.need(id)));
  post(app, service, '/v1/credit_notes/:id/void', z.strictObject({ expand }), (_params, { id = '' }) => {
    const row = account.creditNotes.need(id);
    const invoice = account.invoices.need(row.invoice);
    // https://docs.stripe.com/invoicing/integration/programmatic-credit-notes: only while the invoice is open.
    if (row.status === 'void' || invoice.status !== 'open') throw refused('credit_note_not_voidable', 'You can only void issued credit notes of open invoices.');
    account.invoices.update(invoice, { creditedOpen: invoice.creditedOpen - row.prePayment });
    const voided = account.creditNotes.update(row, { status: 'void', voided_at: account.seconds() });
    announce('credit_note.voided', viewOf(voided));
    return viewOf(voided);
  });
}
