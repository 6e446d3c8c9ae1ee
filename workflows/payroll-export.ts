import { allHandlersFinished, condition, isCancellation, proxyActivities, setHandler, setWorkflowOptions, upsertSearchAttributes, workflowInfo, type ActivityOptions } from '@temporalio/workflow';
import type { AcknowledgementResult, ExportOutline, PayrollActivities, PayrollPlan } from '../activities/payroll/contract.ts';
import type { Failure } from '../domain/failure.ts';
import type { ExportNow, ExportProgress, PayrollOutcome, PayrollRun } from '../domain/process/payroll-process.ts';
import { onStore, onTarget } from './activity-options.ts';
import { createCases } from './cases.ts';
import { configActivatedSignal } from './contracts/deal-process.ts';
import { exportNowUpdate, payrollProgressQuery } from './contracts/payroll-export.ts';
import { SearchAttribute } from './contracts/search-attributes.ts';
import { failureOf } from './failures.ts';
import { createPayrollCases } from './payroll-cases.ts';
import { createPayrollProgress } from './payroll-progress.ts';
import { createPayrollSteps } from './payroll-steps.ts';
import { createStandingCase } from './standing-case.ts';
import { onDeployment } from './versioning.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Near the cutoff what payroll would miss is counted this often. */
const RISK_EVERY_MS = 5 * MINUTE_MS;
const FIRST_POLL_MS = 1000;
const LAST_POLL_MS = MINUTE_MS;
/** Past the time agreed with the bureau. Some hundred events a day: weeks of waiting stay far below the limits of a history. */
const OVERDUE_POLL_MS = 5 * MINUTE_MS;

/**
 * The payroll of one legal entity for one pay period: waits for the cutoff, tells of time that would miss it, takes the hours, sends them, waits
 * until the bureau has acknowledged them, and settles what it rejected; again as long as there are hours that no export has.
 * ID: payrollExportId. Started a second time, it is the same run.
 */
export async function payrollExport(run: PayrollRun): Promise<PayrollOutcome> {
  const { legalEntity, payPeriod } = run;
  const process = workflowInfo().workflowId;
  const known: { plan?: PayrollPlan } = {};
  let wanted: ExportNow | undefined;
  let finishing = false;
  let configsTold = 0;

  const cases = createCases({
    openedBefore: 0,
    onChange: (open) => {
      upsertSearchAttributes([{ key: SearchAttribute.openCases, value: open }]);
      progress.show();
    },
    onLateAnswer: () => undefined,
  });
  const progress = createPayrollProgress(run, cases.list);
  const caseOf = createPayrollCases({ run, process, configHash: () => known.plan?.configHash ?? null });
  const { attempt, watched } = createPayrollSteps({ cases, caseOf, configsTold: () => configsTold, slaMinutes: () => known.plan?.transientSlaMinutes ?? 15 });

  setHandler(configActivatedSignal, () => {
    configsTold += 1;
  });
  setHandler(exportNowUpdate, (request) => {
    wanted = request;
    return `The hours of ${legalEntity} for ${payPeriod} that are known now are exported; what comes until the cutoff goes into a supplementary export.`;
  }, {
    validator: ({ by, reason }: ExportNow) => {
      if (finishing) throw new Error(`${process} has just come to its end: start it again.`);
      if (by.trim() === '' || reason.trim() === '') throw new Error('An export ahead of its cutoff needs "by" and "reason": they go into the audit trail.');
    },
  });
  setHandler(payrollProgressQuery, progress.view);
  upsertSearchAttributes([
    { key: SearchAttribute.process, value: 'payrollExport' },
    { key: SearchAttribute.legalEntity, value: legalEntity },
    { key: SearchAttribute.stage, value: 'planning' },
  ]);
  progress.show();

  const first = { priorityKey: 1, fairnessKey: legalEntity };
  const store = (summary: string) => proxyActivities<PayrollActivities>({ ...onStore(summary), priority: first });
  const bureau = (system: string, summary: string) => proxyActivities<PayrollActivities>({ ...(onTarget(system, summary, legalEntity) satisfies ActivityOptions), priority: first });

  async function untilDue({ cutoffAt, atRiskHoursBefore, settleSeconds }: PayrollPlan): Promise<void> {
    const cutoff = Date.parse(cutoffAt);
    const due = cutoff + settleSeconds * 1000;
    const risk = createStandingCase(cases);
    const woken = () => wanted !== undefined;
    if (Date.now() < due) progress.enter('waiting_for_cutoff');
    const quiet = cutoff - atRiskHoursBefore * HOUR_MS - Date.now();
    if (quiet > 0) await condition(woken, quiet);
    while (!woken() && Date.now() < cutoff) {
      const open = await attempt(`time of ${legalEntity} that payroll would miss`, 'q2c', () => store('what payroll would miss').cutoffRisk(run));
      if (open.waiting + open.held + open.rejected > 0) {
        progress.enter('at_risk');
        await risk.show('at risk', caseOf.atRisk(open, cutoffAt));
      } else {
        await risk.clear('nothing is left that payroll would miss');
        progress.enter('waiting_for_cutoff');
      }
      const left = cutoff - Date.now();
      if (left > 0) await condition(woken, Math.min(RISK_EVERY_MS, left));
    }
    await risk.clear(woken() ? 'the hours are exported ahead of the cutoff' : 'the cutoff has come: what was left is paid with the next pay period');
    const settling = due - Date.now();
    if (settling > 0) await condition(woken, settling);
  }

  async function deliver(taken: ExportOutline, plan: PayrollPlan): Promise<void> {
    const shown = (change: Pick<ExportProgress, 'state'> & { readonly rejected?: number }) => {
      const { exportId, number, lines, people, hours } = taken;
      progress.exported({ exportId, number, lines, people, hours, rejected: 0, ...change });
    };
    if (taken.lines === 0) return shown({ state: 'accepted' });
    shown({ state: 'taken' });
    if (taken.state === 'planned') {
      progress.enter('sending');
      await attempt(`payroll export ${taken.exportId}`, taken.system, () => bureau(taken.system, `${taken.hours} hours of ${taken.people} people to ${taken.system}`).sendHours({ exportId: taken.exportId, process }));
    }
    shown({ state: 'sent' });
    progress.enter('waiting_for_bureau');
    const told = await acknowledged(taken, plan);
    if (told.state === 'waiting' || told.state === 'accepted') return shown({ state: 'accepted' });
    shown({ state: told.state, rejected: told.rejected });
    progress.enter('settling_rejected');
    await settle(taken, told);
  }

  async function acknowledged(taken: ExportOutline, { acknowledgedWithinHours }: PayrollPlan): Promise<AcknowledgementResult> {
    const { exportId, system } = taken;
    const agreed = acknowledgedWithinHours * HOUR_MS;
    const overdue = createStandingCase(cases);
    const unread = createStandingCase(cases);
    let overdueAt = Date.now() + agreed;
    for (let pause = FIRST_POLL_MS; ; pause = Math.min(pause * 2, LAST_POLL_MS)) {
      const configsBefore = configsTold;
      const result = await watched(`acknowledgement of ${exportId}`, system, () => bureau(system, `acknowledgement of ${exportId}`).readAcknowledgement({ exportId, process })).catch(failedFor(exportId));
      if ('failure' in result) await unread.show(`${result.failure.code} ${result.failure.message}`, caseOf.failed(result.failure));
      else await unread.clear(result.state === 'waiting' ? 'what was not understood is gone' : 'the bureau has acknowledged');
      if (!('failure' in result) && result.state !== 'waiting') {
        await overdue.clear('the bureau has acknowledged');
        return result;
      }
      if (Date.now() >= overdueAt) await overdue.show('overdue', caseOf.overdue(taken, acknowledgedWithinHours));
      await condition(() => overdue.answered() || unread.answered() || configsTold > configsBefore, Date.now() >= overdueAt ? OVERDUE_POLL_MS : pause);
      const answers = [overdue.answer(), unread.answer()].filter((answer) => answer !== undefined);
      const word = answers.find(({ action }) => action === 'confirm_done');
      if (word !== undefined) {
        await attempt(`payroll export ${exportId}`, 'q2c', () => store(`word of the bureau for ${exportId}`).acknowledgeByHand({ exportId, process, by: word.by, reason: word.reason, reference: word.externalId }));
      } else if (answers.length > 0) {
        await unread.clear('it is looked at again');
        await overdue.clear('it is looked at again');
        overdueAt = Math.max(overdueAt, Date.now() + agreed);
        pause = FIRST_POLL_MS;
      }
    }
  }

  /** Rejected hours are never forgotten: they go into another export, or a person says that they are paid by hand. */
  async function settle(taken: ExportOutline, told: Extract<AcknowledgementResult, { state: 'lines_rejected' | 'refused' }>): Promise<void> {
    for (;;) {
      const answer = await cases.answerOf(await cases.raise(caseOf.rejected(taken, told)), () => undefined);
      if (answer === undefined) continue;
      const as = answer.action === 'confirm_done' ? 'by_hand' : 'released';
      await attempt(`payroll export ${taken.exportId}`, 'q2c', () => store(`rejected lines of ${taken.exportId}`).settleRejectedHours({ exportId: taken.exportId, process, as, by: answer.by, reason: answer.reason }));
      return;
    }
  }

  const plan = await attempt(`payroll ${legalEntity} ${payPeriod}`, 'q2c', () => store('pay period and terms').planPayroll(run));
  known.plan = plan;
  progress.planned(plan);
  for (;;) {
    await untilDue(plan);
    const early = wanted;
    wanted = undefined;
    progress.enter('taking_hours');
    const { by, reason } = early ?? { by: 'q2c', reason: 'the cutoff has come' };
    const { system } = plan;
    const taken = await attempt(`payroll ${legalEntity} ${payPeriod}`, 'q2c', () => store('hours that no export has').claimHours({ ...run, process, system, by, reason }));
    if (taken !== null) await deliver(taken, plan);
    else if (early === undefined && Date.now() >= Date.parse(plan.cutoffAt)) {
      finishing = true;
      break;
    }
  }
  await cases.closeAll('the payroll export has come to its end');
  progress.enter('done');
  await condition(allHandlersFinished);
  const exports = progress.exports();
  return { ...run, outcome: exports.length === 0 ? 'nothing_to_export' : 'exported', exports };
}

function failedFor(exportId: string): (error: unknown) => { readonly failure: Failure } {
  return (error) => {
    if (isCancellation(error)) throw error;
    return { failure: failureOf(error, `acknowledgement of payroll export ${exportId}`) };
  };
}

// It may wait for weeks across deployments: changes go in by patches, guarded by replayed histories.
setWorkflowOptions(onDeployment('AUTO_UPGRADE'), payrollExport);
