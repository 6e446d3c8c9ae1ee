import { createHash } from 'node:crypto';
import { Decimal } from 'decimal.js';
import { z } from 'zod';
import type { LocalDate } from '../domain/dates.ts';
import { codeSchema, countrySchema } from '../domain/model/document.ts';
import type { ExpenseLine } from '../domain/model/time/expense-report.ts';
import { currencySchema, decimalSchema, decimalText, fitsCurrency, minorDigits, money, type Currency, type DecimalText, type Money } from '../domain/money.ts';
import { storableText } from './storable-text.ts';

const Exact = Decimal.clone({ precision: 60, toExpNeg: -40, toExpPos: 40 });
const CODE_LENGTH = 80;
const MERCHANT_LENGTH = 200;
const TEXT_LENGTH = 1000;
const MILEAGE = 'MILEAGE';
const DISTANCE_UNITS: Readonly<Record<string, 'km' | 'mi'>> = { mi: 'mi', mile: 'mi', miles: 'mi', km: 'km', kilometer: 'km', kilometers: 'km', kilometre: 'km', kilometres: 'km' };
const MEDIA_TYPES = { pdf: 'application/pdf', jpg: 'image/jpeg', jpeg: 'image/jpeg', png: 'image/png', gif: 'image/gif', heic: 'image/heic' } as const;

/** How a time system's expenses become lines of a report: what its records do not say. */
export const expenseOptionsSchema = z.strictObject({
  /** Name of the system's expense category → code of ours. A category not named here is the one coded like it: "Office Supplies" is OFFICE_SUPPLIES. */
  categories: z.record(z.string().min(1), codeSchema).default({}),
  /** Currency → country in which it is taken to have been spent; otherwise the one the currency's code begins with: US of USD. */
  countries: z.record(currencySchema, countrySchema).default({}),
  /** Where expenses for driving tell an amount only: the rate that people claim, from which the distance follows. */
  mileage: z.strictObject({ unit: z.enum(['km', 'mi']), ratePerUnit: decimalSchema }).optional(),
});
export type ExpenseOptions = z.infer<typeof expenseOptionsSchema>;

/** A file as a time system names it; none of them shows its content over its API. */
export interface ReceiptFile {
  readonly id: string;
  readonly fileName: string;
  readonly mediaType: string | null;
  readonly bytes: number;
}

/** One expense, whatever the system. */
export interface ExpenseFacts {
  readonly id: string;
  readonly incurredOn: LocalDate;
  readonly projectNumber: string;
  readonly task: string | null;
  readonly billable: boolean;
  readonly notes: string;
  /** As people see it there: "Meals". */
  readonly category: string;
  readonly amount: DecimalText;
  readonly currency: Currency;
  /** Of a category that is paid by the unit. */
  readonly units: { readonly quantity: DecimalText; readonly name: string; readonly price: DecimalText } | null;
  readonly merchant: string | null;
  readonly receipt: ReceiptFile | null;
}

/** @throws RangeError for a receipt of a kind that a report cannot hold, or a distance that no number holds; with words for the person who mends it */
export function lineOf(facts: ExpenseFacts, options: ExpenseOptions): ExpenseLine {
  const { id, incurredOn, billable, notes } = facts;
  const amount = exactMoney(facts.amount, facts.currency);
  const category = categoryCode(facts.category, options);
  const head = {
    id,
    incurredOn,
    projectNumber: storableText(facts.projectNumber, CODE_LENGTH) || '(no project)',
    task: facts.task === null ? null : storableText(facts.task, CODE_LENGTH) || null,
    costCenter: null,
    billable,
    description: storableText(notes, TEXT_LENGTH),
    amount,
    exchange: null,
  };
  const drive = driveOf(facts, category, amount, options);
  if (drive !== null) return { kind: 'mileage', ...head, ...drive };
  const merchant = printable(facts.merchant ?? notes.split('\n', 1)[0] ?? '') || printable(facts.category) || '(not told)';
  return {
    kind: 'receipt',
    ...head,
    category,
    merchant,
    country: options.countries[facts.currency] ?? facts.currency.slice(0, 2),
    receipt: facts.receipt === null ? null : receiptOf(facts.receipt, id),
    tax: [],
  };
}

function printable(text: string): string {
  return storableText(text.trim(), MERCHANT_LENGTH);
}

/** With all the currency's digits, where it has no more than those; otherwise as it is, for the rules to refuse. */
function exactMoney(amount: DecimalText, currency: Currency): Money {
  const exact = { amount, currency };
  return fitsCurrency(exact) ? money(amount, currency) : exact;
}

function categoryCode(name: string, { categories }: ExpenseOptions): string {
  const folded = (text: string) => text.normalize('NFC').trim().toLowerCase();
  const named = Object.entries(categories).find(([given]) => folded(given) === folded(name));
  if (named !== undefined) return named[1];
  const code = folded(name).toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_').replaceAll(/^_+|_+$/g, '').slice(0, 40);
  return codeSchema.safeParse(code).success ? code : 'UNKNOWN';
}

type Drive = Pick<Extract<ExpenseLine, { kind: 'mileage' }>, 'distance' | 'unit' | 'ratePerUnit'>;

/** Null where it is no drive, or its distance is not known: the rules then say that driving is not paid by receipt. */
function driveOf({ units, id }: ExpenseFacts, category: string, amount: Money, { mileage }: ExpenseOptions): Drive | null {
  const unit = units === null ? undefined : DISTANCE_UNITS[units.name.trim().toLowerCase()];
  if (units !== null && unit !== undefined) {
    // The category's price is of today; the amount was calculated with that of its day.
    const still = new Exact(units.quantity).times(units.price).toDecimalPlaces(minorDigits(amount.currency)).equals(amount.amount);
    return { distance: units.quantity, unit, ratePerUnit: still || new Exact(units.quantity).isZero() ? units.price : quotient(amount.amount, units.quantity, id) };
  }
  if (category !== MILEAGE || mileage === undefined) return null;
  return { distance: quotient(amount.amount, mileage.ratePerUnit, id), ...mileage };
}

function quotient(dividend: DecimalText, divisor: DecimalText, id: string): DecimalText {
  const value = new Exact(dividend).dividedBy(divisor).toDecimalPlaces(10);
  if (!value.isFinite()) throw new RangeError(`expense ${id} has no distance: its rate is ${divisor}`);
  return decimalText(value);
}

function receiptOf({ id, fileName, mediaType, bytes }: ReceiptFile, expense: string): NonNullable<Extract<ExpenseLine, { kind: 'receipt' }>['receipt']> {
  const ending = Object.entries(MEDIA_TYPES).find(([each]) => fileName.toLowerCase().endsWith(`.${each}`))?.[1];
  const type = Object.values(MEDIA_TYPES).find((each) => each === mediaType?.toLowerCase()) ?? (mediaType === null || mediaType === 'application/octet-stream' ? ending : undefined);
  if (type === undefined) throw new RangeError(`the receipt of expense ${expense} ("${storableText(fileName, 120)}") is ${mediaType ?? 'of a kind that is not told'}: have it attached as PDF, JPEG, PNG, GIF or HEIC`);
  // Of the file as the system tells of it: the same file attached twice is found, also by another person.
  return { id, mediaType: type, bytes, sha256: createHash('sha256').update(JSON.stringify([fileName.toWellFormed(), type, bytes])).digest('hex') };
}
