import type { Instant } from '../../../domain/dates.ts';
import { sampleFirm } from './firm.ts';
import { referenceOf, type ReferenceRow } from './reference.ts';
import { ENTRIES_EACH, SHEETS_EACH, type SampleTerms } from './terms.ts';
import { timesheetsOf, type SampleTimesheet } from './timesheets.ts';

export type { SampleTerms } from './terms.ts';
export type { ReferenceRow } from './reference.ts';
export type { SampleTimesheet } from './timesheets.ts';
export type { Outcome } from './draft.ts';
export { codeOf, DIRT_KINDS, type DirtKind } from './dirt.ts';

export interface SampleMonth {
  readonly terms: Required<SampleTerms>;
  /** When the month is processed: after most approvals, with some periods closed. */
  readonly asOf: Instant;
  readonly reference: () => Iterable<ReferenceRow>;
  /** In the order they arrive in, each made when it is asked for. */
  readonly timesheets: () => Iterable<SampleTimesheet>;
  readonly counts: () => { readonly timesheets: number; readonly entries: number };
}

/**
 * A month of a consulting firm's time that never was: the same terms always give the same month, to the byte. Four weeks from the month's first Monday on.
 * @throws RangeError for terms that make no month
 */
export function sampleMonth(terms: Partial<SampleTerms>): SampleMonth {
  const firm = sampleFirm(terms);
  const { consultants } = firm.terms;
  return {
    terms: firm.terms,
    asOf: firm.calendar.asOf,
    reference: () => referenceOf(firm),
    timesheets: () => timesheetsOf(firm),
    counts: () => ({ timesheets: consultants * SHEETS_EACH, entries: consultants * ENTRIES_EACH }),
  };
}
