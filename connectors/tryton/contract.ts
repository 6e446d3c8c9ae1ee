import { z } from 'zod';
import { compareDecimal, extendPrice, type DecimalText } from '../../domain/money.ts';
import type { StatementOfWork } from '../../domain/model/statement-of-work.ts';
import { exactNumber } from '../exact-number.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { CallContext, Found, RecordPort, WithReferences } from '../ports.ts';
import { searchRead, type Tryton } from './client.ts';
import { isGone, referredId, refusedByRule } from './failures.ts';
import type { Links } from './links.ts';
import type { TrytonReferences } from './references.ts';
import { decimalField, floatField, wireDate, wireDecimal } from './wire.ts';

const saleRow = z.object({ id: z.number().int(), state: z.enum(['draft', 'quotation', 'confirmed', 'processing', 'done', 'cancelled']), party: z.number().int(), currency: z.number().int() });
const lineRow = z.object({ quantity: floatField, unit_price: decimalField, description: z.string().nullable() });
type Sale = z.infer<typeof saleRow>;

interface Line {
  readonly quantity: DecimalText;
  readonly unitPrice: DecimalText;
  readonly description: string;
}

/**
 * Statements of work are sales, quoted; confirming them is finance's decision. The sale's `reference` is the canonical ID.
 * A confirmed sale is not changed any more: an amendment of it is refused with the reason.
 */
export function createContractPort(tryton: Tryton, references: TrytonReferences, links: Links): RecordPort<WithReferences<StatementOfWork>> {
  const label = (contract: StatementOfWork) => `contract ${contract.number}`;
  const found = (id: number): Found => ({ externalId: String(id), url: links.to('sale.sale', id) });
  const read = async (contract: StatementOfWork, domain: readonly unknown[], company: number, context: CallContext): Promise<Sale | null> => {
    const rows = await searchRead(tryton, { model: 'sale.sale', domain, fields: ['state', 'party', 'currency'], row: saleRow, company, object: label(contract), context });
    return rows.find((sale) => sale.state !== 'cancelled') ?? rows[0] ?? null;
  };
  const byReference = (contract: StatementOfWork, company: number) => [['reference', '=', contract.id], ['company', '=', company]];
  const button = async (name: 'quote' | 'draft' | 'cancel' | 'delete', id: number, contract: StatementOfWork, company: number, context: CallContext) => {
    await tryton.call({ method: `sale.sale.${name}`, args: [[id]], company, result: z.null(), object: label(contract), writes: true, context });
  };

  const isSame = async (contract: StatementOfWork, sale: Sale, party: number, currency: number, company: number, context: CallContext) => {
    const lines = await searchRead(tryton, { model: 'sale.line', domain: [['sale', '=', sale.id], ['type', '=', 'line']], fields: ['quantity', 'unit_price', 'description'], row: lineRow, company, object: label(contract), context });
    const wanted = contract.lines.map(lineOf);
    return sale.party === party && sale.currency === currency && lines.length === wanted.length && wanted.every((line, index) => {
      const there = lines[index];
      return there?.quantity != null && there.unit_price !== null && compareDecimal(there.quantity, line.quantity) === 0 && compareDecimal(there.unit_price, line.unitPrice) === 0 && there.description === line.description;
    });
  };

  return {
    lookUp: 'key',
    async find({ document }, context) {
      const company = await references.company(document.legalEntity, label(document), context);
      const sale = await read(document, byReference(document, company.id), company.id, context);
      return sale === null || sale.state === 'cancelled' ? null : found(sale.id);
    },

    async write({ document, references: known }, existing, context) {
      const object = label(document);
      const { id: company } = await references.company(document.legalEntity, object, context);
      const party = referredId(tryton.system, object, known.customers, document.customerId, 'customer');
      const currency = await references.currency(document.currency, object, context);
      const paymentTerm = await references.paymentTerm(document.paymentTermsDays, object, context);
      const address = await addressOf(tryton, party, object, context);
      const values = {
        party,
        invoice_address: address,
        shipment_address: address,
        currency,
        reference: document.id,
        description: `${document.number} (${document.type.replaceAll('_', ' ')})${document.purchaseOrder === null ? '' : `, purchase order ${document.purchaseOrder}`}`,
        comment: `Runs from ${document.startDate} to ${document.endDate}. Payable within ${document.paymentTermsDays} days.`,
        sale_date: wireDate(document.signedOn),
        ...(paymentTerm === null ? {} : { payment_term: paymentTerm }),
      };
      const lines = document.lines.map((line, index) => ({ ...wireLine(lineOf(line)), sequence: index + 1 }));
      const sale = await read(document, existing === null ? byReference(document, company) : [['id', '=', Number(existing.externalId)]], company, context);

      if (sale === null || sale.state === 'cancelled') {
        const [id] = await tryton.call({ method: 'sale.sale.create', args: [[{ ...values, company, lines: [['create', lines]] }]], company, result: z.tuple([z.number().int()]), object, writes: true, context });
        await afterFirstWrite(() => button('quote', id, document, company, context));
        return { ...found(id), created: true };
      }
      if (sale.state === 'confirmed' || sale.state === 'processing' || sale.state === 'done') {
        if (await isSame(document, sale, party, currency, company, context)) return { ...found(sale.id), created: false };
        throw refusedByRule(tryton.system, object, {
          code: 'TRYTON_SALE_CONFIRMED',
          message: `${object} is ${sale.state} in Tryton (sale ${sale.id}) and cannot be changed any more.`,
          mend: 'Reset the sale to draft in Tryton where that is allowed, or agree the change as a new statement of work, then retry.',
        });
      }
      if (sale.state === 'quotation') await button('draft', sale.id, document, company, context);
      await afterFirstWrite(async () => {
        const old = await searchRead(tryton, { model: 'sale.line', domain: [['sale', '=', sale.id]], fields: ['id'], row: z.object({ id: z.number().int() }), company, object, context });
        await tryton.call({ method: 'sale.sale.write', args: [[sale.id], { ...values, lines: [['delete', old.map((line) => line.id)], ['create', lines]] }], company, result: z.null(), object, writes: true, context });
        await button('quote', sale.id, document, company, context);
      });
      return { ...found(sale.id), created: false };
    },

    async undo({ document: { document }, externalId, created }, context) {
      const object = label(document);
      if (!created) return { how: 'kept', detail: `${object} stood before this deal` };
      const { id: company } = await references.company(document.legalEntity, object, context);
      const sale = await read(document, [['id', '=', Number(externalId)]], company, context);
      if (sale === null) return { how: 'not_found', detail: `${object} is not in Tryton` };
      if (sale.state === 'confirmed' || sale.state === 'processing' || sale.state === 'done') return { how: 'kept', detail: `${object} is ${sale.state} in Tryton (sale ${sale.id}): finance has to reverse it` };
      if (sale.state !== 'cancelled') await button('cancel', sale.id, document, company, context);
      try {
        await button('delete', sale.id, document, company, context);
        return { how: 'deleted', detail: `${object} was cancelled and deleted from Tryton` };
      } catch (error) {
        if (!isGone(error) && !links.isInUse(error)) throw error;
        return { how: 'cancelled', detail: `${object} was cancelled in Tryton; other records refer to it` };
      }
    },
  };
}

/** Tryton computes amounts itself: where quantity times price is not what was agreed, the line is one piece at the agreed amount. */
function lineOf(line: StatementOfWork['lines'][number]): Line {
  const description = `${line.projectNumber}: ${line.description}`;
  if (compareDecimal(extendPrice(line.quantity, line.unitPrice, line.amount.currency).amount, line.amount.amount) === 0) {
    return { quantity: line.quantity, unitPrice: line.unitPrice, description: `${description} (${line.unit})` };
  }
  return { quantity: '1', unitPrice: line.amount.amount, description: `${description} (${line.quantity} ${line.unit} at ${line.unitPrice}, agreed amount)` };
}

function wireLine(line: Line) {
  return { type: 'line', quantity: exactNumber(line.quantity), unit_price: wireDecimal(line.unitPrice), description: line.description };
}

async function addressOf(tryton: Tryton, party: number, object: string, context: CallContext): Promise<number> {
  const rows = await searchRead(tryton, { model: 'party.address', domain: [['party', '=', party]], fields: ['attn'], row: z.object({ id: z.number().int(), attn: z.string().nullable() }), object, context });
  const address = rows.find((row) => row.attn === 'Billing') ?? rows[0];
  if (address === undefined) {
    throw refusedByRule(tryton.system, object, { code: 'TRYTON_ADDRESS_MISSING', message: `The customer of ${object} has no address in Tryton.`, mend: 'Add an address to the party in Tryton, then retry.' });
  }
  return address.id;
}
