/**
 * What NetSuite checks when a charge is saved, and what an invoice makes of the charges on its lines. That billed charges cannot be edited, and that the amount
 * is rate times quantity unless it is given: Browser2016_1/script/record/charge.html. That charges are of charge-based projects alone, how their time and tasks are
 * held to the project, and all error texts are (unverified).
 */
import { Decimal } from 'decimal.js';
import type { Account } from './account.ts';
import { invalidFieldValue, userError } from './errors.ts';
import { isChoice, isReference, linesOf, referenceId, referencesOf, type FieldValue, type FieldValues, type StoredRecord } from './field-types.ts';
import { checkBilledThere, customerOf, fieldOf, numberOr, precisionOf, type Draft } from './lookups.ts';

export const CHARGE_BASED = 'CB';
const READY = 'READY_FOR_BILLING';
const PROCESSED = 'PROCESSED';

export function fillChargeDefaults(account: Account, draft: Draft): void {
  const billTo = draft.get('billTo');
  if (!draft.has('use')) draft.set('use', { choice: 'Actual' });
  for (const field of ['subsidiary', 'currency'] as const) {
    const value = fieldOf(account, billTo, field);
    if (value !== undefined && !draft.has(field)) draft.set(field, value);
  }
}

/** Throws Refusal; fills in the amount. */
export function checkCharge(account: Account, draft: Draft, before: StoredRecord | undefined): void {
  if (before?.fields['invoice'] !== undefined) throw userError('Charges that have been billed cannot be edited.');
  if (choiceOf(draft.get('stage')) === PROCESSED) throw invalidFieldValue('stage', PROCESSED);
  const billTo = draft.get('billTo');
  const project = isReference(billTo) && billTo.type === 'job' ? account.get(billTo) : undefined;
  if (project?.fields['isInactive'] === true) throw invalidFieldValue('billTo', project.id);
  if (project !== undefined && choiceOf(project.fields['jobBillingType']) !== CHARGE_BASED) throw userError(`The project ${String(project.fields['entityId'])} is not charge-based.`);
  const customer = customerOf(account, billTo);
  if (customer !== undefined) checkBilledThere(account, customer, draft);
  const task = draft.get('projectTask');
  if (isReference(task) && referenceId(fieldOf(account, task, 'project')) !== project?.id) throw invalidFieldValue('projectTask', task.id);
  const time = draft.get('timeRecord');
  if (isReference(time) && referenceId(fieldOf(account, time, 'customer')) !== referenceId(billTo)) throw invalidFieldValue('timeRecord', time.id);
  const places = precisionOf(account, draft.get('currency'));
  const given = draft.get('amount');
  const amount = given === undefined ? new Decimal(numberOr(draft.get('quantity'), 0)).times(numberOr(draft.get('rate'), 0)).toDecimalPlaces(places, Decimal.ROUND_HALF_UP) : new Decimal(numberOr(given, 0));
  if (amount.decimalPlaces() > places) throw invalidFieldValue('amount', amount.toString());
  draft.set('amount', amount.toNumber());
}

/** Throws Refusal for a charge that an invoice has taken up. */
export function checkChargeGoes(charge: StoredRecord): void {
  if (charge.fields['invoice'] !== undefined) throw userError('This record cannot be deleted because it has dependent records (invoice).');
}

/** Only charges that are ready, of the same client and currency, and on one line of one invoice. Throws Refusal. */
export function checkBilledCharges(account: Account, draft: Draft, before: StoredRecord | undefined): void {
  const seen = new Set<string>();
  for (const [index, { values }] of linesOf(draft.get('item')).entries()) {
    for (const { id } of referencesOf(values['charges'])) {
      const path = `item.items[${index}].charges`;
      const fields = account.records('charge').get(id)?.fields ?? {};
      const taken = referenceId(fields['invoice']);
      const isOurs = taken !== undefined && taken === before?.id;
      const isReady = choiceOf(fields['stage']) === READY && choiceOf(fields['use']) === 'Actual';
      const agrees = customerOf(account, fields['billTo'])?.id === customerOf(account, draft.get('entity'))?.id && referenceId(fields['currency']) === referenceId(draft.get('currency'));
      if (seen.has(id) || !agrees || !(isOurs || isReady)) throw invalidFieldValue(path, id);
      seen.add(id);
    }
  }
}

/** Marks the charges on an invoice's lines as billed, and gives back those that are on none any more, after it was saved or deleted. */
export function takeUpCharges(account: Account, invoiceId: string, before: FieldValues | undefined, after: FieldValues | undefined): void {
  const [was, is] = [chargesOn(before), chargesOn(after)];
  const charges = account.records('charge');
  for (const id of new Set([...was.keys(), ...is.keys()])) {
    const charge = charges.get(id);
    if (charge === undefined) continue;
    const { invoice: _, invoiceLine: __, ...fields } = charge.fields;
    const line = is.get(id);
    const billed: FieldValues = line === undefined ? { ...fields, stage: { choice: READY } } : { ...fields, stage: { choice: PROCESSED }, invoice: { type: 'invoice', id: invoiceId }, invoiceLine: line };
    charges.put(id, { ...charge, fields: billed });
  }
}

/** True where a project has charges that no invoice has taken up yet. */
export function hasUnbilledCharges(account: Account, projectId: string): boolean {
  return account.referring('charge', 'billTo', projectId).some(({ fields }) => fields['invoice'] === undefined && choiceOf(fields['stage']) !== 'NON_BILLABLE');
}

function chargesOn(fields: FieldValues | undefined): Map<string, string> {
  return new Map(linesOf(fields?.['item']).flatMap(({ key, values }) => referencesOf(values['charges']).map(({ id }) => [id, String(key)] as const)));
}

function choiceOf(value: FieldValue | undefined): string | undefined {
  return isChoice(value) ? value.choice : undefined;
}
