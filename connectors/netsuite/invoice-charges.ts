import { z } from 'zod';
import { SystemFailure } from '../../domain/failure.ts';
import type { Invoice } from '../../domain/model/invoice.ts';
import { STAGE, type Charges } from './charges.ts';
import type { About, NetSuite } from './client.ts';

/** Internal IDs of the charges that each line of an invoice takes up, by line number. */
export type ChargesByLine = ReadonlyMap<number, readonly string[]>;
export const NO_CHARGES: ChargesByLine = new Map();
const invoiceRow = z.object({ id: z.string(), tranid: z.string().default(''), custbody_q2c_invoice: z.string().optional() });

/**
 * The charges behind the lines of an invoice, found by the lines' posting keys, so that NetSuite does not bill them a second time. Left out are those that
 * another invoice of ours has (it was taken back by a credit memo, and they stay on it) and those that are not to be billed.
 * @param invoiceId of the invoice itself where it stands already
 * @throws SystemFailure where people keep one of them on hold, or have billed it in NetSuite
 */
export async function chargesOf(document: Invoice, invoiceId: string | null, charges: Charges, netSuite: NetSuite, about: About): Promise<ChargesByLine> {
  const { system } = netSuite;
  const keys = document.lines.flatMap(({ postingKeys }) => postingKeys);
  if (keys.length === 0) return NO_CHARGES;
  const standing = await charges.standing(keys, about);
  const held = keys.filter((key) => standing.get(key)?.stage === STAGE.hold);
  if (held.length > 0) {
    throw new SystemFailure({
      kind: 'business_rule', code: 'NETSUITE_CHARGE_HELD', system, object: about.object, written: 'no',
      message: `${held.length} of the charges that ${about.object} bills are on hold in NetSuite: ${held.slice(0, 5).join(', ')}${held.length > 5 ? ' …' : ''}.`,
      mend: 'Find out who holds them and why; set them to Ready in NetSuite, or take them off the invoice; then retry.',
    });
  }
  const elsewhere = new Set([...standing.values()].flatMap(({ invoice }) => (invoice === null || invoice === invoiceId ? [] : [invoice])));
  const theirs = elsewhere.size === 0 ? [] : (await netSuite.query(`SELECT id, tranid, custbody_q2c_invoice FROM transaction WHERE id IN (${[...elsewhere].map(Number).join(', ')})`, invoiceRow, about)).filter((row) => row.custbody_q2c_invoice === undefined);
  if (theirs.length > 0) {
    throw new SystemFailure({
      kind: 'business_rule', code: 'NETSUITE_CHARGE_BILLED', system, object: about.object, written: 'no',
      message: `What ${about.object} bills was billed in NetSuite already, by ${theirs.map(({ id, tranid }) => (tranid === '' ? id : tranid)).join(', ')}.`,
      mend: 'Take those lines off this invoice, or that invoice back in NetSuite; then retry.',
    });
  }
  const taken = (key: string): string[] => {
    const charge = standing.get(key);
    const isToTake = charge !== undefined && (charge.invoice === null ? charge.stage === STAGE.ready : charge.invoice === invoiceId);
    return isToTake ? [charge.id] : [];
  };
  return new Map(document.lines.map(({ number, postingKeys }) => [number, postingKeys.flatMap(taken)]));
}
