import { z } from 'zod';
import type { CallContext, Found, RecordPort, Written } from '../connectors/ports.ts';
import { isSystemFailure, SystemFailure, type Failure } from '../domain/failure.ts';
import type { StepName } from '../domain/process/deal-process.ts';
import { externalIdOf, linkIdentity } from '../store/identity-map.ts';
import { canonicalJson, sha256 } from '../store/json.ts';
import { livePostings } from '../store/posting-settlement.ts';
import { openIntent, recordDone, recordInDoubt, recordNotDone, renewIntent } from '../store/posting-ledger.ts';
import type { StepInput, StepResult } from './contract.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { toTemporal, unresolvedDoubt } from './failures.ts';

/** While an attempt's lease runs, no other attempt writes the same record; a killed worker's is free after so long. Renewed while a call goes on. */
const LEASE_MS = 15_000;
const RENEW_MS = 5_000;
/** How soon an attempt that found the record taken looks again: most calls are answered long before their lease runs out. */
const LOOK_AGAIN_MS = 1_000;
/** The one kind of record that several deals write. */
const SHARED_BY_DEALS = 'customer';

export interface LedgeredWrite<Document> {
  readonly process: string;
  readonly step: StepName;
  readonly system: string;
  /** The kind of record, as the identity map names it. */
  readonly objectType: string;
  readonly canonicalId: string;
  /** In words, for messages: "project US01-TECH-7K3QF9QX". */
  readonly label: string;
  /** Business key, step and version: the same write has the same key over retries, resets and restarts of its process. */
  readonly key: string;
  readonly document: Document;
  /** What the write was made from, by reference: enough to build the document again for its undo. */
  readonly madeFrom: { readonly planRef: string; readonly references: StepInput['references'] };
  readonly port: RecordPort<Document>;
  readonly context: CallContext;
}

/**
 * One write in one system, exactly once as far as the system allows (ARCHITECTURE.md, "Exactly once"):
 * an intent in the posting ledger → the call → the result. An attempt that finds an earlier one unanswered looks the target up first;
 * where the target cannot be asked, it never writes again but hands the question to a person.
 * @throws ApplicationFailure with a Failure in its details
 */
export async function writeOnce<Document>(deps: ActivityDependencies, write: LedgeredWrite<Document>): Promise<StepResult> {
  const { db } = deps.store;
  const { key, process, step, system, objectType, canonicalId, document, port, context } = write;
  try {
    const known = await externalIdOf(db, { objectType, canonicalId, system });
    const before: Found | null = known !== undefined ? { externalId: known.externalId, url: known.url } : port.lookUp === 'key' ? await deps.withSlot(system, context.signal, (signal) => port.find(document, { ...context, signal })) : await byEarlierPostings(deps, write);
    const intent = await openIntent(db, {
      key,
      process,
      step,
      system,
      operation: 'write',
      objectType,
      canonicalId,
      requestHash: sha256(canonicalJson(document)),
      request: write.madeFrom,
      existed: before?.externalId ?? null,
      leaseMs: LEASE_MS,
    });
    switch (intent.status) {
      case 'done': {
        const done = recordedResult(intent.externalId, intent.result);
        return { state: 'done', ...(settledByPerson.safeParse(intent.result).success ? await complete(deps, write, done) : done) };
      }
      case 'busy':
        throw new SystemFailure(failure(write, { kind: 'transient', code: 'WRITE_UNDER_WAY', message: `another attempt to write ${write.label} is under way until ${intent.leaseUntil}.`, mend: 'It is tried again by itself.', retryAfterMs: LOOK_AGAIN_MS }));
      case 'conflict':
        throw new SystemFailure(failure(write, { kind: 'contract', code: 'LEDGER_CONFLICT', message: `${write.label} was written before under the key ${key} with other content.`, mend: 'This is a defect in the process: report it to integration support with this key.' }));
      case 'retry':
        if (intent.mustLookUp && port.lookUp === 'none') throw await leaveToPerson(deps, write, intent);
        break;
      case 'first':
        break;
    }
    const existed = intent.existed;
    const existing = before ?? (await sinceThen(deps, write, intent));
    const written = await call(deps, write, existing, intent);
    const created = existed === null && (written.created || intent.status === 'retry');
    const result = { externalId: written.externalId, url: written.url, created };
    await recordDone(db, {
      key,
      generation: intent.generation,
      externalId: written.externalId,
      result,
      undo: { created, existed },
      process,
      links: [{ objectType, canonicalId, system, externalId: written.externalId, url: written.url }],
      audit: [{ process, actor: 'q2c', action: created ? 'record.created' : 'record.updated', object: write.label, system, message: `${write.label} is ${written.externalId} in ${system}`, details: { key, externalId: written.externalId } }],
    });
    context.log.info({ step, system, object: write.label, externalId: result.externalId, created }, `${write.label} is in ${system}`);
    return { state: 'done', ...result };
  } catch (error) {
    context.log.warn({ step, system, object: write.label, error: error instanceof Error ? error.message : String(error) }, `${write.label} is not in ${system} yet`);
    throw toTemporal(error);
  }
}

/**
 * What came to stand between the look-up before the intent and the intent: the late effect of an attempt in doubt, or the customer that
 * another deal of the same client has just made. Only now that the intent is ours can nobody else write the record.
 */
async function sinceThen<Document>(deps: ActivityDependencies, write: LedgeredWrite<Document>, intent: Attempt & { readonly mustLookUp?: boolean }): Promise<Found | null> {
  const { objectType, canonicalId, system, port, document } = write;
  if (intent.mustLookUp === true) return await keepingLease(deps, write, intent, (held) => deps.withSlot(system, held.signal, (signal) => port.find(document, { ...held, signal })));
  if (objectType !== SHARED_BY_DEALS) return null;
  return (await externalIdOf(deps.store.db, { objectType, canonicalId, system })) ?? null;
}

/**
 * What the ledger knows of a record in a system that cannot be asked: an earlier round or process may have made it.
 * @throws ApplicationFailure for a person while one of its writes is in doubt
 */
async function byEarlierPostings<Document>(deps: ActivityDependencies, write: LedgeredWrite<Document>): Promise<Found | null> {
  const { objectType, canonicalId, system, step } = write;
  const earlier = (await livePostings(deps.store.db, { objectType, canonicalId, system, step })).filter((posting) => posting.key !== write.key);
  const doubtful = earlier.find((posting) => posting.state !== 'done' && posting.state !== 'not_done');
  if (doubtful !== undefined) throw doubt(write, doubtful.key);
  const made = earlier.findLast((posting) => posting.state === 'done' && posting.external_id !== null);
  return made === undefined ? null : { externalId: made.external_id ?? '', url: null };
}

const settledByPerson = z.object({ settledBy: z.string() });

/**
 * A person found the record whose answer was lost. What a record has besides (a project's tasks) may not have been made by then, so it is
 * updated once more: it is known now, so nothing can double.
 */
async function complete<Document>(deps: ActivityDependencies, write: LedgeredWrite<Document>, done: ReturnType<typeof recordedResult>): Promise<ReturnType<typeof recordedResult>> {
  const { objectType, canonicalId, system, process, context } = write;
  const { url } = await deps.withSlot(system, context.signal, (signal) => write.port.write(write.document, { externalId: done.externalId, url: done.url }, { ...context, signal }));
  await linkIdentity(deps.store.db, process, [{ objectType, canonicalId, system, externalId: done.externalId, url }]);
  return { ...done, url };
}

interface Attempt {
  readonly generation: number;
  readonly attempt: number;
}

const storedResult = z.object({ url: z.string().nullable().default(null), created: z.boolean().default(true) });

/** A person's word that a write was done carries no more than the record's ID. */
function recordedResult(externalId: string | null, result: unknown) {
  return { externalId: externalId ?? '', ...storedResult.parse(result) };
}

async function call<Document>(deps: ActivityDependencies, write: LedgeredWrite<Document>, existing: Found | null, attempt: Attempt): Promise<Written> {
  const { db } = deps.store;
  try {
    return await keepingLease(deps, write, attempt, (context) => deps.withSlot(write.system, context.signal, (signal) => write.port.write(write.document, existing, { ...context, signal })));
  } catch (error) {
    const told = isSystemFailure(error) ? error.failure : undefined;
    const evidence = { message: error instanceof Error ? error.message : String(error), code: told?.code ?? 'UNEXPECTED' };
    const end = { key: write.key, generation: attempt.generation, attempt: attempt.attempt, error: evidence, audit: [] };
    if (told?.written === 'no') await recordNotDone(db, end);
    else await recordInDoubt(db, end);
    throw error;
  }
}

/** Renews the lease while the call goes on; should it be lost, the call is cut, since another attempt may have taken over. */
async function keepingLease<Document, Result>(deps: ActivityDependencies, write: LedgeredWrite<Document>, attempt: Attempt, work: (context: CallContext) => Promise<Result>): Promise<Result> {
  const lost = new AbortController();
  const renewing = setInterval(() => {
    renewIntent(deps.store.db, { key: write.key, generation: attempt.generation, attempt: attempt.attempt, leaseMs: LEASE_MS }).then(
      (renewed) => {
        if (!renewed) lost.abort(new Error(`the lease on ${write.key} was lost: another attempt may have taken over`));
      },
      (error: unknown) => {
        write.context.log.warn({ key: write.key, error: error instanceof Error ? error.message : String(error) }, 'the lease could not be renewed; tried again in a moment');
      },
    );
  }, RENEW_MS);
  try {
    return await work({ ...write.context, signal: AbortSignal.any([write.context.signal, lost.signal]) });
  } finally {
    clearInterval(renewing);
  }
}

async function leaveToPerson<Document>(deps: ActivityDependencies, write: LedgeredWrite<Document>, attempt: Attempt) {
  await recordInDoubt(deps.store.db, { key: write.key, generation: attempt.generation, attempt: attempt.attempt, audit: [], error: { code: 'IN_DOUBT', message: 'the answer of an earlier attempt was lost and the system cannot be asked' } });
  return doubt(write, write.key);
}

function doubt<Document>(write: LedgeredWrite<Document>, postingKey: string) {
  return unresolvedDoubt({
    ...failure(write, {
      kind: 'in_doubt',
      code: 'WRITE_IN_DOUBT',
      message: `the answer to writing ${write.label} in ${write.system} was lost, and ${write.system} offers no way to ask whether it took effect.`,
      mend: `Look for ${write.label} in ${write.system}. If it is there, choose "confirm_done" with its ID as externalId; if not, choose "confirm_not_done" and it is written again.`,
    }),
    postingKey,
  });
}

function failure<Document>(write: LedgeredWrite<Document>, part: Pick<Failure, 'kind' | 'code' | 'message' | 'mend'> & { retryAfterMs?: number }): Failure {
  return { system: write.system, object: write.label, written: 'unknown', ...part };
}
