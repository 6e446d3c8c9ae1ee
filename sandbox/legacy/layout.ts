/**
 * The files as the ERP's programmer reads them from docs/legacy-erp.md: written here again, not taken from the sender's code. A field is its name, its
 * kind and length, and "!" where it must not be empty. k: external key · a: code · x: text · d: date · n9.4: number with digits before and after the
 * point · f: Y or N
 */
const FIELDS = {
  customers: 'external_key k64! name x60! parent_key k64 street x80 city x40 region x30 postal_code x12 country a2 tax_number x40 currencies a120! companies a120! keep a120',
  contracts: 'external_key k64! contract_number x80! contract_type a3! company a40! customer_number a12! currency a3! signed_on d10! start_date d10! end_date d10! purchase_order x60 payment_days n3.0! total n15.4!',
  contract_lines: 'external_key k64! line n5.0! project_number a40! service_line a40! billing_method a20! description x80! quantity n9.10! unit a5! unit_price n9.10! amount n15.4!',
  projects: 'external_key k64! project_number a40! name x60! company a40! customer_number a12! contract_number a12! cost_center a40! service_line a40! practice x40 billing_method a20! start_date d10! end_date d10! currency a3! value n15.4! cap n15.4 purchase_order x60 tax_code a40!',
  wbs: 'external_key k64! code a40! parent_code a40 name x60! billable f1! planned_hours n9.10',
  rate_cards: 'external_key k64! project a12! based_on a40! currency a3! from_date d10! to_date d10',
  rates: 'external_key k64! labor_category a40! unit a5! rate n9.10!',
  billing_schedules: 'external_key k64! project a12! billing_method a20! currency a3! payment_days n3.0! cap n15.4',
  billing_items: 'external_key k64! sequence n5.0! kind a12! description x80! bill_on d10! amount n15.4',
  labor: 'external_key k64! kind a1! reverses k64 purpose a20! company a40! project_company a40! employer a40! person a100! work_date d10! hours n9.10! project_number a40! task x80 labor_category a40! cost_center a40! period a40! billing a8! bill_rate n9.10 bill_unit a5 bill_amount n15.4! bill_currency a3! written_off n15.4! cost_amount n15.4 cost_currency a3 transfer_amount n15.4 transfer_currency a3 source x120! notes x250',
  expenses: 'external_key k64! kind a1! reverses k64 employer a40! person a100! submitted_on d10! period a40! currency a3! total n15.4! source x120!',
  expense_lines: 'external_key k64! line n5.0! kind a9! category a40! incurred_on d10! project_number a40! company a40! cost_center a40! country a2 amount n15.4! recoverable_tax n15.4! bill_amount n15.4 bill_currency a3 receipt x120 description x250',
  project_status: 'external_key k64! status a9!',
  cancellations: 'external_key k64! record a20!',
  requests: 'external_key k64! request a16! batch a120',
} as const;

export type TableName = keyof typeof FIELDS;

export interface Field {
  readonly name: string;
  readonly kind: string;
  readonly length: number;
  readonly digits: number;
  readonly required: boolean;
}

/** Files of one batch: the records, and where they have lines, those. */
export const BATCHES: Readonly<Record<string, readonly TableName[]>> = {
  customers: ['customers'],
  contracts: ['contracts', 'contract_lines'],
  projects: ['projects', 'wbs'],
  rate_cards: ['rate_cards', 'rates'],
  billing_schedules: ['billing_schedules', 'billing_items'],
  labor: ['labor'],
  expenses: ['expenses', 'expense_lines'],
  project_status: ['project_status'],
  cancellations: ['cancellations'],
  requests: ['requests'],
};

/** The field whose sum is a file's control total. */
export const CONTROL: Readonly<Partial<Record<TableName, string>>> = { contracts: 'total', contract_lines: 'amount', projects: 'value', wbs: 'planned_hours', rates: 'rate', billing_items: 'amount', labor: 'hours', expenses: 'total', expense_lines: 'amount' };

export function fieldsOf(table: TableName): Field[] {
  const words = FIELDS[table].split(' ');
  return Array.from({ length: words.length / 2 }, (_, index) => {
    const [, kind = '', length, digits, required] = /^([a-z])(\d+)(?:\.(\d+))?(!?)$/.exec(words[index * 2 + 1] ?? '') ?? [];
    return { name: words[index * 2] ?? '', kind, length: Number(length), digits: Number(digits ?? 0), required: required === '!' };
  });
}

export function isTable(name: string): name is TableName {
  return Object.hasOwn(FIELDS, name);
}
