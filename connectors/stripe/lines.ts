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
type LineRow = z.infer<typeof lineRow>;
const anything = z.object({ id: z.string() });

/** In the order in which they are sent: Stripe bounds the number of lines. */
const ACTIONS = ['remove_lines', 'update_lines', 'add_lines'] as const;
type Action = (typeof ACTIONS)[number];
interface Change {
  /** The line's number, or its ID in Stripe where it is there. */
  readonly of: string;
  readonly params: Params;
}
type Changes = Readonly<Record<Action, readonly Change[]>>;

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

  const send = async (invoiceId: string, action: Action, changes: readonly Change[], about: About, look: () => Promise<Changes>): Promise<void> => {
    for (let at = 0; at < changes.length; at += LINES_IN_REQUEST) {
      const part = changes.slice(at, at + LINES_IN_REQUEST);
      const stands = async () => {
        const left = new Set((await look())[action].map(({ of }) => of));
        return part.every(({ of }) => !left.has(of));
      };
      await stripe.post(`/invoices/${invoiceId}/${action}`, { lines: part.map(({ params }) => params) }, anything, about, action, stands);
    }
  };

  const rows = (invoiceId: string, about: About) => stripe.list(`/invoices/${invoiceId}/lines`, lineRow, about);
  const removal = ({ id }: LineRow): Change => ({ of: id, params: { id, behavior: 'delete' } });

  /** What people changed by hand is told by the amounts: our marks stay on the line. */
  const isAsSent = (row: LineRow, invoice: Invoice, line: InvoiceLine, about: About): boolean => {
    const on = { system: stripe.system, object: about.object };
    const tax = row.taxes?.reduce((sum, each) => sum + BigInt(each.amount), 0n);
    return row.metadata?.[CONTENT] === contentOf(invoice, line) && row.amount === minorOf(line.amount, on) && (tax === undefined || tax === BigInt(minorOf(line.tax, on)));
  };

  /** What it takes for the draft to have the lines of the document. */
  const differences = async (invoiceId: string, invoice: Invoice, about: About): Promise<Changes> => {
    const there = new Map<string, LineRow>();
    const changes: Record<Action, Change[]> = { remove_lines: [], update_lines: [], add_lines: [] };
    for await (const row of rows(invoiceId, about)) {
      const number = row.metadata?.[NUMBER];
      const wanted = number !== undefined && !there.has(number) && invoice.lines.some((line) => String(line.number) === number);
      if (wanted) there.set(number, row);
      else changes.remove_lines.push(removal(row));
    }
    for (const line of invoice.lines) {
      const params = withMarks(invoice, line, paramsOf(line, about));
      const row = there.get(String(line.number));
      if (row === undefined) changes.add_lines.push({ of: String(line.number), params });
      else if (!isAsSent(row, invoice, line, about)) changes.update_lines.push({ of: row.id, params: { id: row.id, ...params } });
    }
    return changes;
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
      const look = () => differences(invoiceId, invoice, about);
      const changes = await look();
      for (const action of ACTIONS) await send(invoiceId, action, changes[action], about, look);
    },
    /** Takes all lines from a draft that is about to be deleted: invoice items that outlive it would come onto the customer's next invoice. */
    async clear(invoiceId: string, about: About): Promise<void> {
      const look = async () => {
        const remove: Change[] = [];
        for await (const row of rows(invoiceId, about)) remove.push(removal(row));
        return { remove_lines: remove, update_lines: [], add_lines: [] };
      };
      await send(invoiceId, 'remove_lines', (await look()).remove_lines, about, look);
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
