import { z } from 'zod';
import { SystemFailure } from '../../domain/failure.ts';
import { alreadyExists } from './classify.ts';
import type { About, Dynamics } from './client.ts';
import type { EntityKey } from './odata.ts';
import type { DynamicsOptions } from './options.ts';

/** Hour journals: one open at a time for each company and week of work. */
export interface Journals {
  /** The ID of the journal that takes lines of this day, made where there is none. Throws SystemFailure. */
  open(company: string, workDate: string, about: About): Promise<string>;
  /** It takes no more lines: it is looked at again next time. */
  forget(company: string, workDate: string): void;
}

const SET = 'JournalTables';
const journalRow = z.object({ Posted: z.enum(['No', 'Yes']).nullish() });
const KEPT_MS = 60_000;
/** Journals of one week that have been posted; more than people post by hand. */
const MOST_OF_A_WEEK = 99;

/**
 * The ID says company week and how many came before: "Q2C-20261116-01". So every worker finds the same journal without asking for a number, and a
 * second one is begun once the first is posted.
 */
export function createJournals(dynamics: Dynamics, options: DynamicsOptions, now: () => number = Date.now): Journals {
  const kept = new Map<string, { readonly id: string; readonly until: number }>();
  const keyOf = (company: string, id: string): EntityKey => ({ dataAreaId: company, JournalBatchNumber: id });
  const slot = (company: string, workDate: string) => `${company}/${mondayOf(workDate)}`;

  async function make(company: string, id: string, monday: string, about: About): Promise<void> {
    try {
      await dynamics.create(SET, { ...keyOf(company, id), JournalName: options.journalName, Description: `Approved time, week of ${monday}`, DeleteLinesAfterPosting: 'No' }, about);
    } catch (error) {
      if (!alreadyExists(error)) throw error;
    }
  }

  return {
    async open(company, workDate, about) {
      const before = kept.get(slot(company, workDate));
      if (before !== undefined && before.until > now()) return before.id;
      const monday = mondayOf(workDate);
      for (let count = 1; count <= MOST_OF_A_WEEK; count += 1) {
        const id = `Q2C-${monday.replaceAll('-', '')}-${String(count).padStart(2, '0')}`;
        const journal = await dynamics.read(SET, keyOf(company, id), journalRow, ['Posted'], about);
        if (journal?.Posted === 'Yes') continue;
        if (journal === null) await make(company, id, monday, about);
        kept.set(slot(company, workDate), { id, until: now() + KEPT_MS });
        return id;
      }
      throw new SystemFailure({
        kind: 'business_rule', code: 'DYNAMICS_JOURNALS_USED_UP', system: dynamics.system, object: about.object, written: 'no',
        message: `All ${MOST_OF_A_WEEK} hour journals of the week of ${monday} are posted in ${company}.`,
        mend: 'Post the hours of late corrections by hand, or less often; then retry.',
      });
    },
    forget: (company, workDate) => void kept.delete(slot(company, workDate)),
  };
}

/** The Monday of a day's week. */
function mondayOf(workDate: string): string {
  const day = new Date(`${workDate}T00:00:00Z`);
  day.setUTCDate(day.getUTCDate() - ((day.getUTCDay() + 6) % 7));
  return day.toISOString().slice(0, 10);
}
