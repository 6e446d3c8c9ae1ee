/** The value below which this share of the values lies (nearest rank). @throws Error where there are none */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new Error('a percentile of no values was asked for');
  return value;
}

/** The middle value, or the mean of the middle two. */
export function median(values: readonly number[]): number {
  return (percentile(values, 0.5) + percentile(values.map((value) => -value), 0.5) * -1) / 2;
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}
