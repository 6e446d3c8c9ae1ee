import { Decimal } from 'decimal.js';
import type { SystemRef, TimesheetContext } from '../../model/time/context.ts';
import type { EnrichedEntry, PayPart, PostedEntry } from '../../model/time/enriched-entry.ts';
import type { Timesheet } from '../../model/time/timesheet.ts';
import { addMoney, decimalText, money, type DecimalText, type Money } from '../../money.ts';
import { bookingPayPeriod } from './booking-period.ts';
import { indexOf, type ContextIndex } from './index-context.ts';

/** One side of an adjustment: amounts and hours with their sign, in the periods they are booked and paid in. */
export interface AdjustmentLine {
  readonly kind: 'reversal' | 'replacement';
  readonly of: SystemRef;
  readonly workDate: string;
  readonly projectNumber: string;
  readonly legalEntity: string;
  readonly employer: string;
  readonly costCenter: string;
  readonly laborCategory: string;
  readonly accountingPeriod: string;
  readonly employerPeriod: string;
  readonly payPeriod: string | null;
  readonly hours: DecimalText;
  readonly billed: Money;
  readonly writtenOff: Money;
  readonly cost: Money | null;
  readonly transfer: Money | null;
  readonly pay: readonly PayPart[];
}

/** What takes a posted entry back, with what replaces it, if anything. The same decision in ERP and payroll. */
export interface Adjustment {
  readonly reason: 'correction' | 'approval_withdrawn';
  readonly lines: readonly AdjustmentLine[];
  /** A period the original was booked or paid in is closed by now: the adjustment is in the next one. */
  readonly erpNextPeriod: boolean;
  readonly payrollNextPeriod: boolean;
}

/**
 * How a correction, or a change of pay codes, is booked: the original is reversed to the cent and the correction booked beside it. While the original's periods are open
 * both stand in them; after the books closed or payroll was cut off, in the next open period, in ERP and payroll alike.
 * @throws RangeError where no period is open to book in
 */
export function planAdjustment(correction: EnrichedEntry, original: PostedEntry, context: TimesheetContext): Adjustment {
  const index = indexOf(context);
  const reversal = reversalOf(original, index);
  return { ...moved(original, reversal), reason: 'correction', lines: [reversal, { ...lineOf(correction, 'replacement'), ...openPeriods(correction, index) }] };
}

/** How the postings of a timesheet, of this version and those before, are taken back when its approval was withdrawn. @throws RangeError where no period is open to book in */
export function planWithdrawal(timesheet: SystemRef, context: TimesheetContext): Adjustment[] {
  return inForceOf(timesheet, context).map((original) => reversed(original, 'approval_withdrawn', context));
}

/** How entries are taken back that a timesheet's new version no longer holds. @throws RangeError where no period is open to book in */
export function planDropped(sheet: Timesheet, context: TimesheetContext): Adjustment[] {
  if (sheet.replaces === null || sheet.approval.status !== 'approved') return [];
  const kept = toldOf(sheet);
  return inForceOf({ system: sheet.system, ...sheet.replaces }, context)
    .filter(({ labor }) => !kept.has(labor.entry.id))
    .map((original) => reversed(original, 'correction', context));
}

/** The IDs of the entries that a timesheet tells of: those it holds, and those that one of these takes the place of. */
export function toldOf({ entries }: Timesheet): ReadonlySet<string> {
  return new Set(entries.flatMap(({ id, replaces }) => [id, replaces?.id ?? id]));
}

function inForceOf(timesheet: SystemRef, context: TimesheetContext): PostedEntry[] {
  return context.posted.filter(({ state, labor }) => state === 'in_force' && labor.entry.system === timesheet.system && labor.timesheet.id === timesheet.id && labor.timesheet.version <= timesheet.version);
}

function reversed(original: PostedEntry, reason: Adjustment['reason'], context: TimesheetContext): Adjustment {
  const reversal = reversalOf(original, indexOf(context));
  return { ...moved(original, reversal), reason, lines: [reversal] };
}

/** The sum of an adjustment's lines in one currency. */
export function netBilled({ lines }: Adjustment, currency: string): Money {
  return lines.map(({ billed }) => billed).filter((billed) => billed.currency === currency).reduce(addMoney, money('0', currency));
}

function moved({ labor }: PostedEntry, reversal: AdjustmentLine): { readonly erpNextPeriod: boolean; readonly payrollNextPeriod: boolean } {
  return {
    erpNextPeriod: reversal.accountingPeriod !== labor.accountingPeriod || reversal.employerPeriod !== labor.employerPeriod,
    payrollNextPeriod: reversal.payPeriod !== labor.payPeriod,
  };
}

function reversalOf({ labor }: PostedEntry, index: ContextIndex): AdjustmentLine {
  const line = lineOf(labor, 'reversal');
  return {
    ...line,
    ...openPeriods(labor, index),
    hours: negated(line.hours),
    billed: negatedMoney(line.billed),
    writtenOff: negatedMoney(line.writtenOff),
    cost: line.cost === null ? null : negatedMoney(line.cost),
    transfer: line.transfer === null ? null : negatedMoney(line.transfer),
    pay: line.pay.map((part) => ({ ...part, hours: negated(part.hours) })),
  };
}

function lineOf(labor: EnrichedEntry, kind: AdjustmentLine['kind']): AdjustmentLine {
  const { entry, projectNumber, legalEntity, employer, costCenter, laborCategory, accountingPeriod, employerPeriod, payPeriod, billing, cost, transfer, pay } = labor;
  return {
    kind,
    of: { system: entry.system, id: entry.id, version: entry.version },
    workDate: entry.workDate,
    projectNumber,
    legalEntity,
    employer,
    costCenter,
    laborCategory,
    accountingPeriod,
    employerPeriod,
    payPeriod,
    hours: entry.hours,
    billed: billing.amount,
    writtenOff: billing.writtenOff,
    cost,
    transfer: transfer?.amount ?? null,
    pay,
  };
}

function openPeriods(labor: EnrichedEntry, index: ContextIndex): Pick<AdjustmentLine, 'accountingPeriod' | 'employerPeriod' | 'payPeriod'> {
  return {
    accountingPeriod: openFrom(index, labor.legalEntity, labor.accountingPeriod),
    employerPeriod: openFrom(index, labor.employer, labor.employerPeriod),
    payPeriod: labor.payPeriod === null ? null : payableFrom(index, labor.employer, labor.payPeriod),
  };
}

/** The period itself while it is open, else the next open one. */
function openFrom(index: ContextIndex, legalEntity: string, code: string): string {
  const at = Date.parse(index.context.asOf);
  const periods = index.periods(legalEntity);
  const own = periods.find((period) => period.code === code);
  const open = periods.find((period) => (own === undefined || period.from >= own.from) && !period.closed && Date.parse(period.opensAt) <= at && at < Date.parse(period.closesAt));
  if (open === undefined) throw new RangeError(`${legalEntity} has no open accounting period from ${code} on: have the next one opened, then retry`);
  return open.code;
}

function payableFrom(index: ContextIndex, employer: string, code: string): string {
  const own = index.payPeriods(employer).find((period) => period.code === code);
  const payable = own === undefined ? undefined : bookingPayPeriod(index, employer, own.from);
  if (payable === undefined) throw new RangeError(`${employer} has no pay period from ${code} on whose cutoff is still to come: have the next one set up, then retry`);
  return payable.code;
}

function negated(value: DecimalText): DecimalText {
  return decimalText(new Decimal(value).negated());
}

function negatedMoney({ amount, currency }: Money): Money {
  return money(negated(amount), currency);
}
