import type { CallContext } from '../../connectors/ports.ts';
import { isUnsupported } from '../../connectors/ports.ts';
import type { TimesheetSource } from '../../connectors/timesheet-source.ts';
import { isSystemFailure, SystemFailure, type Failure, type FailureKind } from '../../domain/failure.ts';
import type { Db } from '../../store/database.ts';
import { tellSubmitter } from '../../store/submitter-notices.ts';
import { plannedAnswers, recordAnswered, recordAnswersRefused, type PlannedAnswer } from '../../store/time/answers.ts';
import type { RecordSelection } from '../../store/time/records.ts';
import { openAnswers } from '../../store/time/summary.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { answerSchemas } from './answer.ts';
import { refusalNotice } from './refusal-notice.ts';

/** From the one that waits for itself to the one that nothing but a change of ours mends. */
const GRAVITY: Readonly<Record<FailureKind, number>> = { transient: 0, in_doubt: 1, business_rule: 2, configuration: 3, contract: 4 };
/** When so many in a row fail for passing reasons, it is the system and not the answers. */
const PASSING_IN_A_ROW = 3;

type Answering = Pick<ActivityDependencies, 'store' | 'systems' | 'withSlot'>;

/**
 * Tells a time system what it is still to be told of these records. One answer that it will not take keeps none of the others back.
 * @throws the gravest failure, once everything was tried
 */
export async function answerTimeSystem(deps: Answering, terms: { readonly selection: RecordSelection; readonly system: string }, context: CallContext): Promise<{ readonly rejected: number; readonly locked: number; readonly notOffered: number }> {
  const { db } = deps.store;
  const { system } = terms;
  const told = { rejected: 0, locked: 0, notOffered: 0 };
  const failures: { readonly failure: Failure; readonly error: unknown }[] = [];
  let passing = 0;
  const source = sourceOf(deps, system);
  const planned = await plannedAnswers(db, terms.selection, system);
  const notOffered = planned.filter(({ kind }) => typeof source?.[kind] !== 'function');
  await recordNotOffered(db, system, notOffered, { tellSubmitters: source !== undefined });
  told.notOffered = notOffered.length;
  if (source === undefined) return told;
  for (const answer of planned.filter((one) => !notOffered.includes(one))) {
    context.signal.throwIfAborted();
    try {
      await deps.withSlot(system, context.signal, (signal) => tell(source, answer, { ...context, signal, idempotencyKey: `${answer.kind}/${answer.record}` }));
      await recordAnswered(db, [{ record: answer.record, kind: answer.kind, state: 'done' }]);
      passing = 0;
      if (answer.kind === 'reject') told.rejected += 1;
      else told.locked += 1;
    } catch (error) {
      if (!isSystemFailure(error)) throw error;
      const { failure } = error;
      failures.push({ failure, error });
      passing = isPassing(failure) ? passing + 1 : 0;
      if (!isPassing(failure)) await recordAnswersRefused(db, [{ record: answer.record, kind: answer.kind, error: failure }]);
      if (passing === PASSING_IN_A_ROW) break;
    }
    context.heartbeat(`${told.rejected + told.locked} answers told`);
  }
  throwGravest(system, failures);
  return told;
}

/** What no time system can be told is done with at once. @returns the systems that are still to be told something of the record */
export async function answersToTell(deps: Pick<ActivityDependencies, 'store' | 'systems'>, record: number): Promise<readonly string[]> {
  const { db } = deps.store;
  const selection = { records: [record] };
  const toTell: string[] = [];
  for (const system of await openAnswers(db, selection)) {
    if (sourceOf(deps, system) !== undefined) toTell.push(system);
    else await recordNotOffered(db, system, await plannedAnswers(db, selection, system), { tellSubmitters: false });
  }
  return toTell;
}

/**
 * What a time system does not take is done with. Of a refusal whoever submitted it hears by our own message, unless the system sends its documents
 * itself: then it asks what became of them (GET /v1/answers), and tells its people.
 */
async function recordNotOffered(db: Db, system: string, answers: readonly PlannedAnswer[], { tellSubmitters }: { readonly tellSubmitters: boolean }): Promise<void> {
  const refusals = tellSubmitters ? answers.filter(({ kind }) => kind === 'reject').map(({ detail }) => answerSchemas.reject.parse(detail)) : [];
  const rows = answers.map(({ record, kind }) => ({ record, kind, state: 'not_offered' as const }));
  if (refusals.length === 0) return await recordAnswered(db, rows);
  await db.transaction().execute(async (transaction) => {
    await recordAnswered(transaction, rows);
    for (const { timesheetId, version, person, reason } of refusals) await tellSubmitter(transaction, refusalNotice({ kind: 'timesheet', system, id: timesheetId, version, person, reason }));
  });
}

function isPassing({ kind }: Failure): boolean {
  return kind === 'transient' || kind === 'in_doubt';
}

function throwGravest(system: string, failures: readonly { readonly failure: Failure; readonly error: unknown }[]): void {
  const [gravest] = failures.toSorted((left, right) => GRAVITY[right.failure.kind] - GRAVITY[left.failure.kind]);
  if (gravest === undefined) return;
  const { failure, error } = gravest;
  if (isPassing(failure)) throw error;
  const refused = failures.filter((one) => !isPassing(one.failure)).length;
  throw new SystemFailure({
    ...failure,
    message: refused === 1 ? failure.message : `${failure.message} (${refused} answers were refused by ${system}.)`,
    mend: `${failure.mend} Then choose "retry"; where those who have to know were told by hand, choose "confirm_done" with how as externalId, and ${system} is not told any more.`,
  }, { cause: error });
}

/** The time system a record came from; undefined where the configuration has no connector for it or it takes no answers: whoever sends over /v1/timesheets reads them at GET /v1/answers, by batch or by document. */
function sourceOf(deps: Pick<ActivityDependencies, 'systems'>, system: string): TimesheetSource | undefined {
  try {
    const { timesheets } = deps.systems.time(system);
    return isUnsupported(timesheets) ? undefined : timesheets;
  } catch (error) {
    if (isSystemFailure(error) && error.failure.code === 'SYSTEM_NOT_CONFIGURED') return undefined;
    throw error;
  }
}

/** Nothing where the time system does not offer it. */
async function tell(source: TimesheetSource, answer: PlannedAnswer, context: CallContext): Promise<void> {
  if (answer.kind === 'reject' && typeof source.reject === 'function') await source.reject(answerSchemas.reject.parse(answer.detail), context);
  if (answer.kind === 'lock' && typeof source.lock === 'function') await source.lock(answerSchemas.lock.parse(answer.detail), context);
}
