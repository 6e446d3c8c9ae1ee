import { z } from 'zod';
import { isUnsupported, type CallContext, type Unsupported } from '../../connectors/ports.ts';
import type { ExpenseAnswers } from '../../connectors/expense-answers.ts';
import { isSystemFailure, SystemFailure } from '../../domain/failure.ts';
import { findingSchema } from '../../domain/findings.ts';
import { expenseReportSchema, type ExpenseReport } from '../../domain/model/time/expense-report.ts';
import { appendAudit } from '../../store/audit-trail.ts';
import type { Db } from '../../store/database.ts';
import { dropPlannedAnswers, planAnswer } from '../../store/expenses/answers.ts';
import { outcomeOf } from '../../store/expenses/decision.ts';
import { expenseRecord } from '../../store/expenses/known.ts';
import { postingsOfRecord } from '../../store/expenses/postings.ts';
import { tellSubmitter } from '../../store/submitter-notices.ts';
import { plannedAnswers, recordAnswered, recordAnswersRefused, type PlannedAnswer } from '../../store/time/answers.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { refusalNotice } from '../time/refusal-notice.ts';
import type { ExpenseAnswerPlan } from './contract.ts';

const head = { reportId: z.string(), version: z.number().int().positive(), person: z.string() };
const answerSchemas = {
  reject: z.object({ ...head, reason: z.string(), findings: z.array(z.object({ code: z.string(), path: z.string(), message: z.string(), mend: z.string() })) }),
  lock: z.object({ ...head, postings: z.array(z.object({ postedIn: z.string(), externalId: z.string().nullable() })) }),
};
type Rejection = z.infer<typeof answerSchemas.reject>;

type Answering = Pick<ActivityDependencies, 'store' | 'systems' | 'withSlot'>;

/** Plans what the system a report came from is to be told of it, as far as it is decided. What that system does not take is done with at once. */
export async function planExpenseAnswer({ store: { db }, systems }: Pick<Answering, 'store' | 'systems'>, { record, system }: { readonly record: number; readonly system: string }): Promise<ExpenseAnswerPlan> {
  const outcome = await outcomeOf(db, record);
  if (outcome === undefined) return { toTell: false, note: null };
  const report = await reportOf(db, record);
  const findings = z.array(findingSchema).parse(outcome.findings);
  // A mapping that the firm lacks is nothing its submitter could mend.
  const isForSubmitter = findings.every(({ kind }) => kind === 'business_rule');
  switch (outcome.outcome) {
    case 'accepted': {
      await dropPlannedAnswers(db, record, 'reject');
      const postings = await postingsOfRecord(db, record);
      // What was taken back before it got there is no news.
      if (postings.some(({ state }) => state === 'done')) await planAnswer(db, { record, system, kind: 'lock', detail: { ...headOf(report), remarks: outcome.remarks, postings: postings.map(({ key, system: postedIn, kind, state, externalId }) => ({ key, postedIn, kind, state, externalId })) } });
      break;
    }
    case 'rejected':
      if (isForSubmitter) await planAnswer(db, { record, system, kind: 'reject', detail: rejectionOf(report, findings) });
      else await dropPlannedAnswers(db, record, 'reject');
      break;
    case 'superseded':
      await dropPlannedAnswers(db, record, 'reject');
      break;
    default:
      break;
  }
  const planned = await plannedAnswers(db, { records: [record] }, system);
  const answers = answersOf({ systems }, system);
  const untold = planned.filter(({ kind }) => typeof answers[kind] !== 'function');
  if (untold.length > 0) await db.transaction().execute(async (transaction) => {
    await recordAnswered(transaction, untold.map(({ kind }) => ({ record, kind, state: 'not_offered' })));
    for (const { kind, detail } of answers.tellsItself ? [] : untold) {
      if (kind !== 'reject') continue;
      const { reportId, version, person, reason } = answerSchemas.reject.parse(detail);
      await tellSubmitter(transaction, refusalNotice({ kind: 'expense', system, id: reportId, version, person, reason }));
    }
  });
  const mayGoBack = outcome.outcome === 'held' || (outcome.outcome === 'rejected' && isForSubmitter);
  return { toTell: planned.length > untold.length, note: mayGoBack && isUnsupported(answers.reject) ? answers.reject.unsupported : null };
}

/**
 * Tells the system a report came from what is planned.
 * @throws SystemFailure
 */
export async function tellExpenseAnswer(deps: Answering, terms: { readonly process: string; readonly record: number; readonly system: string }, context: CallContext): Promise<void> {
  const { db } = deps.store;
  const { process, record, system } = terms;
  const answers = answersOf(deps, system);
  for (const answer of await plannedAnswers(db, { records: [record] }, system)) {
    try {
      await deps.withSlot(system, context.signal, (signal) => tell(answers, answer, { ...context, signal, idempotencyKey: `${answer.kind}/${record}` }));
    } catch (error) {
      if (!isSystemFailure(error)) throw error;
      const { failure } = error;
      if (failure.kind === 'transient' || failure.kind === 'in_doubt') throw error;
      await recordAnswersRefused(db, [{ record, kind: answer.kind, error: failure }]);
      throw new SystemFailure({ ...failure, mend: failure.mend.includes('"confirm_done"') ? failure.mend : `${failure.mend} Then choose "retry"; where the submitter was told by hand, choose "confirm_done" with how as externalId, and ${system} is not told any more.` }, { cause: error });
    }
    await db.transaction().execute(async (transaction) => {
      await recordAnswered(transaction, [{ record, kind: answer.kind, state: 'done' }]);
      await appendAudit(transaction, [{ process, actor: 'q2c', action: 'expense.answered', object: process, system, message: answer.kind === 'reject' ? `${system} has the report given back, with what has to be mended` : `${system} knows that the report is posted and locked`, details: { record, kind: answer.kind } }]);
    });
  }
}

/** A refused report is given back by a person: its submitter is to be told, unless that has been done with the same findings. */
export async function planReturn(db: Db, { record, system, by, reason }: { readonly record: number; readonly system: string; readonly by: string; readonly reason: string }): Promise<void> {
  const outcome = await outcomeOf(db, record);
  const findings = z.array(findingSchema).parse(outcome?.findings ?? []);
  const given = rejectionOf(await reportOf(db, record), findings);
  const why = [outcome?.holdMessage ?? '', `${by}: ${reason}`, given.reason].filter((line) => line !== '').join('\n');
  await planAnswer(db, { record, system, kind: 'reject', detail: { ...given, reason: why } }, { unlessDone: true });
}

async function tell(answers: ExpenseAnswers, { kind, detail }: PlannedAnswer, context: CallContext): Promise<void> {
  if (kind === 'reject') {
    if (typeof answers.reject === 'function') await answers.reject(answerSchemas.reject.parse(detail), context);
  } else if (typeof answers.lock === 'function') await answers.lock(answerSchemas.lock.parse(detail), context);
}

interface TakenAnswers extends ExpenseAnswers {
  /** It asks us what became of its reports, and tells their submitters. */
  readonly tellsItself: boolean;
}

/** What the system takes. One that is not configured here sends its reports itself, over /v1/expenses. */
function answersOf({ systems }: Pick<ActivityDependencies, 'systems'>, system: string): TakenAnswers {
  const none = (why: Unsupported, tellsItself: boolean): TakenAnswers => ({ reject: why, lock: why, tellsItself });
  try {
    const { expenseReports } = systems.time(system);
    return isUnsupported(expenseReports) ? none(expenseReports, false) : { ...expenseReports, tellsItself: false };
  } catch (error) {
    if (isSystemFailure(error) && error.failure.code === 'SYSTEM_NOT_CONFIGURED') return none({ unsupported: `${system} sends its reports to /v1/expenses and takes no answers: it may ask for this one there (GET /v1/expenses/<system>/<id>); tell the submitter what is wrong, and have a new version of the report sent.` }, true);
    throw error;
  }
}

async function reportOf(db: Db, record: number): Promise<ExpenseReport> {
  return expenseReportSchema.parse((await expenseRecord(db, record))?.document);
}

function headOf({ id, version, person }: ExpenseReport): z.infer<z.ZodObject<typeof head>> {
  return { reportId: id, version, person };
}

/** In words for the submitter: each thing that is wrong, once, with how to mend it. */
function rejectionOf(report: ExpenseReport, findings: readonly z.infer<typeof findingSchema>[]): Rejection {
  const said = new Set(findings.map(({ message, mend }) => `${message} ${mend}`));
  return { ...headOf(report), reason: [...said].slice(0, 10).join('\n'), findings: findings.map(({ code, path, message, mend }) => ({ code, path, message, mend })) };
}
