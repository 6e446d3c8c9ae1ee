import type { Account } from './account.ts';
import { readBody, wireInstant, type BodyRules } from './body.ts';
import { userError } from './errors.ts';
import { isReference, referenceId, type FieldValues, type RecordType, type StoredRecord } from './field-types.ts';
import { checkChargeGoes, takeUpCharges } from './charge-rules.ts';
import { applyToOthers } from './receivable-rules.ts';
import { RECORD_TYPES } from './record-types.ts';
import { applyRules, type Draft } from './rules.ts';

export interface Saved {
  readonly id: string;
  readonly created: boolean;
  /** Names in the body that the record type does not have. */
  readonly unknown: readonly string[];
}

/** Creates a record (`before` undefined) or changes one. Throws Refusal; then nothing is changed. */
export function save(account: Account, type: RecordType, body: unknown, before: StoredRecord | undefined, rules: BodyRules, externalId?: string): Saved {
  const { values, unknown } = readBody(account, type, body, before, rules);
  const draft: Draft = new Map(Object.entries(before?.fields ?? {}));
  for (const [name, value] of values) {
    if (value === null) draft.delete(name);
    else draft.set(name, value);
  }
  const given = draft.get('externalId');
  draft.delete('externalId');
  const ownExternalId = externalId ?? (typeof given === 'string' ? given : values.get('externalId') === null ? undefined : before?.externalId);
  if (ownExternalId !== undefined) {
    const holder = account.byExternalId(type.name, ownExternalId);
    if (holder !== undefined && holder.id !== before?.id) throw userError(`That record already exists: a ${type.label} has the external ID ${ownExternalId}.`);
  }
  const id = before?.id ?? account.nextId(type);
  applyRules(account, type, id, draft, before);
  checkUnique(account, type, id, draft);
  stamp(account, type, draft, before);
  const put = (): void => account.records(type.name).put(id, { id, ...(ownExternalId === undefined ? {} : { externalId: ownExternalId }), fields: Object.fromEntries(draft) });
  if (type.name !== 'customer' && !changesOthers(type)) put();
  else {
    account.transaction(() => {
      put();
      if (type.name === 'customer') keepPrimaryRelationship(account, id);
      else changeOthers(account, type, id, before?.fields, Object.fromEntries(draft));
    });
  }
  return { id, created: before === undefined, unknown };
}

/** Deletes a record. Throws Refusal where others depend on it. */
export function remove(account: Account, type: RecordType, record: StoredRecord): void {
  if (type.name === 'charge') checkChargeGoes(record);
  if (record.fields['isPrimarySub'] === true) throw userError('The primary subsidiary of a customer cannot be removed.');
  const dependents = account.dependents({ type: type.name, id: record.id });
  if (dependents.length > 0) throw userError(`This record cannot be deleted because it has dependent records (${dependents.join(', ')}).`);
  account.transaction(() => {
    account.records(type.name).delete(record.id);
    if (changesOthers(type)) changeOthers(account, type, record.id, record.fields, undefined);
    if (type.name !== 'customer') return;
    for (const relation of account.referring('customerSubsidiaryRelationship', 'entity', record.id)) account.records('customerSubsidiaryRelationship').delete(relation.id);
  });
}

function changesOthers(type: RecordType): boolean {
  return type.name === 'invoice' || type.name === 'creditMemo' || type.name === 'customerPayment' || type.name === 'customerRefund';
}

function changeOthers(account: Account, type: RecordType, id: string, before: FieldValues | undefined, after: FieldValues | undefined): void {
  if (type.name === 'invoice') takeUpCharges(account, id, before, after);
  else applyToOthers(account, before, after);
}

function checkUnique(account: Account, type: RecordType, id: string, draft: Draft): void {
  const value = type.uniqueField === undefined ? undefined : draft.get(type.uniqueField);
  if (typeof value !== 'string' || !account.byUniqueField(type, value).some((other) => other.id !== id)) return;
  throw userError(
    type.sequence === 'entity'
      ? `A ${type.label} record with this ID already exists. You must enter a unique ${type.label} ID for each record you create.`
      : 'This record already exists.',
  );
}

function stamp(account: Account, type: RecordType, draft: Draft, before: StoredRecord | undefined): void {
  const at = wireInstant(account.now());
  for (const name of ['dateCreated', 'createdDate', 'created']) if (before === undefined && type.fields[name] !== undefined) draft.set(name, at);
  for (const name of ['lastModifiedDate', 'lastModified']) if (type.fields[name] !== undefined) draft.set(name, at);
}

/** Each customer has one relationship with its primary subsidiary, made by NetSuite itself. */
function keepPrimaryRelationship(account: Account, customerId: string): void {
  const customer = account.records('customer').get(customerId);
  const subsidiary = customer?.fields['subsidiary'];
  const currency = customer?.fields['currency'];
  if (customer === undefined || !isReference(subsidiary)) return;
  const relations = account.records('customerSubsidiaryRelationship');
  const existing = account.referring('customerSubsidiaryRelationship', 'entity', customerId);
  const same = existing.find((relation) => referenceId(relation.fields['subsidiary']) === subsidiary.id);
  for (const relation of existing) {
    const primary = relation === same;
    if (relation.fields['isPrimarySub'] !== primary) relations.put(relation.id, { ...relation, fields: { ...relation.fields, isPrimarySub: primary } });
  }
  if (same !== undefined) return;
  const id = account.nextId(RECORD_TYPES.customerSubsidiaryRelationship);
  relations.put(id, {
    id,
    fields: {
      name: customer.fields['entityId'] ?? '',
      entity: { type: 'customer', id: customerId },
      subsidiary,
      isPrimarySub: true,
      lastModifiedDate: wireInstant(account.now()),
      ...(currency === undefined ? {} : { primaryCurrency: currency }),
    },
  });
}
