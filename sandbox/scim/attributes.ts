import { COMMON, CORE, SCHEMAS, type Attribute } from './schemas.ts';

export type Members = Readonly<Record<string, unknown>>;

/** A path without a filter, resolved against the schemas: where it is, and what its schema says of it. */
export interface Place {
  /** Null: a core or common attribute. */
  readonly schema: string | null;
  readonly attribute: Attribute;
  readonly sub: Attribute | null;
}

/** Undefined where no schema has it. RFC 7644, figure 1 (attrPath). */
export function placeOf(path: string): Place | undefined {
  const colon = path.lastIndexOf(':');
  const urn = colon < 0 ? undefined : path.slice(0, colon).toLowerCase();
  const schema = urn === undefined ? CORE : Object.keys(SCHEMAS).find((id) => id.toLowerCase() === urn);
  if (schema === undefined) return undefined;
  const [name = '', part, ...more] = path.slice(colon + 1).split('.');
  if (more.length > 0) return undefined;
  const known = [...(SCHEMAS[schema]?.attributes ?? []), ...(schema === CORE ? COMMON : [])];
  const attribute = known.find((each) => same(each.name, name));
  if (attribute === undefined) return undefined;
  const sub = part === undefined ? null : attribute.subAttributes?.find((each) => same(each.name, part));
  return sub === undefined ? undefined : { schema: schema === CORE ? null : schema, attribute, sub };
}

/** All values at a place; a complex one without a part stands for its `value`. */
export function valuesAt(resource: Members, { schema, attribute, sub }: Place): readonly unknown[] {
  const holder = schema === null ? resource : membersOf(resource[schema]);
  const value = holder[attribute.name];
  const all = Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
  const part = sub?.name ?? (attribute.type === 'complex' ? 'value' : null);
  return part === null ? all : all.flatMap((each: unknown) => membersOf(each)[part] ?? []);
}

export function membersOf(value: unknown): Members {
  return isMembers(value) ? value : {};
}

export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function same(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}
