import { CancellationScope, condition, getExternalWorkflowHandle, isCancellation, patched, proxyActivities, setHandler, setWorkflowOptions, workflowInfo } from '@temporalio/workflow';
import type { ExpenseActivities, ExpenseAnswerPlan, ExpenseDecisionView, PlannedPosting } from '../activities/expenses/contract.ts';
import type { Failure } from '../domain/failure.ts';
import type { ConfigActivated } from '../domain/process/deal-process.ts';
import type { CaseAnswer, CaseInput } from '../domain/process/exception-case.ts';
import type { TimesheetInput } from '../domain/process/time-process.ts';
import { onStore, onTarget } from './activity-options.ts';
import { createCases } from './cases.ts';
import { configActivatedSignal } from './contracts/deal-process.ts';
import type { ExpenseReportOutcome } from './contracts/expense-report.ts';
import { lookAgainSignal } from './contracts/time.ts';
import { createExpenseProgress } from './expense-progress.ts';
import { failureOf } from './failures.ts';
import { persist } from './persist.ts';
import { createStandingCase } from './standing-case.ts';
import { onDeployment } from './versioning.ts';

/** How long a step may fail for passing reasons before integration support is told. */
const SLA_MINUTES = 60;
const HOUR_MS = 3_600_000;
/** A held report is looked at again after so long, then after twice as long and so on. */
const FIRST_LOOK_MS = HOUR_MS;
const LONGEST_LOOK_MS = 24 * HOUR_MS;
/** A report held for so long is shown to a person. */
const HELD_LONG_MS = 5 * 24 * HOUR_MS;
/** A call to the system the report came from may wait for its turn. */
const TELLING = { startToCloseTimeout: '5 minutes', heartbeatTimeout: '15 seconds' } as const;
/** Before it, a held report was given back without a word to its submitter. */
const HELD_RETURNS_ANSWERED = 'held-returns-answered';
/** Before it, the case of a long held report did not say whether its submitter would be told. */
const HELD_CASE_SAYS_HOW = 'held-case-says-how';
/** Analytics: the lowest of the five levels. */
const ANALYTICS_PRIORITY = 5;

/**
 * One version of one expense report: judged as a whole, posted to the ERP of the employer, and where it is refused or held, seen through until it is
 * posted, given back, or a later document takes its place. ID: `expense/<system>/<report>/<version>`.
 */
export async function expenseReport(input: TimesheetInput): Promise<ExpenseReportOutcome> {
  const { record, system, id, version, person, legalEntity, priority } = input;
  const process = workflowInfo().workflowId;
  const subject = `expense report ${id} version ${version} of ${person}`;
  const weight = { priority: { priorityKey: priority, fairnessKey: legalEntity } };
  const store = proxyActivities<ExpenseActivities>({ ...onStore(subject), ...weight });
  const source = proxyActivities<ExpenseActivities>({ ...onStore(subject), ...weight, ...TELLING });
  const analytics = proxyActivities<ExpenseActivities>({ ...onStore(subject), priority: { priorityKey: ANALYTICS_PRIORITY, fairnessKey: legalEntity } });
  let told = 0;
  let lastTold: 'superseded' | 'released' | undefined;
  let activated: ConfigActivated | undefined;
  /** What had been told when the report was judged last: whatever came since is news. */
  let judgedBy: { readonly told: number; readonly config: string | undefined } = { told: 0, config: undefined };
  /** A later document was decided before the posting had begun: nothing of this one is in the ERP. */
  let takenBack = false;
  let heldSince: number | undefined;
  /** How the submitter of a held report is to be told; undefined before it was asked for. */
  let heldNote: string | null | undefined;
  let nextLookMs = FIRST_LOOK_MS;

  const cases = createCases({ openedBefore: 0, onChange: () => progress.show(), onLateAnswer: () => undefined });
  const progress = createExpenseProgress(subject, cases.list);
  const standing = createStandingCase(cases);

  setHandler(lookAgainSignal, ({ reason }) => {
    told += 1;
    lastTold = reason;
  });
  setHandler(configActivatedSignal, (config) => {
    activated = config;
  });

  let decision = await decide();
  for (;;) {
    await tellOthers(decision);
    const answer = await carryOut(decision);
    if (decision.outcome === 'held') await waitHeld(decision);
    else if (decision.outcome === 'rejected') await whileTelling(answer, () => seeThrough(decision, answer));
    else {
      if (answer?.toTell === true) await tellSubmitter();
      break;
    }
    decision = await decide();
  }
  const outcome = outcomeOf(decision, takenBack);
  progress.enter('done');
  return outcome;

  function news(): string | undefined {
    if (told > judgedBy.told) return lastTold === 'superseded' ? 'a later document has taken its place' : 'what it waited for has come';
    return activated?.hash === judgedBy.config ? undefined : 'another configuration is active; it is judged again';
  }

  async function decide(): Promise<ExpenseDecisionView> {
    progress.enter('deciding');
    judgedBy = { told, config: activated?.hash };
    const next = await through(`decision about ${subject}`, () => store.decideExpenseReport({ process, record }));
    progress.decided(next);
    if (next.outcome !== 'held') {
      await standing.clear('it is held no longer');
      heldSince = undefined;
      nextLookMs = FIRST_LOOK_MS;
    }
    return next;
  }

  async function through<Result>(what: string, step: () => Promise<Result>, byHand?: (answer: CaseAnswer) => Promise<void>): Promise<Result> {
    return await persist({ cases, caseFor, configActivated: () => activated, slaMinutes: SLA_MINUTES }, what, step, byHand);
  }

  /** Everything the decision planned. A reversal goes before what takes its place. */
  async function carryOut({ outcome, postings, findings }: ExpenseDecisionView): Promise<ExpenseAnswerPlan | undefined> {
    for (const posting of postings) {
      if (posting.state === 'done') continue;
      progress.enter('posting');
      await post(posting);
    }
    if (outcome === 'accepted' || outcome === 'withdrawn') {
      progress.enter('publishing');
      await through(`warehouse facts of ${subject}`, () => analytics.publishExpense({ record }));
    }
    if (outcome !== 'accepted' && findings.length === 0 && !(outcome === 'returned' && patched(HELD_RETURNS_ANSWERED))) return undefined;
    progress.enter('answering');
    return await through(`answer about ${subject}`, () => store.answerExpense({ record, system }));
  }

  async function tellSubmitter(): Promise<void> {
    await through(`answer to ${system} about ${subject}`, () => source.tellExpenseAnswer({ process, record, system }), ({ by, reason, externalId }) => store.giveUpExpenseAnswer({ process, record, system, by, reason, how: externalId }));
  }

  /** The system it came from may be down for long: whoever has to act here does not wait for it. What is not told by then is weighed anew. */
  async function whileTelling(answer: ExpenseAnswerPlan | undefined, work: () => Promise<void>): Promise<void> {
    if (answer?.toTell !== true) return await work();
    const scope = new CancellationScope();
    const telling = scope.run(tellSubmitter).catch((error: unknown) => {
      if (!isCancellation(error)) throw error;
    });
    await work();
    scope.cancel();
    await telling;
    await cases.closeAll('the report is looked at anew, and its submitter is told of that');
  }

  /** Posts until it is in the ERP, however often a person has to help, or until it is taken back before it got there. */
  async function post(posting: PlannedPosting): Promise<void> {
    const what = `${posting.kind === 'reversal' ? 'reversal by' : 'posting of'} ${subject}`;
    const erp = proxyActivities<ExpenseActivities>({ ...onTarget(posting.system, what, legalEntity), ...weight });
    for (;;) {
      progress.posting(posting, 'running', null);
      const known = told;
      const config = activated?.hash;
      const result = await through(what, async () => {
        try {
          return { posted: await erp.postExpense({ process, key: posting.key }) };
        } catch (error) {
          if (isCancellation(error)) throw error;
          return { failure: failureOf(error, what) };
        }
      });
      if ('posted' in result) {
        takenBack ||= posting.kind === 'original' && result.posted.state === 'cancelled';
        progress.posting(posting, result.posted.state, result.posted.state === 'done' ? result.posted.externalId : null);
        return;
      }
      progress.posting(posting, 'waiting', null);
      progress.enter('waiting');
      const open = await cases.raise(caseFor(caseOfPosting(result.failure, posting, what)));
      const answer = await cases.answerOf(open, () => {
        if (told > known) return 'another version has been decided; the posting is looked at again';
        return activated?.hash === config ? undefined : 'another configuration is active; the posting is tried again';
      });
      if (answer !== undefined) await heed(posting, answer);
      progress.enter('posting');
    }
  }

  async function heed({ key }: PlannedPosting, { action, externalId, by, reason }: CaseAnswer): Promise<void> {
    if (action !== 'confirm_done' && action !== 'confirm_not_done') return;
    await through(`word of ${by} on ${key}`, () => store.settleExpense({ process, key, outcome: action === 'confirm_done' ? 'done' : 'not_done', externalId, by, reason }));
  }

  /** A refused report waits for a person, another configuration, or the document that takes its place. */
  async function seeThrough({ findings, configHash, total }: ExpenseDecisionView, answer: ExpenseAnswerPlan | undefined): Promise<void> {
    progress.enter('waiting');
    const reason = caseOfFindings(findings);
    const open = await cases.raise(caseFor({ ...reason, mend: withNote(reason.mend, answer?.note), configHash, amount: total }));
    const word = await cases.answerOf(open, news);
    if (word?.action === 'override') await through(`word of ${word.by} on ${subject}`, () => store.waiveExpenseFindings({ process, record, findings: findings.map(({ code, path }) => ({ code, path })), by: word.by, reason: word.reason }));
    if (word?.action === 'return_to_submitter') await giveBack(word);
  }

  /** Nothing wrong with it: it is judged again when what it waits for is told, and from time to time. Held for days, a person is shown it beside. */
  async function waitHeld({ waits, configHash, total }: ExpenseDecisionView): Promise<void> {
    progress.enter('held');
    heldSince ??= Date.now();
    if (Date.now() - heldSince >= HELD_LONG_MS) {
      if (heldNote === undefined && patched(HELD_CASE_SAYS_HOW)) heldNote = (await through(`answer about ${subject}`, () => store.answerExpense({ record, system })))?.note ?? null;
      await standing.show('held', caseFor({
        code: 'EXPENSE_HELD_LONG',
        kind: 'business_rule',
        message: `${subject} has been waiting since ${new Date(heldSince).toISOString()}: ${waits?.message ?? ''}`,
        mend: withNote('See to what it waits for: it goes on by itself then. Or give it back to its submitter.', heldNote),
        configHash,
        amount: total,
        without: ['correct', 'override', 'reroute', 'confirm_done', 'confirm_not_done', 'abort'],
      }));
    }
    await condition(() => news() !== undefined || standing.answered(), nextLookMs);
    nextLookMs = Math.min(nextLookMs * 2, LONGEST_LOOK_MS);
    const answer = standing.answer();
    if (answer === undefined) return;
    await standing.clear('it was answered');
    heldSince = Date.now();
    if (answer.action === 'return_to_submitter') await giveBack(answer);
  }

  function withNote(mend: string, note: string | null | undefined): string {
    return note === null || note === undefined ? mend : `${mend} ${person} is not told by ${system}: ${note}`;
  }

  async function giveBack({ by, reason }: CaseAnswer): Promise<void> {
    await through(`return of ${subject}`, () => store.returnExpenseReport({ process, record, system, by, reason }));
  }

  /** Documents that this one supersedes, and held ones that waited for it. */
  async function tellOthers({ superseded: ended, released }: ExpenseDecisionView): Promise<void> {
    const others = [...ended.map((workflowId) => ({ workflowId, reason: 'superseded' as const })), ...released.map((workflowId) => ({ workflowId, reason: 'released' as const }))];
    await Promise.all(others.map(async ({ workflowId, reason }) => {
      try {
        await getExternalWorkflowHandle(workflowId).signal(lookAgainSignal, { reason });
      } catch {
        // It needs nobody any more: its process has ended.
      }
    }));
  }

  function caseFor(part: Pick<CaseInput, 'code' | 'kind' | 'message' | 'mend'> & Partial<CaseInput>): CaseInput {
    return { process, subject, findings: [], system: null, legalEntity, deal: `${system}/${id}`, amount: null, evidence: null, postingKey: null, configHash: null, without: [], ...part };
  }
}

function outcomeOf({ outcome, postings }: ExpenseDecisionView, takenBack: boolean): ExpenseReportOutcome {
  if (outcome === 'accepted') return { outcome: takenBack ? 'superseded' : 'posted', postings: takenBack ? 0 : postings.length };
  return { outcome: outcome === 'rejected' || outcome === 'held' ? 'returned' : outcome, postings: postings.length };
}

/** One case for all that is wrong with a report: it goes by the policy of its first finding. */
function caseOfFindings(findings: ExpenseDecisionView['findings']): Pick<CaseInput, 'code' | 'kind' | 'message' | 'mend' | 'findings' | 'without'> {
  const [first] = findings;
  return {
    code: first?.code ?? 'EXPENSE_REJECTED',
    kind: findings.some(({ kind }) => kind === 'configuration') ? 'configuration' : 'business_rule',
    message: findings.length > 1 ? `${first?.message ?? ''} (${findings.length} findings in all.)` : (first?.message ?? 'The report was refused.'),
    mend: first?.mend ?? 'Look at the report in the expense system.',
    findings,
    without: ['reroute', 'confirm_done', 'confirm_not_done', 'abort', ...(findings.every(({ overridable }) => overridable) ? [] : (['override'] as const))],
  };
}

/** What an ERP refused, or nobody can say of: tried again, or settled by somebody who looked into the ERP or booked it there by hand. */
function caseOfPosting({ code, kind, message, mend, system, evidence, written }: Failure, { key }: PlannedPosting, subject: string): Pick<CaseInput, 'code' | 'kind' | 'message' | 'mend'> & Partial<CaseInput> {
  return {
    code,
    kind,
    message,
    mend: kind === 'in_doubt' || code === 'EXPENSES_NOT_OFFERED' ? mend : `${mend} Then choose "retry"; where it was booked by hand, choose "confirm_done" with the ID it has there as externalId.`,
    subject,
    system: system === 'q2c' ? null : system,
    evidence: evidence ?? null,
    postingKey: key,
    without: ['correct', 'override', 'reroute', 'return_to_submitter', 'abort', ...(written === 'no' ? (['confirm_not_done'] as const) : [])],
  };
}

// It may wait for people across deployments: changes go in by patches, guarded by replayed histories.
setWorkflowOptions(onDeployment('AUTO_UPGRADE'), expenseReport);
