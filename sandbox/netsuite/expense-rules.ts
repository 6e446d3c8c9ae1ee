/**
 * What NetSuite checks when an expense report or a journal entry is saved; texts (unverified).
 * Only an employee's own currencies: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/bridgehead_N911711.html. Single negative lines are taken
 * (Oracle's own SuiteProjects integration writes them: netsuite-openair, article_161641769054.html); that a report's total may not be negative is (unverified).
 */
import { Decimal } from 'decimal.js';
import type { Account } from './account.ts';
import { invalidFieldValue, userError } from './errors.ts';
import { isChoice, isReference, linesOf, referenceId, type FieldValue, type Line, type RecordType } from './field-types.ts';

type Draft = Map<string, FieldValue>;

export function fillExpenseDefaults(account: Account, type: RecordType, id: string, draft: Draft): void {
  const set = (name: string, value: FieldValue | undefined): void => {
    if (value !== undefined && !draft.has(name)) draft.set(name, value);
  };
  const fieldOf = (value: FieldValue | undefined, field: string): FieldValue | undefined => (isReference(value) ? account.get(value)?.fields[field] : undefined);
  set('tranId', `${type.name === 'expenseReport' ? 'EXP' : 'JE'}${id}`);
  set('tranDate', account.now().toISOString().slice(0, 10));
  if (type.name === 'journalEntry') {
    set('currency', fieldOf(draft.get('subsidiary'), 'currency'));
    set('approved', true);
    return;
  }
  set('subsidiary', fieldOf(draft.get('entity'), 'subsidiary'));
  set('expensereportcurrency', fieldOf(draft.get('entity'), 'currency'));
  set('complete', false);
  set('supervisorapproval', false);
  set('accountingapproval', false);
  const payable = account.records('account').find((each) => accountType(each.fields['acctType']) === 'AcctPay');
  if (payable !== undefined) set('account', { type: 'account', id: payable.id });
}

/** Throws Refusal; fills in what NetSuite computes. */
export function checkExpenses(account: Account, draft: Draft, places: number): void {
  const entity = draft.get('entity');
  const employee = isReference(entity) ? account.get(entity) : undefined;
  if (employee === undefined || employee.fields['isInactive'] === true) throw invalidFieldValue('entity', referenceId(entity) ?? '');
  const currency = referenceId(draft.get('expensereportcurrency'));
  const own = [referenceId(employee.fields['currency']), ...linesOf(employee.fields['currencylist']).map((line) => referenceId(line.values['currency']))];
  if (!own.includes(currency)) throw invalidFieldValue('expensereportcurrency', currency ?? '');
  const lines = linesOf(draft.get('expense'));
  if (lines.length === 0) throw userError('You must enter at least one line item for this transaction.');
  for (const [index, line] of lines.entries()) checkExpense(account, line, index, places);
  const total = sumOf(lines, 'amount');
  if (total.isNegative() && !total.isZero()) throw userError('The total of an expense report may not be negative.');
  draft.set('amount', total.toNumber());
  draft.set('total', total.toNumber());
}

function checkExpense(account: Account, { values }: Line, index: number, places: number): void {
  const at = `expense.items[${index}]`;
  if (values['category'] === undefined || values['amount'] === undefined) throw userError(`Please enter value(s) for: Category, Amount (line ${index + 1}).`);
  if (new Decimal(numberOf(values['amount'])).decimalPlaces() > places) throw invalidFieldValue(`${at}.amount`, String(numberOf(values['amount'])));
  const customer = values['customer'];
  if (values['isBillable'] === true && customer === undefined) throw userError(`Please enter value(s) for: Customer:Project (line ${index + 1}).`);
  if (!isReference(customer)) return;
  const project = account.get(customer);
  if (project?.fields['isInactive'] === true || project?.fields['allowExpenses'] === false) throw invalidFieldValue(`${at}.customer`, customer.id);
}

/** Throws Refusal. */
export function checkJournal(account: Account, draft: Draft): void {
  const lines = linesOf(draft.get('line'));
  if (lines.length < 2) throw userError('You must enter at least two lines for this transaction.');
  for (const [index, { values }] of lines.entries()) {
    const at = values['account'];
    if (!isReference(at)) throw userError(`Please enter value(s) for: Account (line ${index + 1}).`);
    if (numberOf(values['debit']) < 0 || numberOf(values['credit']) < 0 || (values['debit'] === undefined) === (values['credit'] === undefined)) throw userError(`Enter a debit or a credit (line ${index + 1}).`);
    if (accountType(account.get(at)?.fields['acctType']) === 'AcctPay' && values['entity'] === undefined) throw userError(`Please enter value(s) for: Name (line ${index + 1}).`);
  }
  if (!sumOf(lines, 'debit').equals(sumOf(lines, 'credit'))) throw userError('The amounts in a journal entry must balance.');
}

function sumOf(lines: readonly Line[], field: string): Decimal {
  return lines.reduce((sum, line) => sum.plus(numberOf(line.values[field])), new Decimal(0));
}

function numberOf(value: FieldValue | undefined): number {
  return typeof value === 'number' ? value : 0;
}

function accountType(value: FieldValue | undefined): string | undefined {
  return isChoice(value) ? value.choice : undefined;
}
