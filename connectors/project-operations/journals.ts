import { z } from 'zod';
import { isSystemFailure, SystemFailure } from '../../domain/failure.ts';
import type { Change } from './batch.ts';
import { isOfTheRows } from './classify.ts';
import type { About, Dataverse } from './client.ts';
import { idOf } from './ids.ts';
import type { JournalLine } from './labor-line.ts';
import { reference } from './odata.ts';
import type { ProjectOperationsOptions } from './options.ts';

export const JOURNALS = 'msdyn_journals';
export const LINES = 'msdyn_journallines';
/** msdyn_journaltype; the others are corrections. */
const ENTRY = 192_350_000;
const journalRow = z.object({ msdyn_journalid: z.string(), msdyn_isposted: z.boolean().nullish(), modifiedon: z.string().nullish() });
const JOURNAL_COLUMNS = ['msdyn_isposted', 'modifiedon'];
const lineRow = z.object({ msdyn_journallineid: z.string() });

/** Entry journals: https://learn.microsoft.com/en-us/dynamics365/project-operations/actuals/create-confirm-entry-journals */
export interface Journals {
  /** A journal with these lines, confirmed where the options say so: all of it or nothing. Throws SystemFailure. */
  write(legalEntity: string, lines: readonly JournalLine[], about: About): Promise<void>;
  /**
   * Confirms what an earlier attempt left behind, once that can no longer be under way; where Project Operations refuses to, the journal is taken away, so that its
   * lines can be written anew. Throws SystemFailure.
   */
  finish(journal: string, about: About): Promise<void>;
}

/** What journals of ours are called, by which their lines are counted. */
export const journalPrefix = (legalEntity: string): string => `Q2C ${legalEntity} `;

export function createJournals(dataverse: Dataverse, { confirmJournals, confirmAgainAfterSeconds }: Pick<ProjectOperationsOptions, 'confirmJournals' | 'confirmAgainAfterSeconds'>, now: () => number = Date.now): Journals {
  const read = (id: string, about: About) => dataverse.read(JOURNALS, id, journalRow, JOURNAL_COLUMNS, about);
  const isPosted = async (id: string, about: About) => (await read(id, about))?.msdyn_isposted;

  async function confirm(id: string, about: About): Promise<void> {
    try {
      await dataverse.act(JOURNALS, id, 'msdyn_PostJournal', about);
    } catch (error) {
      // Another worker may have confirmed it in the meantime.
      if (!isOfTheRows(error) || (await isPosted(id, about)) !== true) throw error;
      return;
    }
    if ((await isPosted(id, about)) !== true) {
      throw confirming(about, 30_000);
    }
  }

  function confirming(about: About, retryAfterMs: number): SystemFailure {
    return new SystemFailure({ kind: 'transient', code: 'PROJECT_OPERATIONS_CONFIRMING', system: dataverse.system, object: about.object, written: 'unknown', retryAfterMs, message: `Project Operations may still be confirming the journal of ${about.object}.`, mend: 'Nothing to do: it is looked up again by itself.' });
  }

  /** A refused journal leaves nothing: its lines were never actuals. */
  async function remove(id: string, about: About): Promise<void> {
    const lines = await dataverse.list(LINES, { filter: `_msdyn_journal_value eq ${id}`, select: ['msdyn_journallineid'] }, lineRow, about);
    await dataverse.change([...lines.map((line): Change => ({ kind: 'delete', set: LINES, id: line.msdyn_journallineid })), { kind: 'delete', set: JOURNALS, id }], about);
  }

  async function confirmOrRemove(id: string, about: About): Promise<void> {
    try {
      await confirm(id, about);
    } catch (error) {
      if (isOfTheRows(error)) {
        await inDoubtOtherwise(() => remove(id, about));
        throw error;
      }
      throw doubtful(error);
    }
  }

  return {
    async write(legalEntity, lines, about) {
      const id = idOf('journal', ...lines.map((line) => line.id).toSorted());
      const body = { msdyn_journaltype: ENTRY, msdyn_description: `${journalPrefix(legalEntity)}${id.slice(4, 8)}${id.slice(9, 13)}` };
      await dataverse.change([
        { kind: 'create', set: JOURNALS, id, body },
        ...lines.map((line): Change => ({ kind: 'create', set: LINES, id: line.id, body: { ...line.body, 'msdyn_Journal@odata.bind': reference(JOURNALS, id) } })),
      ], about);
      if (confirmJournals) await confirmOrRemove(id, about);
    },
    async finish(journal, about) {
      const before = await read(journal, about);
      if (before === null || before.msdyn_isposted === true) return;
      // An action whose answer was lost may go on for minutes; begun twice it could make every actual twice.
      const rest = Date.parse(before.modifiedon ?? '1970-01-01') + confirmAgainAfterSeconds * 1000 - now();
      if (rest > 0) throw confirming(about, Math.min(rest, 60_000));
      try {
        await confirmOrRemove(journal, about);
      } catch (error) {
        if (!isOfTheRows(error)) throw error;
      }
    },
  };
}

async function inDoubtOtherwise(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw doubtful(error);
  }
}

/** The lines are there: whatever kept them from being confirmed, they are looked up first. */
function doubtful(error: unknown): unknown {
  return isSystemFailure(error) && error.failure.written === 'no' ? new SystemFailure({ ...error.failure, written: 'unknown' }, { cause: error }) : error;
}
