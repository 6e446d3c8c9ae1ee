/** What Project Operations' plug-ins enforce beyond types. Wording marked so is (unverified). */
import { type Environment, type Row, type Value, type Values } from './environment.ts';
import { badRequest, pluginRefuses } from './errors.ts';
import { AMOUNT_METHOD, BILLING_METHOD, TRANSACTION_TYPE, tableAt, type Table } from './tables.ts';
import { rounded } from './values.ts';

const TIME = 192_350_000;
const ENTRY_JOURNAL = 192_350_000;
const CONFIRMED = 192_350_002;
const SALES = 192_350_002;
/** Columns that the schedule engine computes: https://learn.microsoft.com/en-us/dynamics365/project-operations/project-management/schedule-api-preview */
const SCHEDULED = ['msdyn_scheduledstart', 'msdyn_scheduledend'];

/** @throws Refusal where the change is not allowed; answers the values as they are kept */
export function checkedWrite(environment: Environment, table: Table, before: Row | undefined, values: Values, changed: Values): Values {
  refuseClosed(table, before === undefined ? 'Create' : 'Update');
  switch (table.set) {
    case 'msdyn_projects':
      if (blank(values['msdyn_subject'])) throw pluginRefuses('Name is required for a project.'); // (unverified)
      if (before !== undefined && SCHEDULED.some((column) => changed[column] !== undefined && changed[column] !== before.values[column])) throw direct('Update', table.name);
      return values;
    case 'salesorders':
      if (before !== undefined && locked(before) && changed['statecode'] === undefined) throw pluginRefuses('The contract is confirmed or closed and can no longer be edited.'); // (unverified)
      if (values['msdyn_ordertype'] === 192_350_001 && blank(values['_msdyn_contractorganizationalunitid_value'])) throw pluginRefuses('Contracting Unit is required for a project contract.'); // (unverified)
      if (blank(values['_customerid_value'])) throw pluginRefuses('Potential customer is required for a project contract.'); // (unverified)
      return values;
    case 'salesorderdetails':
      return checkedContractLine(environment, before, values);
    case 'msdyn_orderpricelists':
      checkPriceList(environment, values);
      return values;
    case 'msdyn_contractlinescheduleofvalues':
      checkMilestone(environment, before, values);
      return values;
    case 'msdyn_journallines':
      return checkedJournalLine(environment, before, values);
    case 'msdyn_journals':
      if (before?.values['msdyn_isposted'] === true) throw pluginRefuses('The journal has been confirmed and can no longer be edited.'); // (unverified)
      if (changed['msdyn_isposted'] === true) throw pluginRefuses('A journal is confirmed by the action msdyn_PostJournal.'); // (unverified)
      return values;
    default:
      return values;
  }
}

/** @throws Refusal */
export function checkDelete(environment: Environment, table: Table, row: Row): void {
  refuseClosed(table, 'Delete');
  const order = table.set === 'salesorders' ? row : table.set === 'salesorderdetails' ? environment.row('salesorders', String(row.values['_salesorderid_value'])) : undefined;
  if (order !== undefined && locked(order)) throw pluginRefuses('The contract is confirmed or closed and can no longer be edited.'); // (unverified)
  if (table.set === 'msdyn_journallines' && row.values['msdyn_isposted'] === true) throw pluginRefuses('The journal has been confirmed and can no longer be edited.');
  if (table.set === 'msdyn_journals' && row.values['msdyn_isposted'] === true) throw pluginRefuses('The journal has been confirmed and can no longer be edited.');
  if (table.set === 'msdyn_contractlinescheduleofvalues' && Number(row.values['msdyn_invoicestatus']) >= 192_350_002) throw pluginRefuses('The milestone is on an invoice and cannot be deleted.'); // (unverified)
  const users = (RESTRICTING[table.set] ?? []).filter(([set, column]) => environment.having(set, column, row.id).length > 0);
  if (users.length > 0) throw pluginRefuses(`The object you tried to delete is associated with another object and cannot be deleted (${users.map(([set]) => set).join(', ')}).`);
}

/** The rows that go with a row. */
export const CASCADING: Readonly<Record<string, readonly (readonly [set: string, column: string])[]>> = {
  accounts: [['salesorders', '_customerid_value']],
  salesorders: [['salesorderdetails', '_salesorderid_value'], ['msdyn_orderpricelists', '_msdyn_contract_value'], ['msdyn_contractlinescheduleofvalues', '_msdyn_contract_value']],
  salesorderdetails: [['msdyn_contractlinescheduleofvalues', '_msdyn_contractlineid_value'], ['msdyn_contractlineinvoiceschedules', '_msdyn_contractlineid_value']],
  pricelevels: [['msdyn_resourcecategorypricelevels', '_msdyn_pricelist_value'], ['msdyn_orderpricelists', '_msdyn_pricelist_value']],
  msdyn_projects: [['annotations', '_objectid_value']],
  msdyn_journals: [['msdyn_journallines', '_msdyn_journal_value']],
};
const RESTRICTING: typeof CASCADING = {
  msdyn_projects: [['msdyn_actuals', '_msdyn_project_value'], ['msdyn_journallines', '_msdyn_project_value']],
  salesorders: [['msdyn_actuals', '_msdyn_salescontract_value']],
};

/** The lines that `msdyn_PostJournal` makes actuals of. @throws Refusal where the journal cannot be confirmed */
export function checkedLines(environment: Environment, journal: Row): Row[] {
  if (journal.values['msdyn_isposted'] === true) throw pluginRefuses('The journal has already been confirmed.'); // (unverified)
  if (journal.values['msdyn_journaltype'] !== ENTRY_JOURNAL) throw pluginRefuses('Set the journal type before the journal is confirmed.'); // (unverified)
  const own = environment.having('msdyn_journallines', '_msdyn_journal_value', journal.id);
  for (const line of own) checkProjectOpen(environment, line.values);
  return own;
}

/** Every line becomes an actual; those that are still there are then confirmed, and so is their journal. */
export function makeActuals(environment: Environment, journal: string, own: readonly Row[]): void {
  const [journals, lines, actuals] = [tableAt('msdyn_journals'), tableAt('msdyn_journallines'), tableAt('msdyn_actuals')];
  if (journals === undefined || lines === undefined || actuals === undefined) throw new Error('the sandbox has no journals');
  for (const line of own) {
    const kept = [...Object.keys(actuals.columns), ...Object.keys(line.values)].filter((column) => column in line.values && column !== 'msdyn_isposted' && !column.includes('_msdyn_journal_'));
    environment.put(actuals, environment.newId(), { ...Object.fromEntries(kept.map((column): [string, Value] => [column, line.values[column] ?? null])), msdyn_externalreferenceid: line.id });
    const still = environment.row(lines.set, line.id);
    if (still !== undefined) environment.put(lines, line.id, { ...still.values, msdyn_isposted: true });
  }
  const still = environment.row(journals.set, journal);
  if (still !== undefined) environment.put(journals, journal, { ...still.values, msdyn_isposted: true });
}

/** Actuals come from journals and approvals alone, WBS tasks from the schedule engine. */
function refuseClosed(table: Table, operation: string): void {
  if (table.closed === 'schedule') throw direct(operation, table.name);
  if (table.closed === 'actuals') throw pluginRefuses('The product doesn\'t support creating actuals either manually or through customizations. Use entry journals to create new actuals and Correct entries update existing actuals. More information is available at `https://aka.ms/EntryJournals`.');
}

function direct(operation: string, name: string): Error {
  return pluginRefuses(`You cannot directly do '${operation}' operation to '${name}'. Try editing it through the Resource editing UI via Project.`);
}

function checkedContractLine(environment: Environment, before: Row | undefined, values: Values): Values {
  const order = environment.row('salesorders', String(values['_salesorderid_value']));
  if (order === undefined) throw badRequest('salesorderid is required for a contract line.');
  if (locked(order)) throw pluginRefuses('The contract is confirmed or closed and can no longer be edited.');
  if (values['msdyn_linetype'] === 690_970_000 && values['msdyn_billingmethod'] === null) throw pluginRefuses('Billing method is required for a project contract line.'); // (unverified)
  const project = values['_msdyn_project_value'] ?? null;
  const others = environment.having('salesorderdetails', '_msdyn_project_value', project).filter((row) => project !== null && row.id !== before?.id && row.values['_salesorderid_value'] === order.id);
  for (const kind of ['time', 'expense', 'fee', 'material']) {
    const column = `msdyn_include${kind}`;
    if (values[column] === true && others.some((row) => row.values[column] === true)) throw pluginRefuses(`Another contract line includes ${kind} of the same project.`); // rule: .../pro/sales/manage-contract-values-project-based-sales, wording (unverified)
  }
  return values;
}

function checkPriceList(environment: Environment, values: Values): void {
  const list = environment.row('pricelevels', String(values['_msdyn_pricelist_value']));
  const order = environment.row('salesorders', String(values['_msdyn_contract_value']));
  if (list === undefined || order === undefined) throw pluginRefuses('Contract and price list are required.'); // (unverified)
  if (list.values['msdyn_module'] !== SALES) throw pluginRefuses('Only price lists of the context Sales can be project price lists.'); // (unverified)
  if (list.values['_transactioncurrencyid_value'] !== order.values['_transactioncurrencyid_value']) throw pluginRefuses('The currency of the price list is not that of the contract.'); // (unverified)
}

function checkMilestone(environment: Environment, before: Row | undefined, values: Values): void {
  const line = environment.row('salesorderdetails', String(values['_msdyn_contractlineid_value']));
  if (line === undefined) throw pluginRefuses('A milestone needs its contract line.'); // (unverified)
  if (line.values['msdyn_billingmethod'] !== BILLING_METHOD.fixedPrice) throw pluginRefuses('Milestones are for contract lines with the billing method Fixed Price.'); // (unverified)
  if (before !== undefined && Number(before.values['msdyn_invoicestatus']) >= 192_350_002) throw pluginRefuses('The milestone is on an invoice and cannot be changed.'); // (unverified)
}

/** Rules of "Journal line improvements": https://learn.microsoft.com/en-us/dynamics365/project-operations/actuals/journal-line-improvements */
function checkedJournalLine(environment: Environment, before: Row | undefined, values: Values): Values {
  const journal = environment.row('msdyn_journals', String(values['_msdyn_journal_value']));
  if (journal === undefined) throw pluginRefuses('A journal line needs its journal.'); // (unverified)
  if (journal.values['msdyn_isposted'] === true || before?.values['msdyn_isposted'] === true) throw pluginRefuses('The journal has been confirmed and can no longer be edited.'); // (unverified)
  for (const column of ['msdyn_transactionclassification', 'msdyn_transactiontypecode', 'msdyn_quantity', '_msdyn_project_value', '_msdyn_unit_value']) if (blank(values[column])) throw pluginRefuses(`${column.replace(/^_|_value$/g, '')} is required for a journal line.`); // (unverified)
  const project = checkProjectOpen(environment, values);
  const line = environment.having('salesorderdetails', '_msdyn_project_value', project?.id ?? null)[0];
  if (values['msdyn_transactiontypecode'] === TRANSACTION_TYPE.unbilledSales && values['msdyn_transactionclassification'] === TIME && line?.values['msdyn_billingmethod'] === BILLING_METHOD.fixedPrice) {
    throw pluginRefuses('The transaction class Time is not allowed for unbilled sales on a fixed-price contract line.');
  }
  const price = Number(values['msdyn_price'] ?? defaultPrice(environment, values));
  const amount = values['msdyn_amountmethod'] === AMOUNT_METHOD.fixed ? price : rounded(price * Number(values['msdyn_quantity']), 4);
  return { ...values, msdyn_price: price, msdyn_amount: amount, _msdyn_salescontract_value: values['_msdyn_salescontract_value'] ?? line?.values['_salesorderid_value'] ?? null };
}

function checkProjectOpen(environment: Environment, values: Values): Row | undefined {
  const project = environment.row('msdyn_projects', String(values['_msdyn_project_value']));
  if (project?.values['statecode'] === 1) throw pluginRefuses('The project is closed: no transactions can be recorded on it.'); // .../project-management/project-stages; wording (unverified)
  return project;
}

/** A line without a price gets that of its role; here there is one list for all. */
function defaultPrice(environment: Environment, values: Values): number {
  const price = environment.having('msdyn_resourcecategorypricelevels', '_msdyn_resourcecategory_value', values['_msdyn_resourcecategory_value'] ?? null)[0];
  return Number(price?.values['msdyn_price'] ?? 0);
}

function locked(order: Row): boolean {
  return Number(order.values['msdyn_psastate']) >= CONFIRMED;
}

function blank(value: Value | undefined): boolean {
  return value === undefined || value === null || value === '';
}
