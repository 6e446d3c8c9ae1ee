/**
 * What NetSuite checks and computes when an invoice, a credit memo or a customer payment is saved; error texts (unverified).
 * An invoice that is approved, or saved where nothing needs approval, is posted. One pending approval is not: it is neither paid nor credited.
 */
import { Decimal } from 'decimal.js';
import type { Account } from './account.ts';
import { checkBilledCharges } from './charge-rules.ts';
import { invalidFieldValue, userError } from './errors.ts';
import { isChoice, isReference, linesOf, referenceId, type FieldValue, type FieldValues, type RecordType, type StoredRecord } from './field-types.ts';
import { checkBilledThere, customerOf, fieldOf, numberOr, precisionOf, type Draft } from './lookups.ts';

const PREFIX: Readonly<Record<string, string>> = { invoice: 'INV', creditMemo: 'CM', customerPayment: 'PYMT', customerRefund: 'RFND' };
const PENDING = '1';
const APPROVED = '2';
const REJECTED = '3';

export function isReceivable(type: RecordType): boolean {
  return PREFIX[type.name] !== undefined;
}

export function fillReceivableDefaults(account: Account, type: RecordType, draft: Draft): void {
  const set = (name: string, value: FieldValue | undefined): void => {
    if (value !== undefined && !draft.has(name)) draft.set(name, value);
  };
  const customer = draft.get(payerField(type));
  set('tranDate', account.now().toISOString().slice(0, 10));
  set('subsidiary', fieldOf(account, customer, 'subsidiary'));
  set('currency', fieldOf(account, customer, 'currency'));
  if (type.name === 'customerPayment' || type.name === 'customerRefund') return;
  set('taxDetailsOverride', false);
  if (type.name === 'invoice') {
    set('dueDate', draft.get('tranDate'));
    set('approvalStatus', { choice: account.approvalRouting ? PENDING : APPROVED });
  }
}

/** Throws Refusal; fills in what NetSuite computes. The number is drawn last, so that what is refused leaves no gap. */
export function checkReceivable(account: Account, type: RecordType, draft: Draft, before: StoredRecord | undefined): void {
  const customer = customerOf(account, draft.get(payerField(type)));
  if (customer === undefined || (before === undefined && customer.fields['isInactive'] === true)) throw invalidFieldValue(payerField(type), referenceId(draft.get(payerField(type))) ?? '');
  checkBilledThere(account, customer, draft);
  const project = draft.get('job');
  if (isReference(project) && customerOf(account, project)?.id !== customer.id) throw invalidFieldValue('job', project.id);
  for (const field of ['subsidiary', 'currency'] as const) {
    if (before !== undefined && referenceId(before.fields[field]) !== referenceId(draft.get(field))) throw userError(`The ${field} of this transaction cannot be changed once it is saved.`);
  }
  if (type.name === 'customerPayment') checkPayment(account, customer, draft, before);
  else if (type.name === 'customerRefund') checkRefund(account, customer, draft, before);
  else {
    priceLines(account, draft);
    if (type.name === 'invoice') checkInvoice(account, draft, before);
    else checkCredit(account, customer, draft, before);
  }
  if (!draft.has('tranId')) draft.set('tranId', `${PREFIX[type.name] ?? ''}${account.nextId({ ...type, sequence: `number-${type.name}`, firstId: 1001 })}`);
}

function payerField(type: RecordType): 'customer' | 'entity' {
  return type.fields['customer'] === undefined ? 'entity' : 'customer';
}

function priceLines(account: Account, draft: Draft): void {
  const places = precisionOf(account, draft.get('currency'));
  const items = linesOf(draft.get('item'));
  if (items.length === 0) throw userError('You must enter at least one line item for this transaction.');
  const priced = items.map(({ key, values }, index) => {
    if (values['item'] === undefined) throw userError(`Please enter value(s) for: Item (line ${index + 1}).`);
    const quantity = numberOr(values['quantity'], 1);
    const amount = values['amount'] ?? new Decimal(quantity).times(numberOr(values['rate'], 0)).toDecimalPlaces(places, Decimal.ROUND_HALF_UP).toNumber();
    checkPlaces(amount, places, `item.items[${index}].amount`);
    return { key, values: { quantity, ...values, amount } };
  });
  const subtotal = sumOf(priced.map(({ values }) => values.amount));
  const tax = taxOf(account, draft, new Set(items.map(({ values }) => values['taxDetailsReference'])), places);
  const total = subtotal.plus(tax);
  if (total.isNegative() && !total.isZero()) throw userError('The total of this transaction may not be negative.');
  draft.set('item', { lines: priced });
  draft.set('subtotal', subtotal.toNumber());
  draft.set('taxTotal', tax.toNumber());
  draft.set('total', total.toNumber());
  draft.set('foreignTotal', total.toNumber());
}

/** What is given is taken only where the engine's own result is overridden; this account's engine finds no tax. */
function taxOf(account: Account, draft: Draft, references: ReadonlySet<unknown>, places: number): Decimal {
  if (draft.get('taxDetailsOverride') !== true) {
    draft.delete('taxDetails');
    return new Decimal(0);
  }
  const details = linesOf(draft.get('taxDetails'));
  for (const [index, { values }] of details.entries()) {
    const at = `taxDetails.items[${index}]`;
    const { taxDetailsReference, taxType, taxCode, taxAmount, taxBasis } = values;
    if (taxDetailsReference === undefined || taxType === undefined || taxCode === undefined || taxAmount === undefined || taxBasis === undefined) throw userError(`Please enter value(s) for: Tax Details Reference, Tax Type, Tax Code, Tax Basis, Tax Amount (line ${index + 1}).`);
    if (!references.has(taxDetailsReference)) throw invalidFieldValue(`${at}.taxDetailsReference`, String(taxDetailsReference));
    if (typeof taxType !== 'string' || account.records('taxType').get(taxType) === undefined) throw invalidFieldValue(`${at}.taxType`, String(taxType));
    if (referenceId(fieldOf(account, taxCode, 'taxType')) !== taxType) throw invalidFieldValue(`${at}.taxCode`, referenceId(taxCode) ?? '');
    checkPlaces(taxAmount, places, `${at}.taxAmount`);
  }
  return sumOf(details.map(({ values }) => values['taxAmount']));
}

function checkInvoice(account: Account, draft: Draft, before: StoredRecord | undefined): void {
  const approval = choiceOf(draft.get('approvalStatus'));
  const paid = numberOr(before?.fields['amountPaid'], 0);
  const total = numberOr(draft.get('total'), 0);
  if (!account.approvalRouting && approval !== APPROVED) throw invalidFieldValue('approvalStatus', approval ?? '');
  if (before !== undefined && choiceOf(before.fields['approvalStatus']) === APPROVED && approval !== APPROVED) throw userError('An approved invoice cannot go back to pending approval.');
  if (paid > total) throw userError('The total of an invoice may not be less than what is applied to it.');
  checkBilledCharges(account, draft, before);
  draft.set('amountPaid', paid);
  settle(draft);
}

function settle(draft: Draft): void {
  const approval = choiceOf(draft.get('approvalStatus'));
  const remaining = approval === APPROVED ? minus(draft.get('total'), draft.get('amountPaid')) : new Decimal(numberOr(draft.get('total'), 0));
  draft.set('amountRemaining', remaining.toNumber());
  draft.set('status', { choice: approval === PENDING ? 'D' : approval === REJECTED ? 'E' : remaining.isZero() ? 'B' : 'A' });
}

function checkCredit(account: Account, customer: StoredRecord, draft: Draft, before: StoredRecord | undefined): void {
  applyTo(account, customer, draft, before, numberOr(draft.get('total'), 0));
  draft.set('status', { choice: draft.get('unapplied') === 0 ? 'B' : 'A' });
}

function checkPayment(account: Account, customer: StoredRecord, draft: Draft, before: StoredRecord | undefined): void {
  const payment = numberOr(draft.get('payment'), 0);
  checkPlaces(payment, precisionOf(account, draft.get('currency')), 'payment');
  if (payment <= 0) throw userError('The payment amount must be greater than zero.');
  applyTo(account, customer, draft, before, payment);
  draft.set('total', payment);
  draft.set('foreignTotal', payment);
  draft.set('status', { choice: draft.get('account') === undefined ? 'B' : 'C' });
}

/** Only the same customer's posted invoices, of the same subsidiary and currency, and no more than is open of each or there is in all. */
function applyTo(account: Account, customer: StoredRecord, draft: Draft, before: StoredRecord | undefined, most: number): void {
  const own = appliedBy(before?.fields ?? {});
  const places = precisionOf(account, draft.get('currency'));
  const wanted = appliedBy({ apply: draft.get('apply') ?? { lines: [] } });
  for (const [id, amount] of wanted) {
    const invoice = account.records('invoice').get(id);
    const agrees = invoice !== undefined && customerOf(account, invoice.fields['entity'])?.id === customer.id && (['subsidiary', 'currency'] as const).every((field) => referenceId(invoice.fields[field]) === referenceId(draft.get(field)));
    if (!agrees || choiceOf(invoice.fields['approvalStatus']) !== APPROVED) throw invalidFieldValue('apply.doc', id);
    checkPlaces(amount.toNumber(), places, 'apply.amount');
    if (amount.lessThanOrEqualTo(0) || amount.greaterThan(new Decimal(numberOr(invoice.fields['amountRemaining'], 0)).plus(own.get(id) ?? 0))) throw userError(`The amount applied to ${String(invoice.fields['tranId'])} is more than what is due.`);
  }
  const applied = [...wanted.values()].reduce((sum, amount) => sum.plus(amount), new Decimal(0));
  const refunded = refundedOf(before);
  if (applied.plus(refunded).greaterThan(most)) throw userError('The amounts applied exceed the amount of this transaction.');
  draft.set('applied', applied.plus(refunded).toNumber());
  draft.set('unapplied', new Decimal(most).minus(applied).minus(refunded).toNumber());
}

/** What a credit memo or payment has been given back of: what counts as applied and is to no invoice. */
function refundedOf(before: StoredRecord | undefined): Decimal {
  const toInvoices = [...appliedBy(before?.fields ?? {}).values()].reduce((sum, amount) => sum.plus(amount), new Decimal(0));
  return new Decimal(numberOr(before?.fields['applied'], 0)).minus(toInvoices);
}

/** Only what the same customer has to its credit, in the same subsidiary and currency. */
function checkRefund(account: Account, customer: StoredRecord, draft: Draft, before: StoredRecord | undefined): void {
  const own = appliedBy(before?.fields ?? {});
  const wanted = appliedBy({ apply: draft.get('apply') ?? { lines: [] } });
  for (const [id, amount] of wanted) {
    const credit = creditAt(account, id);
    const agrees = credit !== undefined && referenceId(credit.fields['customer'] ?? credit.fields['entity']) === customer.id && (['subsidiary', 'currency'] as const).every((field) => referenceId(credit.fields[field]) === referenceId(draft.get(field)));
    if (!agrees) throw invalidFieldValue('apply.doc', id);
    if (amount.lessThanOrEqualTo(0) || amount.greaterThan(new Decimal(numberOr(credit.fields['unapplied'], 0)).plus(own.get(id) ?? 0))) throw userError(`The amount refunded of ${String(credit.fields['tranId'])} is more than what is not applied.`);
  }
  const total = [...wanted.values()].reduce((sum, amount) => sum.plus(amount), new Decimal(0)).toNumber();
  if (total <= 0) throw userError('You must apply a refund to at least one credit.');
  draft.set('total', total);
  draft.set('foreignTotal', total);
}

function creditAt(account: Account, id: string): StoredRecord | undefined {
  return account.records('creditMemo').get(id) ?? account.records('customerPayment').get(id);
}

/** Brings up to date what a payment or credit memo pays, or a refund gives back, after it was saved or deleted. */
export function applyToOthers(account: Account, before: FieldValues | undefined, after: FieldValues | undefined): void {
  const [was, is] = [appliedBy(before ?? {}), appliedBy(after ?? {})];
  for (const id of new Set([...was.keys(), ...is.keys()])) {
    const invoice = account.records('invoice').get(id);
    const change = (is.get(id) ?? new Decimal(0)).minus(was.get(id) ?? 0);
    if (invoice === undefined) giveBack(account, id, change);
    if (invoice === undefined) continue;
    const draft: Draft = new Map(Object.entries(invoice.fields));
    draft.set('amountPaid', change.plus(numberOr(invoice.fields['amountPaid'], 0)).toNumber());
    settle(draft);
    account.records('invoice').put(id, { ...invoice, fields: Object.fromEntries(draft) });
  }
}

function giveBack(account: Account, id: string, change: Decimal): void {
  const name = account.records('creditMemo').get(id) === undefined ? 'customerPayment' : 'creditMemo';
  const credit = account.records(name).get(id);
  if (credit === undefined) return;
  const [applied, unapplied] = [change.plus(numberOr(credit.fields['applied'], 0)).toNumber(), minus(credit.fields['unapplied'], change.toNumber()).toNumber()];
  const status = name === 'creditMemo' ? { status: { choice: unapplied === 0 ? 'B' : 'A' } } : {};
  account.records(name).put(id, { ...credit, fields: { ...credit.fields, applied, unapplied, ...status } });
}

/** By the document that is paid, or given back of. */
export function appliedBy(fields: FieldValues): Map<string, Decimal> {
  const applied = new Map<string, Decimal>();
  for (const { values } of linesOf(fields['apply'])) {
    const id = referenceId(values['doc']);
    if (id !== undefined && values['apply'] !== false) applied.set(id, (applied.get(id) ?? new Decimal(0)).plus(numberOr(values['amount'], 0)));
  }
  return applied;
}

function checkPlaces(value: FieldValue, places: number, path: string): void {
  if (new Decimal(numberOr(value, 0)).decimalPlaces() > places) throw invalidFieldValue(path, String(value));
}

function sumOf(values: readonly (FieldValue | undefined)[]): Decimal {
  return values.reduce((sum: Decimal, value) => sum.plus(numberOr(value, 0)), new Decimal(0));
}

function minus(left: FieldValue | undefined, right: FieldValue | undefined): Decimal {
  return new Decimal(numberOr(left, 0)).minus(numberOr(right, 0));
}

function choiceOf(value: FieldValue | undefined): string | undefined {
  return isChoice(value) ? value.choice : undefined;
}
