/** The tables of the schema `reporting` as a warehouse gets them (docs/warehouse.md). */
export interface ReportingTable {
  readonly name: string;
  readonly columns: readonly ReportingColumn[];
  readonly key: readonly string[];
}

export interface ReportingColumn {
  readonly name: string;
  readonly type: 'text' | 'integer' | 'decimal' | 'date' | 'timestamp' | 'boolean';
  readonly nullable: boolean;
}

/** True in rows that are no longer in the store: a rate that was replaced, the booked value of a withdrawn project. Their other columns are null. */
export const DELETED = 'is_deleted';

/** @param key - columns with their types: "entry_version integer" @param others - the same */
function table(name: string, key: string, others: string): ReportingTable {
  const columns = (text: string, nullable: boolean) => text.split(',').map((part): ReportingColumn => {
    const [column = '', type = 'text'] = part.trim().split(' ');
    return { name: column, type: typeOf(type), nullable };
  });
  const keys = columns(key, false);
  return { name, key: keys.map((column) => column.name), columns: [...keys, ...(others === '' ? [] : columns(others, true)), { name: DELETED, type: 'boolean', nullable: false }] };
}

function typeOf(text: string): ReportingColumn['type'] {
  switch (text) {
    case 'text':
    case 'integer':
    case 'decimal':
    case 'date':
    case 'timestamp':
      return text;
    default:
      throw new TypeError(`"${text}" is no type of a warehouse column`);
  }
}

/** Dimensions before facts, so that a reader in between finds what the facts refer to. */
export const REPORTING_TABLES: readonly ReportingTable[] = [
  table('dim_date', 'day date', 'iso_year integer, iso_week integer, month, quarter, weekday integer'),
  table('dim_client', 'client_id', 'name, country, parent_client_id'),
  table('dim_person', 'person', 'employer'),
  table('dim_labor_category', 'labor_category', ''),
  table('dim_expense_category', 'category', 'name'),
  table('dim_time_project', 'project_number', 'legal_entity, currency'),
  table('dim_project', 'project_id', 'number, name, client_id, legal_entity, region, service_line, billing_method, currency, start_date date, end_date date, crm, opportunity_id, deal_version, process, withdrawn_at timestamp, withdrawn_because'),
  table('dim_rate', 'project_id, labor_category, unit, valid_from date', 'valid_to date, rate decimal, currency'),
  table('fact_booking', 'project_id, currency', 'amount decimal, booked_on date'),
  table(
    'fact_time',
    'source_system, entry_id, entry_version integer',
    'state, timesheet_id, person, work_date date, project_number, labor_category, legal_entity, employer, cost_center, accounting_period, employer_period, pay_period, billing_status, hours decimal, currency, billed decimal, written_off decimal, cost decimal, cost_currency, transfer decimal, transfer_currency',
  ),
  table(
    'fact_expense',
    'source_system, report_id, report_version integer, booking integer, line_id',
    'state, person, incurred_on date, project_number, category, kind, legal_entity, employer, cost_center, country, accounting_period, currency, amount decimal, recoverable_tax decimal, billed decimal, billed_currency, posting_key',
  ),
];

/** @throws Error for a table that no warehouse gets */
export function reportingTable(name: string): ReportingTable {
  const found = REPORTING_TABLES.find((each) => each.name === name);
  if (found === undefined) throw new Error(`${name} is no table of the schema reporting that a warehouse gets`);
  return found;
}
