import { z } from 'zod';
import { SystemFailure, type Failure } from '../../domain/failure.ts';
import type { Invoice, InvoiceStanding } from '../../domain/model/invoice.ts';
import { compareMoney, money, type Money } from '../../domain/money.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { CallContext, RecordPort, References, Undone, WithReferences, Written } from '../ports.ts';
import type { ReceivablesPort } from '../receivables-port.ts';
import type { Charges } from './charges.ts';
import type { About, NetSuite } from './client.ts';
import { externalIdOf } from './external-id.ts';
import { chargesOf, NO_CHARGES } from './invoice-charges.ts';
import type { NetSuiteOptions } from './options.ts';
import { paymentsByRecords } from './payments-records.ts';
import { paymentsBySuiteQl } from './payments-suiteql.ts';
import { createReceivableBodies, isZero, negated } from './receivable-body.ts';
import type { NetSuiteReferences } from './references.ts';

const PENDING = '1';
const APPROVED = '2';
const REJECTED = '3';
/** A status's ID: a letter in the REST API Browser. */
const VOIDED = new Set(['V', 'Voided']);
const SUBLISTS = ['item', 'taxDetails'];

const ref = z.object({ id: z.string() });
const idRow = z.object({ id: z.string() });
const eidRow = z.object({ externalid: z.string() });
const invoiceRow = z.object({ id: z.string(), tranId: z.string(), entity: ref, currency: ref, status: ref.optional(), approvalStatus: ref.optional(), total: z.number(), amountRemaining: z.number() });
type InvoiceRow = z.infer<typeof invoiceRow>;
const creditRow = z.object({ id: z.string(), tranId: z.string(), currency: ref, status: ref.optional(), total: z.number() });
type CreditRow = z.infer<typeof creditRow>;
const FIELDS = { invoice: { fields: Object.keys(invoiceRow.shape).join(',') }, creditMemo: { fields: Object.keys(creditRow.shape).join(',') } };

/**
 * Invoices, credit memos and payments. An invoice that is saved is posted, unless the account has its invoices approved: then one is written pending
 * approval, which posts nothing, and issued by being approved. What takes back or writes off a posted invoice is a credit memo applied to it. With `charges`,
 * an invoice's lines take up the charges that they bill.
 */
export function createReceivables(netSuite: NetSuite, references: NetSuiteReferences, options: NetSuiteOptions, charges: Charges | null, now: () => number): ReceivablesPort {
  const { system } = netSuite;
  const bodies = createReceivableBodies(system, references, options);
  const aboutOf = (document: Invoice, context: CallContext): About => ({ object: `${document.kind === 'invoice' ? 'invoice' : 'credit note'} ${document.id}`, context });
  const recordOf = (document: Invoice) => (document.kind === 'invoice' ? 'invoice' : 'creditMemo');
  const eidOf = (document: Invoice) => externalIdOf(document.id);
  const closingIds = (document: Invoice) => ({ void: externalIdOf(document.id, 'void'), writeOff: externalIdOf(document.id, 'write-off') });
  const failure = (about: About, { written = 'no', ...rest }: Pick<Failure, 'kind' | 'code' | 'message' | 'mend'> & { readonly written?: Failure['written'] }) => new SystemFailure({ system, object: about.object, written, ...rest });

  const isDraft = (row: InvoiceRow) => row.approvalStatus?.id === PENDING || row.approvalStatus?.id === REJECTED;
  const isVoided = (row: { readonly status?: { readonly id: string } | undefined }) => row.status !== undefined && VOIDED.has(row.status.id);

  /** In the document's currency, which the record's must be. */
  const moneyIn = (document: Invoice, row: InvoiceRow | CreditRow, amount: number, about: About): Money => {
    if (row.currency.id === references.currency(document.currency, about.object).id) return money(amount, document.currency);
    throw failure(about, { kind: 'business_rule', code: 'NETSUITE_CURRENCY_DIFFERS', message: `${about.object} is not in ${document.currency} in NetSuite (currency ${row.currency.id}).`, mend: 'Look at what was changed in NetSuite, or correct the currencies in the options; then retry.' });
  };

  const needInvoice = async (key: string, about: About): Promise<InvoiceRow> => gone(await netSuite.read('invoice', key, invoiceRow, about, FIELDS.invoice), key, about);
  const needCredit = async (key: string, about: About): Promise<CreditRow> => gone(await netSuite.read('creditMemo', key, creditRow, about, FIELDS.creditMemo), key, about);
  function gone<Row>(row: Row | null, key: string, about: About): Row {
    if (row !== null) return row;
    throw failure(about, { kind: 'business_rule', code: 'NETSUITE_INVOICE_GONE', message: `NetSuite no longer has ${about.object} (${key}).`, mend: 'Find out who deleted it in NetSuite; bill it again, or abort.' });
  }

  /** Whether an invoice with nothing open was taken back or written off by a credit memo of ours. */
  async function closedBy(document: Invoice, about: About): Promise<'voided' | 'uncollectible' | null> {
    const ids = closingIds(document);
    const rows = await netSuite.query(`SELECT externalid FROM transaction WHERE type = 'CustCred' AND externalid IN ('${ids.void}', '${ids.writeOff}')`, eidRow, about);
    if (rows.some((row) => row.externalid === ids.void)) return 'voided';
    return rows.some((row) => row.externalid === ids.writeOff) ? 'uncollectible' : null;
  }

  async function standingOf(document: Invoice, row: InvoiceRow, about: About): Promise<InvoiceStanding> {
    const total = moneyIn(document, row, row.total, about);
    const open = moneyIn(document, row, row.amountRemaining, about);
    if (isDraft(row)) return { number: null, status: 'draft', total, open: total };
    if (isVoided(row)) return { number: row.tranId, status: 'voided', total, open };
    if (isZero(open)) return { number: row.tranId, status: (isZero(total) ? null : await closedBy(document, about)) ?? 'paid', total, open };
    return { number: row.tranId, status: compareMoney(open, total) === 0 ? 'issued' : 'partly_paid', total, open };
  }

  /** Of a credit note, "open" is what customers still owe by it: nothing. */
  const creditStanding = (document: Invoice, row: CreditRow, about: About): InvoiceStanding => ({ number: row.tranId, status: isVoided(row) ? 'voided' : 'issued', total: negated(moneyIn(document, row, row.total, about)), open: money('0', document.currency) });

  const standing: ReceivablesPort['standing'] = async ({ document, externalId }, context) => {
    const about = aboutOf(document, context);
    return document.kind === 'invoice' ? standingOf(document, await needInvoice(externalId, about), about) : creditStanding(document, await needCredit(externalId, about), about);
  };

  const checkTotal = (document: Invoice, { status, total }: InvoiceStanding, about: About): void => {
    if (status === 'voided') throw failure(about, { kind: 'business_rule', code: 'NETSUITE_INVOICE_VOID', message: `${about.object} was taken back in NetSuite.`, mend: 'Bill it anew under another number.' });
    if (compareMoney(total, document.total) === 0) return;
    throw failure(about, { kind: 'business_rule', code: 'NETSUITE_INVOICE_POSTED', message: `${about.object} is posted in NetSuite over ${total.amount} ${total.currency}, not ${document.total.amount}; what is posted cannot change.`, mend: 'Take it back by a credit note, and bill anew.' });
  };

  async function writeInvoice(document: Invoice, known: References, existing: string | null, about: About): Promise<Written> {
    const body = async () => {
      const taken = charges === null ? NO_CHARGES : await chargesOf(document, existing, charges, netSuite, about);
      return { ...bodies.invoice(document, known, taken, about.object), ...(options.invoiceApproval ? { approvalStatus: { id: PENDING } } : {}) };
    };
    if (existing === null) return { ...references.found('invoice', await netSuite.upsert('invoice', eidOf(document), await body(), about, SUBLISTS)), created: true };
    const row = await needInvoice(existing, about);
    if (isDraft(row)) await netSuite.update('invoice', existing, { ...(await body()), externalId: eidOf(document) }, about, SUBLISTS);
    else checkTotal(document, await standingOf(document, row, about), about);
    return { ...references.found('invoice', existing), created: false };
  }

  async function writeCredit(document: Invoice, known: References, existing: string | null, about: About): Promise<Written> {
    if (existing !== null) {
      checkTotal(document, creditStanding(document, await needCredit(existing, about), about), about);
      return { ...references.found('creditMemo', existing), created: false };
    }
    const credited = document.credits === null ? null : await netSuite.read('invoice', `eid:${externalIdOf(document.credits)}`, invoiceRow, about, FIELDS.invoice);
    if (credited === null || isDraft(credited)) {
      throw failure(about, { kind: 'business_rule', code: 'NETSUITE_CREDITED_MISSING', message: `NetSuite has no posted invoice ${document.credits ?? ''} that ${about.object} could take back.`, mend: 'Issue the invoice first, or find out who deleted it in NetSuite; then retry.' });
    }
    const open = moneyIn(document, credited, credited.amountRemaining, about);
    const wanted = negated(document.total);
    const body = { ...bodies.creditMemo(document, true, known, about.object), ...bodies.applied(credited.id, compareMoney(open, wanted) < 0 ? open : wanted, about.object) };
    return { ...references.found('creditMemo', await netSuite.upsert('creditMemo', eidOf(document), body, about, [...SUBLISTS, 'apply'])), created: true };
  }

  async function undoInvoice(document: Invoice, known: References, externalId: string, about: About): Promise<Undone> {
    const row = await netSuite.read('invoice', externalId, invoiceRow, about, FIELDS.invoice);
    if (row === null) return { how: 'not_found', detail: `${about.object} is not in NetSuite` };
    if (isDraft(row)) {
      await netSuite.remove('invoice', externalId, about);
      return { how: 'deleted', detail: `${about.object} was pending approval and was deleted from NetSuite` };
    }
    const now = await standingOf(document, row, about);
    if (now.status === 'voided') return { how: 'cancelled', detail: `${about.object} is taken back in NetSuite by a credit memo` };
    if (now.status !== 'issued' || compareMoney(now.total, document.total) !== 0) return { how: 'kept', detail: `${about.object} is ${now.status.replace('_', ' ')} over ${now.total.amount} ${now.total.currency}; take back by a credit note what is not to stand` };
    await netSuite.upsert('creditMemo', closingIds(document).void, { ...bodies.creditMemo(document, false, known, about.object), ...bodies.applied(row.id, now.open, about.object) }, about, [...SUBLISTS, 'apply']);
    return { how: 'cancelled', detail: `${about.object} was posted, so it was taken back in NetSuite by a credit memo over all of it` };
  }

  const invoice: RecordPort<WithReferences<Invoice>> = {
    lookUp: 'key',
    async find({ document }, context) {
      const found = await netSuite.read(recordOf(document), `eid:${eidOf(document)}`, idRow, aboutOf(document, context), { fields: 'id' });
      return found === null ? null : references.found(recordOf(document), found.id);
    },
    write: ({ document, references: known }, existing, context) => (document.kind === 'invoice' ? writeInvoice : writeCredit)(document, known, existing?.externalId ?? null, aboutOf(document, context)),
    async undo({ document: { document, references: known }, externalId, created }, context) {
      const about = aboutOf(document, context);
      if (!created) return { how: 'kept', detail: `${about.object} stood before` };
      if (document.kind === 'invoice') return undoInvoice(document, known, externalId, about);
      if ((await netSuite.read('creditMemo', externalId, idRow, about, { fields: 'id' })) === null) return { how: 'not_found', detail: `${about.object} is not in NetSuite` };
      return { how: 'kept', detail: `${about.object} is posted in NetSuite and applied to its invoice; bill anew what it should not have taken back` };
    },
  };

  return {
    invoice,
    written: { invoice: options.invoiceApproval ? 'draft' : 'issued', creditNote: 'issued' },
    standing,
    async issue({ document, externalId }, context) {
      if (document.kind === 'credit_note') return standing({ document, externalId }, context);
      const about = aboutOf(document, context);
      const row = await needInvoice(externalId, about);
      const now = await standingOf(document, row, about);
      if (now.status !== 'voided' && compareMoney(now.total, document.total) !== 0) {
        throw failure(about, { kind: 'business_rule', code: 'NETSUITE_TOTAL_DIFFERS', message: `${about.object} comes to ${now.total.amount} ${now.total.currency} in NetSuite, not ${document.total.amount}${isDraft(row) ? '; it was not approved' : ''}.`, mend: 'Look at what was changed in NetSuite, and whether its tax engine overrides the taxes it was given; then retry, or take it back by a credit note.' });
      }
      if (now.status !== 'draft') return now;
      if (row.approvalStatus?.id === REJECTED) throw failure(about, { kind: 'business_rule', code: 'NETSUITE_INVOICE_REJECTED', message: `${about.object} was rejected by its approver in NetSuite; it was not issued.`, mend: 'Settle with the approver what is wrong, correct the invoice, then retry.' });
      await netSuite.upsert('invoice', eidOf(document), { approvalStatus: { id: APPROVED } }, about);
      return afterFirstWrite(() => standing({ document, externalId }, context));
    },
    writeOff:
      options.badDebtItem === undefined
        ? { unsupported: 'no item for bad debts is named (option badDebtItem): write the invoice off in NetSuite itself, by a credit memo or a journal entry against bad debts' }
        : writingOff(options.badDebtItem),
    payments: options.payments === 'records' ? paymentsByRecords(netSuite, options, now) : paymentsBySuiteQl(netSuite, options),
  };

  function writingOff(item: string): Exclude<ReceivablesPort['writeOff'], { readonly unsupported: string }> {
    return async ({ document, externalId }, context) => {
      const about = aboutOf(document, context);
      const row = await needInvoice(externalId, about);
      const now = await standingOf(document, row, about);
      if (now.status !== 'issued' && now.status !== 'partly_paid') return now;
      const body = { ...bodies.writeOff(document, now.open, row.entity, item, about.object), ...bodies.applied(row.id, now.open, about.object) };
      await netSuite.upsert('creditMemo', closingIds(document).writeOff, body, about, [...SUBLISTS, 'apply']);
      return afterFirstWrite(() => standing({ document, externalId }, context));
    };
  }
}
