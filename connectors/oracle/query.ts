/** A value in the query parameter `q`, in the syntax of REST framework version 2 and later: text in single quotes, numbers as they stand. */
function literal(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

export function equal(field: string, value: string): string {
  return `${field} = ${literal(value)}`;
}

/** @param id - digits */
export function equalId(field: string, id: string): string {
  return `${field} = ${id}`;
}

export function oneOf(field: string, values: readonly string[]): string {
  return `${field} IN (${values.map(literal).join(', ')})`;
}

/** Both days included. */
export function between(field: string, from: string, to: string): string {
  return `${field} >= ${literal(from)} AND ${field} <= ${literal(to)}`;
}

export function both(...conditions: readonly string[]): string {
  return conditions.join(' AND ');
}
