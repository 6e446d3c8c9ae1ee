import { z } from 'zod';
import type { Invoice, InvoiceLine, InvoiceStanding } from '../../domain/model/invoice.ts';
import { compareMoney, type Money } from '../../domain/money.ts';
import { exactNumber } from '../exact-number.ts';
import type { CallContext, Found, References, Undone, WithReferences, Written } from '../ports.ts';
import { cents, moneyOf } from './amounts.ts';
import { isNotAllowed } from './classify.ts';
import type { About, Lago } from './client.ts';
import { feeRow, ID, labelOf, markOf, type FullInvoice, type Invoices } from './invoice.ts';

const creditNoteRow = z.object({
  lago_id: z.string(),
  lago_invoice_id: z.string(),
  number: z.string(),
  currency: z.string(),
  credit_status: z.string().nullish(),
  total_amount_cents: cents,
  items: z.array(z.object({ amount_cents: cents, fee: feeRow.pick({ lago_id: true }) })).nullish(),
  metadata: z.record(z.string(), z.string().nullable()).nullish(),
});
type CreditNoteRow = z.infer<typeof creditNoteRow>;
const creditNoteAnswer = z.object({ credit_note: creditNoteRow });
const LONGEST_DESCRIPTION = 255;

/** Credit notes over the fees of the invoice they credit. Lago issues them at once; our ID is in their metadata from the beginning. */
export function createCreditNotes(lago: Lago, invoices: Invoices) {
  const creditedOf = async (document: Invoice, references: References, about: About): Promise<FullInvoice> => {
    const found = document.credits === null ? null : await invoices.findById(document.credits, invoices.customerOf(document, references, about), about);
    if (found !== null) return found;
    throw lago.failure(about, { kind: 'business_rule', code: 'LAGO_CREDITED_INVOICE_MISSING', message: `Lago has no invoice ${document.credits ?? '(none named)'} of this customer, which ${about.object} takes back.`, mend: 'Credit an invoice that was billed by Lago, or correct which one is meant; then retry.' });
  };

  async function notesOf(invoice: FullInvoice, about: About): Promise<CreditNoteRow[]> {
    const rows: CreditNoteRow[] = [];
    for await (const row of lago.list('/credit_notes', 'credit_notes', creditNoteRow, about, { invoice_number: invoice.number })) if (row.lago_invoice_id === invoice.lago_id) rows.push(row);
    return rows;
  }

  /** Each line is credited on the fee it was billed by, and what that has no room for on others of the same tax. */
  function itemsOf(document: Invoice, credited: FullInvoice, earlier: readonly CreditNoteRow[], about: About): { fee_id: string; amount_cents: unknown }[] {
    const fees = credited.fees ?? [];
    const room = new Map(fees.map((fee) => [fee.lago_id, BigInt(fee.amount_cents)]));
    for (const { fee, amount_cents } of earlier.flatMap((row) => row.items ?? [])) room.set(fee.lago_id, (room.get(fee.lago_id) ?? 0n) - BigInt(amount_cents));
    const taken = new Map<string, bigint>();
    const take = (line: InvoiceLine) => {
      let left = -BigInt(invoices.exact(line.amount, about));
      if (left < 0n) throw lago.failure(about, { kind: 'business_rule', code: 'LAGO_CREDIT_LINE_SIGN', message: `Line ${line.number} of ${about.object} is a charge; Lago's credit notes carry credits only.`, mend: 'Put charges on an invoice of their own, then retry.' });
      const own = fees.find((fee) => fee.description === markOf(document.credits ?? '', line));
      const taxes = (fee: (typeof fees)[number] | undefined) => (fee?.applied_taxes ?? []).map((tax) => tax.tax_code).toSorted().join();
      for (const fee of [...(own === undefined ? [] : [own]), ...fees.filter((each) => each !== own && (own === undefined || taxes(each) === taxes(own)))]) {
        const free = room.get(fee.lago_id) ?? 0n;
        const part = left < free ? left : free;
        if (part <= 0n) continue;
        room.set(fee.lago_id, free - part);
        taken.set(fee.lago_id, (taken.get(fee.lago_id) ?? 0n) + part);
        left -= part;
      }
      if (left > 0n) throw lago.failure(about, { kind: 'business_rule', code: 'LAGO_CREDIT_TOO_LARGE', message: `Line ${line.number} of ${about.object} credits more than the invoice ${document.credits ?? ''} has left to credit.`, mend: 'Correct the credit note; what goes beyond the invoice is paid back past Lago.' });
    };
    for (const line of document.lines) take(line);
    return [...taken].map(([fee_id, amount]) => ({ fee_id, amount_cents: exactNumber(amount.toString()) }));
  }

  const standingOf = (row: CreditNoteRow): InvoiceStanding => ({ number: row.number, status: row.credit_status === 'voided' ? 'voided' : 'issued', total: moneyOf(`-${row.total_amount_cents}`, row.currency), open: moneyOf('0', row.currency) });
  const isOver = (row: CreditNoteRow, total: Money) => row.currency === total.currency && compareMoney(moneyOf(`-${row.total_amount_cents}`, row.currency), total) === 0;
  const pathOf = (lagoId: string) => `/credit_notes/${encodeURIComponent(lagoId)}`;
  const get = async (lagoId: string, about: About) => (await lago.get(pathOf(lagoId), creditNoteAnswer, about))?.credit_note ?? null;
  const need = async (lagoId: string, about: About) => {
    const row = await get(lagoId, about);
    if (row !== null) return row;
    throw lago.failure(about, { kind: 'business_rule', code: 'LAGO_CREDIT_NOTE_GONE', message: `Lago has no ${about.object} (${lagoId}).`, mend: 'Retry to write it anew, or abort.' });
  };
  /** The page of the invoice shows its credit notes. */
  const foundOf = (row: CreditNoteRow): Found => ({ externalId: row.lago_id, url: lago.found('invoice', row.lago_invoice_id).url });

  return {
    standing: async (externalId: string, about: About) => standingOf(await need(externalId, about)),

    async find(document: Invoice, references: References, about: About): Promise<Found | null> {
      const row = (await notesOf(await creditedOf(document, references, about), about)).find(({ metadata }) => metadata?.[ID] === document.id);
      return row === undefined ? null : foundOf(row);
    },

    async write({ document, references }: WithReferences<Invoice>, existing: string | null, context: CallContext): Promise<Written> {
      const about: About = { object: labelOf(document), context };
      if (existing !== null) {
        const row = await need(existing, about);
        if (row.credit_status !== 'voided' && isOver(row, document.total)) return { ...foundOf(row), created: false };
        throw lago.failure(about, { kind: 'business_rule', code: 'LAGO_CREDIT_NOTE_ISSUED', message: `${about.object} is issued in Lago over ${moneyOf(row.total_amount_cents, row.currency).amount} ${row.currency}; what is issued cannot change.`, mend: 'Void what is left of it in Lago and write another credit note.' });
      }
      const credited = await creditedOf(document, references, about);
      const items = itemsOf(document, credited, await notesOf(credited, about), about);
      const total = -BigInt(invoices.exact(document.total, about));
      const due = BigInt(credited.total_due_amount_cents ?? '0');
      const offset = total < due ? total : due;
      const amounts = { offset_amount_cents: exactNumber(offset.toString()), credit_amount_cents: exactNumber((total - offset).toString()), refund_amount_cents: 0 };
      const { credit_note: made } = await lago.send(
        'POST',
        '/credit_notes',
        { credit_note: { invoice_id: credited.lago_id, reason: 'other', description: document.memo.slice(0, LONGEST_DESCRIPTION), items, ...amounts, metadata: { [ID]: document.id } } },
        creditNoteAnswer,
        about,
      );
      if (!isOver(made, document.total)) {
        throw lago.failure(about, { kind: 'contract', code: 'LAGO_TOTAL_DIFFERS', written: 'unknown', message: `${about.object} was issued in Lago over ${moneyOf(made.total_amount_cents, made.currency).amount} ${made.currency} instead of ${document.total.amount}.`, mend: 'Settle the difference in Lago, correct connectors/lago/credit-note.ts, then retry.' });
      }
      return { ...foundOf(made), created: true };
    },

    async undo(document: Invoice, externalId: string, context: CallContext): Promise<Undone> {
      const about: About = { object: labelOf(document), context };
      const row = await get(externalId, about);
      if (row === null) return { how: 'not_found', detail: `${about.object} is not in Lago` };
      if (row.credit_status === 'voided') return { how: 'cancelled', detail: `the credit of ${about.object} is void in Lago` };
      try {
        await lago.send('PUT', `${pathOf(externalId)}/void`, {}, creditNoteAnswer, about);
        return { how: 'cancelled', detail: `the unused credit of ${about.object} was voided in Lago; what it took off its invoice stays` };
      } catch (error) {
        if (!isNotAllowed(error)) throw error;
        return { how: 'kept', detail: `${about.object} has no unused credit that Lago could void; bill the amount again where it is owed` };
      }
    },
  };
}
