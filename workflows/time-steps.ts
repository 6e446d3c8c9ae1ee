import { proxyActivities, setCurrentDetails, setHandler, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { PageDecision, PostResult, RecordSelection, TimeActivities } from '../activities/time/contract.ts';
import type { ConfigActivated } from '../domain/process/deal-process.ts';
import type { CaseInput } from '../domain/process/exception-case.ts';
import type { TimeProgress } from '../domain/process/time-process.ts';
import { onStore, onTarget } from './activity-options.ts';
import { createCases } from './cases.ts';
import { configActivatedSignal } from './contracts/deal-process.ts';
import { SearchAttribute } from './contracts/search-attributes.ts';
import { timeProgressQuery } from './contracts/time.ts';
import { persist, type Persistence } from './persist.ts';

/** As the deal line's default: an hour of failing for passing reasons before integration support is told. */
const SLA_MINUTES = 60;
/** Analytics: the lowest of the five levels. */
const ANALYTICS_PRIORITY = 5;

export interface TimeProcess {
  readonly subject: string;
  readonly legalEntity: string;
  readonly selection: RecordSelection;
  /** 1 … 5, ARCHITECTURE.md "Priority". */
  readonly priority: number;
}

/** The steps of received time, the same for a page and for one timesheet: decide → post to each ERP → warehouse → answer. */
export function createTimeSteps({ subject, legalEntity, selection, priority }: TimeProcess) {
  const process = workflowInfo().workflowId;
  const weight = { priority: { priorityKey: priority, fairnessKey: legalEntity } };
  const store = proxyActivities<TimeActivities>({ ...onStore(subject), ...weight, startToCloseTimeout: '5 minutes' });
  const analytics = proxyActivities<TimeActivities>({ ...onStore(subject), priority: { priorityKey: ANALYTICS_PRIORITY, fairnessKey: legalEntity }, startToCloseTimeout: '5 minutes' });
  const on = (system: string) => proxyActivities<TimeActivities>({ ...onTarget(system, subject, legalEntity), ...weight, startToCloseTimeout: '30 minutes' });

  let stage: TimeProgress['stage'] = 'deciding';
  let counts: TimeProgress['counts'] = null;
  let activated: ConfigActivated | undefined;
  const posted: Record<string, number> = {};

  const cases = createCases({ openedBefore: 0, onChange: () => show(), onLateAnswer: () => undefined });
  const progress = (): TimeProgress => ({ stage, subject, counts, posted, openCases: cases.list().map(({ caseId, input }) => ({ caseId, code: input.code })) });
  setHandler(timeProgressQuery, progress);
  setHandler(configActivatedSignal, (told) => {
    activated = told;
  });

  function show(): void {
    setCurrentDetails(detailsOf(progress()));
  }

  function enter(next: TimeProgress['stage']): void {
    stage = next;
    upsertSearchAttributes([{ key: SearchAttribute.stage, value: next }]);
    show();
  }

  function caseFor(part: Pick<CaseInput, 'code' | 'kind' | 'message' | 'mend' | 'subject'> & Partial<CaseInput>): CaseInput {
    return { process, findings: [], system: null, legalEntity, deal: subject, amount: null, evidence: null, postingKey: null, configHash: null, without: [], ...part };
  }

  const persistence: Persistence = { cases, caseFor, configActivated: () => activated, slaMinutes: SLA_MINUTES };
  const through = <Result>(what: string, step: () => Promise<Result>) => persist(persistence, what, step);

  return {
    cases,
    caseFor,
    enter,
    configActivated: () => activated,
    store,
    async decide(again: boolean): Promise<PageDecision> {
      enter('deciding');
      const decision = await through(`decision about ${subject}`, () => store.decideTimesheets({ process, selection, again }));
      const { records, entries, accepted, repeats, rejected, held, withdrawn } = decision;
      counts = { records, entries, accepted, repeats, rejected, held, withdrawn };
      return decision;
    },
    /** Everything the decision planned, in every system. @returns the lines that ERPs refused for good */
    async carryOut(decision: PageDecision): Promise<PostResult['refused']> {
      const refused: PostResult['refused'][number][] = [];
      if (decision.targets.length > 0) {
        enter('posting');
        await Promise.all(decision.targets.map(async ({ system }) => {
          const result = await through(`labor of ${subject} in ${system}`, () => on(system).postLabor({ process, selection, system }));
          posted[system] = (posted[system] ?? 0) + result.posted;
          refused.push(...result.refused);
          show();
        }));
      }
      if (decision.accepted > 0 || decision.withdrawn > 0 || decision.targets.length > 0) {
        enter('publishing');
        await through(`warehouse facts of ${subject}`, () => analytics.publishTime({ selection }));
      }
      if (decision.answers.length > 0) {
        enter('answering');
        await Promise.all(decision.answers.map((system) => through(`answers to ${system} about ${subject}`, () => store.answerTimeSystem({ process, selection, system }))));
      }
      return refused;
    },
    /** Lines an ERP refused for good: a person says when they are to be tried again. */
    async seeTo(refused: PostResult['refused']): Promise<void> {
      for (let left = refused; left.length > 0; ) {
        const [first] = left;
        if (first === undefined) return;
        enter('waiting');
        const open = await cases.raise(caseFor({
          code: first.code,
          kind: first.kind,
          subject,
          message: left.length === 1 ? first.message : `${first.message} (${left.length} lines of ${subject} are refused.)`,
          mend: first.mend,
          without: ['correct', 'override', 'reroute', 'return_to_submitter', 'confirm_done', 'confirm_not_done', 'abort'],
        }));
        const known = activated?.hash;
        await cases.answerOf(open, () => (activated?.hash === known ? undefined : 'another configuration is active; the lines are tried again'));
        for (const record of new Set(left.map((line) => line.record))) await store.retryRefused({ record });
        const targets = await store.decideTimesheets({ process, selection, again: false });
        left = (await Promise.all(targets.targets.map(({ system }) => through(`labor of ${subject} in ${system}`, () => on(system).postLabor({ process, selection, system }))))).flatMap((result) => result.refused);
      }
    },
    postedLines: () => Object.values(posted).reduce((sum, lines) => sum + lines, 0),
  };
}

function detailsOf({ stage, counts, posted, openCases }: TimeProgress): string {
  const lines = [`**${STAGES[stage]}**`];
  if (counts !== null) lines.push(`${counts.records} timesheets with ${counts.entries} entries: ${counts.accepted} accepted, ${counts.rejected} refused, ${counts.held} held, ${counts.repeats} known before, ${counts.withdrawn} withdrawn.`);
  for (const [system, count] of Object.entries(posted)) lines.push(`${count} lines are in ${system}.`);
  for (const { code, caseId } of openCases) lines.push(`Waiting for a person: ${code} (${caseId}).`);
  return lines.join('\n\n');
}

const STAGES: Readonly<Record<TimeProgress['stage'], string>> = {
  deciding: 'Checking against rules, rates and periods',
  posting: 'Posting labor to the ERP',
  publishing: 'Bringing the warehouse up to date',
  answering: 'Telling the time system',
  waiting: 'Waiting for a person or a corrected version',
  done: 'Done',
};
