/** One measure; `ratio` is our value divided by that of `against`, measured in the same run. */
export interface Measure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly ratio: number | null;
  readonly against: string | null;
}

/** One JSON object per line, for programs. */
export function asJsonLines(measures: readonly Measure[]): string {
  return measures.map((measure) => JSON.stringify({ ...measure, value: rounded(measure.value), ratio: measure.ratio === null ? null : rounded(measure.ratio) })).join('\n');
}

/** Columns of equal width: the first on the left edge, the others on the right. */
export function asTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ').trimEnd()).join('\n');
}

/** Three significant digits, without an exponent. */
export function rounded(value: number): number {
  return Number(value.toPrecision(value >= 1000 ? 4 : 3));
}
