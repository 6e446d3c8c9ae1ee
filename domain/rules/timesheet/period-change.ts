import { addDays, type LocalDate } from '../../dates.ts';

interface Range {
  readonly code: string;
  readonly from: LocalDate;
  readonly to: LocalDate;
}

/** A period that is there. */
export type KnownPeriod = Range & {
  /** told: by somebody else than the closing terms · used: made from the closing terms, and something was booked, paid or exported in it · free: made from them, and nothing was. */
  readonly standing: 'told' | 'used' | 'free';
};

export interface PeriodChange<Period> {
  /** To be made, or made anew. */
  readonly put: readonly Period[];
  /** Codes of periods that go. */
  readonly drop: readonly string[];
  /** What cannot be: a period of the terms that overlaps one in use. */
  readonly conflicts: readonly { readonly wanted: Period; readonly used: Range }[];
}

/**
 * How the periods of one legal entity become those its closing terms give. What somebody told goes before, and so does what is in use: ours fill
 * the rest, where they overlap neither. A period in use may end within one of the new ones only where unused periods of before lead on to its end.
 * @param wanted what the closing terms give, the earliest first; earlier periods stay as they are
 */
export function periodChange<Period extends Range>(known: readonly KnownPeriod[], wanted: readonly Period[]): PeriodChange<Period> {
  const told = known.filter(({ standing }) => standing === 'told');
  const used = known.filter(({ standing }) => standing === 'used');
  const free = known.filter(({ standing }) => standing === 'free').toSorted((left, right) => (left.from < right.from ? -1 : 1));
  const lastUsed = used.reduce((last, { to }) => (to > last ? to : last), '');
  const put: Period[] = [];
  const kept = new Set<string>();
  const conflicts: { wanted: Period; used: Range }[] = [];

  for (const period of wanted) {
    if (told.some((other) => other.code === period.code || overlap(other, period))) continue;
    const inUse = used.findLast((other) => other.code === period.code || overlap(other, period));
    if (inUse === undefined) put.push(period);
    else if (!isSame(inUse, period) && period.to > lastUsed) {
      const bridge = leadingOn(free, addDays(lastUsed, 1), period.to);
      if (bridge === null) conflicts.push({ wanted: period, used: inUse });
      else for (const { code } of bridge) kept.add(code);
    }
  }
  const made = new Set(put.map(({ code }) => code));
  const first = wanted[0]?.from ?? '';
  return { put, drop: free.filter(({ code, to }) => to >= first && !made.has(code) && !kept.has(code)).map(({ code }) => code), conflicts };
}

const overlap = (left: Range, right: Range): boolean => left.from <= right.to && right.from <= left.to;
const isSame = (left: Range, right: Range): boolean => left.code === right.code && left.from === right.from && left.to === right.to;

/** Periods that follow each other from one day to another, without a gap. */
function leadingOn(periods: readonly KnownPeriod[], from: LocalDate, to: LocalDate): KnownPeriod[] | null {
  const between = periods.filter((period) => period.from >= from && period.to <= to);
  const end = between.reduce<LocalDate | null>((day, period) => (day === period.from ? addDays(period.to, 1) : null), from);
  return end === addDays(to, 1) ? between : null;
}
