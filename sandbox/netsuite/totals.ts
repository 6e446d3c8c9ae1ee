/** What time there is, in sums that are exact: for people who look and for tests that compare. */
import type { Account } from './account.ts';
import { isChoice, isReference, referenceId, type FieldValue } from './field-types.ts';

const DECIMALS = 10;
const ONE = 10n ** BigInt(DECIMALS);

export interface TimeTotals {
  readonly subsidiary: string;
  readonly lines: number;
  readonly hours: string;
  readonly billed: readonly { readonly amount: string; readonly currency: string }[];
}

interface Sums {
  lines: number;
  hours: bigint;
  readonly billed: Map<string, bigint>;
}

/** One row for each subsidiary that has time, by its name; what is billed is on the time itself or on its charge. */
export function timeTotals(account: Account): TimeTotals[] {
  const bySubsidiary = new Map<string, Sums>();
  const sumsOf = (subsidiary: FieldValue | undefined): Sums => {
    const id = referenceId(subsidiary) ?? '';
    const sums = bySubsidiary.get(id) ?? { lines: 0, hours: 0n, billed: new Map<string, bigint>() };
    bySubsidiary.set(id, sums);
    return sums;
  };
  const bill = (sums: Sums, amount: FieldValue | undefined, currency: FieldValue | undefined): void => {
    const billed = scaled(amount);
    if (typeof currency === 'string' && billed !== undefined) sums.billed.set(currency, (sums.billed.get(currency) ?? 0n) + billed);
  };
  for (const { fields } of account.records('timeBill').all()) {
    const sums = sumsOf(fields['subsidiary']);
    sums.lines += 1;
    sums.hours += scaled(fields['custcol_q2c_hours']) ?? (scaled(fields['hours']) ?? 0n) / 60n;
    bill(sums, fields['custcol_q2c_amount'], fields['custcol_q2c_currency']);
  }
  for (const { fields } of account.records('charge').all()) {
    const time = isReference(fields['timeRecord']) ? account.get(fields['timeRecord']) : undefined;
    const { stage, currency } = fields;
    if (time === undefined || (isChoice(stage) && stage.choice === 'NON_BILLABLE')) continue;
    bill(sumsOf(time.fields['subsidiary']), fields['amount'], isReference(currency) ? account.get(currency)?.fields['symbol'] : undefined);
  }
  const nameOf = (id: string) => account.records('subsidiary').get(id)?.fields['name'];
  return [...bySubsidiary]
    .map(([id, { lines, hours, billed }]) => ({
      subsidiary: String(nameOf(id) ?? id),
      lines,
      hours: decimal(hours),
      billed: [...billed].map(([currency, amount]) => ({ amount: decimal(amount), currency })).sort((left, right) => left.currency.localeCompare(right.currency)),
    }))
    .sort((left, right) => left.subsidiary.localeCompare(right.subsidiary));
}

/** Decimal texts added up without a double in between. */
export function exactSum(values: readonly string[]): string {
  return decimal(values.reduce((sum, value) => sum + (scaledText(value) ?? 0n), 0n));
}

function scaled(value: FieldValue | undefined): bigint | undefined {
  if (typeof value !== 'number') return undefined;
  return Number.isSafeInteger(value) ? BigInt(value) * ONE : scaledText(String(value));
}

function scaledText(text: string): bigint | undefined {
  const parts = /^(-?)(\d+)(?:\.(\d{1,10}))?$/.exec(text);
  if (parts === null) return undefined;
  const units = BigInt(`${parts[2]}${(parts[3] ?? '').padEnd(DECIMALS, '0')}`);
  return parts[1] === '-' ? -units : units;
}

function decimal(units: bigint): string {
  const digits = (units < 0n ? -units : units).toString().padStart(DECIMALS + 1, '0');
  const text = `${digits.slice(0, -DECIMALS)}.${digits.slice(-DECIMALS)}`.replace(/\.?0+$/, '');
  return units < 0n ? `-${text}` : text;
}
