import { createHash } from 'node:crypto';

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/**
 * One text for one value, so that its hash can be computed again by anybody: object keys sorted by UTF-16 code units, no white space,
 * members with the value `undefined` left out, strings and numbers as `JSON.stringify` writes them.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(value)) ?? 'null';
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  if ('toJSON' in value) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  );
}

/** SHA-256 in lower-case hexadecimal. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/**
 * The text of a jsonb parameter. PostgreSQL cannot hold U+0000 and lone surrogates in jsonb: they become U+FFFD here, and whoever needs
 * them finds them in the raw body.
 */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  if (!text.includes('\\u')) return text;
  return text.replace(/\\(?:u0000|ud[89a-f][0-9a-f]{2}|.)/g, (escape) => (/^\\u(?:0000|d[89a-f])/.test(escape) ? '\ufffd' : escape));
}

export function jsonTextOrNull(value: unknown): string | null {
  return value === null || value === undefined ? null : jsonText(value);
}

/** A text column cannot hold U+0000 and lone surrogates either. */
export function plainText(value: string): string {
  return value.replaceAll('\0', '\ufffd').toWellFormed();
}
