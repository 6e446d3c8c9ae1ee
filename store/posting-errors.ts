import type { Db } from './database.ts';
import type { PostingState } from './schema.ts';

/**
 * doubled: done before with another external ID. superseded: reversed or begun anew since. unknown: no such key.
 * not_in_doubt: there is nothing a person has to settle. in_progress: an attempt is under way.
 */
export type PostingProblem = 'doubled' | 'superseded' | 'unknown' | 'not_in_doubt' | 'in_progress';

export class PostingLedgerError extends Error {
  override readonly name = 'PostingLedgerError';
  readonly problem: PostingProblem;
  readonly key: string;
  constructor(problem: PostingProblem, key: string, message: string) {
    super(message);
    this.problem = problem;
    this.key = key;
  }
}

/** Says why `recordDone` changed nothing: the same was on record, or an error. */
export async function refuseRecord(db: Db, done: { readonly key: string; readonly generation: number; readonly externalId: string | null }): Promise<'already'> {
  const known = await knownPosting(db, done.key);
  if (known.generation !== done.generation || known.state !== 'done') {
    throw new PostingLedgerError(
      'superseded',
      done.key,
      `posting ${done.key}: generation ${done.generation} was to be recorded as done, but the ledger stands at generation ${known.generation}, ${known.state}. Check the record ${done.externalId ?? 'without ID'} in ${known.system}: it may be an orphan.`,
    );
  }
  if (known.external_id !== done.externalId) {
    throw new PostingLedgerError(
      'doubled',
      done.key,
      `posting ${done.key}: ${known.system} now answers ${done.externalId ?? 'no ID'}, but ${known.external_id ?? 'no ID'} is on record. Check both records in ${known.system} and remove the one too many.`,
    );
  }
  return 'already';
}

export async function knownPosting(db: Db, key: string): Promise<{ system: string; state: PostingState; generation: number; external_id: string | null; lease_until: string | null }> {
  const known = await db.selectFrom('posting_ledger').select(['system', 'state', 'generation', 'external_id', 'lease_until']).where('key', '=', key).executeTakeFirst();
  if (known === undefined) throw new PostingLedgerError('unknown', key, `the posting ledger has no posting ${key}: open an intent first`);
  return known;
}
