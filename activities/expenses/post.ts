import { isUnsupported, type CallContext, type Found, type RecordPort, type Written } from '../../connectors/ports.ts';
import { isSystemFailure, SystemFailure, type Failure } from '../../domain/failure.ts';
import { expensePostingSchema, type ExpensePosting } from '../../domain/model/time/expense-posting.ts';
import { appendAudit } from '../../store/audit-trail.ts';
import { beginPosting, postingDone, postingNotDone, postingOf, type StoredExpensePosting } from '../../store/expenses/postings.ts';
import { canonicalIdOf } from '../../store/identity-map.ts';
import { canonicalJson, sha256 } from '../../store/json.ts';
import { openIntent, recordDone, recordInDoubt, recordNotDone, renewIntent, type Intent } from '../../store/posting-ledger.ts';
import { postingByKey, settleByPerson } from '../../store/posting-settlement.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { unresolvedDoubt } from '../failures.ts';
import type { ExpenseActivities, PostedExpenseReport } from './contract.ts';

const LEASE_MS = 15_000;
const RENEW_MS = 5_000;
const LOOK_AGAIN_MS = 1_000;
/** As the identity map names it. */
const OBJECT_TYPE = 'expense_posting';

interface Posting {
  readonly process: string;
  readonly posting: ExpensePosting;
  readonly port: RecordPort<ExpensePosting>;
  readonly context: CallContext;
}

/**
 * One posting in its ERP, exactly once as far as the ERP allows: begun → intent in the posting ledger → call → result. An attempt that finds
 * an earlier one unanswered looks the ERP up first; where it cannot be asked, a person is.
 * @throws SystemFailure, or ApplicationFailure for a doubt that only a person can resolve
 */
export async function postOnce(deps: ActivityDependencies, input: { readonly process: string; readonly key: string }, context: CallContext): Promise<PostedExpenseReport> {
  const { db } = deps.store;
  const stored = await planned(deps, input.key);
  const posting = expensePostingSchema.parse(stored.posting);
  if (stored.state === 'cancelled') return { state: 'cancelled' };
  if (stored.state === 'done') return { state: 'done', externalId: stored.externalId ?? '', url: stored.url };
  if (stored.kind === 'reversal' && stored.original !== 'done') {
    throw new SystemFailure(failure(posting, { kind: 'transient', code: 'POSTING_UNDER_WAY', message: `${labelOf(posting)} waits until what it takes back is in ${posting.system}.`, mend: 'It is tried again by itself.', written: 'no', retryAfterMs: LOOK_AGAIN_MS }));
  }
  const { expenses } = deps.systems.erp(posting.system);
  // What a person has settled meanwhile needs no call.
  const settled = await settledByPerson(deps, posting);
  if (settled !== undefined) return settled;
  if (isUnsupported(expenses)) throw new SystemFailure(notOffered(posting, expenses.unsupported));
  if (!(await beginPosting(db, posting.key))) return await postOnce(deps, input, context);
  try {
    return await write(deps, { process: input.process, posting, port: expenses, context });
  } catch (error) {
    // Refused, and taken back meanwhile: nothing is left to be done about it.
    if ((await postingOf(db, posting.key))?.state === 'cancelled') return { state: 'cancelled' };
    throw error;
  }
}

async function planned(deps: ActivityDependencies, key: string): Promise<StoredExpensePosting> {
  const stored = await postingOf(deps.store.db, key);
  if (stored !== undefined) return stored;
  throw new SystemFailure({ kind: 'contract', code: 'EXPENSE_RECORD_MISSING', message: `there is no planned posting ${key}.`, mend: 'This is a defect in the process: report it to integration support.', system: 'q2c', object: `posting ${key}`, written: 'no' });
}

async function settledByPerson(deps: ActivityDependencies, { key }: ExpensePosting): Promise<PostedExpenseReport | undefined> {
  const entry = await postingByKey(deps.store.db, key);
  if (entry?.state !== 'done') return undefined;
  await beginPosting(deps.store.db, key);
  return await done(deps, key, { externalId: entry.external_id ?? '', url: null });
}

async function done(deps: ActivityDependencies, key: string, found: Found): Promise<PostedExpenseReport> {
  await postingDone(deps.store.db, key, found);
  return { state: 'done', externalId: found.externalId, url: found.url };
}

function intentOf({ process, posting }: Pick<Posting, 'process' | 'posting'>): Intent {
  return { key: posting.key, process, step: 'expense', system: posting.system, operation: 'write', objectType: OBJECT_TYPE, canonicalId: posting.key, requestHash: sha256(canonicalJson(posting)), request: null, existed: null, leaseMs: LEASE_MS };
}

async function write(deps: ActivityDependencies, one: Posting): Promise<PostedExpenseReport> {
  const { db } = deps.store;
  const { posting, port, context, process } = one;
  const { key, system } = posting;
  const intent = await openIntent(db, intentOf(one));
  switch (intent.status) {
    case 'done':
      return await done(deps, key, { externalId: intent.externalId ?? '', url: null });
    case 'busy':
      throw new SystemFailure(failure(posting, { kind: 'transient', code: 'WRITE_UNDER_WAY', message: `another attempt to post ${labelOf(posting)} is under way until ${intent.leaseUntil}.`, mend: 'It is tried again by itself.', written: 'unknown', retryAfterMs: LOOK_AGAIN_MS }));
    case 'conflict':
      throw new SystemFailure(failure(posting, { kind: 'contract', code: 'LEDGER_CONFLICT', message: `${labelOf(posting)} was posted before under the key ${key} with other content.`, mend: 'This is a defect in the process: report it to integration support with this key.', written: 'unknown' }));
    default:
      break;
  }
  const attempt = { generation: intent.generation, attempt: intent.attempt };
  const mustLookUp = intent.status === 'retry' && intent.mustLookUp;
  if (mustLookUp && port.lookUp === 'none') {
    await recordInDoubt(db, { key, ...attempt, audit: [], error: { code: 'IN_DOUBT', message: 'the answer of an earlier attempt was lost and the system cannot be asked' } });
    throw doubt(posting);
  }
  const written = await call(deps, one, attempt, mustLookUp);
  await recordDone(db, {
    key,
    generation: attempt.generation,
    externalId: written.externalId,
    result: { externalId: written.externalId, url: written.url, created: written.created },
    undo: null,
    process,
    links: [{ objectType: OBJECT_TYPE, canonicalId: key, system, externalId: written.externalId, url: written.url }],
    audit: [{ process, actor: 'q2c', action: `expense.${posting.kind === 'original' ? 'posted' : 'reversed'}`, object: labelOf(posting), system, message: `${labelOf(posting)} is ${written.externalId} in ${system}`, details: { key, externalId: written.externalId, total: posting.total } }],
  });
  context.log.info({ system, key, externalId: written.externalId }, `${labelOf(posting)} is in ${system}`);
  return await done(deps, key, written);
}

async function call(deps: ActivityDependencies, { posting, port, context }: Posting, attempt: { readonly generation: number; readonly attempt: number }, mustLookUp: boolean): Promise<Written> {
  const { db } = deps.store;
  const { key, system } = posting;
  const lost = new AbortController();
  const renewing = setInterval(() => {
    renewIntent(db, { key, ...attempt, leaseMs: LEASE_MS }).then(
      (renewed) => {
        if (!renewed) lost.abort(new Error(`the lease on ${key} was lost: another attempt may have taken over`));
      },
      (error: unknown) => context.log.warn({ key, error: String(error) }, 'the lease could not be renewed; tried again in a moment'),
    );
  }, RENEW_MS);
  try {
    return await deps.withSlot(system, AbortSignal.any([context.signal, lost.signal]), async (signal) => {
      const within = { ...context, signal };
      const existing = mustLookUp ? await port.find(posting, within) : null;
      // A posting is never changed: what is there under its key is this very posting.
      return existing === null ? await port.write(posting, null, within) : { ...existing, created: true };
    });
  } catch (error) {
    const told = isSystemFailure(error) ? error.failure : undefined;
    const evidence = { message: error instanceof Error ? error.message : String(error), code: told?.code ?? 'UNEXPECTED' };
    // A look-up that failed says nothing of the write before it.
    if (told?.written === 'no' && !mustLookUp) {
      await recordNotDone(db, { key, ...attempt, error: evidence, audit: [] });
      await postingNotDone(db, key, told.kind === 'transient' ? 'planned' : 'refused', evidence);
    } else {
      await recordInDoubt(db, { key, ...attempt, error: evidence, audit: [] });
    }
    throw error;
  } finally {
    clearInterval(renewing);
  }
}

/** A person's word on a posting: in doubt, or booked by hand where the ERP takes none from us. */
export async function settlePosting(deps: ActivityDependencies, { process, key, outcome, externalId, by, reason }: Parameters<ExpenseActivities['settleExpense']>[0]): Promise<void> {
  const { db } = deps.store;
  const posting = expensePostingSchema.parse((await planned(deps, key)).posting);
  if (outcome === 'not_done' && (await postingByKey(db, key)) === undefined) return;
  if (outcome === 'done' && !(await beginPosting(db, key))) return;
  const before = await postingByKey(db, key);
  if (before?.state === 'done') return;
  const owner = externalId === null ? undefined : await canonicalIdOf(db, { objectType: OBJECT_TYPE, system: posting.system, externalId });
  if (owner !== undefined && owner !== key) {
    throw new SystemFailure(failure(posting, { kind: 'business_rule', code: 'WRITE_IN_DOUBT', message: `${externalId} in ${posting.system} is posting ${owner}, so it cannot be ${key}.`, mend: `Give the ID that ${key} has in ${posting.system}, or say "confirm_not_done" and it is posted again.`, written: 'unknown', postingKey: key }));
  }
  if (before === undefined || before.state === 'not_done') {
    const intent = await openIntent(db, intentOf({ process, posting }));
    if (intent.status === 'first' || intent.status === 'retry') await recordInDoubt(db, { key, generation: intent.generation, attempt: intent.attempt, audit: [], error: { code: 'BY_HAND', message: reason } });
  }
  await settleByPerson(db, {
    key,
    outcome,
    externalId,
    by,
    reason,
    process,
    links: outcome === 'done' && externalId !== null ? [{ objectType: OBJECT_TYPE, canonicalId: key, system: posting.system, externalId, url: null }] : [],
    audit: [{ process, actor: by, action: `posting.confirmed_${outcome}`, object: labelOf(posting), system: posting.system, message: `${by} confirms ${outcome === 'done' ? `it was done: ${externalId ?? ''}` : 'it was not done'}: ${reason}`, details: { key, externalId } }],
  });
  if (outcome === 'not_done') await postingNotDone(db, key, 'planned', { code: 'NOT_DONE', message: `${by}: ${reason}` });
}

export async function auditNotOffered(deps: ActivityDependencies, process: string, error: unknown): Promise<void> {
  if (!isSystemFailure(error) || error.failure.code !== 'EXPENSES_NOT_OFFERED') return;
  const { object, system, message } = error.failure;
  await appendAudit(deps.store.db, [{ process, actor: 'q2c', action: 'step.not_offered', object, system, message, details: { step: 'expense' } }]);
}

function labelOf({ kind, report, person }: ExpensePosting): string {
  return `${kind === 'reversal' ? 'reversal of ' : ''}expense report ${report.id} version ${report.version} of ${person}`;
}

function notOffered(posting: ExpensePosting, why: string): Failure {
  return failure(posting, {
    kind: 'configuration',
    code: 'EXPENSES_NOT_OFFERED',
    message: `${posting.system} takes no expense reports from us (${why}), so ${labelOf(posting)} over ${posting.total.amount} ${posting.total.currency} is not booked.`,
    mend: `Book it by hand in ${posting.system}, period ${posting.accountingPeriod}, with ${posting.key} as its reference, and choose "confirm_done" with its ID as externalId; or mend the connector and choose "retry".`,
    written: 'no',
    postingKey: posting.key,
  });
}

function doubt(posting: ExpensePosting) {
  return unresolvedDoubt({
    ...failure(posting, {
      kind: 'in_doubt',
      code: 'WRITE_IN_DOUBT',
      message: `the answer to posting ${labelOf(posting)} in ${posting.system} was lost, and ${posting.system} offers no way to ask whether it took effect.`,
      mend: `Look for ${posting.key} in ${posting.system}. If it is there, choose "confirm_done" with its ID as externalId; if not, choose "confirm_not_done" and it is posted again.`,
      written: 'unknown',
    }),
    postingKey: posting.key,
  });
}

function failure(posting: ExpensePosting, part: Pick<Failure, 'kind' | 'code' | 'message' | 'mend' | 'written'> & Partial<Failure>): Failure {
  return { system: posting.system, object: labelOf(posting), ...part };
}
