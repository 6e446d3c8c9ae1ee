import type { Row, Value, Values } from './database.ts';
import { badRequest, invalid, requiredAttribute } from './errors.ts';
import type { FieldSpec, ResourceType } from './resources.ts';

/** A body's own fields, each of its kind, and its nested collections. @throws Refusal */
export function valuesIn(type: ResourceType, body: unknown, before: Row | undefined): { readonly values: Record<string, Value>; readonly children: ReadonlyMap<string, readonly unknown[]> } {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw badRequest('The request body must be a JSON object.');
  const values: Record<string, Value> = {};
  const children = new Map<string, readonly unknown[]>();
  for (const [field, value] of Object.entries(body)) {
    if (Object.hasOwn(type.children, field)) {
      if (!Array.isArray(value)) throw badRequest(`The value of ${field} must be an array of resource items.`);
      children.set(field, value);
      continue;
    }
    const spec = type.fields[field];
    if (spec === undefined) throw badRequest(`JBO-27025: Attribute ${field} is not defined in ${type.name}.`);
    if (spec.readOnly === true) throw invalid(`JBO-27008: Attribute ${field} in ${type.name} cannot be set.`, field, '27008');
    const read = valueOf(type, field, spec, value);
    if (before !== undefined && spec.fixed === true && read !== (before.values[field] ?? null)) throw invalid(`The attribute ${field} can't be updated.`, field);
    values[field] = read;
  }
  return { values, children };
}

function valueOf(type: ResourceType, field: string, spec: FieldSpec, value: unknown): Value {
  if (value === null) return null;
  switch (spec.kind) {
    case 'text': {
      if (typeof value !== 'string' && !(typeof value === 'number' && field.endsWith('Number'))) throw mistyped(type, field, value);
      const text = String(value);
      if (text.length > (spec.max ?? 240)) throw invalid(`JBO-27040: Attribute set with value ${text.slice(0, 40)} for ${field} in ${type.name} has invalid precision or scale: the most is ${spec.max ?? 240} characters.`, field, '27040');
      if (spec.values !== undefined && !spec.values.includes(text)) throw invalid(`The value of the attribute ${field} isn't valid: ${text}.`, field);
      return text;
    }
    case 'id':
      if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw mistyped(type, field, value);
      return value;
    case 'number':
      if (typeof value !== 'number') throw mistyped(type, field, value);
      return value;
    case 'flag':
      if (typeof value !== 'boolean') throw mistyped(type, field, value);
      return value;
    case 'date':
      if (typeof value !== 'string' || !isDay(value)) throw mistyped(type, field, value);
      return value;
  }
}

function mistyped(type: ResourceType, field: string, value: unknown): Error {
  return invalid(`JBO-25009: Cannot create an object of the type of ${field} in ${type.name} from type ${typeof value} with value ${String(value)}.`, field, '25009');
}

/** 30 February parses as 2 March. */
function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const parsed = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(text);
}

/** @throws Refusal for the first that is missing */
export function checkRequired(type: ResourceType, values: Values): void {
  for (const [field, spec] of Object.entries(type.fields)) {
    if (spec.required === true && (values[field] ?? null) === null) throw requiredAttribute(type.name, field);
  }
}
