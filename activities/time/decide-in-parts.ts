import type { Db } from '../../store/database.ts';
import { recordIdsInOrder, type RecordSelection } from '../../store/time/records.ts';
import { decideRecords } from './decide.ts';
import type { Reference } from './reference.ts';

/** Timesheets decided in one transaction: a single one about the same person or capped project waits that long at most. */
const DECIDED_TOGETHER = 20;

/**
 * Decides about a selection part by part, each in a transaction of its own and in its turn. What was decided before a crash stays, and another
 * attempt goes on from there.
 * @param inTurn lets a few at a time work; told how many records the whole selection has
 * @returns how many records were decided
 */
export async function decideInParts(
  db: Db,
  reference: Reference,
  terms: { readonly selection: RecordSelection; readonly again: boolean; readonly asOf: () => string; readonly inTurn: (records: number, work: () => Promise<number>) => Promise<number> },
): Promise<number> {
  const { selection, again, asOf, inTurn } = terms;
  const records = await recordIdsInOrder(db, selection);
  let decided = 0;
  for (let from = 0; from < records.length; from += DECIDED_TOGETHER) {
    const part = { records: records.slice(from, from + DECIDED_TOGETHER) };
    decided += await inTurn(records.length, () => decideRecords(db, reference, { selection: part, again, asOf: asOf() }));
  }
  return decided;
}
