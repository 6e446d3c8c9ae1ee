/** An attribute as options and PATCH name it: "manager.value", or with the URN of its schema before a colon (RFC 7644, section 3.10). */
export interface AttributePath {
  /** Null: an attribute of the core schema. */
  readonly schema: string | null;
  readonly names: readonly string[];
  readonly text: string;
}

const CORE_USER = 'urn:ietf:params:scim:schemas:core:2.0:user';
const NAMES = /^[A-Za-z][\w$-]*(\.[A-Za-z][\w$-]*)?$/;

export function attributePath(text: string): AttributePath | null {
  const colon = text.lastIndexOf(':');
  const names = text.slice(colon + 1);
  const schema = colon < 0 ? null : text.slice(0, colon);
  if (!NAMES.test(names) || (schema !== null && !/^urn:/i.test(schema))) return null;
  return { schema: schema?.toLowerCase() === CORE_USER ? null : schema, names: names.split('.'), text };
}

/** What a resource has there; attribute names and URNs have no case (RFC 7643, section 2.1). Of several values the primary or first one. */
export function attributeOf(resource: Readonly<Record<string, unknown>>, path: AttributePath): unknown {
  let value: unknown = path.schema === null ? resource : memberOf(resource, path.schema);
  for (const name of path.names) value = memberOf(oneOf(value), name);
  return oneOf(value);
}

export function memberOf(value: unknown, name: string): unknown {
  if (!isRecord(value)) return undefined;
  if (Object.hasOwn(value, name)) return value[name];
  const found = Object.keys(value).find((key) => key.toLowerCase() === name.toLowerCase());
  return found === undefined ? undefined : value[found];
}

/** Text, a number or flag as text, or the `value` of a complex one; null where there is none. */
export function textOf(value: unknown): string | null {
  if (isRecord(value)) return textOf(memberOf(value, 'value'));
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}

/** Some providers send flags as text. Null where it is neither. */
export function flagOf(value: unknown): boolean | null {
  if (typeof value === 'boolean') return value;
  const text = typeof value === 'string' ? value.toLowerCase() : '';
  return text === 'true' ? true : text === 'false' ? false : null;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function oneOf(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.find((each) => flagOf(memberOf(each, 'primary')) === true) ?? value[0];
}
