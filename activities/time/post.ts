import type { CallContext } from '../../connectors/ports.ts';
import { isUnsupported } from '../../connectors/ports.ts';
import type { LaborAnswer, LaborPort } from '../../connectors/labor-port.ts';
import { failureSchema, isSystemFailure, SystemFailure, type Failure } from '../../domain/failure.ts';
import { laborPostingSchema, type LaborPosting } from '../../domain/model/time/labor-posting.ts';
import { claimPostings, postingsLeft, recordNotPosted, recordPosted, refusedPostings, renewPostings, type Attempt, type ClaimedPosting } from '../../store/time/labor-ledger.ts';
import type { RecordSelection } from '../../store/time/records.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import type { PostResult } from './contract.ts';

/** While an attempt's lease runs, no other attempt posts the same lines; a killed worker's are free after so long. Renewed while a call goes on. */
const LEASE_MS = 20_000;
const RENEW_MS = 7_000;
const LOOK_AGAIN_MS = 1_000;

type PostingDependencies = Pick<ActivityDependencies, 'store' | 'systems' | 'withSlot'>;

/**
 * Posts what was planned for one ERP, as many lines at once as it takes, each exactly once as far as the ERP allows: intent → call → result in
 * the labor ledger; a line whose answer was lost is looked up before it is written again.
 * @throws SystemFailure while lines are left that another attempt can post
 */
export async function postLabor(deps: PostingDependencies, input: { readonly process: string; readonly selection: RecordSelection; readonly system: string }, context: CallContext): Promise<PostResult> {
  const { db } = deps.store;
  const { selection, system, process } = input;
  const { labor } = deps.systems.erp(system);
  if (isUnsupported(labor)) {
    throw new SystemFailure({ kind: 'configuration', code: 'LABOR_NOT_OFFERED', message: `${system} takes no labor: ${labor.unsupported}.`, mend: 'Route the legal entity to another ERP in config/routing.yaml and activate the configuration.', system, object: 'labor', written: 'no' });
  }
  let posted = 0;
  let passing: Failure | undefined;
  for (;;) {
    const claimed = await claimPostings(db, { selection, system, limit: labor.batchSize, leaseMs: LEASE_MS, process });
    if (claimed.length === 0) break;
    const result = await postBatch(deps, labor, claimed, { ...context, system });
    posted += result.posted;
    passing ??= result.passing;
    context.heartbeat(`${posted} lines posted`);
    // What an ERP puts off would be claimed again at once.
    if (passing !== undefined) break;
  }
  const left = await postingsLeft(db, selection, system);
  if (passing !== undefined) throw new SystemFailure(passing);
  if (left.open > 0) {
    const why = left.waitingForOriginal > 0 ? `${left.waitingForOriginal} reversals wait until what they take back is posted` : `${left.underWay} lines are being posted by another attempt`;
    throw new SystemFailure({ kind: 'transient', code: 'POSTING_UNDER_WAY', message: `${left.open} lines are not in ${system} yet: ${why}.`, mend: 'It is tried again by itself.', system, object: 'labor', written: 'no', retryAfterMs: LOOK_AGAIN_MS });
  }
  const refused = (await refusedPostings(db, selection, system)).map(({ record, key, error }) => {
    const { code, kind, message, mend } = failureSchema.parse(error);
    return { record, key, code, kind: kind === 'configuration' ? ('configuration' as const) : ('business_rule' as const), message, mend, doubtful: kind === 'in_doubt' };
  });
  return { posted, refused };
}

interface Batch {
  readonly deps: PostingDependencies;
  readonly labor: LaborPort;
  readonly context: CallContext & { readonly system: string };
  /** Lines of this attempt of which nothing is recorded yet. */
  readonly held: Map<string, Attempt>;
}

async function postBatch(deps: PostingDependencies, labor: LaborPort, claimed: readonly ClaimedPosting[], context: CallContext & { readonly system: string }): Promise<{ readonly posted: number; readonly passing: Failure | undefined }> {
  const { db } = deps.store;
  const lines = new Map(claimed.map(({ key, line }) => [key, laborPostingSchema.parse(line)]));
  const doubtful = claimed.filter(({ mustLookUp }) => mustLookUp).flatMap(({ key }) => lines.get(key) ?? []);
  const batch: Batch = { deps, labor, context, held: new Map(claimed.map(({ key, attempts }) => [key, { key, attempts }])) };
  let askedFor = false;
  const lost = new AbortController();
  const renewing = setInterval(() => {
    const asked = [...batch.held.values()];
    renewPostings(db, asked, LEASE_MS).then(
      (renewed) => {
        const kept = new Set(renewed);
        const gone = asked.filter(({ key }) => !kept.has(key) && batch.held.has(key));
        if (gone.length > 0) lost.abort(new Error(`the lease on ${gone.length} lines of labor was lost: another attempt may have taken over`));
      },
      (error: unknown) => context.log.warn({ error: String(error) }, 'the lease on postings could not be renewed; tried again in a moment'),
    );
  }, RENEW_MS);
  try {
    return await deps.withSlot(context.system, AbortSignal.any([context.signal, lost.signal]), async (signal) => {
      const within: Batch = { ...batch, context: { ...context, signal } };
      const known = doubtful.length === 0 ? new Map<string, string | undefined>() : await lookUp(within, doubtful);
      const found = [...known].flatMap(([key, externalId]) => (externalId === undefined ? [] : [{ key, externalId }]));
      await recordThere(within, found);
      const toPost = [...lines.values()].filter(({ key }) => !known.has(key));
      // Another attempt may be writing them by now.
      signal.throwIfAborted();
      askedFor = true;
      if (toPost.length === 0) return { posted: found.length, passing: undefined };
      const answers = await labor.post(toPost, { ...context, signal, idempotencyKey: toPost[0]?.key ?? '' });
      return { posted: found.length + (await recordAnswers(within, toPost, answers)), passing: passingOf(answers) };
    });
  } catch (error) {
    const failure = isSystemFailure(error) ? error.failure : undefined;
    const told = { code: failure?.code ?? 'UNEXPECTED', message: error instanceof Error ? error.message : String(error) };
    // What was in doubt stays so until the look-up has said otherwise.
    const unasked = new Set(askedFor ? [] : doubtful.map(({ key }) => key));
    await recordNotThere(batch, 'in_doubt', [...unasked].map((key) => ({ key, error: told })));
    await recordNotThere(batch, !askedFor || failure?.written === 'no' ? 'not_done' : 'in_doubt', [...lines.keys()].filter((key) => !unasked.has(key)).map((key) => ({ key, error: told })));
    throw error;
  } finally {
    clearInterval(renewing);
  }
}

/** @returns the external ID of each line that is there; undefined for those that are left to a person, as the ERP cannot be asked */
async function lookUp(batch: Batch, doubtful: readonly LaborPosting[]): Promise<ReadonlyMap<string, string | undefined>> {
  const { labor, context } = batch;
  if (labor.lookUp === 'key') return new Map([...(await labor.find(doubtful, context))].map(([key, { externalId }]) => [key, externalId]));
  const { system } = context;
  const error: Failure = { kind: 'in_doubt', code: 'WRITE_IN_DOUBT', message: `The answer to posting labor was lost, and ${system} offers no way to ask whether it is there.`, mend: `Look for the lines in ${system}; q2c timesheet shows them. Are they there, or did you enter those that were not: "confirm_done". Is none of them there: "confirm_not_done", and they are posted again.`, system, object: 'labor', written: 'unknown' };
  await recordNotThere(batch, 'refused', doubtful.map(({ key }) => ({ key, error })));
  return new Map(doubtful.map(({ key }) => [key, undefined]));
}

async function recordAnswers(batch: Batch, lines: readonly LaborPosting[], answers: readonly LaborAnswer[]): Promise<number> {
  const answered = new Map(answers.map((answer) => [answer.key, answer]));
  const done = answers.flatMap((answer) => (answer.outcome === 'posted' ? [{ key: answer.key, externalId: answer.externalId }] : []));
  const refused = answers.flatMap((answer) => (answer.outcome === 'refused' ? [answer] : []));
  await recordThere(batch, done);
  await recordNotThere(batch, 'not_done', refused.filter(({ failure }) => failure.kind === 'transient').map(({ key, failure }) => ({ key, error: failure })));
  await recordNotThere(batch, 'refused', refused.filter(({ failure }) => failure.kind !== 'transient').map(({ key, failure }) => ({ key, error: failure })));
  // A line without an answer may have been written all the same.
  await recordNotThere(batch, 'in_doubt', lines.filter(({ key }) => !answered.has(key)).map(({ key }) => ({ key, error: { code: 'NOT_ANSWERED' } })));
  return done.length;
}

async function recordThere({ deps, held }: Batch, posted: readonly { readonly key: string; readonly externalId: string }[]): Promise<void> {
  await recordPosted(deps.store.db, posted);
  for (const { key } of posted) held.delete(key);
}

async function recordNotThere({ deps, held }: Batch, state: 'not_done' | 'refused' | 'in_doubt', lines: readonly { readonly key: string; readonly error: object }[]): Promise<void> {
  const mine = lines.flatMap(({ key, error }) => {
    const attempt = held.get(key);
    return attempt === undefined ? [] : [{ ...attempt, error }];
  });
  await recordNotPosted(deps.store.db, state, mine);
  for (const { key } of mine) held.delete(key);
}

function passingOf(answers: readonly LaborAnswer[]): Failure | undefined {
  return answers.flatMap((answer) => (answer.outcome === 'refused' && answer.failure.kind === 'transient' ? [answer.failure] : []))[0];
}
