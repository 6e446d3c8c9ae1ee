/** The kinds of field a record can have, as the REST API Browser types them. */
export type FieldSpec = {
  readonly label: string;
  readonly readOnly?: true;
  /** A column of SuiteQL that the record itself has not in REST. */
  readonly queryOnly?: true;
} & (
  | { readonly kind: 'text'; readonly max: number; readonly form?: 'email' | 'externalId' }
  | { readonly kind: 'number' }
  | { readonly kind: 'integer' }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'date' }
  | { readonly kind: 'datetime' }
  /** Hours and minutes, "7:30"; kept as whole minutes. */
  | { readonly kind: 'duration' }
  | { readonly kind: 'choice'; readonly choices: Readonly<Record<string, string>> }
  | { readonly kind: 'reference'; readonly to: readonly RecordTypeName[] }
  /** A text that stands in another sublist, told as an object with it as its ID. */
  | { readonly kind: 'named' }
  /** A multi-select field: the body always says all of it. */
  | { readonly kind: 'references'; readonly to: readonly RecordTypeName[] }
  | { readonly kind: 'lines'; readonly key: string; readonly line: Fields; readonly keyIsText?: true }
  | { readonly kind: 'part'; readonly fields: Fields }
);

export type Fields = Readonly<Record<string, FieldSpec>>;

export const RECORD_TYPE_NAMES = [
  'customer',
  'job',
  'projectTask',
  'employee',
  'department',
  'timeBill',
  'charge',
  'expenseReport',
  'expenseCategory',
  'journalEntry',
  'account',
  'salesOrder',
  'invoice',
  'creditMemo',
  'customerPayment',
  'customerRefund',
  'billingSchedule',
  'customerSubsidiaryRelationship',
  'customrecord_q2c_rate_card',
  'customrecord_q2c_rate_line',
  'subsidiary',
  'currency',
  'serviceSaleItem',
  'term',
  'taxType',
  'salesTaxItem',
] as const;
export type RecordTypeName = (typeof RECORD_TYPE_NAMES)[number];

/** A reference as it is stored; the type tells which of several allowed record types it points at. */
export interface Reference {
  readonly type: RecordTypeName;
  readonly id: string;
}
export interface References {
  readonly references: readonly Reference[];
}
export interface Choice {
  readonly choice: string;
}
export interface Line {
  readonly key: number;
  readonly values: FieldValues;
}
export interface Part {
  readonly part: FieldValues;
}
export interface Lines {
  readonly lines: readonly Line[];
}
export type FieldValue = string | number | boolean | Reference | References | Choice | Lines | Part;
export type FieldValues = Readonly<Record<string, FieldValue>>;

export interface StoredRecord {
  readonly id: string;
  readonly externalId?: string;
  readonly fields: FieldValues;
}

export interface RecordType {
  readonly name: RecordTypeName;
  /** As error texts call one of them. */
  readonly label: string;
  /** Records of types with the same sequence never share an internal ID. */
  readonly sequence: string;
  readonly firstId: number;
  readonly fields: Fields;
  readonly required: readonly string[];
  readonly readOnly?: true;
  /** The field whose value is shown as `refName`. */
  readonly nameField: string;
  /** A field no two records may share. */
  readonly uniqueField?: string;
  /** A text field that look-ups go by; its values may repeat. */
  readonly indexedField?: string;
}

export function text(label: string, max: number, form?: 'email' | 'externalId'): FieldSpec {
  return { kind: 'text', label, max, ...(form === undefined ? {} : { form }) };
}
export const number = (label: string): FieldSpec => ({ kind: 'number', label });
export const integer = (label: string): FieldSpec => ({ kind: 'integer', label });
export const boolean = (label: string): FieldSpec => ({ kind: 'boolean', label });
export const date = (label: string): FieldSpec => ({ kind: 'date', label });
export const choice = (label: string, choices: Readonly<Record<string, string>>): FieldSpec => ({ kind: 'choice', label, choices });
export const reference = (label: string, ...to: RecordTypeName[]): FieldSpec => ({ kind: 'reference', label, to });
export const references = (label: string, ...to: RecordTypeName[]): FieldSpec => ({ kind: 'references', label, to });
export const lines = (label: string, key: string, line: Fields): FieldSpec => ({ kind: 'lines', label, key, line });
export const part = (label: string, fields: Fields): FieldSpec => ({ kind: 'part', label, fields });
export const readOnly = (spec: FieldSpec): FieldSpec => ({ ...spec, readOnly: true });
export const queryOnly = (spec: FieldSpec): FieldSpec => ({ ...spec, readOnly: true, queryOnly: true });
export const named = (label: string): FieldSpec => ({ kind: 'named', label });
export const duration = (label: string): FieldSpec => ({ kind: 'duration', label });
export const datetime = (label: string): FieldSpec => ({ kind: 'datetime', label });

export function isReference(value: FieldValue | undefined): value is Reference {
  return typeof value === 'object' && 'type' in value;
}
export function isReferences(value: FieldValue | undefined): value is References {
  return typeof value === 'object' && 'references' in value;
}
export function referencesOf(value: FieldValue | undefined): readonly Reference[] {
  return isReferences(value) ? value.references : [];
}
export function isChoice(value: FieldValue | undefined): value is Choice {
  return typeof value === 'object' && 'choice' in value;
}
export function isLines(value: FieldValue | undefined): value is Lines {
  return typeof value === 'object' && 'lines' in value;
}
export function isPart(value: FieldValue | undefined): value is Part {
  return typeof value === 'object' && 'part' in value;
}
export function linesOf(value: FieldValue | undefined): readonly Line[] {
  return isLines(value) ? value.lines : [];
}
export function referenceId(value: FieldValue | undefined): string | undefined {
  return isReference(value) ? value.id : undefined;
}
