import type { Answer, Books, Entry, KeptTable } from './books.ts';
import type { Item, Values } from './reading.ts';
import { cancel } from './cancel.ts';

/** Why one record is refused. */
class RecordRefused extends Error {
  override readonly name = 'RecordRefused';
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const refused = (code: string, message: string) => new RecordRefused(code, message);
const FIRST_STATUS: Readonly<Record<KeptTable, string>> = { customers: 'ACTIVE', contracts: 'OPEN', projects: 'PENDING', rate_cards: 'ACTIVE', billing_schedules: 'OPEN', labor: 'BOOKED', expenses: 'BOOKED' };
const OUT_OF_USE = new Set(['INACTIVE', 'CANCELLED']);
const PROJECT_STATUSES = new Set(['PENDING', 'ACTIVE', 'CLOSED', 'CANCELLED']);

/** Imports one record and says what became of it. */
export function importItem(books: Books, item: Item): Answer {
  try {
    switch (item.table) {
      case 'customers':
        return customer(books, item);
      case 'contracts':
        return contract(books, item);
      case 'projects':
        return project(books, item);
      case 'rate_cards':
        return rateCard(books, item);
      case 'billing_schedules':
        return billingSchedule(books, item);
      case 'labor':
        return labor(books, item);
      case 'expenses':
        return expenses(books, item);
      case 'project_status':
        return projectStatus(books, item);
      case 'cancellations':
        return cancel(books, item.values['record'] ?? '', item.key);
      default:
        throw refused('FORMAT', `${item.table} has no records of its own`);
    }
  } catch (error) {
    if (!(error instanceof RecordRefused)) throw error;
    return { key: item.key, outcome: 'REFUSED', code: error.code, message: error.message };
  }
}

function customer(books: Books, item: Item): Answer {
  const { values } = item;
  const companies = listed(values['companies']);
  for (const company of companies) mustKnowCompany(books, company);
  for (const currency of listed(values['currencies'])) mustKnowCurrency(books, currency);
  const before = books.tables.customers.get(item.key);
  if (before === undefined) return stored(books, 'customers', item, values);
  const kept = new Set(listed(values['keep']));
  const held = (name: string) => before.fields[name] ?? '';
  const merged = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, kept.has(name) ? held(name) : value]));
  // Companies and currencies come to a customer and do not go.
  const joined = (name: string) => [...new Set([...listed(held(name)), ...listed(merged[name])])].join(' ');
  return stored(books, 'customers', item, { ...merged, companies: joined('companies'), currencies: joined('currencies') });
}

function contract(books: Books, item: Item): Answer {
  const { values } = item;
  mustKnowCompany(books, values['company'] ?? '');
  mustKnowCurrency(books, values['currency'] ?? '');
  mustStand(books, 'customers', values['customer_number'] ?? '', 'CUSTOMER_UNKNOWN');
  if (item.lines.length === 0) throw refused('NO_LINES', 'the contract has no lines');
  return stored(books, 'contracts', item, values);
}

function project(books: Books, item: Item): Answer {
  const { values, key } = item;
  mustKnowCompany(books, values['company'] ?? '');
  mustKnowCurrency(books, values['currency'] ?? '');
  mustStand(books, 'customers', values['customer_number'] ?? '', 'CUSTOMER_UNKNOWN');
  mustStand(books, 'contracts', values['contract_number'] ?? '', 'CONTRACT_UNKNOWN');
  const namesake = books.projectNumbered(values['project_number'] ?? '');
  if (namesake !== undefined && namesake.id !== key) throw refused('PROJECT_NUMBER_TAKEN', `the project number ${values['project_number'] ?? ''} is that of ${namesake.number}`);
  if ((values['end_date'] ?? '') < (values['start_date'] ?? '')) throw refused('DATES', 'the project ends before it starts');
  const codes = new Set(item.lines.map((line) => line['code']));
  const orphan = item.lines.find((line) => line['parent_code'] !== '' && !codes.has(line['parent_code']));
  if (orphan !== undefined) throw refused('WBS_PARENT_UNKNOWN', `WBS element ${orphan['code'] ?? ''} has the parent ${orphan['parent_code'] ?? ''}, which is not there`);
  const used = new Set(books.laborOf(values['project_number'] ?? '').map(({ fields }) => fields['task']));
  const staying = (books.tables.projects.get(key)?.lines ?? []).filter((line) => !codes.has(line['code']) && used.has(line['code'] ?? ''));
  return stored(books, 'projects', { ...item, lines: [...item.lines, ...staying] }, values);
}

function rateCard(books: Books, item: Item): Answer {
  mustKnowCurrency(books, item.values['currency'] ?? '');
  mustStand(books, 'projects', item.values['project'] ?? '', 'PROJECT_UNKNOWN');
  for (const line of item.lines) mustKnowCategory(books, line['labor_category'] ?? '');
  return stored(books, 'rate_cards', item, item.values);
}

function billingSchedule(books: Books, item: Item): Answer {
  mustKnowCurrency(books, item.values['currency'] ?? '');
  mustStand(books, 'projects', item.values['project'] ?? '', 'PROJECT_UNKNOWN');
  return stored(books, 'billing_schedules', item, item.values);
}

function labor(books: Books, item: Item): Answer {
  const { values, key } = item;
  const before = books.tables.labor.get(key);
  if (before !== undefined) return told(before, 'PRESENT');
  for (const name of ['company', 'employer']) mustKnowCompany(books, values[name] ?? '');
  mustKnowCurrency(books, values['bill_currency'] ?? '');
  mustKnowPerson(books, values['person'] ?? '');
  const reversal = values['kind'] === 'R';
  // The cost of work for a project that another ERP keeps has no project here.
  const abroad = values['purpose'] === 'LABOR' && values['project_company'] !== values['company'];
  if (!abroad) mustTakeTime(books, values['project_number'] ?? '', reversal);
  mustKnowCategory(books, values['labor_category'] ?? '');
  if (reversal && books.tables.labor.get(values['reverses'] ?? '') === undefined) throw refused('REVERSED_UNKNOWN', `there is no line ${values['reverses'] ?? ''} to take back`);
  mustBeOpen(books, values['company'] ?? '', values['period'] ?? '');
  return stored(books, 'labor', item, values);
}

function expenses(books: Books, item: Item): Answer {
  const { values, key } = item;
  const before = books.tables.expenses.get(key);
  if (before !== undefined && books.paidExpenses.get(key) !== undefined) return told(before, 'PRESENT');
  mustKnowCompany(books, values['employer'] ?? '');
  mustKnowCurrency(books, values['currency'] ?? '');
  mustKnowPerson(books, values['person'] ?? '');
  for (const line of item.lines) {
    if (line['company'] === values['employer']) mustTakeTime(books, line['project_number'] ?? '', values['kind'] === 'R');
  }
  if (values['kind'] === 'R' && books.tables.expenses.get(values['reverses'] ?? '') === undefined) throw refused('REVERSED_UNKNOWN', `there is no expense report ${values['reverses'] ?? ''} to take back`);
  mustBeOpen(books, values['employer'] ?? '', values['period'] ?? '');
  return stored(books, 'expenses', item, values);
}

function projectStatus(books: Books, { key, values }: Item): Answer {
  const before = books.tables.projects.get(key);
  const status = values['status'] ?? '';
  if (before === undefined) throw refused('PROJECT_UNKNOWN', `there is no project with the external key ${key}`);
  if (!PROJECT_STATUSES.has(status)) throw refused('STATUS_UNKNOWN', `a project has no status "${status}"`);
  if (before.status === status) return told(before, 'PRESENT');
  const after = { ...before, status, change: books.nextChange() };
  books.tables.projects.put(key, after);
  return told(after, 'CHANGED');
}

function stored(books: Books, table: KeptTable, item: Item, fields: Values): Answer {
  const before = books.tables[table].get(item.key);
  const status = before === undefined || OUT_OF_USE.has(before.status) ? FIRST_STATUS[table] : before.status;
  if (before !== undefined && before.status === status && same(before, fields, item.lines)) return told(before, 'PRESENT');
  const entry: Entry = { id: item.key, number: before?.number ?? books.nextNumber(table), status, change: books.nextChange(), fields, lines: item.lines };
  books.tables[table].put(item.key, entry);
  return told(entry, before === undefined ? 'CREATED' : 'CHANGED');
}

function told(entry: Entry, outcome: Answer['outcome']): Answer {
  return { key: entry.id, outcome, number: entry.number, status: entry.status, change: entry.change };
}

function same(before: Entry, fields: Values, lines: readonly Values[]): boolean {
  return JSON.stringify([before.fields, before.lines]) === JSON.stringify([fields, lines]);
}

function listed(text: string | undefined): string[] {
  return (text ?? '').split(' ').filter((word) => word !== '');
}

function mustKnowCompany(books: Books, company: string): void {
  if (books.companies.get(company) === undefined) throw refused('COMPANY_UNKNOWN', `there is no company ${company}`);
}

function mustKnowCurrency(books: Books, currency: string): void {
  if (books.currencies.get(currency) === undefined) throw refused('CURRENCY_UNKNOWN', `there is no currency ${currency}`);
}

function mustKnowCategory(books: Books, category: string): void {
  if (books.categories.get(category) === undefined) throw refused('CATEGORY_UNKNOWN', `there is no labor category ${category}`);
}

function mustKnowPerson(books: Books, person: string): void {
  if (books.employees.get(person.toLowerCase()) === undefined) throw refused('PERSON_UNKNOWN', `no employee has the e-mail address ${person}`);
}

function mustStand(books: Books, table: KeptTable, number: string, code: string): void {
  if (books.byNumber(table, number) === undefined) throw refused(code, `there is no record ${number} in ${table}`);
}

function mustTakeTime(books: Books, number: string, reversal: boolean): void {
  const found = books.projectNumbered(number);
  if (found === undefined) throw refused('PROJECT_UNKNOWN', `there is no project with the number ${number}`);
  if (!reversal && (found.status === 'CLOSED' || found.status === 'CANCELLED')) throw refused('PROJECT_CLOSED', `the project ${number} is ${found.status.toLowerCase()}`);
}

function mustBeOpen(books: Books, company: string, period: string): void {
  if (books.closedPeriods.get(`${company}/${period}`) !== undefined) throw refused('PERIOD_CLOSED', `the period ${period} is closed in company ${company}`);
}
