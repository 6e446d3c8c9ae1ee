import { z } from 'zod';
import type { Invoice, InvoiceLine } from '../../domain/model/invoice.ts';
import { minorOf, minorUnits } from './amounts.ts';
import type { About, Stripe } from './client.ts';
import { noon } from './dates.ts';
import type { Params } from './form.ts';
import type { StripeOptions } from './options.ts';

/** Stripe's own bound. Source: the description of `POST /v1/invoiceitems` in Stripe's OpenAPI description. */
const MOST_LINES = 250;
/** Lines in one request: its form stays well below a megabyte. */
const LINES_IN_REQUEST = 50;
/** The number of our line. */
export const NUMBER = 'q2c_line';
const CONTENT = 'q2c_content';
/** Tells under which of our tax rules a line was billed: credit notes take the same rate. */
export const TAX = 'q2c_tax';

export const lineRow = z.object({
  id: z.string(),
  amount: minorUnits,
  metadata: z.record(z.string(), z.string()).nullish(),
  taxes: z.array(z.object({ amount: minorUnits, tax_rate_details: z.object({ tax_rate: z.string() }).nullish() })).nullish(),
});
const anything = z.object({ id: z.string() });

/** The lines of a draft, made those of the document: with amount and tax as they stand there, so that Stripe computes nothing. */
export function createLines(stripe: Stripe, options: StripeOptions) {
  const taxOf = (line: InvoiceLine) => `${line.taxRule} ${line.taxRate}`;

  const paramsOf = (line: InvoiceLine, about: About): Params => {
    const on = { system: stripe.system, object: about.object };
    const amount = minorOf(line.amount, on);
    const tax = options.taxes[line.taxRule];
    return {
      amount,
      description: descriptionOf(line),
      discountable: false,
      tax_amounts: [
        {
          amount: minorOf(line.tax, on),
          taxable_amount: amount,
          tax_rate_data: { display_name: tax?.name ?? line.taxRule, percentage: line.taxRate, inclusive: false, description: line.taxRule, ...(tax?.type === undefined ? {} : { tax_type: tax.type }), country: tax?.country, state: tax?.state },
          ...(tax?.reason === undefined ? {} : { taxability_reason: tax.reason }),
        },
      ],
    };
  };

  const withMarks = (invoice: Invoice, line: InvoiceLine, params: Params): Params => ({
    ...params,
    period: { start: noon(invoice.periodFrom), end: noon(invoice.periodTo) },
    metadata: { [NUMBER]: line.number, [TAX]: taxOf(line), [CONTENT]: contentOf(invoice, line), q2c_project: line.projectNumber },
  });

  const send = async (invoiceId: string, action: 'add_lines' | 'update_lines' | 'remove_lines', lines: readonly Params[], about: About): Promise<void> => {
    for (let at = 0; at < lines.length; at += LINES_IN_REQUEST) {
      await stripe.post(`/invoices/${invoiceId}/${action}`, { lines: lines.slice(at, at + LINES_IN_REQUEST) }, anything, about, action);
    }
  };

  return {
    taxOf,
    /** Throws SystemFailure for what Stripe cannot carry, before anything is written. */
    check(invoice: Invoice, about: About): void {
      if (invoice.lines.length > MOST_LINES) {
        throw stripe.failure(about, { kind: 'business_rule', code: 'STRIPE_TOO_MANY_LINES', message: `${about.object} has ${invoice.lines.length} lines; Stripe takes ${MOST_LINES}.`, mend: 'Bill the project with summed lines (one for each labor category), or in several invoices; then retry.' });
      }
      for (const line of invoice.lines) paramsOf(line, about);
    },
    async settle(invoiceId: string, invoice: Invoice, about: About): Promise<void> {
      const there = new Map<string, { readonly id: string; readonly content: string | undefined }>();
      const remove: Params[] = [];
      for await (const row of stripe.list(`/invoices/${invoiceId}/lines`, lineRow, about)) {
        const number = row.metadata?.[NUMBER];
        const wanted = number !== undefined && !there.has(number) && invoice.lines.some((line) => String(line.number) === number);
        if (wanted) there.set(number, { id: row.id, content: row.metadata?.[CONTENT] });
        else remove.push({ id: row.id, behavior: 'delete' });
      }
      const add: Params[] = [];
      const update: Params[] = [];
      for (const line of invoice.lines) {
        const params = withMarks(invoice, line, paramsOf(line, about));
        const row = there.get(String(line.number));
        if (row === undefined) add.push(params);
        else if (row.content !== contentOf(invoice, line)) update.push({ id: row.id, ...params });
      }
      await send(invoiceId, 'remove_lines', remove, about);
      await send(invoiceId, 'update_lines', update, about);
      await send(invoiceId, 'add_lines', add, about);
    },
    /** Takes all lines from a draft that is about to be deleted: invoice items that outlive it would come onto the customer's next invoice. */
    async clear(invoiceId: string, about: About): Promise<void> {
      const remove: Params[] = [];
      for await (const row of stripe.list(`/invoices/${invoiceId}/lines`, lineRow, about)) remove.push({ id: row.id, behavior: 'delete' });
      await send(invoiceId, 'remove_lines', remove, about);
    },
  };
}
export type Lines = ReturnType<typeof createLines>;

/** Quantity and price are part of the text: Stripe would multiply and round them anew. */
export function descriptionOf(line: InvoiceLine): string {
  const priced = line.quantity !== null && line.unitPrice !== null ? ` (${line.quantity} × ${line.unitPrice.amount} ${line.unitPrice.currency})` : '';
  return `${line.description}${priced}`;
}

/** What of a line has been sent, as text to compare: Stripe's own fields come back changed (percentages as numbers, tax rates by ID). */
function contentOf(invoice: Invoice, line: InvoiceLine): string {
  return [descriptionOf(line), line.amount.amount, line.tax.amount, line.taxRule, line.taxRate, invoice.periodFrom, invoice.periodTo].join('|').slice(-500);
}
