import { Decimal } from 'decimal.js';
import { z } from 'zod';
import { addDays, daysBetween, type LocalDate } from '../../domain/dates.ts';
import type { Invoice, InvoiceLine, InvoiceStanding } from '../../domain/model/invoice.ts';
import { compareMoney, type Money } from '../../domain/money.ts';
import { exactNumber } from '../exact-number.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { CallContext, References, Undone, WithReferences, Written } from '../ports.ts';
import { cents, centsOf, moneyOf } from './amounts.ts';
import { isNotAllowed } from './classify.ts';
import type { About, Lago } from './client.ts';
import type { LagoOptions } from './options.ts';

/** A key of an invoice's metadata: at most 20 characters, and five of them. */
export const ID = 'q2c_invoice';

/** Lago issues an invoice on the day it is written; nobody writes one longer before its own issue date. */
const WRITTEN_AHEAD_DAYS = 62;

export const invoiceRow = z.object({
  lago_id: z.string(),
  number: z.string(),
  issuing_date: z.string().nullish(),
  payment_due_date: z.string().nullish(),
  /** Not an enum: Lago may add states. */
  status: z.string(),
  payment_status: z.string(),
  currency: z.string(),
  total_amount_cents: cents,
  total_paid_amount_cents: cents.nullish(),
  total_due_amount_cents: cents.nullish(),
  metadata: z.array(z.object({ key: z.string(), value: z.string().nullish() })).nullish(),
});
export type InvoiceRow = z.infer<typeof invoiceRow>;

export const feeRow = z.object({ lago_id: z.string(), amount_cents: cents, description: z.string().nullish(), applied_taxes: z.array(z.object({ tax_code: z.string() })).nullish() });
const fullInvoice = z.object({ invoice: invoiceRow.extend({ fees: z.array(feeRow).nullish() }) });
export type FullInvoice = z.infer<typeof fullInvoice>['invoice'];

export const labelOf = (invoice: Invoice) => `${invoice.kind === 'invoice' ? 'invoice' : 'credit note'} ${invoice.id}`;
const pathOf = (lagoId: string) => `/invoices/${encodeURIComponent(lagoId)}`;

/** In the description of each of its fees an invoice carries our ID from the first moment; its metadata comes by a second request. */
export function markOf(invoiceId: string, line: Pick<InvoiceLine, 'number'>): string {
  return `${invoiceId} #${line.number}`;
}
export const ourIdOf = (row: Pick<InvoiceRow, 'metadata'>): string | null => row.metadata?.find(({ key }) => key === ID)?.value ?? null;

/** One-off invoices: Lago knows no drafts of them and no idempotency key, writing one issues it. */
export function createInvoices(lago: Lago, options: LagoOptions) {
  const customerOf = (invoice: Invoice, references: References, about: About): string => {
    const id = references.customers[invoice.customerId];
    if (id !== undefined) return id;
    throw lago.failure(about, { kind: 'configuration', code: 'LAGO_CUSTOMER_UNKNOWN', message: `Lago has no customer for ${invoice.customerId}, whom ${about.object} bills.`, mend: 'Send the customer to Lago first (route the deal to this billing system), then retry.' });
  };

  const exact = (value: Money, about: About): string => {
    const units = centsOf(value);
    if (units !== undefined) return units;
    throw lago.failure(about, { kind: 'business_rule', code: 'LAGO_AMOUNT_PRECISION', message: `Lago cannot carry ${value.amount} ${value.currency} exactly.`, mend: "Round the line to the currency's smallest unit in the billing rules, then retry." });
  };

  const taxCodesOf = (rule: string, about: About): readonly string[] => {
    const codes = options.taxCodes[rule];
    if (codes !== undefined) return codes;
    throw lago.failure(about, { kind: 'configuration', code: 'LAGO_TAX_UNMAPPED', message: `The options of this system do not say which taxes of Lago make up the tax rule ${rule}, which ${about.object} is taxed by.`, mend: `Add ${rule} to the option taxCodes (with a tax of 0 % where nothing is due), then retry.` });
  };

  const feeOf = (invoice: Invoice, line: InvoiceLine, about: About) => {
    if (line.amount.amount.startsWith('-')) {
      throw lago.failure(about, { kind: 'business_rule', code: 'LAGO_NEGATIVE_LINE', message: `Line ${line.number} of ${about.object} is a deduction; Lago's invoices carry charges only.`, mend: 'Bill without it and credit it by a credit note, then retry.' });
    }
    const priced = line.quantity !== null && line.unitPrice !== null ? ` (${line.quantity} × ${line.unitPrice.amount} ${line.unitPrice.currency})` : '';
    return {
      add_on_code: options.addOns[line.kind] ?? line.kind,
      invoice_display_name: `${line.description}${priced}`,
      // One unit at the line's amount: Lago would multiply and round quantity and price anew.
      unit_amount_cents: exactNumber(exact(line.amount, about)),
      units: '1',
      description: markOf(invoice.id, line),
      from_datetime: `${invoice.periodFrom}T00:00:00Z`,
      to_datetime: `${invoice.periodTo}T23:59:59Z`,
      tax_codes: taxCodesOf(line.taxRule, about),
    };
  };

  /** Lago adds up each tax over all lines and rounds once; an invoice that was rounded otherwise is refused before it is issued. */
  const checkTax = (invoice: Invoice, about: About): void => {
    const tax = invoice.lines.reduce((sum, line) => sum.plus(new Decimal(exact(line.amount, about)).times(line.taxRate).dividedBy(100)), new Decimal(0)).toDecimalPlaces(0, Decimal.ROUND_HALF_UP);
    const wanted = exact(invoice.tax, about);
    if (tax.toFixed(0) === wanted) return;
    throw lago.failure(about, { kind: 'business_rule', code: 'LAGO_TAX_ROUNDING', message: `Lago would tax ${about.object} with ${moneyOf(tax.toFixed(0), invoice.currency).amount} ${invoice.currency}, not ${invoice.tax.amount}: it rounds the tax once for the invoice.`, mend: 'Let the tax rule round once for the invoice, not for each line; then retry.' });
  };

  const get = async (lagoId: string, about: About): Promise<FullInvoice | null> => (await lago.get(pathOf(lagoId), fullInvoice, about))?.invoice ?? null;
  const need = async (lagoId: string, about: About): Promise<FullInvoice> => {
    const row = await get(lagoId, about);
    if (row !== null) return row;
    throw lago.failure(about, { kind: 'business_rule', code: 'LAGO_INVOICE_GONE', message: `Lago no longer has ${about.object} (${lagoId}).`, mend: 'Find out what became of it in Lago; bill it again, or abort.' });
  };

  /**
   * By its metadata; else, where the second request of a write did not come through, by its fees among those without our metadata.
   * @param notBefore - the first day on which Lago can have issued it
   */
  async function findById(ourId: string, customer: string, about: About, notBefore?: LocalDate): Promise<FullInvoice | null> {
    const query = { external_customer_id: customer, invoice_type: 'one_off' };
    for await (const row of lago.list('/invoices', 'invoices', invoiceRow, about, { ...query, [`metadata[${ID}]`]: ourId })) if (ourIdOf(row) === ourId) return need(row.lago_id, about);
    for await (const row of lago.list('/invoices', 'invoices', invoiceRow, about, { ...query, [`metadata[${ID}]`]: '', ...(notBefore === undefined ? {} : { issuing_date_from: notBefore }) })) {
      if (ourIdOf(row) !== null) continue;
      const full = await get(row.lago_id, about);
      if (full?.fees?.some((fee) => fee.description?.startsWith(`${ourId} #`) === true) === true) return full;
    }
    return null;
  }

  async function setMark(row: InvoiceRow, invoice: Invoice, about: About): Promise<void> {
    if (ourIdOf(row) === invoice.id || row.status === 'voided') return;
    const others = (row.metadata ?? []).filter(({ key }) => key !== ID);
    await lago.send('PUT', pathOf(row.lago_id), { invoice: { metadata: [...others, { key: ID, value: invoice.id }] } }, fullInvoice, about);
  }

  const differs = (row: InvoiceRow, invoice: Invoice) => row.currency !== invoice.currency || compareMoney(moneyOf(row.total_amount_cents, row.currency), invoice.total) !== 0;

  const standingOf = (row: InvoiceRow, about: About): InvoiceStanding => {
    const total = moneyOf(row.total_amount_cents, row.currency);
    const paid = BigInt(row.total_paid_amount_cents ?? (row.payment_status === 'succeeded' ? row.total_amount_cents : '0'));
    const due = BigInt(row.total_due_amount_cents ?? (BigInt(row.total_amount_cents) - paid).toString());
    const open = moneyOf(due.toString(), row.currency);
    switch (row.status) {
      case 'draft':
      case 'pending':
        return { number: null, status: 'draft', total, open };
      case 'finalized':
        return { number: row.number, status: due <= 0n ? 'paid' : paid > 0n ? 'partly_paid' : 'issued', total, open };
      case 'voided':
        return { number: row.number, status: 'voided', total, open: moneyOf('0', row.currency) };
      case 'failed':
        throw lago.failure(about, { kind: 'business_rule', code: 'LAGO_INVOICE_FAILED', message: `Lago could not finish ${about.object}: its taxes were not computed.`, mend: 'Look at the invoice in Lago, correct what it names and retry the invoice there.' });
      default:
        throw lago.failure(about, { kind: 'contract', code: 'LAGO_INVOICE_STATUS', message: `${about.object} has the status ${row.status} in Lago, which the connector does not know.`, mend: 'Add the status to connectors/lago/invoice.ts, then retry.' });
    }
  };

  return {
    find: (invoice: Invoice, references: References, about: About) => findById(invoice.id, customerOf(invoice, references, about), about, addDays(invoice.issueDate, -WRITTEN_AHEAD_DAYS)),
    need,
    exact,
    customerOf,
    findById,
    standingOf,

    async write({ document, references }: WithReferences<Invoice>, existing: string | null, context: CallContext): Promise<Written> {
      const about: About = { object: labelOf(document), context };
      if (existing !== null) {
        const row = await need(existing, about);
        if (row.status === 'voided' || differs(row, document)) {
          throw lago.failure(about, { kind: 'business_rule', code: 'LAGO_INVOICE_ISSUED', message: `${about.object} is ${row.status} in Lago over ${moneyOf(row.total_amount_cents, row.currency).amount} ${row.currency}; what is issued cannot change.`, mend: 'Void it or take it back by a credit note, and bill anew under another number.' });
        }
        await setMark(row, document, about);
        return { ...lago.found('invoice', existing), created: false };
      }
      const fees = document.lines.map((line) => feeOf(document, line, about));
      checkTax(document, about);
      const entity = options.billingEntities[document.legalEntity];
      const { invoice: made } = await lago.send(
        'POST',
        '/invoices',
        { invoice: { external_customer_id: customerOf(document, references, about), currency: document.currency, fees, ...(entity === undefined ? {} : { billing_entity_code: entity }), ...(document.purchaseOrder === null ? {} : { purchase_order_number: document.purchaseOrder }) } },
        fullInvoice,
        about,
      );
      if (differs(made, document)) {
        throw lago.failure(about, { kind: 'contract', code: 'LAGO_TOTAL_DIFFERS', written: 'unknown', message: `${about.object} was issued in Lago over ${moneyOf(made.total_amount_cents, made.currency).amount} ${made.currency} instead of ${document.total.amount} ${document.currency}.`, mend: 'Void it in Lago; check the rates of the taxes that the option taxCodes names, then retry.' });
      }
      if (made.payment_due_date != null && daysBetween(document.dueDate, made.payment_due_date) !== 0) {
        context.log.warn({ system: lago.system, invoice: document.id, due: document.dueDate, dueInLago: made.payment_due_date }, "Lago's due date follows the customer's payment term there");
      }
      await afterFirstWrite(() => setMark(made, document, about));
      return { ...lago.found('invoice', made.lago_id), created: true };
    },

    async undo(invoice: Invoice, externalId: string, context: CallContext): Promise<Undone> {
      const about: About = { object: labelOf(invoice), context };
      const row = await get(externalId, about);
      if (row === null) return { how: 'not_found', detail: `${about.object} is not in Lago` };
      if (row.status === 'voided') return { how: 'cancelled', detail: `${about.object} is void in Lago` };
      const paid = row.payment_status === 'succeeded' || BigInt(row.total_paid_amount_cents ?? '0') > 0n;
      if (paid) return { how: 'kept', detail: `money has come in for ${about.object}, so it is to be taken back by a credit note` };
      try {
        await lago.send('POST', `${pathOf(externalId)}/void`, {}, fullInvoice, about);
        return { how: 'cancelled', detail: `${about.object} was voided in Lago` };
      } catch (error) {
        if (!isNotAllowed(error)) throw error;
        return { how: 'kept', detail: `Lago does not let ${about.object} be voided in its state (${row.status}, ${row.payment_status})` };
      }
    },
  };
}
export type Invoices = ReturnType<typeof createInvoices>;
