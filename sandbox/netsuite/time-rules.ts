/**
 * What NetSuite checks when time is saved: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_N904108.html (Entering a Time Transaction).
 * Error texts (unverified). Invoiced time cannot be changed: section_156408321759.html (Updating Time Entries).
 */
import type { Account } from './account.ts';
import { invalidFieldValue, missingValues, userError } from './errors.ts';
import { isReference, referenceId, type FieldValue, type StoredRecord } from './field-types.ts';

type Draft = Map<string, FieldValue>;

export function fillTimeDefaults(account: Account, draft: Draft): void {
  if (!draft.has('tranDate')) draft.set('tranDate', account.now().toISOString().slice(0, 10));
  if (!draft.has('isBillable')) draft.set('isBillable', false);
  if (!draft.has('approvalStatus')) draft.set('approvalStatus', APPROVED);
  draft.set('timeType', ACTUAL);
  if (draft.has('subsidiary')) return;
  const employee = draft.get('employee');
  const subsidiary = isReference(employee) ? account.get(employee)?.fields['subsidiary'] : undefined;
  if (subsidiary !== undefined) draft.set('subsidiary', subsidiary);
}

const APPROVED = { choice: '3' } as const;
const ACTUAL = { choice: 'A' } as const;

/** Throws Refusal where the time may not be saved. */
export function checkTime(account: Account, draft: Draft, before: StoredRecord | undefined): void {
  if (before?.fields['isInvoiced'] === true) throw userError('This time entry has been invoiced and cannot be changed.');
  const employee = draft.get('employee');
  const person = isReference(employee) ? account.get(employee) : undefined;
  if (person?.fields['isInactive'] === true) throw invalidFieldValue('employee', person.id);
  const customer = draft.get('customer');
  if (!isReference(customer)) return;
  if (draft.get('item') === undefined) throw missingValues(['Service Item']);
  const project = account.get(customer);
  if (project?.fields['isInactive'] === true) throw invalidFieldValue('customer', customer.id);
  if (project?.fields['allowTime'] === false) throw userError(`Time cannot be entered for the project ${String(project.fields['entityId'])}: it does not allow time entry.`);
  const task = draft.get('caseTaskEvent');
  if (isReference(task) && referenceId(account.get(task)?.fields['project']) !== customer.id) throw invalidFieldValue('caseTaskEvent', task.id);
}
