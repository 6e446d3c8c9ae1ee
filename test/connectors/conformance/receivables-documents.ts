import { addDays } from '../../../domain/dates.ts';
import { invoiceSchema, type Invoice, type InvoiceLine } from '../../../domain/model/invoice.ts';
import { decimalText, minorDigits, money, sumMoney } from '../../../domain/money.ts';
import { Decimal } from 'decimal.js';

export interface LineTerms {
  readonly amount: string;
  readonly tax?: string;
  readonly description?: string;
  readonly kind?: InvoiceLine['kind'];
  readonly quantity?: string | null;
  readonly unitPrice?: string;
}

export interface InvoiceTerms {
  readonly today: string;
  readonly customerId: string;
  readonly currency?: string;
  readonly lines?: readonly LineTerms[];
  readonly taxRule?: string;
  readonly taxRate?: string;
  readonly invoice?: Partial<Invoice>;
}

/** A complete invoice of last month's work: two lines of labor, taxed at a rate; issued today, due in thirty days. */
export function invoiceOf(tag: string, terms: InvoiceTerms): Invoice {
  const { today, customerId } = terms;
  const currency = terms.currency ?? 'EUR';
  const [taxRule, taxRate] = [terms.taxRule ?? 'DE-VAT', terms.taxRate ?? '19'];
  const wanted: readonly LineTerms[] = terms.lines ?? [{ amount: sample(currency, 2080), quantity: '8', unitPrice: sample(currency, 260) }, { amount: sample(currency, 975), quantity: '7.5', unitPrice: sample(currency, 130) }];
  const taxes = taxesOf(wanted, taxRate, currency);
  const lines = wanted.map((line, index): InvoiceLine => ({
    number: index + 1, projectNumber: 'DE01-TECH-1', kind: line.kind ?? 'labor', description: line.description ?? `Consulting, part ${index + 1}`, quantity: line.quantity ?? null, unitPrice: line.unitPrice === undefined ? null : money(line.unitPrice, currency),
    amount: money(line.amount, currency), taxRule, taxRate, tax: { amount: decimalText(taxes[index] ?? '0'), currency }, postingKeys: [],
  }));
  const net = sumMoney(lines.map((line) => line.amount), currency);
  const tax = sumMoney(lines.map((line) => line.tax), currency);
  return invoiceSchema.parse({
    schema: 'invoice', schemaVersion: 1, id: `INV-DE01-${tag}`, kind: 'invoice', credits: null, legalEntity: 'DE01', customerId, contractId: `${customerId}/DE01`, currency, issueDate: today, dueDate: addDays(today, 30),
    periodFrom: addDays(today, -31), periodTo: addDays(today, -1), purchaseOrder: 'PO-77', memo: 'Thank you for your business.', lines, net, tax, total: sumMoney([net, tax], currency), ...terms.invoice,
  });
}

/** The same invoice, taken back: wholly, or its first line alone. */
export function creditOf(invoice: Invoice, tag: string, which: 'all' | 'first line' = 'all'): Invoice {
  const negated = (value: { amount: string; currency: string }) => money(new Decimal(value.amount).negated(), value.currency);
  const lines = (which === 'all' ? invoice.lines : invoice.lines.slice(0, 1)).map((line) => ({ ...line, quantity: line.quantity === null ? null : decimalText(new Decimal(line.quantity).negated()), amount: negated(line.amount), tax: negated(line.tax) }));
  const net = sumMoney(lines.map((line) => line.amount), invoice.currency);
  const tax = sumMoney(lines.map((line) => line.tax), invoice.currency);
  return invoiceSchema.parse({ ...invoice, id: `CN-DE01-${tag}`, kind: 'credit_note', credits: invoice.id, lines, net, tax, total: sumMoney([net, tax], invoice.currency), memo: 'Agreed by telephone.' });
}

/** An amount with every digit the currency has: 260 in EUR is "260.40", in JPY "26000", in KWD "260.120". The amounts of 2080 and 975 add up to whole dinars, whose tax has no third decimal. */
export function sample(currency: string, units: number): string {
  const digits = minorDigits(currency);
  if (digits === 0) return String(units * 100);
  return digits === 3 ? `${units}.${units % 2 === 0 ? '120' : '880'}` : `${units}.40`;
}

/** The tax of the whole, rounded once, and the last line has what the others leave of it: so it is right by either way of rounding. */
function taxesOf(lines: readonly LineTerms[], rate: string, currency: string): string[] {
  const digits = minorDigits(currency) === 3 ? 2 : minorDigits(currency);
  const rounded = (amount: Decimal.Value) => new Decimal(amount).times(rate).dividedBy(100).toDecimalPlaces(digits, Decimal.ROUND_HALF_UP);
  const each = lines.map((line) => (line.tax === undefined ? rounded(line.amount) : new Decimal(line.tax)));
  const last = each.at(-1);
  if (last !== undefined && lines.every((line) => line.tax === undefined)) {
    const whole = rounded(lines.reduce((sum, line) => sum.plus(line.amount), new Decimal(0)));
    each[each.length - 1] = whole.minus(each.slice(0, -1).reduce((sum, tax) => sum.plus(tax), new Decimal(0)));
  }
  return each.map((tax) => tax.toFixed());
}
