import type { Instant } from '../../dates.ts';

export type CutoffKind = 'payroll' | 'invoice';

/** Records of one legal entity that wait for a decision, or lines of labor that wait to be posted, with the cutoffs they have to make; null where they have none of that kind. */
export interface BacklogLine {
  readonly legalEntity: string;
  readonly records: number;
  readonly payrollCutoffAt: Instant | null;
  readonly invoiceCutoffAt: Instant | null;
}

/** Records that will be late for a cutoff. */
export interface CutoffMiss {
  readonly legalEntity: string;
  readonly cutoff: CutoffKind;
  readonly cutoffAt: Instant;
  /** Records that wait for this cutoff. */
  readonly waiting: number;
  /** How many of them will be decided, or posted, after it. */
  readonly late: number;
  /** The cutoff has passed already. */
  readonly past: boolean;
  /** When the last of them will be decided at this rate; null where that is not in this century. */
  readonly doneAt: Instant | null;
}

const LONGEST_SECONDS = 100 * 365 * 86_400;
const KINDS = ['payroll', 'invoice'] as const;

/**
 * Which legal entities will miss which cutoff, and by how many records, when the records that wait are decided one after the other at the present
 * rate, in the order of their next cutoff (ARCHITECTURE.md, "Priority"). The soonest cutoff first.
 * @param recordsPerSecond zero where nothing is being decided: everything will be late
 * @throws RangeError for a rate that is negative or no number
 */
export function forecastCutoffs({ now, backlog, recordsPerSecond }: { readonly now: Instant; readonly backlog: readonly BacklogLine[]; readonly recordsPerSecond: number }): CutoffMiss[] {
  if (!(recordsPerSecond >= 0) || recordsPerSecond === Number.POSITIVE_INFINITY) throw new RangeError(`a rate of ${recordsPerSecond} records a second cannot be: count what was decided`);
  const start = Date.parse(now);
  const spans: { readonly line: BacklogLine; readonly from: number }[] = [];
  let before = 0;
  for (const line of inOrder(backlog, now)) {
    spans.push({ line, from: before });
    before += line.records;
  }
  const doneBy = (at: Instant) => Math.floor(((Date.parse(at) - start) / 1000) * recordsPerSecond);
  const misses = new Map<string, CutoffMiss>();
  for (const { line, from } of spans) {
    for (const cutoff of KINDS) {
      const cutoffAt = cutoff === 'payroll' ? line.payrollCutoffAt : line.invoiceCutoffAt;
      if (cutoffAt === null || line.records === 0) continue;
      const key = `${cutoffAt} ${line.legalEntity} ${cutoff}`;
      const known = misses.get(key);
      const inTime = Math.min(Math.max(doneBy(cutoffAt) - from, 0), line.records);
      misses.set(key, {
        legalEntity: line.legalEntity,
        cutoff,
        cutoffAt,
        waiting: (known?.waiting ?? 0) + line.records,
        late: (known?.late ?? 0) + line.records - inTime,
        past: Date.parse(cutoffAt) <= start,
        doneAt: instantAfter(start, (from + line.records) / recordsPerSecond),
      });
    }
  }
  return [...misses].filter(([, miss]) => miss.late > 0).toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([, miss]) => miss);
}

function instantAfter(start: number, seconds: number): Instant | null {
  return seconds < LONGEST_SECONDS ? new Date(start + Math.ceil(seconds * 1000)).toISOString() : null;
}

/** The soonest cutoff that can still be made goes first; what can make none any more comes last. */
function inOrder(backlog: readonly BacklogLine[], now: Instant): BacklogLine[] {
  const next = (line: BacklogLine): number => {
    const ahead = [line.payrollCutoffAt, line.invoiceCutoffAt].filter((at) => at !== null && at > now).map((at) => Date.parse(at ?? ''));
    return Math.min(...ahead, Number.MAX_SAFE_INTEGER);
  };
  return backlog.toSorted((left, right) => next(left) - next(right));
}
