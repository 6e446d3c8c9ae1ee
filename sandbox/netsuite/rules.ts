/**
 * What NetSuite checks and fills in when a record is saved, beyond the types of its fields.
 * The features Multi-Subsidiary Customer and Multiple Currencies, in Oracle's NetSuite help; error texts (unverified). Billing schedules:
 * https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_3938525542.html (recurrence lines make numberRemaining be ignored)
 */
import { Decimal } from 'decimal.js';
import type { Account } from './account.ts';
import { checkCharge, fillChargeDefaults, hasUnbilledCharges } from './charge-rules.ts';
import { invalidFieldValue, missingValues, userError } from './errors.ts';
import { checkExpenses, checkJournal, fillExpenseDefaults } from './expense-rules.ts';
import { isChoice, isReference, linesOf, referenceId, type FieldValue, type RecordType, type StoredRecord } from './field-types.ts';
import { checkBilledThere, customerOf, fieldOf, numberOr, precisionOf, type Draft } from './lookups.ts';
import { checkReceivable, fillReceivableDefaults, isReceivable } from './receivable-rules.ts';
import { checkTime, fillTimeDefaults } from './time-rules.ts';

export type { Draft } from './lookups.ts';

/** Fills in defaults, then throws Refusal where the record may not be saved. */
export function applyRules(account: Account, type: RecordType, id: string, draft: Draft, before: StoredRecord | undefined): void {
  fillDefaults(account, type, id, draft);
  const required = type.name === 'customer' ? [...type.required, ...(draft.get('isPerson') === true ? ['firstName', 'lastName'] : ['companyName'])] : type.required;
  const missing = required.filter((name) => isEmpty(draft.get(name)));
  if (missing.length > 0) throw missingValues(missing.map((name) => type.fields[name]?.label ?? name));
  switch (type.name) {
    case 'customer':
      return checkCustomer(account, id, draft, before);
    case 'job':
      return checkJob(account, id, draft, before);
    case 'projectTask':
      return checkTask(account, id, draft);
    case 'salesOrder':
      return checkOrder(account, draft, before);
    case 'billingSchedule':
      return checkSchedule(draft);
    case 'invoice':
    case 'creditMemo':
    case 'customerPayment':
    case 'customerRefund':
      return checkReceivable(account, type, draft, before);
    case 'expenseReport':
      return checkExpenses(account, draft, precisionOf(account, draft.get('expensereportcurrency')));
    case 'journalEntry':
      return checkJournal(account, draft);
    case 'timeBill':
      return checkTime(account, draft, before);
    case 'charge':
      return checkCharge(account, draft, before);
    case 'customerSubsidiaryRelationship':
      return checkRelationship(account, id, draft);
    default:
  }
}

function fillDefaults(account: Account, type: RecordType, id: string, draft: Draft): void {
  const set = (name: string, value: FieldValue | undefined): void => {
    if (value !== undefined && !draft.has(name)) draft.set(name, value);
  };
  for (const name of ['isInactive', 'isinactive']) if (type.fields[name] !== undefined) set(name, false);
  if (type.name === 'customer') {
    set('isPerson', false);
    set('entityId', `CUST${id}`);
    set('currency', fieldOf(account, draft.get('subsidiary'), 'currency'));
    set('balance', 0);
  }
  if (type.name === 'job') {
    set('entityId', `PROJ${id}`);
    set('subsidiary', fieldOf(account, draft.get('parent'), 'subsidiary'));
    set('currency', fieldOf(account, draft.get('parent'), 'currency') ?? fieldOf(account, draft.get('subsidiary'), 'currency'));
    set('entityStatus', { choice: '4' });
    set('allowTime', true);
    set('allowExpenses', true);
  }
  if (type.name === 'employee') {
    set('entityId', `${text(draft.get('firstName'))} ${text(draft.get('lastName'))}`.trim() || `EMP${id}`);
    set('currency', fieldOf(account, draft.get('subsidiary'), 'currency'));
    set('isJobResource', true);
  }
  if (type.name === 'timeBill') fillTimeDefaults(account, draft);
  if (type.name === 'charge') fillChargeDefaults(account, draft);
  if (type.name === 'expenseReport' || type.name === 'journalEntry') fillExpenseDefaults(account, type, id, draft);
  if (isReceivable(type)) fillReceivableDefaults(account, type, draft);
  if (type.name === 'projectTask') {
    set('constraintType', { choice: 'ASAP' });
    set('status', { choice: 'NOTSTART' });
    set('priority', { choice: 'MEDIUM' });
    set('nonBillableTask', false);
  }
  if (type.name === 'salesOrder') {
    set('tranId', `SO${id}`);
    set('tranDate', account.now().toISOString().slice(0, 10));
    set('subsidiary', fieldOf(account, draft.get('entity'), 'subsidiary'));
    set('currency', fieldOf(account, draft.get('entity'), 'currency'));
    set('orderStatus', { choice: 'A' });
  }
  if (type.name.startsWith('customrecord_')) set('name', id);
}

function checkCustomer(account: Account, id: string, draft: Draft, before: StoredRecord | undefined): void {
  if (hasCycle(account, id, draft.get('parent'), 'parent')) throw invalidFieldValue('parent', referenceId(draft.get('parent')) ?? '');
  if (before === undefined || account.referring('salesOrder', 'entity', id).length === 0) return;
  for (const field of ['subsidiary', 'currency'] as const) {
    if (referenceId(before.fields[field]) === referenceId(draft.get(field))) continue;
    throw userError(`The ${field} of this customer cannot be changed because transactions have been posted for it.`);
  }
}

function checkJob(account: Account, id: string, draft: Draft, before: StoredRecord | undefined): void {
  if (hasCycle(account, id, draft.get('parent'), 'parent')) throw invalidFieldValue('parent', referenceId(draft.get('parent')) ?? '');
  checkSchedulePeriod(draft, 'startDate', 'projectedEndDate');
  const customer = customerOf(account, draft.get('parent'));
  if (customer !== undefined) checkBilledThere(account, customer, draft);
  checkJobSchedule(account, id, draft, before);
}

/** Of the project's own billing type: section_3935875522.html; not changed while charges are unbilled: section_3752833293.html of the same help. */
function checkJobSchedule(account: Account, id: string, draft: Draft, before: StoredRecord | undefined): void {
  const schedule = draft.get('billingSchedule');
  const type = fieldOf(account, schedule, 'scheduleType');
  const billing = draft.get('jobBillingType');
  if (isChoice(type) && (!isChoice(billing) || type.choice !== billing.choice)) throw userError(`The type of the billing schedule (${type.choice}) does not match the billing type of the project.`);
  const changed = before !== undefined && referenceId(before.fields['billingSchedule']) !== undefined && referenceId(before.fields['billingSchedule']) !== referenceId(schedule);
  if (changed && hasUnbilledCharges(account, id)) throw userError('The billing schedule of a project cannot be changed while it has unbilled charges.');
}

function checkTask(account: Account, id: string, draft: Draft): void {
  const parent = draft.get('parent');
  if (parent === undefined) return;
  const parentTask = isReference(parent) ? account.get(parent) : undefined;
  const sameProject = referenceId(parentTask?.fields['project']) === referenceId(draft.get('project'));
  if (!sameProject || hasCycle(account, id, parent, 'parent')) throw invalidFieldValue('parent', referenceId(parent) ?? '');
}

function checkOrder(account: Account, draft: Draft, before: StoredRecord | undefined): void {
  const customer = customerOf(account, draft.get('entity'));
  if (customer === undefined || (before === undefined && customer.fields['isInactive'] === true)) {
    throw invalidFieldValue('entity', referenceId(draft.get('entity')) ?? '');
  }
  checkBilledThere(account, customer, draft);
  const project = draft.get('job');
  if (isReference(project) && customerOf(account, project)?.id !== customer.id) throw invalidFieldValue('job', project.id);
  const items = linesOf(draft.get('item'));
  if (items.length === 0) throw userError('You must enter at least one line item for this transaction.');
  const places = precisionOf(account, draft.get('currency'));
  const priced = items.map((line, index) => {
    if (line.values['item'] === undefined) throw userError(`Please enter value(s) for: Item (line ${index + 1}).`);
    const quantity = numberOr(line.values['quantity'], 1);
    const amount = line.values['amount'] ?? new Decimal(quantity).times(numberOr(line.values['rate'], 0)).toDecimalPlaces(places, Decimal.ROUND_HALF_UP).toNumber();
    return { key: line.key, values: { isClosed: false, quantity, ...line.values, amount } };
  });
  const total = priced.reduce((sum, line) => sum.plus(numberOr(line.values.amount, 0)), new Decimal(0)).toNumber();
  draft.set('item', { lines: priced });
  draft.set('subtotal', total);
  draft.set('total', total);
  const order = draft.get('orderStatus');
  draft.set('status', priced.every((line) => line.values.isClosed === true) ? { choice: 'H' } : (order ?? { choice: 'A' }));
}

function checkSchedule(draft: Draft): void {
  const type = draft.get('scheduleType');
  if (isChoice(type) && type.choice === 'STD' && draft.get('frequency') === undefined) throw missingValues(['Recurrence Frequency']);
  if (linesOf(draft.get('recurrence')).length > 0) draft.delete('numberRemaining');
}

function checkRelationship(account: Account, id: string, draft: Draft): void {
  const entity = referenceId(draft.get('entity')) ?? '';
  const subsidiary = referenceId(draft.get('subsidiary'));
  const twin = account.referring('customerSubsidiaryRelationship', 'entity', entity).find((other) => other.id !== id && referenceId(other.fields['subsidiary']) === subsidiary);
  if (twin !== undefined) throw userError('This record already exists.');
  const customer = account.records('customer').get(entity);
  draft.set('name', `${text(customer?.fields['entityId'])} (${text(fieldOf(account, draft.get('subsidiary'), 'name'))})`);
  draft.set('isPrimarySub', referenceId(customer?.fields['subsidiary']) === subsidiary);
  const currency = customer?.fields['currency'];
  if (currency !== undefined) draft.set('primaryCurrency', currency);
}

function checkSchedulePeriod(draft: Draft, from: string, to: string): void {
  const start = draft.get(from);
  const end = draft.get(to);
  if (typeof start === 'string' && typeof end === 'string' && end < start) throw invalidFieldValue(to, end);
}

function hasCycle(account: Account, id: string, first: FieldValue | undefined, field: string): boolean {
  let current = first;
  for (let depth = 0; isReference(current) && depth < 50; depth++) {
    if (current.id === id) return true;
    current = account.get(current)?.fields[field];
  }
  return false;
}

function isEmpty(value: FieldValue | undefined): boolean {
  return value === undefined || value === '';
}

function text(value: FieldValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
