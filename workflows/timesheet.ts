import { setHandler, setWorkflowOptions, workflowInfo } from '@temporalio/workflow';
import type { OpenRecord } from '../activities/time/contract.ts';
import type { CaseAnswer, CaseInput } from '../domain/process/exception-case.ts';
import type { TimesheetInput, TimesheetOutcome } from '../domain/process/time-process.ts';
import { lookAgainSignal } from './contracts/time.ts';
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
  let superseded = false;
  let told = 0;
  setHandler(lookAgainSignal, ({ reason }) => {
    told += 1;
    superseded ||= reason === 'superseded';
  });
  const steps = createTimeSteps({ subject: name, legalEntity, selection, priority });

  let decision = await steps.decide(false);
  for (;;) {
    await handOver(decision, { open: false, priority });
    await steps.seeTo(await steps.carryOut(decision));
    const [open] = decision.open;
    if (open === undefined) break;
    // The page is through: what is left has a case of its own.
    if (steps.cases.opened() === 0) await steps.store.finishPage({ selection, summary: { rejected: decision.rejected } });
    steps.enter('waiting');
    const config = steps.configActivated()?.hash;
    const before = told;
    const raised = await steps.cases.raise(steps.caseFor({ ...caseOf(open, name), system: null, configHash: decision.configHash }));
    const answer = await steps.cases.answerOf(raised, () => {
      if (told > before) return superseded ? 'a later version has taken its place' : 'what it waited for has come';
      return steps.configActivated()?.hash === config ? undefined : 'another configuration is active; it is judged again';
    });
    if (answer !== undefined && (answer.action === 'return_to_submitter' || answer.action === 'abort')) await giveBack(answer);
    else if (answer?.action === 'override') await steps.store.waiveFindings({ process, record, codes: [...new Set(open.findings.map(({ code }) => code))], by: answer.by, reason: answer.reason });
    decision = await steps.decide(true);
  }
  const outcome = outcomeOf();
  await steps.store.finishPage({ selection, summary: { accepted: outcome.accepted, rejected: outcome.rejected, held: outcome.held } });
  steps.enter('done');
  return outcome;

  async function giveBack({ by, reason }: CaseAnswer): Promise<void> {
    await steps.store.returnTimesheet({ process, record, by, reason });
    await steps.store.answerTimeSystem({ process, selection, system });
  }

  function outcomeOf(): TimesheetOutcome {
    const { accepted, rejected, held, withdrawn, repeats } = decision;
    const counts = { accepted: accepted + repeats, rejected, held };
    if (superseded) return { outcome: 'superseded', ...counts };
    if (rejected > 0) return { outcome: 'returned', ...counts };
    if (withdrawn > 0) return { outcome: 'withdrawn', ...counts };
    return { outcome: held > 0 ? 'held' : 'posted', ...counts };
  }
}

/** One case for all that is wrong with a timesheet: it goes by the policy of its first finding. */
function caseOf(open: OpenRecord, name: string): Pick<CaseInput, 'code' | 'kind' | 'message' | 'mend' | 'subject' | 'findings' | 'without'> {
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

// It may wait for people across deployments: changes go in by patches, guarded by replayed histories.
setWorkflowOptions(onDeployment('AUTO_UPGRADE'), timesheet);
