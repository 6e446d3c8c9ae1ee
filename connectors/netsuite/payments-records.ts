import { z } from 'zod';
import type { Instant } from '../../domain/dates.ts';
import { currencySchema, money, type Currency } from '../../domain/money.ts';
import type { CallContext } from '../ports.ts';
import type { ChangedPayment } from '../receivables-port.ts';
import { asPayment, fieldsOf, unreadable, type PaymentRecord } from '../told-payment.ts';
import type { About, NetSuite } from './client.ts';
import type { NetSuiteOptions } from './options.ts';
import { wireDecimal } from './wire-decimal.ts';

const DAY_MS = 86_400_000;
/** Records asked for at once; the system's own limits hold besides. */
const AT_ONCE = 8;
const KINDS = [['customerPayment', 'payment'], ['customerRefund', 'refund']] as const;

const ref = z.object({ id: z.string(), refName: z.string().optional() });
const storedRow = z.looseObject({ id: z.string() });
const changedRow = z.object({ lastModifiedDate: z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString()) });
const headRow = z.object({ currency: ref, status: ref.optional(), tranDate: z.iso.date(), tranId: z.string().optional() });
const applyRow = z.object({ doc: ref, apply: z.boolean().optional(), amount: wireDecimal.optional() });
const paymentRow = headRow.extend({ payment: wireDecimal, apply: z.object({ items: z.array(applyRow).default([]), hasMore: z.boolean().default(false) }).optional() });
const refundRow = headRow.extend({ total: wireDecimal });
const invoiceRow = z.object({ custbody_q2c_invoice: z.string().optional() });
const currencyRow = z.object({ symbol: z.string().optional() });

/** By the status's name or ID. Source: transaction status filters of NetSuite's SuiteScript help ("Not Deposited", "Deposited", "Unapproved Payment"). */
const STATES: ReadonlyMap<string, 'money' | 'underway' | 'nothing'> = new Map([
  ['deposited', 'money'], ['not deposited', 'money'], ['undeposited', 'money'],
  ['unapproved payment', 'underway'], ['pending approval', 'underway'],
  ['voided', 'nothing'], ['declined', 'nothing'],
]);

/**
 * Customer payments and refunds since a moment, as records: a list of those that changed on each day, then each record with what it is applied to. All names are
 * those of the REST API Browser. A payment that changes meanwhile moves to a later day's list, which is asked for later.
 */
export function paymentsByRecords(netSuite: NetSuite, options: NetSuiteOptions, now: () => number): (since: Instant, context: CallContext) => AsyncIterable<ChangedPayment> {
  const codes = new Map<string, string | undefined>(Object.entries(options.currencies).map(([code, id]) => [id, code]));

  async function currencyOf(id: string, about: About): Promise<Currency | null> {
    if (!codes.has(id)) codes.set(id, (await netSuite.read('currency', id, currencyRow, about, { fields: 'symbol' }))?.symbol);
    return currencySchema.safeParse(codes.get(id)).data ?? null;
  }

  /** Of one day, in the order of their last change. */
  async function changedOn(day: string, about: About): Promise<PaymentRecord[]> {
    const records: PaymentRecord[] = [];
    for (const [name, what] of KINDS) {
      const ids = await netSuite.list(name, `lastModifiedDate ON "${inFormat(day, options.dateFormat)}"`, about);
      for (let from = 0; from < ids.length; from += AT_ONCE) {
        about.context.heartbeat(`${netSuite.system}: ${day}, ${from} of ${ids.length} ${what}s`);
        const read = ids.slice(from, from + AT_ONCE).map(async (id) => await netSuite.read(name, id, storedRow, { ...about, object: `${what} ${id}` }, { expandSubResources: 'true' }));
        for (const document of await Promise.all(read)) {
          // One that was deleted meanwhile is not told.
          if (document === null) continue;
          const changedAt = changedRow.safeParse(document).data?.lastModifiedDate ?? `${day}T23:59:59.000Z`;
          records.push({ system: netSuite.system, prefix: 'NETSUITE', what, externalId: document.id, changedAt, document });
        }
      }
    }
    return records.toSorted((left, right) => (left.changedAt === right.changedAt ? Number(left.externalId) - Number(right.externalId) : left.changedAt < right.changedAt ? -1 : 1));
  }

  /** Null for what is no money yet. @param ours - our invoices' IDs by NetSuite's, as far as they were asked for */
  async function asTold(record: PaymentRecord, ours: Map<string, string | null>, context: CallContext): Promise<ChangedPayment | null> {
    const about: About = { object: `${record.what} ${record.externalId}`, context };
    const read = record.what === 'payment' ? fieldsOf(paymentRow, record) : fieldsOf(refundRow, record);
    if ('told' in read) return read.told;
    const { fields } = read;
    const state = stateOf(fields.status);
    if (state === undefined) return unreadable(record, `its status is "${fields.status?.refName ?? fields.status?.id ?? ''}", so whether it is money is not known.`, 'NETSUITE_PAYMENT_STATUS');
    if (state === 'underway') return null;
    const currency = await currencyOf(fields.currency.id, about);
    if (currency === null) return unreadable(record, `its currency ${fields.currency.id} has no ISO code in the options (currencies) nor in NetSuite.`);
    const common = { receivedAt: `${fields.tranDate}T12:00:00Z`, reference: fields.tranId ?? null };
    const amountOf = (amount: string) => money(state === 'money' ? amount : '0', currency);
    // A refund gives back a credit, of whichever invoices: it pays none.
    if ('total' in fields) return asPayment(record, { ...common, amount: amountOf(`-${fields.total.replace(/^-/, '')}`), method: 'refund', applied: [] });
    if (fields.apply?.hasMore === true) return unreadable(record, 'it pays more invoices than NetSuite lists in one answer.');
    const applied: Parameters<typeof asPayment>[1]['applied'] = [];
    for (const { doc, apply, amount } of state === 'money' ? (fields.apply?.items ?? []) : []) {
      if (apply === false) continue;
      if (amount === undefined) return unreadable(record, `how much of it pays ${doc.id} is not told.`);
      if (!ours.has(doc.id)) ours.set(doc.id, (await netSuite.read('invoice', doc.id, invoiceRow, about, { fields: 'custbody_q2c_invoice' }))?.custbody_q2c_invoice ?? null);
      applied.push({ externalInvoiceId: doc.id, invoiceId: ours.get(doc.id) ?? null, amount: money(amount, currency) });
    }
    return asPayment(record, { ...common, amount: amountOf(fields.payment), method: null, applied });
  }

  return async function* (since, context) {
    const about: About = { object: `payments since ${since}`, context };
    // A day more at each end: which day a moment falls on is the user's time zone's to say.
    const last = dayOf(now() + DAY_MS);
    for (let at = Date.parse(since) - DAY_MS; dayOf(at) <= last; at += DAY_MS) {
      const ours = new Map<string, string | null>();
      for (const record of await changedOn(dayOf(at), about)) {
        if (Date.parse(record.changedAt) < Math.floor(Date.parse(since) / 1000) * 1000) continue;
        const told = await asTold(record, ours, context);
        if (told !== null) yield told;
      }
    }
  };
}

/** Without a status, a saved record counts: refunds have none. */
function stateOf(status: z.infer<typeof ref> | undefined) {
  if (status === undefined) return 'money';
  return STATES.get(status.refName?.toLowerCase() ?? '') ?? STATES.get(status.id.toLowerCase());
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function inFormat(day: string, format: string): string {
  const [year = '', month = '', date = ''] = day.split('-');
  const part: Readonly<Record<string, string>> = { YYYY: year, MM: month, DD: date, M: String(Number(month)), D: String(Number(date)) };
  return format.replaceAll(/YYYY|MM?|DD?/g, (each) => part[each] ?? each);
}
