import { SystemFailure } from '../../domain/failure.ts';
import type { Invoice, InvoiceLine } from '../../domain/model/invoice.ts';
import { money, subtractMoney, type Money } from '../../domain/money.ts';
import { exactNumber } from '../exact-number.ts';
import type { References } from '../ports.ts';
import { NO_CHARGES, type ChargesByLine } from './invoice-charges.ts';
import type { NetSuiteOptions } from './options.ts';
import { cut, type NetSuiteReferences, type Ref } from './references.ts';

const MEMO_LENGTH = 999;
const PO_LENGTH = 45;

export interface ReceivableBodies {
  invoice(document: Invoice, known: References, charges: ChargesByLine, object: string): object;
  /** What takes amounts back, with NetSuite's sign: a credit memo is positive. `document` is one of ours or, with `negate` false, the invoice itself that is taken back. */
  creditMemo(document: Invoice, negate: boolean, known: References, object: string): object;
  /** A credit memo over an open amount, on the item of bad debts. */
  writeOff(document: Invoice, open: Money, customer: Ref, item: string, object: string): object;
  /** The sublist that applies a credit memo to an invoice. */
  applied(invoiceId: string, amount: Money, object: string): object;
}

/** Bodies of NetSuite's invoices and credit memos. All throw SystemFailure where the options name no ID for something. */
export function createReceivableBodies(system: string, references: NetSuiteReferences, options: NetSuiteOptions): ReceivableBodies {
  const missing = (what: string, option: string, object: string): SystemFailure =>
    new SystemFailure({ kind: 'configuration', code: 'NETSUITE_MAPPING_MISSING', system, object, written: 'no', message: `The options of ${system} name no NetSuite ${what}, which ${object} needs.`, mend: `Add its internal ID as ${option} to the options of ${system} in config/systems.yaml, then retry.` });

  const itemOf = (kind: InvoiceLine['kind'], object: string): Ref => {
    const id = options.invoiceItems[kind] ?? options.timeItem ?? Object.values(options.items)[0];
    if (id === undefined) throw missing(`item for invoice lines of the kind ${kind}`, `invoiceItems.${kind}`, object);
    return { id };
  };

  /** The one project of all lines, where NetSuite has it. */
  const projectOf = (document: Invoice, known: References): Ref | null => {
    const numbers = new Set(document.lines.map((line) => line.projectNumber));
    const [number] = numbers;
    const id = numbers.size === 1 && number !== undefined ? known.projects[number] : undefined;
    return id === undefined ? null : { id };
  };

  const headOf = (document: Invoice, object: string) => ({
    subsidiary: references.subsidiary(document.legalEntity, object),
    currency: references.currency(document.currency, object),
    custbody_q2c_invoice: document.id,
  });

  const billed = (document: Invoice, negate: boolean, known: References, charges: ChargesByLine, object: string) => {
    const amountOf = (value: Money) => references.amount(negate ? negated(value) : value, object);
    const project = projectOf(document, known);
    const { purchaseOrder } = document;
    const isLong = purchaseOrder !== null && purchaseOrder.length > PO_LENGTH;
    const taxes = document.lines.flatMap((line) => {
      const tax = options.taxes[line.taxRule];
      if (tax === undefined && isZero(line.tax)) return [];
      if (tax === undefined) throw missing(`tax type and tax code for ${line.taxRule}`, `taxes.${line.taxRule}`, object);
      return [{ taxDetailsReference: { id: String(line.number) }, taxType: tax.type, taxCode: { id: tax.code }, taxBasis: amountOf(line.amount), taxRate: exactNumber(line.taxRate), taxAmount: amountOf(line.tax) }];
    });
    return {
      ...headOf(document, object),
      entity: customerOf(system, document, known, object),
      ...(project === null ? {} : { job: project }),
      otherRefNum: isLong ? null : purchaseOrder,
      memo: cut(isLong ? `Purchase order ${purchaseOrder}. ${document.memo}` : document.memo, MEMO_LENGTH),
      item: {
        items: document.lines.map((line) => ({
          item: itemOf(line.kind, object),
          description: line.description,
          ...(line.quantity === null ? { quantity: 1, rate: amountOf(line.amount) } : { quantity: exactNumber(negate ? negatedText(line.quantity) : line.quantity), ...(line.unitPrice === null ? {} : { rate: exactNumber(line.unitPrice.amount) }) }),
          amount: amountOf(line.amount),
          taxDetailsReference: String(line.number),
          custcol_q2c_line: String(line.number),
          custcol_q2c_project: line.projectNumber,
          ...chargesIn(charges.get(line.number)),
        })),
      },
      taxDetailsOverride: true,
      taxDetails: { items: taxes },
    };
  };

  return {
    invoice: (document, known, charges, object) => ({ ...billed(document, false, known, charges, object), tranDate: document.issueDate, dueDate: document.dueDate, startDate: document.periodFrom, endDate: document.periodTo }),
    creditMemo: (document, negate, known, object) => ({ ...billed(document, negate, known, NO_CHARGES, object), ...(negate ? { tranDate: document.issueDate } : { memo: cut(`Takes back invoice ${document.id}.`, MEMO_LENGTH) }) }),
    writeOff: (document, open, customer, item, object) => ({
      ...headOf(document, object),
      entity: customer,
      memo: cut(`Writes off what is open of invoice ${document.id}.`, MEMO_LENGTH),
      item: { items: [{ item: { id: item }, description: `Invoice ${document.id} is not collectible`, quantity: 1, rate: references.amount(open, object), amount: references.amount(open, object) }] },
      taxDetailsOverride: true,
      taxDetails: { items: [] },
    }),
    applied: (invoiceId, amount, object) => ({ apply: { items: isZero(amount) ? [] : [{ doc: { id: invoiceId }, apply: true, amount: references.amount(amount, object) }] } }),
  };
}

/** A multi-select field: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1545142093.html */
function chargesIn(ids: readonly string[] = []): object {
  return ids.length === 0 ? {} : { charges: { items: ids.map((id) => ({ id })) } };
}

function customerOf(system: string, { customerId }: Invoice, known: References, object: string): Ref {
  const id = known.customers[customerId];
  if (id !== undefined) return { id };
  throw new SystemFailure({ kind: 'configuration', code: 'NETSUITE_CUSTOMER_UNKNOWN', system, object, written: 'no', message: `NetSuite has no customer for ${customerId}, whom ${object} bills.`, mend: 'Send the customer to NetSuite first (route the deal to this ERP), then retry.' });
}

export function negated(value: Money): Money {
  return subtractMoney(money('0', value.currency), value);
}

function negatedText(value: string): string {
  if (/^-?0(\.0*)?$/.test(value)) return value.replace('-', '');
  return value.startsWith('-') ? value.slice(1) : `-${value}`;
}

export function isZero(value: Money): boolean {
  return /^-?0(\.0*)?$/.test(value.amount);
}
