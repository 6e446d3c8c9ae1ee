import { Decimal } from 'decimal.js';
import type { LaborPosting } from '../../domain/model/time/labor-posting.ts';
import { decimalText } from '../../domain/money.ts';
import { lineKeyOf } from '../dynamics/keys.ts';
import { exactNumber } from '../exact-number.ts';
import { idOf } from './ids.ts';
import { cut, noon, reference } from './odata.ts';

const TIME = 192_350_000;
const TRANSACTION = { cost: 192_350_000, unbilledSales: 192_350_005 } as const;
const BILLING_TYPE = { nonChargeable: 192_350_000, chargeable: 192_350_001 } as const;
const AMOUNT = { quantityTimesPrice: 192_350_000, fixedPrice: 192_350_001 } as const;
/** Money has at most four decimals. */
const PRICE_DECIMALS = 4;
const DESCRIPTION_LENGTH = 100;

/** Project Operations' own IDs of what a posting refers to. */
export interface LineReferences {
  readonly organizationalUnit: string;
  readonly project: string;
  readonly task: string | null;
  readonly resource: string;
  readonly resourcingUnit: string | null;
  readonly role: string;
  readonly unit: { readonly id: string; readonly group: string };
  readonly currency: string;
  readonly costCurrency: string | null;
}

/** A posting is an actual of cost, one of unbilled sales, or both: as many journal lines, without their journal. */
export type Purpose = 'cost' | 'sales';
export interface JournalLine {
  readonly id: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export function purposesOf(posting: LaborPosting): readonly [Purpose, ...Purpose[]] {
  const isBilled = posting.billing.status === 'actuals' && posting.purpose !== 'labor';
  // Billing alone of work that is not billed by the hour is hours at no cost: the project's own books show the work.
  if (posting.purpose === 'billing') return isBilled ? ['sales'] : ['cost'];
  return isBilled ? ['cost', 'sales'] : ['cost'];
}

export const lineIdOf = (key: string, purpose: Purpose): string => idOf(purpose === 'cost' ? 'cost-line' : 'sales-line', key);
/** The line that a posting is found by. */
export const leadIdOf = (posting: LaborPosting): string => lineIdOf(posting.key, purposesOf(posting)[0]);

export function journalLinesOf(posting: LaborPosting, references: LineReferences): JournalLine[] {
  return purposesOf(posting).map((purpose) => ({ id: lineIdOf(posting.key, purpose), body: { ...shared(posting, references), ...(purpose === 'cost' ? costOf(posting, references) : salesOf(posting, references)) } }));
}

function shared(posting: LaborPosting, references: LineReferences): Record<string, unknown> {
  const date = noon(posting.workDate);
  return {
    msdyn_description: descriptionOf(posting),
    ...(posting.notes === '' ? {} : { msdyn_externaldescription: cut(posting.notes, DESCRIPTION_LENGTH) }),
    msdyn_documentdate: date, msdyn_startdatetime: date, msdyn_enddatetime: date, msdyn_accountingdate: date,
    msdyn_transactionclassification: TIME,
    msdyn_quantity: exactNumber(posting.hours),
    'msdyn_Unit@odata.bind': reference('uoms', references.unit.id),
    'msdyn_UnitSchedule@odata.bind': reference('uomschedules', references.unit.group),
    'msdyn_Project@odata.bind': reference('msdyn_projects', references.project),
    'msdyn_bookableresource@odata.bind': reference('bookableresources', references.resource),
    'msdyn_ResourceCategory@odata.bind': reference('bookableresourcecategories', references.role),
    'msdyn_contractorganizationalunitid@odata.bind': reference('msdyn_organizationalunits', references.organizationalUnit),
    ...(references.resourcingUnit === null ? {} : { 'msdyn_ResourceOrganizationalUnitId@odata.bind': reference('msdyn_organizationalunits', references.resourcingUnit) }),
    ...(references.task === null ? {} : { 'msdyn_Task@odata.bind': reference('msdyn_projecttasks', references.task) }),
  };
}

/** Without a cost of ours the line has no price: Project Operations takes the role's from its own cost price list. */
function costOf(posting: LaborPosting, { costCurrency }: LineReferences): Record<string, unknown> {
  const isBilled = posting.billing.status === 'actuals' && posting.purpose !== 'labor';
  const cost = posting.purpose === 'billing' ? '0' : (posting.cost?.amount ?? null);
  return {
    msdyn_transactiontypecode: TRANSACTION.cost,
    msdyn_billingtype: isBilled ? BILLING_TYPE.chargeable : BILLING_TYPE.nonChargeable,
    ...(cost === null ? { msdyn_amountmethod: AMOUNT.quantityTimesPrice } : priced(cost, posting.hours)),
    ...(costCurrency === null ? {} : { 'transactioncurrencyid@odata.bind': reference('transactioncurrencies', costCurrency) }),
  };
}

function salesOf(posting: LaborPosting, { currency }: LineReferences): Record<string, unknown> {
  return {
    msdyn_transactiontypecode: TRANSACTION.unbilledSales,
    msdyn_billingtype: BILLING_TYPE.chargeable,
    ...priced(posting.billing.amount.amount, posting.hours),
    'transactioncurrencyid@odata.bind': reference('transactioncurrencies', currency),
  };
}

/** Hours times a price where that comes to the amount exactly; otherwise the amount itself. */
function priced(amount: string, hours: string): Record<string, unknown> {
  if (Number(hours) !== 0) {
    const price = new Decimal(amount).dividedBy(hours).toDecimalPlaces(PRICE_DECIMALS);
    if (price.times(hours).equals(amount)) return { msdyn_amountmethod: AMOUNT.quantityTimesPrice, msdyn_price: exactNumber(decimalText(price)) };
  }
  return { msdyn_amountmethod: AMOUNT.fixedPrice, msdyn_price: exactNumber(decimalText(new Decimal(amount))) };
}

/** Both lines of a posting begin with its mark. */
export function descriptionOf(posting: LaborPosting): string {
  return cut(`${lineKeyOf(posting.key).mark} ${posting.notes}`.trimEnd(), DESCRIPTION_LENGTH);
}
