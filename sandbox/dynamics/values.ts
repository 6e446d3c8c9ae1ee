import { columnOf, type EntityType, type FieldSpec } from './entity-types.ts';
import { isInstant, type Row, type Value } from './environment.ts';
import { badRequest, writeRefused } from './errors.ts';

/** A body's fields by column, each of its type. @throws Refusal */
export function valuesIn(entity: EntityType, body: unknown, isNew: boolean): Record<string, Value> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw badRequest('The request body must be a JSON object.');
  const values: Record<string, Value> = {};
  for (const [field, value] of Object.entries(body)) {
    if (field.startsWith('@')) continue;
    const spec = entity.fields[field];
    if (spec === undefined) throw badRequest(`The property '${field}' does not exist on type 'Microsoft.Dynamics.DataEntities.${entity.name}'. Make sure to only use property names that are defined by the type.`);
    if (spec.readOnly === true) throw writeRefused(entity.dataEntity, [`Error: Field '${field}' does not allow editing`]);
    if (!isNew && entity.keys.includes(field)) throw badRequest(`The key property '${field}' cannot be changed.`);
    values[columnOf(field, spec)] = valueOf(entity, field, spec, value);
  }
  return values;
}

function valueOf(entity: EntityType, field: string, spec: FieldSpec, value: unknown): Value {
  if (value === null) return spec.kind === 'text' ? '' : (spec.initial ?? 0);
  switch (spec.kind) {
    case 'text':
      if (typeof value !== 'string') throw mistyped(field, value, 'Edm.String');
      if (value.length > (spec.max ?? 255)) throw writeRefused(entity.dataEntity, [`Warning: The value in field '${spec.label ?? field}' has ${value.length} characters; the field holds ${spec.max ?? 255}`]);
      return value;
    case 'decimal':
      if (typeof value !== 'number') throw mistyped(field, value, 'Edm.Decimal');
      return value;
    case 'int':
      if (typeof value !== 'number' || !Number.isInteger(value)) throw mistyped(field, value, 'Edm.Int32');
      return value;
    case 'date':
      if (typeof value !== 'string' || !isInstant(value) || !isDay(value)) throw mistyped(field, value, 'Edm.DateTimeOffset');
      return value;
    case 'enum':
      if (typeof value !== 'string' || spec.values?.includes(value) !== true) throw mistyped(field, value, spec.type === undefined ? 'Edm.String' : `Microsoft.Dynamics.DataEntities.${spec.type}`);
      return value;
  }
}

function mistyped(field: string, value: unknown, type: string): Error {
  return badRequest(`Cannot convert the literal '${String(value)}' of the property '${field}' to the expected type '${type}'.`);
}

/** 30 February parses as 2 March. */
function isDay(instant: string): boolean {
  const parsed = new Date(instant);
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().slice(0, 10) === instant.slice(0, 10);
}

/** What fields have that nobody has set. */
export function initialValues(entity: EntityType): Record<string, Value> {
  return Object.fromEntries(Object.entries(entity.fields).map(([field, spec]) => [columnOf(field, spec), spec.initial ?? (spec.kind === 'text' ? '' : 0)]));
}

/** A row as the entity shows it. */
export function view(entity: EntityType, row: Row, select: ReadonlySet<string> | undefined): Record<string, Value> {
  const fields = Object.entries(entity.fields).filter(([field]) => select === undefined || select.has(field));
  return Object.fromEntries(fields.map(([field, spec]) => [field, row.values[columnOf(field, spec)] ?? spec.initial ?? '']));
}
