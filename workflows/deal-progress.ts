import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { LoadedDeal, PlanOutline } from '../activities/contract.ts';
import type { DealProgress, DealReference, DealStage, StepName, StepStatus } from '../domain/process/deal-process.ts';
import type { Cases } from './cases.ts';
import { SearchAttribute } from './contracts/search-attributes.ts';
import { recordKey, recordsOf } from './deal-records.ts';

const STAGE_WORDS: Readonly<Record<DealStage, string>> = {
  loading: 'Reading the deal from the CRM',
  validating: 'Checking the deal against the rules of the firm',
  building: 'Making customer, contract and projects in the target systems',
  activating: 'Every target has confirmed: opening the projects for work',
  waiting: 'Waiting for a person',
  compensating: 'Aborted: undoing what was made',
  activated: 'Activated: people can book time on the projects',
  aborted: 'Aborted; what had been made is undone',
  unchanged: 'Nothing that matters had changed',
};

/** Stages that people search for; the passing ones in between are not worth a write to Visibility. */
const SEARCHABLE_STAGES: ReadonlySet<DealStage> = new Set(['building', 'waiting', 'compensating', 'activated', 'aborted', 'unchanged']);

/** Where a deal's process stands, as the query answers it and the Temporal UI shows it. */
export function createProgress(reference: DealReference, openCases: () => ReturnType<Cases['list']>) {
  let stage: DealStage = 'loading';
  let searchable: DealStage | undefined;
  let deal: LoadedDeal | undefined;
  let round = 0;
  const steps = new Map<string, StepStatus>();
  const startedAt = new Map<string, number>();

  function view(): DealProgress {
    return {
      deal: { ...reference, name: deal?.name ?? null, client: deal?.client ?? null, amount: deal?.amount ?? null, version: deal?.version ?? null },
      stage,
      summary: STAGE_WORDS[stage],
      steps: [...steps.values()],
      openCases: openCases().map(({ caseId, input }) => ({ caseId, code: input.code, message: input.message })),
      round,
    };
  }

  function show(): void {
    const { name, client, amount } = view().deal;
    const lines = [`**${STAGE_WORDS[stage]}**`, '', name === null ? `Deal ${reference.opportunityId}` : `${name} for ${client ?? 'an unknown client'}${amount === null ? '' : `, ${amount.amount} ${amount.currency}`}`];
    for (const { caseId, input } of openCases()) lines.push('', `⚠ **${input.code}**: ${input.message} → \`${caseId}\``);
    if (steps.size > 0) {
      lines.push('', '| step | of | in | state | ID |', '| --- | --- | --- | --- | --- |');
      for (const step of steps.values()) {
        const id = step.externalId === null ? (step.note ?? '') : step.url === null ? step.externalId : `[${step.externalId}](${step.url})`;
        lines.push(`| ${step.step} | ${step.subject} | ${step.system} | ${step.state} | ${id} |`);
      }
    }
    setCurrentDetails(lines.join('\n'));
  }

  return {
    view,
    show,
    enter(next: DealStage): void {
      stage = next;
      if (SEARCHABLE_STAGES.has(next) && searchable !== next) {
        searchable = next;
        upsertSearchAttributes([{ key: SearchAttribute.stage, value: next }]);
      }
      show();
    },
    loaded(next: LoadedDeal): void {
      deal = next;
    },
    deal: (): LoadedDeal | undefined => deal,
    planned(plan: PlanOutline): void {
      const entities = [...new Set(plan.projects.map((project) => project.legalEntity))];
      stage = 'building';
      searchable = 'building';
      upsertSearchAttributes([
        { key: SearchAttribute.stage, value: stage },
        { key: SearchAttribute.legalEntities, value: entities },
        { key: SearchAttribute.projects, value: plan.projects.map((project) => project.number) },
        { key: SearchAttribute.customer, value: plan.customers.at(-1)?.id ?? '' },
        { key: SearchAttribute.systems, value: [...new Set(recordsOf(plan).map((record) => record.system))] },
        { key: SearchAttribute.region, value: plan.projects[0]?.region ?? '' },
      ]);
      show();
    },
    casesOpen(open: number): void {
      upsertSearchAttributes([{ key: SearchAttribute.openCases, value: open }]);
      show();
    },
    startRound(next: number): void {
      round = next;
    },
    step(step: StepName, subject: string, system: string, change: Partial<Pick<StepStatus, 'state' | 'externalId' | 'url' | 'note'>>): void {
      const key = recordKey(step, subject, system);
      const before = steps.get(key) ?? { step, subject, system, state: 'running', externalId: null, url: null, note: null };
      steps.set(key, { ...before, ...change });
      if (change.state === 'running') startedAt.set(key, Date.now());
      else if (change.state !== undefined) startedAt.delete(key);
      show();
    },
    /** Steps that have been running for longer than this, milliseconds. */
    runningLongerThan(limit: number): { readonly key: string; readonly status: StepStatus; /** Milliseconds. */ readonly since: number }[] {
      return [...startedAt].flatMap(([key, since]) => {
        const status = steps.get(key);
        return status !== undefined && Date.now() - since >= limit ? [{ key, status, since }] : [];
      });
    },
  };
}

export type Progress = ReturnType<typeof createProgress>;
