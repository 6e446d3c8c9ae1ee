import { Decimal } from 'decimal.js';
import type { LaborPosting } from '../../domain/model/time/labor-posting.ts';
import { decimalText } from '../../domain/money.ts';
import { exactNumber } from '../exact-number.ts';
import { lineKeyOf } from './keys.ts';
import { noon } from './odata.ts';
import type { DynamicsOptions } from './options.ts';
import { cut } from './references.ts';

/** Dynamics' own IDs of what a line refers to. */
export interface LineReferences {
  readonly project: string;
  readonly activity: string | null;
  readonly resource: { readonly id: string; readonly company: string };
}

const DESCRIPTION_LENGTH = 60;
const PRICE_DECIMALS = 6;

/**
 * A line of an hour journal, without the journal's ID. Dynamics bills hours times sales price: both are sent, the price as what the posting's
 * amount comes to by the hour.
 */
export function journalLineOf(posting: LaborPosting, references: LineReferences, options: DynamicsOptions): object {
  const { billing, laborCategory } = posting;
  const { lineNumber } = lineKeyOf(posting.key);
  const isBillable = billing.status === 'actuals' && posting.purpose !== 'labor';
  return {
    LineNumber: exactNumber(lineNumber),
    ProjectID: references.project,
    ...(references.activity === null ? {} : { ActivityNumber: references.activity }),
    Category: options.categories[laborCategory] ?? options.hourCategory,
    ResourceId: references.resource.id,
    ResourceCompanyId: references.resource.company,
    ResourceCategoryId: options.roles[laborCategory] ?? laborCategory,
    ProjectDate: noon(posting.workDate),
    VoucherDate: noon(posting.workDate),
    Hours: exactNumber(posting.hours),
    LineProperty: isBillable ? options.lineProperties.billable : options.lineProperties.nonBillable,
    SalesPrice: exactNumber(isBillable ? perHour(billing.amount.amount, posting.hours) : '0'),
    CurrencyId: billing.amount.currency,
    ...(posting.cost === null ? {} : { CostPrice: exactNumber(perHour(posting.cost.amount, posting.hours)) }),
    Description: descriptionOf(posting),
  };
}

export function descriptionOf(posting: LaborPosting): string {
  return cut(`${lineKeyOf(posting.key).mark} ${posting.notes}`.trimEnd(), DESCRIPTION_LENGTH);
}

function perHour(amount: string, hours: string): string {
  return Number(hours) === 0 ? '0' : decimalText(new Decimal(amount).dividedBy(hours).toDecimalPlaces(PRICE_DECIMALS));
}
