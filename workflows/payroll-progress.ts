import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { PayrollPlan } from '../activities/payroll/contract.ts';
import type { ExportProgress, PayrollProgress, PayrollRun, PayrollStage } from '../domain/process/payroll-process.ts';
import type { OpenCase } from './cases.ts';
import { SearchAttribute } from './contracts/search-attributes.ts';

const IN_WORDS: Readonly<Record<PayrollStage, string>> = {
  planning: 'looks up the pay period',
  waiting_for_cutoff: 'waits for the cutoff',
  at_risk: 'waits for the cutoff; payroll would miss some time',
  taking_hours: 'takes the hours',
  sending: 'sends the hours to the payroll bureau',
  waiting_for_bureau: 'waits for the payroll bureau to acknowledge',
  settling_rejected: 'has lines that the payroll bureau rejected',
  done: 'is done',
};

/** Where a payroll run stands: for the query, the search attributes and the words in the Temporal UI. */
export function createPayrollProgress(run: PayrollRun, openCases: () => readonly OpenCase[]) {
  const exports = new Map<string, ExportProgress>();
  let stage: PayrollStage = 'planning';
  let plan: PayrollPlan | undefined;

  const view = (): PayrollProgress => ({
    ...run,
    stage,
    cutoffAt: plan?.cutoffAt ?? null,
    exports: [...exports.values()],
    openCases: openCases().map(({ caseId, input }) => ({ caseId, code: input.code, message: input.message })),
  });

  function show(): void {
    const { openCases: open } = view();
    setCurrentDetails([
      `Payroll of ${run.legalEntity} for ${run.payPeriod} ${IN_WORDS[stage]}.`,
      ...(plan === undefined ? [] : [`Cutoff ${plan.cutoffAt}, paid on ${plan.payDate}.`]),
      ...[...exports.values()].map((one) => `- ${one.exportId}: ${one.hours} hours of ${one.people} people in ${one.lines} lines, ${one.state.replaceAll('_', ' ')}${one.rejected > 0 ? ` (${one.rejected} rejected)` : ''}`),
      ...open.map(({ caseId, message }) => `- case ${caseId}: ${message}`),
    ].join('\n'));
  }

  return {
    view,
    show,
    planned(found: PayrollPlan): void {
      plan = found;
    },
    enter(next: PayrollStage): void {
      if (next !== stage) upsertSearchAttributes([{ key: SearchAttribute.stage, value: next }]);
      stage = next;
      show();
    },
    exported(change: ExportProgress): void {
      exports.set(change.exportId, change);
      show();
    },
    exports: (): ExportProgress[] => [...exports.values()],
  };
}

export type PayrollProgressBoard = ReturnType<typeof createPayrollProgress>;
