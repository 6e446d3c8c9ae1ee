import { setCurrentDetails, setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import type { ExpenseDecisionView, PlannedPosting } from '../activities/expenses/contract.ts';
import type { OpenCase } from './cases.ts';
import { expenseProgressQuery, type ExpenseProgress, type ExpenseStage } from './contracts/expense-report.ts';
import { SearchAttribute } from './contracts/search-attributes.ts';

const STAGES: Readonly<Record<ExpenseStage, string>> = {
  deciding: 'Checking against the expense policy, rates and periods',
  held: 'Waiting for what it depends on',
  posting: 'Posting to the ERP',
  publishing: 'Bringing the warehouse up to date',
  answering: 'Answering the submitter',
  waiting: 'Waiting for a person or a corrected version',
  done: 'Done',
};

/** Where an expense report stands, as the query answers it and the Temporal UI shows it. */
export function createExpenseProgress(subject: string, openCases: () => readonly OpenCase[]) {
  let stage: ExpenseStage = 'deciding';
  let decision: ExpenseDecisionView | undefined;
  const postings = new Map<string, ExpenseProgress['postings'][number]>();

  const view = (): ExpenseProgress => ({
    stage,
    subject,
    outcome: decision?.outcome ?? null,
    total: decision === undefined ? null : `${decision.total.amount} ${decision.total.currency}`,
    remarks: decision?.remarks ?? [],
    postings: [...postings.values()],
    waitsFor: decision?.waits?.message ?? null,
    openCases: openCases().map(({ caseId, input }) => ({ caseId, code: input.code })),
  });

  function show(): void {
    setCurrentDetails(inWords(view(), decision?.lines ?? 0));
  }

  setHandler(expenseProgressQuery, view);

  return {
    view,
    show,
    enter(next: ExpenseStage): void {
      stage = next;
      upsertSearchAttributes([{ key: SearchAttribute.stage, value: next }]);
      show();
    },
    decided(next: ExpenseDecisionView): void {
      decision = next;
      for (const { key, system, kind, state } of next.postings) postings.set(key, { key, system, kind, state, externalId: postings.get(key)?.externalId ?? null });
    },
    posting({ key, system, kind }: PlannedPosting, state: string, externalId: string | null): void {
      postings.set(key, { key, system, kind, state, externalId });
      show();
    },
  };
}

function inWords({ stage, subject, outcome, total, remarks, postings, waitsFor, openCases }: ExpenseProgress, lines: number): string {
  const text = [`**${STAGES[stage]}**`, `${subject[0]?.toUpperCase() ?? ''}${subject.slice(1)}${total === null ? '' : `: ${lines} ${lines === 1 ? 'line' : 'lines'}, ${total}${outcome === null ? '' : `, ${outcome}`}`}.`];
  if (waitsFor !== null) text.push(waitsFor);
  if (remarks.length > 0) text.push(`Let pass: ${remarks.join(', ')}.`);
  for (const { kind, system, state, externalId, key } of postings) text.push(`${kind === 'reversal' ? 'What was posted before is taken back' : 'The report is posted'} in ${system} as ${key}: ${state}${externalId === null ? '' : ` (${externalId})`}.`);
  for (const { code, caseId } of openCases) text.push(`Waiting for a person: ${code} (${caseId}).`);
  return text.join('\n\n');
}
