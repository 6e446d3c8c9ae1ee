import { z } from 'zod';
import { SystemFailure } from '../../domain/failure.ts';
import type { Instant } from '../../domain/dates.ts';
import { currencySchema, money } from '../../domain/money.ts';
import type { CallContext } from '../ports.ts';
import type { ChangedPayment } from '../receivables-port.ts';
import { asPayment, fieldsOf, unreadable, type PaymentRecord } from '../told-payment.ts';
import type { About, NetSuite } from './client.ts';
import type { NetSuiteOptions } from './options.ts';
import { wallClock } from './time-zone.ts';
import { wireDecimal } from './wire-decimal.ts';

const FORMAT = 'YYYY-MM-DD HH24:MI:SS';
/** Rows of a page of SuiteQL, and values of an IN list, at most. */
const PAGE = 1000;

const id = z.union([z.string(), z.number()]).transform(String);
/** What the pages go by; the rest of a row is read for itself. */
const listedRow = z.looseObject({ id, type: z.enum(['CustPymt', 'CustRfnd']), changed: z.string().regex(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/) });
type ListedRow = z.infer<typeof listedRow>;
const paymentRow = z.object({ tranid: z.string().optional(), currency: id, foreigntotal: wireDecimal, received: z.string().regex(/^\d{4}-\d{2}-\d{2} /) });
const linkRow = z.object({ previousdoc: id, nextdoc: id, foreignamount: wireDecimal.nullish() });
const invoiceRow = z.object({ id, custbody_q2c_invoice: z.string().optional() });
const currencyRow = z.object({ id, symbol: z.string() });

/**
 * Customer payments and refunds since a moment, by SuiteQL in the order of their last change: page after page from where the one before ended, so that a payment
 * changed meanwhile moves behind and none is passed over. Faster than the records, by names of columns that Oracle's help does not have (README.md).
 */
export function paymentsBySuiteQl(netSuite: NetSuite, options: NetSuiteOptions): (since: Instant, context: CallContext) => AsyncIterable<ChangedPayment> {
  const clock = wallClock(options.timeZone);

  async function* pages(since: Instant, about: About): AsyncGenerator<ListedRow[]> {
    let beyond = `lastmodifieddate >= TO_DATE('${clock.notBefore(since)}', '${FORMAT}')`;
    let end = '';
    for (;;) {
      const rows = await netSuite.page(
        `SELECT id, type, tranid, currency, foreigntotal, TO_CHAR(lastmodifieddate, '${FORMAT}') AS changed, TO_CHAR(trandate, '${FORMAT}') AS received FROM transaction WHERE type IN ('CustPymt', 'CustRfnd') AND (${beyond}) ORDER BY lastmodifieddate, id`,
        listedRow,
        about,
      );
      const last = rows.at(-1);
      if (last === undefined) return;
      if (end === `${last.changed} ${last.id}`) {
        throw new SystemFailure({ kind: 'contract', code: 'NETSUITE_PAGES_STUCK', system: netSuite.system, object: about.object, written: 'no', message: `NetSuite tells the payments changed at ${last.changed} over and over.`, mend: 'Compare how SuiteQL keeps lastmodifieddate with connectors/netsuite/payments-suiteql.ts, then retry.' });
      }
      end = `${last.changed} ${last.id}`;
      yield rows;
      if (rows.length < PAGE) return;
      beyond = `lastmodifieddate > TO_DATE('${last.changed}', '${FORMAT}') OR (lastmodifieddate = TO_DATE('${last.changed}', '${FORMAT}') AND id > ${last.id})`;
    }
  }

  async function appliedBy(rows: readonly ListedRow[], about: About) {
    const links = await netSuite.query(`SELECT previousdoc, nextdoc, foreignamount FROM nexttransactionlinelink WHERE linktype = 'Payment' AND nextdoc IN (${rows.map((row) => row.id).join(', ')}) ORDER BY nextdoc, previousdoc`, linkRow, about);
    const invoices = [...new Set(links.map((link) => link.previousdoc))];
    const ours = new Map<string, string | undefined>();
    for (let from = 0; from < invoices.length; from += PAGE) {
      const found = await netSuite.query(`SELECT id, custbody_q2c_invoice FROM transaction WHERE id IN (${invoices.slice(from, from + PAGE).join(', ')})`, invoiceRow, about);
      for (const row of found) ours.set(row.id, row.custbody_q2c_invoice);
    }
    const byPayment = Map.groupBy(links, (link) => link.nextdoc);
    /** Null where the amount of a part is not told. */
    return (payment: string, currency: string) => {
      const parts = (byPayment.get(payment) ?? []).map(({ previousdoc, foreignamount }) => (foreignamount == null ? null : { externalInvoiceId: previousdoc, invoiceId: ours.get(previousdoc) ?? null, amount: money(unsigned(foreignamount), currency) }));
      return parts.every((part) => part !== null) ? parts : null;
    };
  }

  return async function* (since, context) {
    const about: About = { object: `payments since ${since}`, context };
    let currencies: ReadonlyMap<string, string> | undefined;
    for await (const rows of pages(since, about)) {
      context.heartbeat(`${netSuite.system}: ${rows.length} payments`);
      currencies ??= new Map((await netSuite.query('SELECT id, symbol FROM currency', currencyRow, about)).map((row) => [row.id, row.symbol]));
      const applied = await appliedBy(rows, about);
      for (const row of rows) {
        const record: PaymentRecord = { system: netSuite.system, prefix: 'NETSUITE', what: row.type === 'CustRfnd' ? 'refund' : 'payment', externalId: row.id, changedAt: clock.instantOf(row.changed), document: row };
        yield asTold(record, (currency) => applied(row.id, currency), currencies);
      }
    }
  };
}

function asTold(record: PaymentRecord, appliedIn: (currency: string) => Parameters<typeof asPayment>[1]['applied'] | null, currencies: ReadonlyMap<string, string>): ChangedPayment {
  const read = fieldsOf(paymentRow, record);
  if ('told' in read) return read.told;
  const { fields } = read;
  const currency = currencySchema.safeParse(currencies.get(fields.currency)).data;
  if (currency === undefined) return unreadable(record, `its currency ${fields.currency} has no ISO code in NetSuite.`);
  const common = { receivedAt: `${fields.received.slice(0, 10)}T12:00:00Z`, reference: fields.tranid ?? null };
  // A refund gives back a credit, of whichever invoices: it pays none.
  if (record.what === 'refund') return asPayment(record, { ...common, amount: money(`-${unsigned(fields.foreigntotal)}`, currency), method: 'refund', applied: [] });
  const applied = appliedIn(currency);
  if (applied === null) return unreadable(record, 'how much of it pays an invoice is not told.');
  return asPayment(record, { ...common, amount: money(unsigned(fields.foreigntotal), currency), method: null, applied });
}

/** The type says which way the money goes; which sign a transaction's total has differs by type in SuiteQL. */
function unsigned(amount: string): string {
  return amount.replace(/^-/, '');
}
