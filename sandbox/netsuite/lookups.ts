/** What the rules of several record types ask of the account. */
import type { Account } from './account.ts';
import { invalidFieldValue } from './errors.ts';
import { isChoice, isReference, linesOf, referenceId, type FieldValue, type StoredRecord } from './field-types.ts';

export type Draft = Map<string, FieldValue>;

/** The customer at the top of a customer or project. */
export function customerOf(account: Account, value: FieldValue | undefined): StoredRecord | undefined {
  let current = value;
  for (let depth = 0; isReference(current) && depth < 20; depth++) {
    const record = account.get(current);
    if (current.type === 'customer') return record;
    current = record?.fields['parent'];
  }
  return undefined;
}

/** A customer transacts only in its subsidiaries and its currencies. Throws Refusal. */
export function checkBilledThere(account: Account, customer: StoredRecord, draft: Draft): void {
  const subsidiary = referenceId(draft.get('subsidiary'));
  const related = account.referring('customerSubsidiaryRelationship', 'entity', customer.id).map((relation) => referenceId(relation.fields['subsidiary']));
  if (subsidiary !== undefined && !related.includes(subsidiary)) throw invalidFieldValue('subsidiary', subsidiary);
  const currency = referenceId(draft.get('currency'));
  const listed = linesOf(customer.fields['currencyList']).map((line) => referenceId(line.values['currency']));
  if (currency !== undefined && ![referenceId(customer.fields['currency']), ...listed].includes(currency)) throw invalidFieldValue('currency', currency);
}

export function fieldOf(account: Account, value: FieldValue | undefined, field: string): FieldValue | undefined {
  return isReference(value) ? account.get(value)?.fields[field] : undefined;
}

/** How many decimals a currency has: none or two. */
export function precisionOf(account: Account, currency: FieldValue | undefined): number {
  const precision = fieldOf(account, currency, 'currencyPrecision');
  return isChoice(precision) ? Number(precision.choice) : 2;
}

export function numberOr(value: FieldValue | undefined, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}
