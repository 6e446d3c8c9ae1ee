import { z } from 'zod';
import type { Invoice, InvoiceStanding } from '../../domain/model/invoice.ts';
import { compareMoney } from '../../domain/money.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { CallContext, References, Undone, WithReferences, Written } from '../ports.ts';
import { minorUnits, moneyOf } from './amounts.ts';
import { madeAnswer, type About, type Stripe } from './client.ts';
import { endOfDay, noon } from './dates.ts';
import type { Params } from './form.ts';
import type { Lines } from './lines.ts';
import type { StripeOptions } from './options.ts';

const ID = 'q2c_invoice';
/** The longest number of one's own. Source: the `number` parameter in Stripe's OpenAPI description. */
const NUMBER_LENGTH = 26;
const MEMO_LENGTH = 1500;
/** By so much Stripe's clock may be ahead of ours. */
const CLOCK_MARGIN_S = 300;

export const invoiceRow = z.object({
  id: z.string(),
  number: z.string().nullish(),
  /** Not an enum: Stripe may add states. */
  status: z.string().nullable(),
  currency: z.string(),
  total: minorUnits,
  amount_paid: minorUnits,
  amount_remaining: minorUnits,
  status_transitions: z.object({ finalized_at: z.int().nullish() }).nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
});
const sentEvent = z.object({ id: z.string(), data: z.object({ object: z.looseObject({ id: z.string() }) }) });
export type InvoiceRow = z.infer<typeof invoiceRow>;

export const labelOf = (invoice: Invoice) => `${invoice.kind === 'invoice' ? 'invoice' : 'credit note'} ${invoice.id}`;

/** Invoices proper: a draft with its lines, found by our ID among the customer's. */
export function createInvoices(stripe: Stripe, lines: Lines, options: StripeOptions, now: () => number) {
  const customerOf = (invoice: Invoice, references: References, about: About): string => {
    const id = references.customers[invoice.customerId];
    if (id !== undefined) return id;
    throw stripe.failure(about, { kind: 'configuration', code: 'STRIPE_CUSTOMER_UNKNOWN', message: `Stripe has no customer for ${invoice.customerId}, whom ${about.object} bills.`, mend: 'Send the customer to Stripe first (route the deal to this billing system), then retry.' });
  };

  /** The list never lags; search would. */
  async function findById(ourId: string, customer: string, about: About): Promise<InvoiceRow | null> {
    for await (const row of stripe.list('/invoices', invoiceRow, about, { customer })) if (row.metadata?.[ID] === ourId) return row;
    return null;
  }

  /** Stripe refuses moments that have passed ("must be an integer Unix timestamp in the future"): what is due today is due until the end of the day. */
  const dueOf = ({ dueDate }: Invoice, about: About): number => {
    const end = endOfDay(dueDate, options.timeZone);
    const midday = Math.min(noon(dueDate), end);
    if (midday > now() / 1000 + CLOCK_MARGIN_S) return midday;
    if (end > now() / 1000) return end;
    throw stripe.failure(about, { kind: 'business_rule', code: 'STRIPE_DUE_DATE_PAST', message: `${about.object} is due on ${dueDate}, which is over (${options.timeZone}); Stripe takes moments in the future only.`, mend: 'Give the invoice a later due date, then retry.' });
  };

  const headOf = (invoice: Invoice, about: About): Params => ({
    description: invoice.memo === '' ? null : invoice.memo.slice(0, MEMO_LENGTH),
    due_date: dueOf(invoice, about),
    effective_at: noon(invoice.issueDate),
    auto_advance: false,
    automatic_tax: { enabled: false },
    custom_fields: invoice.purchaseOrder === null ? null : [{ name: 'Purchase order', value: invoice.purchaseOrder }],
    ...(options.invoiceNumbers === 'ours' ? { number: invoice.id } : {}),
    metadata: { [ID]: invoice.id, q2c_legal_entity: invoice.legalEntity, q2c_customer: invoice.customerId, q2c_contract: invoice.contractId },
  });

  const check = (invoice: Invoice, about: About): void => {
    lines.check(invoice, about);
    if (options.invoiceNumbers === 'ours' && invoice.id.length > NUMBER_LENGTH) {
      throw stripe.failure(about, { kind: 'configuration', code: 'STRIPE_NUMBER_LENGTH', message: `Stripe takes invoice numbers of ${NUMBER_LENGTH} characters; ${invoice.id} has ${invoice.id.length}.`, mend: 'Shorten the pattern of invoice IDs, or set the option invoiceNumbers to stripe; then retry.' });
    }
  };

  const need = async (id: string, about: About): Promise<InvoiceRow> => {
    const row = await stripe.get(`/invoices/${id}`, invoiceRow, about);
    if (row !== null) return row;
    throw stripe.failure(about, { kind: 'business_rule', code: 'STRIPE_INVOICE_GONE', message: `Stripe no longer has ${about.object} (${id}).`, mend: 'Find out who deleted the draft in Stripe; bill it again, or abort.' });
  };

  const unknownStatus = (row: InvoiceRow, about: About) =>
    stripe.failure(about, { kind: 'contract', code: 'STRIPE_INVOICE_STATUS', message: `${about.object} has the status ${row.status ?? 'null'} in Stripe, which the connector does not know.`, mend: 'Add the status to connectors/stripe/invoice.ts, then retry.' });

  const standingOf = (row: InvoiceRow, about: About): InvoiceStanding => {
    const total = moneyOf(row.total, row.currency);
    const zero = moneyOf('0', row.currency);
    const left = moneyOf(row.amount_remaining, row.currency);
    const number = row.number ?? null;
    switch (row.status) {
      case 'draft':
        return { number: null, status: 'draft', total, open: left };
      case 'open':
        return { number, status: row.amount_paid === '0' ? 'issued' : 'partly_paid', total, open: left };
      case 'paid':
        return { number, status: 'paid', total, open: zero };
      case 'void':
        return { number, status: 'voided', total, open: zero };
      case 'uncollectible':
        return { number, status: 'uncollectible', total, open: left };
      default:
        throw unknownStatus(row, about);
    }
  };

  /** E-mails an issued invoice where that is wanted and was not done: an invoice does not tell, but the event of it does, for 30 days. */
  const send = async (row: InvoiceRow, about: About): Promise<void> => {
    if (!options.emailOnIssue || row.status !== 'open') return;
    for await (const event of stripe.list('/events', sentEvent, about, { types: ['invoice.sent'], created: { gte: row.status_transitions?.finalized_at ?? undefined } })) if (event.data.object.id === row.id) return;
    await stripe.post(`/invoices/${row.id}/send`, {}, madeAnswer, about, 'send');
  };

  return {
    need,
    customerOf,
    findById,
    standingOf,
    find: (invoice: Invoice, references: References, about: About) => findById(invoice.id, customerOf(invoice, references, about), about),

    async write({ document, references }: WithReferences<Invoice>, existing: string | null, context: CallContext): Promise<Written> {
      const about: About = { object: labelOf(document), context };
      if (existing !== null) {
        const row = await need(existing, about);
        if (row.status !== 'draft') {
          standingOf(row, about);
          if (row.status === 'void') throw stripe.failure(about, { kind: 'business_rule', code: 'STRIPE_INVOICE_VOID', message: `${about.object} was voided in Stripe.`, mend: 'Bill it anew under another number.' });
          if (compareMoney(moneyOf(row.total, row.currency), document.total) === 0) return { ...stripe.found('invoices', existing), created: false };
          throw stripe.failure(about, { kind: 'business_rule', code: 'STRIPE_INVOICE_ISSUED', message: `${about.object} is ${row.status ?? 'issued'} in Stripe with another total (${moneyOf(row.total, row.currency).amount} ${row.currency.toUpperCase()}); what is issued cannot change.`, mend: 'Void it or take it back by a credit note, and bill anew.' });
        }
        check(document, about);
        await stripe.post(`/invoices/${existing}`, headOf(document, about), madeAnswer, about, 'invoice');
        await afterFirstWrite(() => lines.settle(existing, document, about));
        return { ...stripe.found('invoices', existing), created: false };
      }
      check(document, about);
      const customer = customerOf(document, references, about);
      const { id } = await stripe.post('/invoices', { customer, currency: document.currency.toLowerCase(), collection_method: 'send_invoice', pending_invoice_items_behavior: 'exclude', ...headOf(document, about) }, madeAnswer, about, 'invoice', async (made) => (await stripe.get(`/invoices/${made.id}`, invoiceRow, about)) !== null);
      await afterFirstWrite(() => lines.settle(id, document, about));
      return { ...stripe.found('invoices', id), created: true };
    },

    async undo(invoice: Invoice, externalId: string, context: CallContext): Promise<Undone> {
      const about: About = { object: labelOf(invoice), context };
      const row = await stripe.get(`/invoices/${externalId}`, invoiceRow, about);
      if (row === null) return { how: 'not_found', detail: `${about.object} is not in Stripe` };
      switch (row.status) {
        case 'draft':
          await lines.clear(externalId, about);
          await stripe.remove(`/invoices/${externalId}`, about);
          return { how: 'deleted', detail: `the draft of ${about.object} was deleted from Stripe` };
        case 'void':
          return { how: 'cancelled', detail: `${about.object} is void in Stripe` };
        case 'paid':
          return { how: 'kept', detail: `${about.object} is paid; Stripe cannot void it, so it is to be taken back by a credit note` };
        case 'open':
        case 'uncollectible':
          await stripe.post(`/invoices/${externalId}/void`, {}, madeAnswer, about, 'void');
          return { how: 'cancelled', detail: `${about.object} was issued, so it was voided in Stripe` };
        default:
          throw unknownStatus(row, about);
      }
    },

    /** Issued only with the total that was decided on. */
    async issue(invoice: Invoice, externalId: string, about: About): Promise<InvoiceStanding> {
      const row = await need(externalId, about);
      if (row.status !== 'draft') {
        await send(row, about);
        return standingOf(row, about);
      }
      const total = moneyOf(row.total, row.currency);
      if (total.currency !== invoice.currency || compareMoney(total, invoice.total) !== 0) {
        throw stripe.failure(about, { kind: 'business_rule', code: 'STRIPE_TOTAL_DIFFERS', message: `The draft of ${about.object} has a total of ${total.amount} ${total.currency} in Stripe, not ${invoice.total.amount} ${invoice.total.currency}; it was not issued.`, mend: 'Look at what was changed in Stripe; retry the draft to write it anew, or correct the invoice here.' });
      }
      const issued = await stripe.post(`/invoices/${externalId}/finalize`, { auto_advance: false }, invoiceRow, about, 'finalize');
      await afterFirstWrite(() => send(issued, about));
      return standingOf(issued, about);
    },

    async writeOff(externalId: string, about: About): Promise<InvoiceStanding> {
      const row = await need(externalId, about);
      if (row.status !== 'open') return standingOf(row, about);
      return standingOf(await stripe.post(`/invoices/${externalId}/mark_uncollectible`, {}, invoiceRow, about, 'write-off'), about);
    },
  };
}
export type Invoices = ReturnType<typeof createInvoices>;
