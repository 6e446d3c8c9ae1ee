import { z } from 'zod';
import type { Account } from './account.ts';
import { refused } from './errors.ts';
import type { LineTax, TaxRate } from './model.ts';
import { flag, int, text, unset } from './params.ts';

const TAX_TYPES = ['gst', 'hst', 'igst', 'jct', 'pst', 'qst', 'rst', 'sales_tax', 'service_tax', 'vat'] as const;
const REASONS = ['customer_exempt', 'not_collecting', 'not_subject_to_tax', 'not_supported', 'product_exempt', 'reduced_rated', 'reverse_charge', 'standard_rated', 'zero_rated'] as const;
const percentage = z.string().regex(/^\d{1,3}(\.\d{1,4})?$/, 'Invalid decimal').transform(Number);

/** Taxes that were computed elsewhere: Stripe takes their amounts as they are and keeps a tax rate for each kind. https://docs.stripe.com/api/invoices/add_lines */
export const taxAmounts = z
  .union([
    unset,
    z.array(
      z.strictObject({
        amount: int,
        taxable_amount: int,
        tax_rate_data: z.strictObject({ display_name: text(200), percentage, inclusive: flag, description: text().optional(), country: text(2).optional(), state: text().optional(), jurisdiction: text(200).optional(), tax_type: z.enum(TAX_TYPES).optional() }),
        taxability_reason: z.enum(REASONS).optional(),
      }),
    ),
  ])
  .optional();
type Given = NonNullable<z.infer<typeof taxAmounts>>;

export function taxesOf(account: Account, given: Given): LineTax[] {
  return given.map(({ amount, taxable_amount, tax_rate_data: data, taxability_reason }) => ({ amount, taxable_amount, tax_rate: rateOf(account, data).id, taxability_reason: taxability_reason ?? 'not_available' }));
}

function rateOf(account: Account, data: Given[number]['tax_rate_data']): TaxRate {
  const key = JSON.stringify(data);
  return (
    account.taxRates.by('key', key)[0] ??
    account.taxRates.insert((head) => ({ ...head, key, display_name: data.display_name, percentage: data.percentage, inclusive: data.inclusive, description: data.description ?? null, country: data.country ?? null, state: data.state ?? null, tax_type: data.tax_type ?? null }))
  );
}

/** Taxes of a credit note's line name a tax rate that is there. */
export const creditTaxAmounts = z.array(z.strictObject({ amount: int, taxable_amount: int, tax_rate: text() })).optional();

export function creditTaxesOf(account: Account, given: NonNullable<z.infer<typeof creditTaxAmounts>>): LineTax[] {
  return given.map((tax) => {
    if (account.taxRates.get(tax.tax_rate) === undefined) throw refused('resource_missing', `No such tax rate: '${tax.tax_rate}'`, 'lines[tax_amounts][tax_rate]');
    return { ...tax, taxability_reason: 'not_available' };
  });
}

export function viewOfTax({ amount, taxable_amount, tax_rate, taxability_reason }: LineTax): object {
  return { amount, tax_behavior: 'exclusive', tax_rate_details: { tax_rate }, taxability_reason, taxable_amount, type: 'tax_rate_details' };
}
