/** Everything of the Web API is below this path. */
export const ROOT = '/api/data/v9.2';

export function rowPath(set: string, id: string): string {
  return `${ROOT}/${set}(${id})`;
}

/** What a lookup is set to: "/accounts(712c…)". */
export function reference(set: string, id: string): string {
  return `/${set}(${id})`;
}

/** https://docs.oasis-open.org/odata/odata/v4.0/odata-v4.0-part2-url-conventions.html: a quote within a text is doubled. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** "(a eq 1 or a eq 2)" */
export function anyOf(column: string, literals: readonly string[]): string {
  return `(${literals.map((literal) => `${column} eq ${literal}`).join(' or ')})`;
}

/** Columns of dates are sent as noon UTC: the same day in every time zone up to UTC+11:59. */
export function noon(date: string): string {
  return `${date}T12:00:00Z`;
}

/** Cuts a text to what a column takes, between characters, and says so. */
export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
