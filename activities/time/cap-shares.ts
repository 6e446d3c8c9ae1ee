import { timesheetSchema } from '../../domain/model/time/timesheet.ts';
import type { Db } from '../../store/database.ts';
import { refusedForCap } from '../../store/time/caps.ts';
import type { Decision, Judged } from './decision.ts';
import { namesOf, type Locks } from './locks.ts';
import type { Reference } from './reference.ts';

/**
 * What earlier decisions refused for a cap that has used less by this one, of whatever person.
 * @param known what the decision has judged again already
 * @returns undefined where that is all; else what it is to be made anew with
 */
export async function refusedBeside(db: Db, reference: Reference, { caps }: Decision, locks: Locks, known: readonly Judged[]): Promise<readonly Judged[] | undefined> {
  const lessened = caps.lessened();
  if (lessened.length === 0) return undefined;
  if (await locks.widen(lessened.map((number) => `cap ${number}`))) return known;
  const projects = [...new Set(lessened.filter(caps.hasRoom).flatMap((capped) => reference.projectFamily(capped).map(({ number }) => number)))];
  if (projects.length === 0) return undefined;
  const look = async (): Promise<Judged[]> => {
    const found = Map.groupBy(await refusedForCap(db, projects), ({ record }) => record.id);
    return [...found.values()].flatMap((of) => of.slice(0, 1).map(({ record }) => ({ record, sheet: timesheetSchema.parse(record.document), positions: of.map(({ position }) => position) })));
  };
  let found = await look();
  while (await locks.widen(namesOf(found.map(({ sheet }) => sheet), reference))) found = await look();
  const before = new Set(known.flatMap(positionsOf));
  const fresh = found.map((one) => ({ ...one, positions: one.positions.filter((position) => !before.has(`${one.record.id} ${position}`)) })).filter(({ positions }) => positions.length > 0);
  return fresh.length === 0 ? undefined : [...known, ...fresh];
}

/**
 * Shares caps that write off what lies beyond out anew, in the order of the work.
 * @returns false where it concerns people whom the decision does not keep others out of yet: it is to be made anew
 */
export async function sharedOut(decision: Decision, locks: Locks): Promise<boolean> {
  for (const cap of decision.capsToShare()) {
    const changes = await decision.planShares(cap);
    if (await locks.widen(changes.map(({ labor }) => `person ${labor.entry.person}`))) return false;
    await decision.bookShares(changes);
  }
  return true;
}

function positionsOf({ record, positions }: Judged): string[] {
  return positions.map((position) => `${record.id} ${position}`);
}
