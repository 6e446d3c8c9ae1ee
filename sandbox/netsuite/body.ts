/**
 * Reads a request body against a record type.
 * References by id, as a bare ID string or by externalId: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1545142037.html,
 * the sample of article_83090456314.html, and `nsResource` of the REST API Browser; a refName alone names no record.
 * Multi-select fields are a collection of references: section_1545142093.html of the same help.
 * Choices by id or refName: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1545142146.html
 * X-NetSuite-PropertyNameValidation (default Warning) and sublist `replace`: REST API Browser 2026.1, every POST, PATCH and PUT.
 */
import type { Account } from './account.ts';
import { invalidContent, invalidFieldValue, malformedValue, userError } from './errors.ts';
import { linesOf, referenceId, type FieldSpec, type Fields, type FieldValue, type Line, type RecordType, type Reference, type StoredRecord } from './field-types.ts';

export type NameValidation = 'Error' | 'Warning' | 'Ignore';

export interface BodyRules {
  readonly unknownNames: NameValidation;
  /** Sublists whose lines the body replaces; lines of others are added or, by their key, changed. */
  readonly replace: ReadonlySet<string>;
}

/** What a body asks for: null clears a field. */
export interface Changes {
  readonly values: ReadonlyMap<string, FieldValue | null>;
  readonly unknown: readonly string[];
}

const NOT_STORED = new Set(['id', 'links', 'refName']);

/** Throws Refusal for the first thing that NetSuite would not take. */
export function readBody(account: Account, type: RecordType, body: unknown, before: StoredRecord | undefined, rules: BodyRules): Changes {
  if (!isObject(body)) throw invalidContent('$', 'The request body must be a JSON object.');
  const values = new Map<string, FieldValue | null>();
  const unknown: string[] = [];
  for (const [name, value] of Object.entries(body)) {
    if (NOT_STORED.has(name)) continue;
    const spec = type.fields[name];
    if (spec === undefined || spec.queryOnly === true) unknown.push(name);
    else if (spec.readOnly !== true) values.set(name, value === null ? null : readValue(account, spec, value, name, before?.fields[name], rules, unknown));
  }
  if (rules.unknownNames === 'Error' && unknown[0] !== undefined) throw malformedValue(unknown[0]);
  return { values, unknown: rules.unknownNames === 'Warning' ? unknown : [] };
}

function readValue(
  account: Account,
  spec: FieldSpec,
  value: unknown,
  path: string,
  before: FieldValue | undefined,
  rules: BodyRules,
  unknown: string[],
): FieldValue {
  switch (spec.kind) {
    case 'text':
      return readText(spec, value, path);
    case 'number':
      return readNumber(value, path);
    case 'integer': {
      const number = readNumber(value, path);
      if (!Number.isInteger(number)) throw malformedValue(path);
      return number;
    }
    case 'boolean':
      if (typeof value !== 'boolean') throw malformedValue(path);
      return value;
    case 'date':
      if (typeof value !== 'string' || !isDate(value)) throw malformedValue(path);
      return value;
    case 'datetime':
      return readInstant(value, path);
    case 'duration':
      return readDuration(value, path);
    case 'choice':
      return { choice: readChoice(spec.choices, value, path) };
    case 'reference':
      return readReference(account, spec.to, value, path);
    case 'named':
      return readNamed(value, path);
    case 'references':
      return { references: readItems(value, path).map((item, index) => readReference(account, spec.to, item, `${path}.items[${index}]`)) };
    case 'part':
      if (!isObject(value)) throw malformedValue(path);
      return { part: readFields(account, spec.fields, value, path, rules, unknown) };
    case 'lines':
      return { lines: readLines(account, spec.line, spec.key, value, path, linesOf(before), rules, unknown) };
  }
}

function readText(spec: FieldSpec & { kind: 'text' }, value: unknown, path: string): string {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') throw malformedValue(path);
  if (text.length > spec.max) {
    throw userError(`The field ${path.toLowerCase()} contained more than the maximum number ( ${spec.max} ) of characters allowed.`);
  }
  if (spec.form === 'email' && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text)) throw invalidFieldValue(path, text);
  if (spec.form === 'externalId' && !isExternalId(text)) throw invalidFieldValue(path, text);
  return text;
}

/** https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156334828635.html */
export function isExternalId(text: string): boolean {
  return /^[A-Za-z0-9_-]+$/.test(text);
}

function readNumber(value: unknown, path: string): number {
  const number = typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) throw malformedValue(path);
  return number;
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const at = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}

function readInstant(value: unknown, path: string): string {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(value)) throw malformedValue(path);
  const at = new Date(value);
  if (Number.isNaN(at.getTime())) throw malformedValue(path);
  return wireInstant(at);
}

/** "7:30", "-0:15" or a number of hours; minutes beyond 59 carry over: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_N904108.html */
function readDuration(value: unknown, path: string): number {
  const parts = typeof value === 'string' ? /^(-?)(\d{0,4}):(\d{1,4})$/.exec(value) : null;
  if (parts !== null) return (parts[1] === '-' ? -1 : 1) * (Number(parts[2]) * 60 + Number(parts[3]));
  return Math.round(readNumber(value, path) * 60);
}

export function wireDuration(minutes: number): string {
  const whole = Math.abs(minutes);
  return `${minutes < 0 ? '-' : ''}${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

export function wireInstant(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}

function readChoice(choices: Readonly<Record<string, string>>, value: unknown, path: string): string {
  const id = isObject(value) ? value['id'] : value;
  if ((typeof id === 'string' || typeof id === 'number') && Object.hasOwn(choices, String(id))) return String(id);
  const name = isObject(value) ? value['refName'] : undefined;
  const named = id === undefined && typeof name === 'string' ? Object.keys(choices).find((key) => choices[key] === name) : undefined;
  if (named === undefined) throw invalidFieldValue(path, JSON.stringify(id ?? name ?? value).replaceAll('"', ''));
  return named;
}

function readReference(account: Account, to: readonly Reference['type'][], value: unknown, path: string): Reference {
  const id = isObject(value) ? value['id'] : value;
  if (typeof id === 'string' || typeof id === 'number') {
    for (const type of to) {
      const found = account.records(type).get(String(id));
      if (found !== undefined) return referenceTo(type, found);
    }
    throw invalidFieldValue(path, String(id));
  }
  const externalId = isObject(value) ? value['externalId'] : undefined;
  if (typeof externalId !== 'string') throw malformedValue(path);
  for (const type of to) {
    const found = account.byExternalId(type, externalId);
    if (found !== undefined) return referenceTo(type, found);
  }
  throw invalidFieldValue(path, externalId);
}

function readNamed(value: unknown, path: string): string {
  const id = isObject(value) ? value['id'] : value;
  if (typeof id !== 'string' && typeof id !== 'number') throw malformedValue(path);
  return String(id);
}

function readItems(value: unknown, path: string): readonly unknown[] {
  const items: unknown = isObject(value) ? value['items'] : undefined;
  if (!Array.isArray(items)) throw malformedValue(path);
  return items;
}

/** Records that refer to the same record share one reference: a firm's month has hundreds of thousands of them. */
const references = new WeakMap<StoredRecord, Reference>();

function referenceTo(type: Reference['type'], record: StoredRecord): Reference {
  const known = references.get(record);
  if (known !== undefined) return known;
  const made: Reference = { type, id: record.id };
  references.set(record, made);
  return made;
}

function readFields(account: Account, fields: Fields, value: Record<string, unknown>, path: string, rules: BodyRules, unknown: string[]): Record<string, FieldValue> {
  const read: Record<string, FieldValue> = {};
  for (const [name, field] of Object.entries(value)) {
    if (NOT_STORED.has(name)) continue;
    const spec = fields[name];
    if (spec === undefined) unknown.push(`${path}.${name}`);
    else if (field !== null) read[name] = readValue(account, spec, field, `${path}.${name}`, undefined, rules, unknown);
  }
  return read;
}

function readLines(
  account: Account,
  fields: Fields,
  keyName: string,
  value: unknown,
  path: string,
  before: readonly Line[],
  rules: BodyRules,
  unknown: string[],
): readonly Line[] {
  const items = readItems(value, path);
  const kept = rules.replace.has(path) ? [] : [...before];
  let next = Math.max(0, ...before.map((line) => line.key)) + 1;
  for (const [index, item] of items.entries()) {
    const at = `${path}.items[${index}]`;
    if (!isObject(item)) throw malformedValue(at);
    const { [keyName]: givenKey, ...rest } = item;
    const keyIsField = Object.hasOwn(fields, keyName);
    const values = readFields(account, fields, keyIsField ? item : rest, at, rules, unknown);
    const keyValue = referenceId(values[keyName]);
    const position = kept.findIndex((line) => (keyIsField ? keyValue !== undefined && referenceId(line.values[keyName]) === keyValue : String(line.key) === String(givenKey)));
    const known = kept[position];
    if (known !== undefined) kept[position] = { key: known.key, values: { ...known.values, ...values } };
    else kept.push({ key: next++, values });
  }
  return kept;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
