import { z } from 'zod';
import { isSystemFailure, SystemFailure } from '../../domain/failure.ts';
import { bySystemsClock } from '../http/clock-skew.ts';
import type { Change } from './batch.ts';
import { isChangedMeanwhile, isOfTheRows, liesInTheLines } from './classify.ts';
import type { About, Dataverse } from './client.ts';
import { idOf } from './ids.ts';
import type { JournalLine } from './labor-line.ts';
import { reference } from './odata.ts';
import type { ProjectOperationsOptions } from './options.ts';

export const JOURNALS = 'msdyn_journals';
export const LINES = 'msdyn_journallines';
/** msdyn_journaltype; the others are corrections. */
const ENTRY = 192_350_000;
const journalRow = z.object({ msdyn_journalid: z.string(), msdyn_isposted: z.boolean().nullish(), msdyn_description: z.string().nullish(), modifiedon: z.string().nullish() });
const JOURNAL_COLUMNS = ['msdyn_isposted', 'msdyn_description', 'modifiedon'];
/** What a journal's description ends with from its second confirmation on. */
const ATTEMPT = /(?:^| )#(\d+)$/;
const LOOK_AGAIN_MS = 30_000;
const MOST_WAIT_MS = 60_000;
const lineRow = z.object({ msdyn_journallineid: z.string() });

/** Entry journals: https://learn.microsoft.com/en-us/dynamics365/project-operations/actuals/create-confirm-entry-journals */
export interface Journals {
  /** A journal with these lines, confirmed where the options say so: all of it or nothing. Throws SystemFailure. */
  write(legalEntity: string, lines: readonly JournalLine[], about: About): Promise<void>;
  /**
   * Confirms what an earlier attempt left behind, once that can no longer be under way; where Project Operations refuses to for what is in the lines, the journal
   * is taken away, so that they can be written anew. Throws SystemFailure.
   */
  finish(journal: string, about: About): Promise<void>;
}

/** What journals of ours are called, by which their lines are counted. */
export const journalPrefix = (legalEntity: string): string => `Q2C ${legalEntity} `;

export function createJournals(dataverse: Dataverse, { confirmJournals, confirmAgainAfterSeconds }: Pick<ProjectOperationsOptions, 'confirmJournals' | 'confirmAgainAfterSeconds'>, now: () => number = Date.now): Journals {
  const read = (id: string, about: About) => dataverse.read(JOURNALS, id, journalRow, JOURNAL_COLUMNS, about);
  const isPosted = async (id: string, about: About) => (await read(id, about))?.msdyn_isposted === true;

  async function confirm(id: string, about: About): Promise<void> {
    try {
      await dataverse.act(JOURNALS, id, 'msdyn_PostJournal', about);
    } catch (error) {
      // Another worker, or a person, may have confirmed it in the meantime.
      if (isOfTheRows(error) && (await inDoubtOtherwise(() => isPosted(id, about)))) return;
      throw error;
    }
    if (!(await inDoubtOtherwise(() => isPosted(id, about)))) throw confirming(about, LOOK_AGAIN_MS);
  }

  function confirming(about: About, retryAfterMs: number): SystemFailure {
    return new SystemFailure({ kind: 'transient', code: 'PROJECT_OPERATIONS_CONFIRMING', system: dataverse.system, object: about.object, written: 'unknown', retryAfterMs, message: `Project Operations may still be confirming the journal of ${about.object}.`, mend: 'Nothing to do: it is looked up again by itself.' });
  }

  /** A refusal that may also mean that an action begun before is still at work: nothing is taken away for it. */
  function notConfirmed(error: unknown, about: About): SystemFailure {
    const said = isSystemFailure(error) ? error.failure : undefined;
    return new SystemFailure({
      kind: 'in_doubt', code: 'PROJECT_OPERATIONS_NOT_CONFIRMED', system: dataverse.system, object: about.object, written: 'unknown', retryAfterMs: LOOK_AGAIN_MS,
      message: `The journal of ${about.object} is written but not confirmed. ${said?.message ?? ''}`.trimEnd(),
      mend: 'It is looked up again by itself. If it stays so, open the journal in Project Operations (Sales > Transactions > Journals), correct what is named there and confirm it, or delete it to have its lines written anew; then retry.',
      ...(said?.evidence === undefined ? {} : { evidence: said.evidence }),
    }, { cause: error });
  }

  function undated(about: About): SystemFailure {
    return new SystemFailure({ kind: 'transient', code: 'PROJECT_OPERATIONS_CONFIRMING', system: dataverse.system, object: about.object, written: 'unknown', retryAfterMs: MOST_WAIT_MS, message: `Project Operations does not tell when the journal of ${about.object} was changed last, so it may still be confirming it.`, mend: 'It is looked up again by itself. If it stays so, let the application user read "Modified On" of journals, or confirm the journal in Project Operations (Sales > Transactions > Journals), then retry.' });
  }

  /** A change of the journal under the version that was read: of two workers one may go on, and whoever reads it later finds it changed just now. */
  async function takeTurn(journal: z.infer<typeof journalRow>, version: string, about: About): Promise<void> {
    const description = journal.msdyn_description ?? '';
    const attempt = Number(ATTEMPT.exec(description)?.[1] ?? 1) + 1;
    try {
      await dataverse.change([{ kind: 'update', set: JOURNALS, id: journal.msdyn_journalid, version, body: { msdyn_description: `${description.replace(ATTEMPT, '')} #${attempt}`.trimStart() } }], about);
    } catch (error) {
      if (isChangedMeanwhile(error)) throw confirming(about, LOOK_AGAIN_MS);
      throw isOfTheRows(error) ? notConfirmed(error, about) : doubtful(error);
    }
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
      if (liesInTheLines(error)) {
        await inDoubtOtherwise(() => remove(id, about));
        throw error;
      }
      throw isOfTheRows(error) ? notConfirmed(error, about) : doubtful(error);
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
      const changedAt = Date.parse(before.modifiedon ?? '');
      if (Number.isNaN(changedAt) || before.etag === undefined) throw undated(about);
      // An action whose answer was lost may go on for minutes; begun twice it could make every actual twice.
      const rest = changedAt + confirmAgainAfterSeconds * 1000 - bySystemsClock(dataverse.system, now()).getTime();
      if (rest > 0) throw confirming(about, Math.min(rest, MOST_WAIT_MS));
      await takeTurn(before, before.etag, about);
      try {
        await confirmOrRemove(journal, about);
      } catch (error) {
        if (!liesInTheLines(error)) throw error;
      }
    },
  };
}

async function inDoubtOtherwise<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw doubtful(error);
  }
}

/** The lines are there: whatever kept them from being confirmed, they are looked up first. */
function doubtful(error: unknown): unknown {
  return isSystemFailure(error) && error.failure.written === 'no' ? new SystemFailure({ ...error.failure, written: 'unknown' }, { cause: error }) : error;
}
