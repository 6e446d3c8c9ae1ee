import { allHandlersFinished, condition, proxyActivities, setHandler, setWorkflowOptions, upsertSearchAttributes, workflowInfo, type ActivityOptions } from '@temporalio/workflow';
import type { AcknowledgementResult, CutoffRisk, ExportOutline, PayrollActivities, PayrollPlan } from '../activities/payroll/contract.ts';
import type { ExportNow, ExportProgress, PayrollOutcome, PayrollRun } from '../domain/process/payroll-process.ts';
import { onStore, onTarget } from './activity-options.ts';
import { createCases } from './cases.ts';
import { configActivatedSignal } from './contracts/deal-process.ts';
import { exportNowUpdate, payrollProgressQuery } from './contracts/payroll-export.ts';
import { SearchAttribute } from './contracts/search-attributes.ts';
import { startLook, type Look } from './look.ts';
import { createPayrollCases } from './payroll-cases.ts';
import { createPayrollProgress } from './payroll-progress.ts';
import { createPayrollSteps } from './payroll-steps.ts';
import { createStandingCase } from './standing-case.ts';
import { onDeployment } from './versioning.ts';

const HOUR_MS = 3_600_000;
/** Some ten thousand hours at once. */
const LARGE = { startToCloseTimeout: '10 minutes', heartbeatTimeout: '30 seconds' } as const;
/** What payroll would miss is counted this often near the cutoff. */
const COUNT_EVERY = '2 minutes';

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
  const attempt = createPayrollSteps({ cases, caseOf, configsTold: () => configsTold, slaMinutes: () => known.plan?.transientSlaMinutes ?? 15 });

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
  const store = (summary: string) => proxyActivities<PayrollActivities>({ ...onStore(summary), ...LARGE, priority: first });
  const bureau = (system: string, summary: string) => proxyActivities<PayrollActivities>({ ...(onTarget(system, summary, legalEntity) satisfies ActivityOptions), priority: first });

  /** Tried again as long as there is nothing new: however long before the cutoff that begins, the history stays short. */
  const counting = proxyActivities<PayrollActivities>({ ...onStore('what payroll would miss'), retry: { ...onStore('').retry, initialInterval: COUNT_EVERY, backoffCoefficient: 1, maximumInterval: COUNT_EVERY }, priority: first });

  async function untilDue({ cutoffAt, atRiskHoursBefore, settleSeconds }: PayrollPlan): Promise<void> {
    const cutoff = Date.parse(cutoffAt);
    const due = cutoff + settleSeconds * 1000;
    const risk = createStandingCase(cases);
    const unposted = createStandingCase(cases);
    const woken = () => wanted !== undefined;
    if (Date.now() < due) progress.enter('waiting_for_cutoff');
    const quiet = cutoff - atRiskHoursBefore * HOUR_MS - Date.now();
    if (quiet > 0) await condition(woken, quiet);
    let told: boolean | null = null;
    let toldUnposted: boolean | null = null;
    while (!woken() && Date.now() < cutoff) {
      const asked: Parameters<PayrollActivities['cutoffRisk']>[0] = { ...run, told, toldUnposted };
      const look: Look<CutoffRisk> = startLook(`time of ${legalEntity} that payroll would miss`, () => counting.cutoffRisk(asked));
      await condition(() => woken() || look.seen() !== undefined, Math.max(cutoff - Date.now(), 1));
      const seen = look.seen();
      await look.end();
      if (seen?.outcome === 'failed') {
        await cases.answerOf(await cases.raise(caseOf.failed(seen.failure)), () => (woken() || Date.now() >= cutoff ? 'the cutoff has come' : undefined));
      } else if (seen?.outcome === 'answered') {
        const { waiting, held, rejected } = seen.result;
        told = waiting + held + rejected > 0;
        // Runs begun before it was counted have it undefined.
        toldUnposted = (seen.result.unposted ?? 0) > 0;
        progress.enter(told || toldUnposted ? 'at_risk' : 'waiting_for_cutoff');
        if (told) await risk.show('at risk', caseOf.atRisk(seen.result, cutoffAt));
        else await risk.clear('nothing is left that payroll would miss');
        if (toldUnposted) await unposted.show('unposted', caseOf.unposted(seen.result, cutoffAt));
        else await unposted.clear('everything accepted is in the ERP');
      }
    }
    await unposted.clear(woken() ? 'the hours are exported ahead of the cutoff' : 'the cutoff has come: payroll has the hours, and the close of the books is watched apart');
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

  /** The looking itself is one activity that is tried again and again: however long the bureau takes, the history stays short. */
  async function acknowledged(taken: ExportOutline, { acknowledgedWithinHours }: PayrollPlan): Promise<AcknowledgementResult> {
    const { exportId, system } = taken;
    const overdue = createStandingCase(cases);
    const unread = createStandingCase(cases);
    let overdueAt = Date.now() + acknowledgedWithinHours * HOUR_MS;
    let told: string | null = null;
    for (;;) {
      const asked: Parameters<PayrollActivities['awaitAcknowledgement']>[0] = { exportId, process, told };
      const look: Look<AcknowledgementResult> = startLook(`acknowledgement of payroll export ${exportId}`, () => bureau(system, `acknowledgement of ${exportId}`).awaitAcknowledgement(asked));
      const woken = () => look.seen() !== undefined || overdue.answered() || unread.answered();
      while (!woken()) {
        const left = overdueAt - Date.now();
        if (left <= 0) await overdue.show('overdue', caseOf.overdue(taken, acknowledgedWithinHours));
        if (left <= 0) await condition(woken);
        else await condition(woken, left);
      }
      const seen = look.seen();
      await look.end();
      if (seen?.outcome === 'failed') {
        told = `${seen.failure.code} ${seen.failure.message}`;
        await unread.show(told, caseOf.failed(seen.failure));
      } else if (seen?.outcome === 'answered') {
        told = null;
        await unread.clear(seen.result.state === 'waiting' ? 'what was not understood is gone' : 'the bureau has acknowledged');
        if (seen.result.state === 'waiting') continue;
        await overdue.clear('the bureau has acknowledged');
        return seen.result;
      }
      const answers = [overdue.answer(), unread.answer()].filter((answer) => answer !== undefined);
      if (answers.length === 0) continue;
      const word = answers.find(({ action }) => action === 'confirm_done');
      if (word !== undefined) {
        await attempt(`payroll export ${exportId}`, 'q2c', () => store(`word of the bureau for ${exportId}`).acknowledgeByHand({ exportId, process, by: word.by, reason: word.reason, reference: word.externalId }));
      }
      // Looked at afresh: what still stands is told again.
      told = null;
      await unread.clear('it is looked at again');
      await overdue.clear('it is looked at again');
      overdueAt = Math.max(overdueAt, Date.now() + acknowledgedWithinHours * HOUR_MS);
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

// It may wait for weeks across deployments: changes go in by patches, guarded by replayed histories.
setWorkflowOptions(onDeployment('AUTO_UPGRADE'), payrollExport);
