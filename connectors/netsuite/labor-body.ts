import { Decimal } from 'decimal.js';
import type { LaborPosting } from '../../domain/model/time/labor-posting.ts';
import { decimalText, type Money } from '../../domain/money.ts';
import { exactNumber } from '../exact-number.ts';
import { ACTUAL, STAGE } from './charges.ts';
import { cut, type NetSuiteReferences } from './references.ts';

export interface LaborProject {
  readonly job: string;
  readonly task: string | null;
  readonly item: string;
}

export interface LaborReferences {
  readonly employee: string;
  readonly subsidiary: { readonly id: string };
  /** Null where the project is kept elsewhere and this line is the employer's cost alone. */
  readonly project: LaborProject | null;
}

/** What the client is billed by, where a line is to be billed at all. */
export type BilledBy = 'time_bill' | 'charge';

const CUSTOM_PRICE = { id: '-1' } as const;
const MEMO_LENGTH = 999;

/**
 * A time bill. NetSuite's own hours are whole minutes, and its own amount is hours times rate: the exact hours and amounts stand in custom fields
 * (README.md) beside them, and those are what `totals` adds up. What is billed by a charge is on the charge alone.
 */
export function timeBillOf(posting: LaborPosting, references: LaborReferences, by: BilledBy): object {
  const { billing, entry, project } = { ...posting, project: references.project };
  const isCharged = by === 'charge' && isToBeBilled(posting, project);
  const isBillable = isToBeBilled(posting, project) && !isCharged;
  return {
    externalId: posting.key,
    employee: { id: references.employee },
    ...(project === null ? {} : { customer: { id: project.job }, item: { id: project.item } }),
    ...(project?.task == null ? {} : { caseTaskEvent: { id: project.task } }),
    tranDate: posting.workDate,
    hours: durationOf(posting.hours),
    isBillable,
    ...(isBillable ? { price: CUSTOM_PRICE, rate: exactNumber(rateOf(posting)), overrideRate: true } : {}),
    ...(posting.notes === '' ? {} : { memo: cut(posting.notes, MEMO_LENGTH) }),
    subsidiary: references.subsidiary,
    custcol_q2c_entry: `${entry.system}/${entry.id}/${entry.version}`,
    custcol_q2c_timesheet: `${posting.timesheet.id}/${posting.timesheet.version}`,
    custcol_q2c_kind: posting.kind,
    ...(posting.reverses === null ? {} : { custcol_q2c_reverses: posting.reverses }),
    custcol_q2c_purpose: posting.purpose,
    custcol_q2c_legal_entity: posting.legalEntity,
    custcol_q2c_project_entity: posting.projectEntity,
    custcol_q2c_employer: posting.employer,
    ...(project === null ? { custcol_q2c_project: posting.projectNumber } : {}),
    custcol_q2c_period: posting.accountingPeriod,
    custcol_q2c_cost_center: posting.costCenter,
    custcol_q2c_category: posting.laborCategory,
    ...(posting.task === null ? {} : { custcol_q2c_task: posting.task }),
    custcol_q2c_hours: exactNumber(posting.hours),
    ...(posting.purpose === 'labor' ? {} : { custcol_q2c_billing: billing.status, ...(isCharged ? {} : moneyFields('amount', 'currency', billing.amount)) }),
    ...(isZero(billing.writtenOff) ? {} : { custcol_q2c_written_off: exactNumber(billing.writtenOff.amount) }),
    ...(posting.cost === null ? {} : moneyFields('cost', 'cost_currency', posting.cost)),
    ...(posting.transfer === null ? {} : moneyFields('transfer', 'transfer_currency', posting.transfer)),
  };
}

export function isToBeBilled({ billing }: LaborPosting, project: LaborProject | null): project is LaborProject {
  return billing.status === 'actuals' && project !== null;
}

/**
 * The charge of a line of labor, without the time bill it charges. What comes to nothing (all of it is beyond the cap) is kept as not billable.
 * @throws SystemFailure for an amount or currency that NetSuite cannot keep
 */
export function laborChargeOf(posting: LaborPosting, project: LaborProject, chargeType: string, references: NetSuiteReferences, object: string): object {
  const { billing } = posting;
  return {
    externalId: posting.key,
    billTo: { id: project.job },
    stage: isZero(billing.amount) ? STAGE.notBillable : STAGE.ready,
    use: ACTUAL,
    chargeDate: posting.workDate,
    chargeType: { id: chargeType },
    billingItem: { id: project.item },
    ...(project.task === null ? {} : { projectTask: { id: project.task } }),
    description: descriptionOf(posting, posting.reverses === null ? [] : [`Takes back ${posting.reverses}.`]),
    quantity: exactNumber(posting.hours),
    rate: exactNumber(rateOf(posting)),
    amount: references.amount(billing.amount, object),
    currency: references.currency(billing.amount.currency, object),
  };
}

/** Of the charge that a reversal has taken back. */
export function takenBackDescriptionOf(reversal: LaborPosting): string {
  return descriptionOf(reversal, [`Taken back by ${reversal.key}.`]);
}

function descriptionOf({ laborCategory, notes, billing: { writtenOff } }: LaborPosting, remarks: readonly string[]): string {
  const text = [
    `${laborCategory}${notes === '' ? '' : `: ${notes}`}`,
    ...(isZero(writtenOff) ? [] : [`Beyond the cap, not billed: ${writtenOff.amount.replace('-', '')} ${writtenOff.currency}.`]),
    ...remarks,
  ].join('\n');
  return cut(text, MEMO_LENGTH);
}

function moneyFields(amount: string, currency: string, value: Money): object {
  return { [`custcol_q2c_${amount}`]: exactNumber(value.amount), [`custcol_q2c_${currency}`]: value.currency };
}

function isZero(value: Money): boolean {
  return /^-?0(\.0*)?$/.test(value.amount);
}

/** "7:30", to the nearest minute; of negative hours the same with a minus. */
function durationOf(hours: string): string {
  const minutes = Math.round(Math.abs(Number(hours)) * 60);
  return `${hours.startsWith('-') && minutes > 0 ? '-' : ''}${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`;
}

/** Per hour, so that hours times it is what is billed: the agreed rate, or what a daily rate or a reached cap comes to. */
function rateOf({ billing, hours }: LaborPosting): string {
  if (billing.rate?.unit === 'hour' && isZero(billing.writtenOff)) return billing.rate.rate;
  return Number(hours) === 0 ? '0' : decimalText(new Decimal(billing.amount.amount).dividedBy(hours).toDecimalPlaces(8));
}
