import { z } from 'zod';
import { SystemFailure } from '../../domain/failure.ts';
import type { Instant } from '../../domain/dates.ts';
import { paymentSchema, type Payment } from '../../domain/model/invoice.ts';
import { money } from '../../domain/money.ts';
import type { CallContext } from '../ports.ts';
import type { About, NetSuite } from './client.ts';
import type { NetSuiteOptions } from './options.ts';
import { wallClock } from './time-zone.ts';

const FORMAT = 'YYYY-MM-DD HH24:MI:SS';
/** Rows of a page of SuiteQL, and values of an IN list, at most. */
const PAGE = 1000;

const decimal = z.union([z.string(), z.number()]).transform(String);
const id = z.union([z.string(), z.number()]).transform(String);
const paymentRow = z.object({ id, type: z.enum(['CustPymt', 'CustRfnd']), tranid: z.string().optional(), currency: id, foreigntotal: decimal, changed: z.string().regex(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/), received: z.string().regex(/^\d{4}-\d{2}-\d{2} /) });
type PaymentRow = z.infer<typeof paymentRow>;
const linkRow = z.object({ previousdoc: id, nextdoc: id, foreignamount: decimal });
const invoiceRow = z.object({ id, custbody_q2c_invoice: z.string().optional() });
const currencyRow = z.object({ id, symbol: z.string() });

export interface Change {
  readonly changedAt: Instant;
  readonly payment: Payment;
}

/**
 * Customer payments and refunds since a moment, by SuiteQL in the order of their last change: page after page from where the one before ended, so that a payment
 * changed meanwhile moves behind and none is passed over.
 */
export function createPayments(netSuite: NetSuite, options: NetSuiteOptions): (since: Instant, context: CallContext) => AsyncIterable<Change> {
  const clock = wallClock(options.timeZone);

  async function* pages(since: Instant, about: About): AsyncGenerator<PaymentRow[]> {
    let beyond = `lastmodifieddate >= TO_DATE('${clock.notBefore(since)}', '${FORMAT}')`;
    let end = '';
    for (;;) {
      const rows = await netSuite.page(
        `SELECT id, type, tranid, currency, foreigntotal, TO_CHAR(lastmodifieddate, '${FORMAT}') AS changed, TO_CHAR(trandate, '${FORMAT}') AS received FROM transaction WHERE type IN ('CustPymt', 'CustRfnd') AND (${beyond}) ORDER BY lastmodifieddate, id`,
        paymentRow,
        about,
      );
      const last = rows.at(-1);
      if (last === undefined) return;
      if (end === `${last.changed} ${last.id}`) {
        throw new SystemFailure({ kind: 'contract', code: 'NETSUITE_PAGES_STUCK', system: netSuite.system, object: about.object, written: 'no', message: `NetSuite tells the payments changed at ${last.changed} over and over.`, mend: 'Compare how SuiteQL keeps lastmodifieddate with connectors/netsuite/receivable-payments.ts, then retry.' });
      }
      end = `${last.changed} ${last.id}`;
      yield rows;
      if (rows.length < PAGE) return;
      beyond = `lastmodifieddate > TO_DATE('${last.changed}', '${FORMAT}') OR (lastmodifieddate = TO_DATE('${last.changed}', '${FORMAT}') AND id > ${last.id})`;
    }
  }

  async function appliedBy(rows: readonly PaymentRow[], about: About) {
    const links = await netSuite.query(`SELECT previousdoc, nextdoc, foreignamount FROM nexttransactionlinelink WHERE linktype = 'Payment' AND nextdoc IN (${rows.map((row) => row.id).join(', ')}) ORDER BY nextdoc, previousdoc`, linkRow, about);
    const invoices = [...new Set(links.map((link) => link.previousdoc))];
    const ours = new Map<string, string | undefined>();
    for (let from = 0; from < invoices.length; from += PAGE) {
      const found = await netSuite.query(`SELECT id, custbody_q2c_invoice FROM transaction WHERE id IN (${invoices.slice(from, from + PAGE).join(', ')})`, invoiceRow, about);
      for (const row of found) ours.set(row.id, row.custbody_q2c_invoice);
    }
    const byPayment = Map.groupBy(links, (link) => link.nextdoc);
    return (row: PaymentRow, currency: string) =>
      (byPayment.get(row.id) ?? []).map((link) => ({ externalInvoiceId: link.previousdoc, invoiceId: ours.get(link.previousdoc) ?? null, amount: money(unsigned(link.foreignamount), currency) }));
  }

  return async function* (since, context) {
    const about: About = { object: `payments since ${since}`, context };
    let currencies: ReadonlyMap<string, string> | undefined;
    for await (const rows of pages(since, about)) {
      context.heartbeat(`${netSuite.system}: ${rows.length} payments`);
      currencies ??= new Map((await netSuite.query('SELECT id, symbol FROM currency', currencyRow, about)).map((row) => [row.id, row.symbol]));
      const applied = await appliedBy(rows, about);
      for (const row of rows) {
        const currency = currencies.get(row.currency) ?? '';
        const payment = paymentSchema.safeParse({
          schema: 'payment', schemaVersion: 1, system: netSuite.system, externalId: row.id, receivedAt: `${row.received.slice(0, 10)}T12:00:00Z`,
          // A refund gives back a credit, of whichever invoices: it pays none.
          ...(row.type === 'CustRfnd' ? { amount: money(`-${unsigned(row.foreigntotal)}`, currency), method: 'refund', applied: [] } : { amount: money(unsigned(row.foreigntotal), currency), method: null, applied: applied(row, currency) }),
          reference: row.tranid ?? null,
        });
        if (!payment.success) throw new SystemFailure({ kind: 'contract', code: 'NETSUITE_PAYMENT_UNREADABLE', system: netSuite.system, object: `payment ${row.id}`, written: 'no', message: `NetSuite tells payment ${row.id} in a way that is not understood: ${z.prettifyError(payment.error)}`, mend: 'Look at the payment in NetSuite and at its currency\'s ISO code, then retry.' });
        yield { changedAt: clock.instantOf(row.changed), payment: payment.data };
      }
    }
  };
}

/** The type says which way the money goes; which sign a transaction's total has differs by type in SuiteQL. */
function unsigned(amount: string): string {
  return amount.replace(/^-/, '');
}
