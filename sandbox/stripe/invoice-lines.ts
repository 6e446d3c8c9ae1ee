import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { needCustomer } from './customers.ts';
import { badParameter, missing, refused } from './errors.ts';
import { get, pageOf, post, type Service } from './http.ts';
import { linesOf, viewOfInvoice, viewOfLine } from './invoice-view.ts';
import type { Invoice, Line } from './model.ts';
import { currency, expand, flag, int, listing, mergedMetadata, metadata, text, timestamp } from './params.ts';
import { taxAmounts, taxesOf } from './taxes.ts';

const MOST_LINES = 250;
const content = {
  amount: int.optional(),
  description: text().optional(),
  discountable: flag.optional(),
  metadata: metadata.optional(),
  period: z.strictObject({ start: timestamp, end: timestamp }).optional(),
  tax_amounts: taxAmounts,
};
const addLines = z.strictObject({ lines: z.array(z.strictObject(content)).min(1), invoice_metadata: metadata.optional(), expand });
const updateLines = z.strictObject({ lines: z.array(z.strictObject({ ...content, id: text() })).min(1), invoice_metadata: metadata.optional(), expand });
const removeLines = z.strictObject({ lines: z.array(z.strictObject({ id: text(), behavior: z.enum(['delete', 'unassign']) })).min(1), invoice_metadata: metadata.optional(), expand });
const invoiceItem = z.strictObject({ customer: text(), invoice: text(), amount: int, currency: currency.optional(), description: text().optional(), discountable: flag.optional(), metadata: metadata.optional(), period: content.period, expand });
type Content = Omit<z.infer<typeof addLines>['lines'][number], 'id'>;

/** https://docs.stripe.com/currencies: the last digit of amounts in a currency of three decimals is 0; krónur and Ugandan shillings end in 00. */
const STEPS: Readonly<Record<string, number>> = { bhd: 10, jod: 10, kwd: 10, omr: 10, tnd: 10, isk: 100, ugx: 100 };

export function installInvoiceLines(app: FastifyInstance, service: Service): void {
  const { account } = service;
  const draft = (id: string): Invoice => {
    const row = account.invoices.need(id);
    if (row.status !== 'draft') throw refused('invoice_not_editable', 'You can only edit the lines of a draft invoice.');
    return row;
  };
  const check = (invoice: Invoice, amount: number) => {
    if (amount % (STEPS[invoice.currency] ?? 1) !== 0) throw badParameter('invalid_charge_amount_no_decimal_compatible', `Invalid amount. Amounts in ${invoice.currency} must be evenly divisible by ${STEPS[invoice.currency]}.`, 'amount');
  };
  const add = (invoice: Invoice, given: Content): Line => {
    if (linesOf(account, invoice).length >= MOST_LINES) throw refused('invoice_too_many_lines', `An invoice can have at most ${MOST_LINES} items.`, 'lines');
    if (given.amount === undefined) throw badParameter('parameter_missing', 'Missing required param: lines[amount].', 'lines[amount]');
    check(invoice, given.amount);
    const { amount } = given;
    const now = account.seconds();
    return account.lines.insert((head) => ({
      ...head, invoice: invoice.id, invoiceItem: account.nextId('ii'), amount, currency: invoice.currency, description: given.description ?? null, discountable: given.discountable ?? true,
      period: given.period ?? { start: now, end: now }, metadata: mergedMetadata({}, given.metadata), taxes: taxesOf(account, given.tax_amounts ?? []),
    }));
  };
  const own = (invoice: Invoice, id: string): Line => {
    const line = account.lines.get(id);
    if (line?.invoice !== invoice.id) throw missing('invoice line item', id, 'lines');
    return line;
  };

  get(app, '/v1/invoices/:id/lines', z.strictObject(listing), (query, { id = '' }) => pageOf(`/v1/invoices/${id}/lines`, linesOf(account, account.invoices.need(id)).toReversed(), query, viewOfLine, 'as it is'));
  post(app, service, '/v1/invoices/:id/add_lines', addLines, ({ lines }, { id = '' }) => {
    const invoice = draft(id);
    for (const each of lines) add(invoice, each);
    return viewOfInvoice(account, invoice);
  });
  post(app, service, '/v1/invoices/:id/update_lines', updateLines, ({ lines }, { id = '' }) => {
    const invoice = draft(id);
    for (const each of lines) {
      const line = own(invoice, each.id);
      if (each.amount !== undefined) check(invoice, each.amount);
      const { amount, description, discountable, period, tax_amounts: taxes } = each;
      account.lines.update(line, {
        ...(amount === undefined ? {} : { amount }), ...(description === undefined ? {} : { description }), ...(discountable === undefined ? {} : { discountable }), ...(period === undefined ? {} : { period }),
        ...(taxes === undefined ? {} : { taxes: taxesOf(account, taxes ?? []) }), metadata: mergedMetadata(line.metadata, each.metadata),
      });
    }
    return viewOfInvoice(account, invoice);
  });
  post(app, service, '/v1/invoices/:id/remove_lines', removeLines, ({ lines }, { id = '' }) => {
    const invoice = draft(id);
    for (const each of lines) account.lines.delete(own(invoice, each.id).id);
    return viewOfInvoice(account, invoice);
  });
  post(app, service, '/v1/invoiceitems', invoiceItem, (params) => {
    needCustomer(service, params.customer);
    const line = add(draft(params.invoice), params);
    return { id: line.invoiceItem, object: 'invoiceitem', amount: line.amount, currency: line.currency, customer: params.customer, date: line.created, description: line.description, invoice: line.invoice, livemode: false, metadata: line.metadata, period: line.period, quantity: 1 };
  });
}
