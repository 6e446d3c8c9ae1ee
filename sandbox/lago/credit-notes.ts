import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Account, CreditNote, Invoice } from './account.ts';
import { forbidden, invalid, notAllowed, notFound } from './errors.ts';
import { filtersOf, idIn, moment, newestFirst, pageOf, rootOf, type Service } from './http.ts';
import { dueOf, totalOf, viewOfFee } from './invoices.ts';

const amount = z.int().min(0).nullish();
const given = z.object({
  invoice_id: z.string(),
  reason: z.enum(['duplicated_charge', 'product_unsatisfactory', 'order_change', 'order_cancellation', 'fraudulent_charge', 'other']).nullish(),
  description: z.string().nullish(),
  items: z.array(z.object({ fee_id: z.string(), amount_cents: z.int().min(0) })),
  credit_amount_cents: amount,
  refund_amount_cents: amount,
  offset_amount_cents: amount,
  metadata: z.record(z.string().max(100), z.string().max(255).nullable()).nullish(),
});

const totalOfNote = (row: Pick<CreditNote, 'credit_amount_cents' | 'offset_amount_cents' | 'refund_amount_cents'>) => row.credit_amount_cents + row.offset_amount_cents + row.refund_amount_cents;

function viewOf(account: Account, row: CreditNote): object {
  const invoice = account.invoices.get(row.invoice);
  return {
    lago_id: row.lago_id, billing_entity_code: invoice?.billing_entity_code ?? 'default', sequential_id: row.sequential_id, number: row.number, lago_invoice_id: row.invoice, invoice_number: invoice?.number ?? '', issuing_date: row.issuing_date,
    credit_status: row.credit_status, refund_status: null, reason: row.reason, description: row.description, currency: invoice?.currency ?? '', total_amount_cents: totalOfNote(row), taxes_amount_cents: row.taxes_amount_cents,
    sub_total_excluding_taxes_amount_cents: totalOfNote(row) - row.taxes_amount_cents, balance_amount_cents: row.balance_amount_cents, credit_amount_cents: row.credit_amount_cents, refund_amount_cents: row.refund_amount_cents, offset_amount_cents: row.offset_amount_cents,
    coupons_adjustment_amount_cents: 0, taxes_rate: 0, created_at: row.created_at, updated_at: row.created_at, file_url: null, self_billed: false,
    items: row.items.map((item) => ({ lago_id: item.lago_id, amount_cents: item.amount_cents, amount_currency: invoice?.currency, fee: feeView(account, invoice, item.fee) })),
    ...(row.metadata === null ? {} : { metadata: row.metadata }),
  };
}

function feeView(account: Account, invoice: Invoice | undefined, feeId: string): object {
  const fee = invoice?.fees.find((each) => each.lago_id === feeId);
  return invoice === undefined || fee === undefined ? { lago_id: feeId } : viewOfFee(account, invoice, fee);
}

export function installCreditNotes(app: FastifyInstance, service: Service): void {
  const { account, premium, announce } = service;
  const need = (id: string): CreditNote => {
    const row = account.creditNotes.get(id);
    if (row === undefined) throw notFound('credit_note');
    return row;
  };

  app.post('/api/v1/credit_notes', (request) => {
    const params = rootOf(given, request, 'credit_note');
    const invoice = account.invoices.get(params.invoice_id);
    if (invoice === undefined) throw notFound('invoice');
    if (!premium) throw forbidden();
    if (invoice.status !== 'finalized') throw notAllowed('invalid_type_or_status');
    const earlier = account.creditNotesOf(invoice.lago_id);
    let taxes = 0;
    for (const item of params.items) {
      const fee = invoice.fees.find((each) => each.lago_id === item.fee_id);
      if (fee === undefined) throw notFound('fee');
      const credited = earlier.flatMap((row) => row.items).filter((each) => each.fee === fee.lago_id).reduce((sum, each) => sum + each.amount_cents, 0);
      if (item.amount_cents + credited > fee.amount_cents) throw invalid({ amount_cents: ['higher_than_remaining_fee_amount'] });
      taxes += fee.tax_codes.reduce((sum, code) => sum + (item.amount_cents * (account.taxes.get(code)?.rate ?? 0)) / 100, 0);
    }
    const [credit, refund, offset] = [params.credit_amount_cents ?? 0, params.refund_amount_cents ?? 0, params.offset_amount_cents ?? 0];
    const total = credit + refund + offset;
    const items = params.items.reduce((sum, item) => sum + item.amount_cents, 0);
    if (total === 0) throw invalid({ base: ['total_amount_must_be_positive'] });
    if (Math.abs(total - Math.round(items + taxes)) > 1) throw invalid({ base: ['does_not_match_item_amounts'] });
    if (refund > invoice.total_paid_amount_cents) throw invalid({ refund_amount_cents: ['higher_than_remaining_invoice_amount'] });
    if (offset > dueOf(invoice)) throw invalid({ offset_amount_cents: ['higher_than_remaining_invoice_amount'] });
    if (total > totalOf(invoice) - earlier.reduce((sum, row) => sum + totalOfNote(row), 0)) throw invalid({ credit_amount_cents: ['higher_than_remaining_invoice_amount'] });
    const now = account.now();
    const row: CreditNote = {
      lago_id: account.newId(), invoice: invoice.lago_id, sequential_id: earlier.length + 1, number: `${invoice.number}-CN${String(earlier.length + 1).padStart(3, '0')}`, issuing_date: now.toISOString().slice(0, 10), credit_status: 'available',
      reason: params.reason ?? 'other', description: params.description ?? null, items: params.items.map((item) => ({ lago_id: account.newId(), fee: item.fee_id, amount_cents: item.amount_cents })), taxes_amount_cents: total - items,
      credit_amount_cents: credit, offset_amount_cents: offset, refund_amount_cents: refund, balance_amount_cents: credit, metadata: params.metadata ?? null, created_at: moment(now),
    };
    account.transaction(() => {
      account.creditNotes.put(row.lago_id, row);
      const left = dueOf(invoice) - offset;
      account.invoices.put(invoice.lago_id, { ...invoice, offset_amount_cents: invoice.offset_amount_cents + offset, ...(left === 0 ? { payment_status: 'succeeded' as const } : {}) });
    });
    announce('credit_note.created', 'credit_note', viewOf(account, row));
    return { credit_note: viewOf(account, row) };
  });
  app.get('/api/v1/credit_notes', (request) => {
    const query = filtersOf(request);
    const numbered = query['invoice_number'] === undefined ? undefined : account.invoices.filter((row) => row.number === query['invoice_number']).map((row) => row.lago_id);
    return pageOf('credit_notes', newestFirst(account.creditNotes.filter((row) => numbered === undefined || numbered.includes(row.invoice))), query, (row) => viewOf(account, row));
  });
  app.get('/api/v1/credit_notes/:id', (request) => ({ credit_note: viewOf(account, need(idIn(request))) }));
  app.put('/api/v1/credit_notes/:id/void', (request) => {
    const row = need(idIn(request));
    if (row.credit_status === 'voided' || row.balance_amount_cents === 0) throw notAllowed('no_voidable_amount');
    const voided: CreditNote = { ...row, credit_status: 'voided', balance_amount_cents: 0 };
    account.creditNotes.put(row.lago_id, voided);
    return { credit_note: viewOf(account, voided) };
  });
}
