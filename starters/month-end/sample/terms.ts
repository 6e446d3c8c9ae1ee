export interface SampleTerms {
  readonly seed: number;
  readonly consultants: number;
  /** 'YYYY-MM' */
  readonly month: string;
  /** Share of timesheets with something wrong; at most 25, one of each author's four. */
  readonly dirtyPercent?: number;
  /** The time system that everything comes from. */
  readonly system?: string;
  /** The ERP system that all books are in. */
  readonly erp?: string;
}

export const SHEETS_EACH = 4;
export const ENTRIES_EACH = 40;

const FULL_SIZE = { consultants: 4000, entities: 12, projects: 900 };

/** Fills in what is not given. @throws RangeError for terms that make no month */
export function completeTerms(terms: Partial<SampleTerms>): Required<SampleTerms> {
  const complete = { seed: 1, consultants: FULL_SIZE.consultants, month: '2026-10', dirtyPercent: 3, system: 'harvest', erp: 'netsuite', ...terms };
  if (!Number.isSafeInteger(complete.seed)) throw new RangeError(`the seed must be a whole number, not ${complete.seed}`);
  if (!Number.isSafeInteger(complete.consultants) || complete.consultants < 10) throw new RangeError(`a sample month needs 10 consultants or more, not ${complete.consultants}`);
  if (!(complete.dirtyPercent >= 0 && complete.dirtyPercent <= 25)) throw new RangeError(`0 to 25 percent of the timesheets can be dirty, not ${complete.dirtyPercent}`);
  return complete;
}

/** How many legal entities and projects a firm of so many consultants has. */
export function sizeOf(consultants: number): { readonly entities: number; readonly projects: number } {
  const share = consultants / FULL_SIZE.consultants;
  return { entities: Math.round(FULL_SIZE.entities * Math.min(1, share)), projects: Math.round(FULL_SIZE.projects * share) };
}
