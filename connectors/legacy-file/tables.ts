/**
 * key: an external key of ours · code: letters, digits and a few signs, never cut · text: cut where it is too long · date: YYYY-MM-DD ·
 * whole: a number without digits after the point · decimal: `length` digits before the point and `digits` after it · flag: Y or N
 */
type FieldKind = 'key' | 'code' | 'text' | 'name' | 'date' | 'whole' | 'decimal' | 'flag';

export interface Field {
  readonly name: string;
  readonly kind: FieldKind;
  readonly length: number;
  readonly digits?: number;
  readonly required: boolean;
}

const field = <const Name extends string>(name: Name, kind: FieldKind, length: number) => ({ name, kind, length, required: true }) as const;
const maybe = <const Name extends string>(name: Name, kind: FieldKind, length: number) => ({ name, kind, length, required: false }) as const;
const amount = <const Name extends string>(name: Name, required = true) => ({ name, kind: 'decimal', length: 15, digits: 4, required }) as const;
const quantity = <const Name extends string>(name: Name, required = true) => ({ name, kind: 'decimal', length: 9, digits: 10, required }) as const;
const KEY = field('external_key', 'key', 64);

/**
 * The files the ERP's import job takes: their fields in order, and the one whose sum is the file's control total (docs/legacy-erp.md).
 * Of a batch with two files, the second holds the lines of the first one's records.
 */
export const TABLES = {
  customers: {
    control: null,
    fields: [KEY, field('name', 'name', 60), maybe('parent_key', 'key', 64), maybe('street', 'text', 80), maybe('city', 'text', 40), maybe('region', 'text', 30), maybe('postal_code', 'text', 12), maybe('country', 'code', 2), maybe('tax_number', 'text', 40), field('currencies', 'code', 120), field('companies', 'code', 120), maybe('keep', 'code', 120)],
  },
  contracts: {
    control: 'total',
    fields: [KEY, field('contract_number', 'text', 80), field('contract_type', 'code', 3), field('company', 'code', 40), field('customer_number', 'code', 12), field('currency', 'code', 3), field('signed_on', 'date', 10), field('start_date', 'date', 10), field('end_date', 'date', 10), maybe('purchase_order', 'text', 60), field('payment_days', 'whole', 3), amount('total')],
  },
  contract_lines: {
    control: 'amount',
    fields: [KEY, field('line', 'whole', 5), field('project_number', 'code', 40), field('service_line', 'code', 40), field('billing_method', 'code', 20), field('description', 'text', 80), quantity('quantity'), field('unit', 'code', 5), quantity('unit_price'), amount('amount')],
  },
  projects: {
    control: 'value',
    fields: [KEY, field('project_number', 'code', 40), field('name', 'name', 60), field('company', 'code', 40), field('customer_number', 'code', 12), field('contract_number', 'code', 12), field('cost_center', 'code', 40), field('service_line', 'code', 40), maybe('practice', 'text', 40), field('billing_method', 'code', 20), field('start_date', 'date', 10), field('end_date', 'date', 10), field('currency', 'code', 3), amount('value'), amount('cap', false), maybe('purchase_order', 'text', 60), field('tax_code', 'code', 40)],
  },
  wbs: {
    control: 'planned_hours',
    fields: [KEY, field('code', 'code', 40), maybe('parent_code', 'code', 40), field('name', 'name', 60), field('billable', 'flag', 1), quantity('planned_hours', false)],
  },
  rate_cards: {
    control: null,
    fields: [KEY, field('project', 'code', 12), field('based_on', 'code', 40), field('currency', 'code', 3), field('from_date', 'date', 10), maybe('to_date', 'date', 10)],
  },
  rates: { control: 'rate', fields: [KEY, field('labor_category', 'code', 40), field('unit', 'code', 5), quantity('rate')] },
  billing_schedules: {
    control: null,
    fields: [KEY, field('project', 'code', 12), field('billing_method', 'code', 20), field('currency', 'code', 3), field('payment_days', 'whole', 3), amount('cap', false)],
  },
  billing_items: {
    control: 'amount',
    fields: [KEY, field('sequence', 'whole', 5), field('kind', 'code', 12), field('description', 'text', 80), field('bill_on', 'date', 10), amount('amount', false)],
  },
  labor: {
    control: 'hours',
    fields: [KEY, field('kind', 'code', 1), maybe('reverses', 'key', 64), field('purpose', 'code', 20), field('company', 'code', 40), field('project_company', 'code', 40), field('employer', 'code', 40), field('person', 'code', 100), field('work_date', 'date', 10), quantity('hours'), field('project_number', 'code', 40), maybe('task', 'text', 80), field('labor_category', 'code', 40), field('cost_center', 'code', 40), field('period', 'code', 40), field('billing', 'code', 8), quantity('bill_rate', false), maybe('bill_unit', 'code', 5), amount('bill_amount'), field('bill_currency', 'code', 3), amount('written_off'), amount('cost_amount', false), maybe('cost_currency', 'code', 3), amount('transfer_amount', false), maybe('transfer_currency', 'code', 3), field('source', 'text', 120), maybe('notes', 'text', 250)],
  },
  expenses: {
    control: 'total',
    fields: [KEY, field('kind', 'code', 1), maybe('reverses', 'key', 64), field('employer', 'code', 40), field('person', 'code', 100), field('submitted_on', 'date', 10), field('period', 'code', 40), field('currency', 'code', 3), amount('total'), field('source', 'text', 120)],
  },
  expense_lines: {
    control: 'amount',
    fields: [KEY, field('line', 'whole', 5), field('kind', 'code', 9), field('category', 'code', 40), field('incurred_on', 'date', 10), field('project_number', 'code', 40), field('company', 'code', 40), field('cost_center', 'code', 40), maybe('country', 'code', 2), amount('amount'), amount('recoverable_tax'), amount('bill_amount', false), maybe('bill_currency', 'code', 3), maybe('receipt', 'text', 120), maybe('description', 'text', 250)],
  },
  project_status: { control: null, fields: [KEY, field('status', 'code', 9)] },
  cancellations: { control: null, fields: [KEY, field('record', 'code', 20)] },
  requests: { control: null, fields: [KEY, field('request', 'code', 16), maybe('batch', 'code', 120)] },
} as const satisfies Readonly<Record<string, { readonly control: string | null; readonly fields: readonly Field[] }>>;

export type TableName = keyof typeof TABLES;

/** One line of a file by its fields; null is an empty field. */
export type Row<Table extends TableName> = Readonly<Record<(typeof TABLES)[Table]['fields'][number]['name'], string | null>>;

/** A line of any table. */
export type Values = Readonly<Record<string, string | null>>;

export function fieldsOf(table: TableName): readonly Field[] {
  return TABLES[table].fields;
}
