import { setImmediate as breathe } from 'node:timers/promises';
import { sql } from 'kysely';
import { timesheetSchema } from '../../domain/model/time/timesheet.ts';
import type { Db } from '../../store/database.ts';
import { tellOnlyWhatIsRefused } from '../../store/time/caps.ts';
import { heldRecordsOf, noteReleased, openPositions, writeDecision } from '../../store/time/decide.ts';
import { recordsOf, type RecordSelection } from '../../store/time/records.ts';
import { refusedBeside, sharedOut } from './cap-shares.ts';
import { createDecision, type Judged } from './decision.ts';
import { namesOf, withLocks } from './locks.ts';
import type { Reference } from './reference.ts';
import { inOrderOfArrival } from './told.ts';

const BREATHE_AFTER = 4;

/**
 * Decides about received timesheets in one transaction: outcomes, entries in force, planned postings and pay lines stand together or not at all.
 * Decisions about the same people or capped projects wait for each other, so that no two judge beside one another what is one week or one cap.
 * @param again also decides anew what was refused or held before
 * @returns how many records were decided
 */
export async function decideRecords(db: Db, reference: Reference, terms: { readonly selection: RecordSelection; readonly again: boolean; readonly asOf: string }): Promise<number> {
  return await withLocks(db, async (transaction, locks) => {
    const records = await recordsOf(transaction, terms.selection);
    const sheets = new Map(records.map((record) => [record.id, timesheetSchema.parse(record.document)]));
    await locks.first(namesOf([...sheets.values()], reference));
    // Another decision may have been made while this one waited for its locks.
    const { rows: undecided } = await sql<{ id: number }>`select id from time_record where id = any(${records.map(({ id }) => id)}::bigint[]) and state = 'received'`.execute(transaction);
    const fresh = new Set(undecided.map(({ id }) => id));
    const open = Map.groupBy(terms.again ? await openPositions(transaction, records.map(({ id }) => id)) : [], ({ record }) => record);
    const due = records.flatMap((record): Judged[] => {
      const sheet = sheets.get(record.id);
      if (sheet === undefined) return [];
      if (fresh.has(record.id)) return [{ record, sheet, positions: sheet.entries.map((_, position) => position) }];
      const positions = open.get(record.id)?.map(({ position }) => position) ?? [];
      return positions.length === 0 ? [] : [{ record, sheet, positions }];
    });
    if (due.length === 0) return 0;
    let waiting = await waitingFor(transaction, due);
    while (await locks.widen(namesOf(waiting.map(({ sheet }) => sheet), reference))) waiting = await waitingFor(transaction, due);
    for (let refused: readonly Judged[] = []; ; ) {
      const decision = await createDecision(transaction, reference, terms.asOf, { due, waiting, refused });
      for (const [number, judged] of inOrderOfArrival(due).entries()) {
        decision.judge(judged);
        // A large page lets others in between.
        if (number % BREATHE_AFTER === BREATHE_AFTER - 1) await breathe();
      }
      decision.releaseHeld(waiting);
      decision.acceptWhatFits(refused);
      // What a cap leaves to others may concern more people: then all of it is decided once more, with them.
      const beside = await refusedBeside(transaction, reference, decision, locks, refused);
      if (beside !== undefined) {
        refused = beside;
        continue;
      }
      if (!(await sharedOut(decision, locks))) continue;
      await writeDecision(transaction, decision.rows());
      const own = new Set(due.map(({ record }) => record.id));
      const released = [...new Set([...waiting, ...refused].map(({ record }) => record.id))].filter((id) => !own.has(id) && decision.hasDecided(id));
      await noteReleased(transaction, released, due[0]?.record.id ?? 0);
      if (refused.length > 0) await tellOnlyWhatIsRefused(transaction, released);
      return due.length;
    }
  });
}

async function waitingFor(db: Db, due: readonly Judged[]): Promise<Judged[]> {
  const things = due.flatMap(({ sheet }) => sheet.entries.map(({ id, version }) => `time entry ${id} version ${version}`));
  const held = await heldRecordsOf(db, [...new Set(due.map(({ sheet }) => sheet.person))], things, due.map(({ record }) => record.id));
  const positions = Map.groupBy((await openPositions(db, held.map(({ id }) => id))).filter(({ outcome }) => outcome === 'held'), ({ record }) => record);
  return held.map((record) => ({ record, sheet: timesheetSchema.parse(record.document), positions: positions.get(record.id)?.map(({ position }) => position) ?? [] }));
}
