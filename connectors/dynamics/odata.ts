/** A value in an OData URL: text is quoted, a number or instant stands as it is. */
export type Literal = string | { readonly raw: string };

/** https://docs.oasis-open.org/odata/odata/v4.0/odata-v4.0-part2-url-conventions.html: a quote within a text is doubled. */
function literal(value: Literal): string {
  return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : value.raw;
}

export const number = (digits: string): Literal => ({ raw: digits });
/** A date is kept as noon UTC: so it stays the same day in every time zone. */
export const dateTime = (date: string): Literal => ({ raw: noon(date) });

export function noon(date: string): string {
  return `${date}T12:00:00Z`;
}

/** All fields of an entity's key, by name. */
export type EntityKey = Readonly<Record<string, Literal>>;

/** "CustomersV3(dataAreaId='us01',CustomerAccount='C-1')", ready for a URL. */
export function entityPath(set: string, key: EntityKey): string {
  return `${set}(${Object.entries(key).map(([field, value]) => `${field}=${encodeURIComponent(literal(value))}`).join(',')})`;
}

/** "A eq 1 and B eq 'x'" */
export function matching(key: EntityKey): string {
  return Object.entries(key).map(([field, value]) => `${field} eq ${literal(value)}`).join(' and ');
}

/** "(A eq 1 or A eq 2)": the operator `in` is not supported. */
export function anyOf(field: string, values: readonly Literal[]): string {
  return `(${values.map((value) => `${field} eq ${literal(value)}`).join(' or ')})`;
}

export function between(field: string, from: Literal, to: Literal): string {
  return `${field} ge ${literal(from)} and ${field} le ${literal(to)}`;
}
