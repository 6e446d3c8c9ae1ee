import type { Measure } from './report.ts';

/** What a part of the benchmark found. */
export interface Findings {
  readonly measures: readonly Measure[];
  /** For people. */
  readonly report: string;
  /** Something of ours was lost, doubled or did not come to its end. */
  readonly failed: boolean;
}

export function alone(name: string, value: number, unit: string): Measure {
  return { name, value, unit, ratio: null, against: null };
}

export function beside(name: string, value: number, unit: string, against: string, theirs: number): Measure {
  return { name, value, unit, ratio: theirs === 0 ? null : value / theirs, against };
}
