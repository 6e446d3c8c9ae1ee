import { setWorkflowOptions, workflowInfo } from '@temporalio/workflow';
import type { OpenRecord } from '../activities/time/contract.ts';
import type { CaseAnswer, CaseInput } from '../domain/process/exception-case.ts';
import type { TimesheetInput, TimesheetOutcome } from '../domain/process/time-process.ts';
import { handOver } from './hand-over.ts';
import { createTimeSteps } from './time-steps.ts';
import { onDeployment } from './versioning.ts';

/**
 * One version of one timesheet: judged, posted, and where something in it was refused, seen through with a person until it is posted, given
 * back, or a later version takes its place. ID: `timesheet/<system>/<timesheet>/<version>`.
 */
export async function timesheet(input: TimesheetInput): Promise<TimesheetOutcome> {
  const { record, system, id, version, person, legalEntity, priority } = input;
  const process = workflowInfo().workflowId;
  const selection = { records: [record] };
  const name = `timesheet ${id} version ${version} of ${person}`;
  const steps = createTimeSteps({ subject: name, legalEntity, selection, priority, ...(input.refused === true ? { startedAs: 'waiting' as const } : {}) });

  const toldBefore = new Set<string>();
  let before = steps.told();
  // What its page accepted, its page posts.
  const refusal = input.refused === true ? await steps.refusalOf(record) : undefined;
  let decision = refusal ?? (await steps.decide(input.again ?? false));
  for (;;) {
    if (decision !== refusal) {
      await handOver(decision, { open: false, priority, toldBefore });
      await steps.seeTo(await steps.carryOut(decision));
    } else await Promise.all(decision.answers.map(steps.answer));
    const [open] = decision.open;
    const waiting = decision.held > 0 ? input.heldTooLong : undefined;
    if (steps.told() > before) {
      // What came while the decision was being carried out was not part of it: judged again at once.
    } else if (open !== undefined) await ask(caseOf(open, name), open);
    else if (waiting !== undefined) await ask(caseOfWaiting(waiting, name));
    else {
      const outcome = outcomeOf();
      await steps.store.finishPage({ selection, summary: { accepted: outcome.accepted, rejected: outcome.rejected, held: outcome.held } });
      if (steps.told() === before) {
        steps.enter('done');
        return outcome;
      }
    }
    before = steps.told();
    decision = await steps.decide(true);
  }

  async function ask(reason: CaseOfTimesheet, open?: OpenRecord): Promise<void> {
    // The page is through: what is left has a case of its own.
    if (steps.cases.opened() === 0 && decision !== refusal) await steps.store.finishPage({ selection, summary: { rejected: decision.rejected, held: decision.held } });
    steps.enter('waiting');
    const config = steps.configActivated()?.hash;
    const raised = await steps.cases.raise(steps.caseFor({ ...reason, system: null, configHash: decision.configHash }));
    const answer = await steps.cases.answerOf(raised, () => {
      if (steps.told() > before) return steps.superseded() ? 'a later version, or the withdrawal of its approval, has taken its place' : 'what it waited for has come';
      return steps.configActivated()?.hash === config ? undefined : 'another configuration is active; it is judged again';
    });
    if (answer !== undefined && (answer.action === 'return_to_submitter' || answer.action === 'abort')) await giveBack(answer, open === undefined);
    else if (answer?.action === 'override' && open !== undefined) await steps.store.waiveFindings({ process, record, codes: [...new Set(open.findings.map(({ code }) => code))], by: answer.by, reason: answer.reason });
  }

  async function giveBack({ by, reason }: CaseAnswer, held: boolean): Promise<void> {
    await steps.store.returnTimesheet({ process, record, by, reason, held });
    await steps.answer(system);
  }

  function outcomeOf(): TimesheetOutcome {
    const { accepted, rejected, held, withdrawn, repeats } = decision;
    const counts = { accepted: accepted + repeats, rejected, held };
    if (steps.superseded()) return { outcome: 'superseded', ...counts };
    if (rejected > 0) return { outcome: 'returned', ...counts };
    if (withdrawn > 0) return { outcome: 'withdrawn', ...counts };
    return { outcome: held > 0 ? 'held' : 'posted', ...counts };
  }
}

type CaseOfTimesheet = Pick<CaseInput, 'code' | 'kind' | 'message' | 'mend' | 'subject' | 'findings' | 'without'>;

/** One case for all that is wrong with a timesheet: it goes by the policy of its first finding. */
function caseOf(open: OpenRecord, name: string): CaseOfTimesheet {
  const { code, kind, findings, entries } = open;
  return {
    code,
    kind,
    subject: name,
    message: entries === 1 ? open.message : `${open.message} (${entries} entries of ${name} are refused.)`,
    mend: open.mend,
    findings,
    without: ['reroute', 'confirm_done', 'confirm_not_done', 'abort', ...(open.overridable ? [] : (['override'] as const))],
  };
}

function caseOfWaiting({ since, waitsFor }: NonNullable<TimesheetInput['heldTooLong']>, name: string): CaseOfTimesheet {
  return {
    code: 'HELD_TOO_LONG',
    kind: 'business_rule',
    subject: name,
    message: `The ${name} has waited since ${since} for: ${waitsFor.slice(0, 5).join('; ')}${waitsFor.length > 5 ? ` and ${waitsFor.length - 5} more` : ''}.`,
    mend: 'See to what it waits for: it goes on by itself when that comes. "retry" judges it again now; "return_to_submitter" gives the waiting entries back.',
    findings: [],
    without: ['correct', 'override', 'reroute', 'confirm_done', 'confirm_not_done', 'abort'],
  };
}

// It may wait for people across deployments: changes go in by patches, guarded by replayed histories.
setWorkflowOptions(onDeployment('AUTO_UPGRADE'), timesheet);
