import type { Timesheet } from '../../domain/model/time/timesheet.ts';
import type { Db } from '../../store/database.ts';
import { lockForDecision, tryLockForDecision } from '../../store/time/decide.ts';
import type { Reference } from './reference.ts';

/** What a decision keeps others out of: persons and capped projects, by name. */
export interface Locks {
  /** Waits for them, with all that an earlier attempt found it needs. To be called once, before anything else. */
  first(names: readonly string[]): Promise<void>;
  /** Those it does not have yet. @returns whether there were any: what was read before may be out of date then */
  widen(names: readonly string[]): Promise<boolean>;
}

class LocksWanted extends Error {
  readonly names: readonly string[];

  constructor(names: readonly string[]) {
    super('the decision begins anew with more locks');
    this.names = names;
  }
}

/**
 * Works in one transaction that may find on its way whom it concerns. Locks are waited for in one order and only while none is held; where one that
 * is needed later is not free, all is let go and begun anew with it. So no two decisions ever wait for each other.
 */
export async function withLocks<Result>(db: Db, work: (transaction: Db, locks: Locks) => Promise<Result>): Promise<Result> {
  for (let wanted: readonly string[] = []; ; ) {
    const known = wanted;
    try {
      return await db.transaction().execute(async (transaction) => await work(transaction, locksOf(transaction, known)));
    } catch (error) {
      if (!(error instanceof LocksWanted)) throw error;
      wanted = error.names;
    }
  }
}

function locksOf(transaction: Db, known: readonly string[]): Locks {
  const held = new Set<string>();
  return {
    async first(names) {
      for (const name of [...names, ...known]) held.add(name);
      await lockForDecision(transaction, [...held]);
    },
    async widen(names) {
      const missing = [...new Set(names)].filter((name) => !held.has(name));
      if (missing.length === 0) return false;
      const wanted = [...held, ...missing];
      if (!(await tryLockForDecision(transaction, missing))) throw new LocksWanted(wanted);
      for (const name of missing) held.add(name);
      return true;
    },
  };
}

/** Whom and what a decision about these timesheets keeps others out of. */
export function namesOf(sheets: readonly Timesheet[], reference: Reference): string[] {
  const people = sheets.flatMap((sheet) => [sheet.person, ...sheet.entries.map(({ person }) => person)]);
  const projects = [...new Set(sheets.flatMap(({ entries }) => entries.map(({ projectNumber }) => projectNumber)))];
  return [...new Set(people.map((email) => `person ${email}`)), ...projects.flatMap((number) => reference.projectFamily(number).filter(({ cap }) => cap !== null).map((project) => `cap ${project.number}`))];
}
