import { z } from 'zod';
import type { Invoice, InvoiceLine, InvoiceStanding } from '../../domain/model/invoice.ts';
import { compareMoney, money, type Money } from '../../domain/money.ts';
import { Decimal } from 'decimal.js';
import type { CallContext, References, Undone, WithReferences, Written } from '../ports.ts';
import { minorOf, minorUnits, moneyOf } from './amounts.ts';
import { madeAnswer, type About, type Stripe } from './client.ts';
import { noon } from './dates.ts';
import type { Params } from './form.ts';
import { labelOf, type InvoiceRow, type Invoices } from './invoice.ts';
import { descriptionOf, lineRow, NUMBER, TAX, type Lines } from './lines.ts';
import type { StripeOptions } from './options.ts';

const ID = 'q2c_invoice';

const creditNoteRow = z.object({ id: z.string(), number: z.string(), status: z.string(), currency: z.string(), total: minorUnits, metadata: z.record(z.string(), z.string()).nullish() });
type CreditNoteRow = z.infer<typeof creditNoteRow>;

interface BilledLine {
  readonly id: string;
  readonly number: string | undefined;
  /** Our rule and rate. */
  readonly tax: string | undefined;
  readonly amount: bigint;
  /** Stripe's tax rate. */
  readonly rate: string | undefined;
}

/** A document's amounts are negative, Stripe's are what is credited. */
function taken(value: Money): Money {
  return money(new Decimal(value.amount).negated(), value.currency);
}

/** Credit notes: Stripe knows no drafts of them, writing one issues it. Found by our ID among those of the invoice they credit. */
export function createCreditNotes(stripe: Stripe, invoices: Invoices, lines: Lines, options: StripeOptions) {
  const creditedOf = async (document: Invoice, references: References, about: About): Promise<InvoiceRow> => {
    const found = document.credits === null ? null : await invoices.findById(document.credits, invoices.customerOf(document, references, about), about);
    if (found !== null) return found;
    throw stripe.failure(about, { kind: 'business_rule', code: 'STRIPE_CREDITED_INVOICE_MISSING', message: `Stripe has no invoice ${document.credits ?? '(none named)'} of this customer, which ${about.object} takes back.`, mend: 'Credit an invoice that was billed by Stripe, or correct which one is meant; then retry.' });
  };

  async function findOf(invoiceId: string, ourId: string, about: About): Promise<CreditNoteRow | null> {
    for await (const row of stripe.list('/credit_notes', creditNoteRow, about, { invoice: invoiceId })) if (row.metadata?.[ID] === ourId) return row;
    return null;
  }

  async function billedLines(invoiceId: string, about: About): Promise<readonly BilledLine[]> {
    const billed: BilledLine[] = [];
    for await (const row of stripe.list(`/invoices/${invoiceId}/lines`, lineRow, about)) {
      billed.push({ id: row.id, number: row.metadata?.[NUMBER], tax: row.metadata?.[TAX], amount: BigInt(row.amount), rate: row.taxes?.[0]?.tax_rate_details?.tax_rate });
    }
    return billed;
  }

  /** On the very line it was billed by where that has room, else as a line of its own with the tax rate that Stripe has of the same rule. */
  const lineOf = (line: InvoiceLine, billed: readonly BilledLine[], about: About): Params => {
    const on = { system: stripe.system, object: about.object };
    const amount = minorOf(taken(line.amount), on);
    const tax = minorOf(taken(line.tax), on);
    if (amount.startsWith('-') || tax.startsWith('-')) {
      throw stripe.failure(about, { kind: 'business_rule', code: 'STRIPE_CREDIT_LINE_SIGN', message: `Line ${line.number} of ${about.object} is a charge; Stripe's credit notes carry credits only.`, mend: 'Put charges on an invoice of their own, then retry.' });
    }
    const alike = billed.filter((each) => each.tax === lines.taxOf(line));
    const own = alike.find((each) => each.number === String(line.number) && each.amount >= BigInt(amount));
    const rate = own?.rate ?? alike.find((each) => each.rate !== undefined)?.rate;
    if (tax !== '0' && rate === undefined) {
      throw stripe.failure(about, { kind: 'business_rule', code: 'STRIPE_CREDIT_TAX', message: `Line ${line.number} of ${about.object} is taxed by ${lines.taxOf(line)} %, which no line of the credited invoice is.`, mend: 'Credit lines with the tax they were billed with, then retry.' });
    }
    const taxes = rate === undefined ? {} : { tax_amounts: [{ amount: tax, taxable_amount: amount, tax_rate: rate }] };
    if (own !== undefined) return { type: 'invoice_line_item', invoice_line_item: own.id, amount, ...taxes };
    return { type: 'custom_line_item', description: descriptionOf(line), quantity: 1, unit_amount: amount, ...taxes };
  };

  /** Of a credit note, "open" is what customers still owe by it: nothing. */
  const standingOf = (row: CreditNoteRow): InvoiceStanding => ({
    number: row.number,
    status: row.status === 'void' ? 'voided' : 'issued',
    total: taken(moneyOf(row.total, row.currency)),
    open: moneyOf('0', row.currency),
  });

  const need = async (id: string, about: About): Promise<CreditNoteRow> => {
    const row = await stripe.get(`/credit_notes/${id}`, creditNoteRow, about);
    if (row !== null) return row;
    throw stripe.failure(about, { kind: 'business_rule', code: 'STRIPE_CREDIT_NOTE_GONE', message: `Stripe has no ${about.object} (${id}).`, mend: 'Retry to write it anew, or abort.' });
  };

  return {
    standing: async (externalId: string, about: About) => standingOf(await need(externalId, about)),

    async find(document: Invoice, references: References, about: About): Promise<CreditNoteRow | null> {
      return findOf((await creditedOf(document, references, about)).id, document.id, about);
    },

    async write({ document, references }: WithReferences<Invoice>, existing: string | null, context: CallContext): Promise<Written> {
      const about: About = { object: labelOf(document), context };
      const wanted = taken(document.total);
      const differs = (row: CreditNoteRow) => compareMoney(moneyOf(row.total, row.currency), wanted) !== 0;
      if (existing !== null) {
        const row = await need(existing, about);
        if (row.status !== 'void' && !differs(row)) return { ...stripe.found('credit_notes', existing), created: false };
        throw stripe.failure(about, { kind: 'business_rule', code: 'STRIPE_CREDIT_NOTE_ISSUED', message: `${about.object} is ${row.status} in Stripe over ${moneyOf(row.total, row.currency).amount} ${row.currency.toUpperCase()}; what is issued cannot change.`, mend: 'Void it in Stripe and write another credit note.' });
      }
      const credited = await creditedOf(document, references, about);
      const billed = await billedLines(credited.id, about);
      const total = BigInt(minorOf(wanted, { system: stripe.system, object: about.object }));
      const beyondOpen = total - BigInt(credited.amount_remaining);
      const made = await stripe.post(
        '/credit_notes',
        {
          invoice: credited.id,
          lines: document.lines.map((line) => lineOf(line, billed, about)),
          memo: document.memo === '' ? undefined : document.memo,
          effective_at: noon(document.issueDate),
          email_type: options.emailOnIssue ? 'credit_note' : 'none',
          metadata: { [ID]: document.id, q2c_legal_entity: document.legalEntity },
          ...(beyondOpen <= 0n ? {} : options.creditOfPaid === 'customer_balance' ? { credit_amount: String(beyondOpen) } : { out_of_band_amount: String(beyondOpen) }),
        },
        creditNoteRow,
        about,
        'credit-note',
      );
      if (differs(made)) {
        throw stripe.failure(about, { kind: 'contract', code: 'STRIPE_TOTAL_DIFFERS', written: 'unknown', message: `${about.object} was issued in Stripe over ${moneyOf(made.total, made.currency).amount} ${made.currency.toUpperCase()} instead of ${wanted.amount} ${wanted.currency}.`, mend: 'Void it in Stripe, correct connectors/stripe/credit-note.ts, then retry.' });
      }
      return { ...stripe.found('credit_notes', made.id), created: true };
    },

    async undo(document: Invoice, externalId: string, context: CallContext): Promise<Undone> {
      const about: About = { object: labelOf(document), context };
      const row = await stripe.get(`/credit_notes/${externalId}`, creditNoteRow, about);
      if (row === null) return { how: 'not_found', detail: `${about.object} is not in Stripe` };
      if (row.status !== 'void') await stripe.post(`/credit_notes/${externalId}/void`, {}, madeAnswer, about, 'void');
      return { how: 'cancelled', detail: `${about.object} was issued, so it was voided in Stripe` };
    },
  };
}
