import { proxyActivities, proxyLocalActivities, setCurrentDetails, setHandler, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { PageDecision, PostResult, RecordSelection, TimeActivities } from '../activities/time/contract.ts';
import type { ConfigActivated } from '../domain/process/deal-process.ts';
import type { CaseAnswer, CaseInput } from '../domain/process/exception-case.ts';
import type { TimeProgress } from '../domain/process/time-process.ts';
import { onStore, onTarget, WITHIN_TASK } from './activity-options.ts';
import { createCases, type OpenCase } from './cases.ts';
import { configActivatedSignal } from './contracts/deal-process.ts';
import { SearchAttribute } from './contracts/search-attributes.ts';
import { lookAgainSignal, timeProgressQuery } from './contracts/time.ts';
import { persist, type Persistence } from './persist.ts';

/** As the deal line's default: an hour of failing for passing reasons before integration support is told. */
const SLA_MINUTES = 60;
/** A page takes some seconds at most; without a heartbeat for so long its worker is gone, and another goes on. */
const LONG = { startToCloseTimeout: '5 minutes', heartbeatTimeout: '15 seconds' } as const;
/** Analytics: the lowest of the five levels. */
const ANALYTICS_PRIORITY = 5;

export type RefusedLine = PostResult['refused'][number] & { readonly system: string };

/** Stages that people look for; the others last moments, and each change costs the server a write. */
const FOUND_BY: ReadonlySet<TimeProgress['stage']> = new Set(['posting', 'waiting', 'done']);

export interface TimeProcess {
  readonly subject: string;
  readonly legalEntity: string;
  readonly selection: RecordSelection;
  /** 1 … 5, ARCHITECTURE.md "Priority". */
  readonly priority: number;
  /** The stage that whoever started it has given it already. */
  readonly startedAs?: TimeProgress['stage'];
}

/** The steps of received time, the same for a page and for one timesheet: decide → post to each ERP → warehouse → answer. */
export function createTimeSteps({ subject, legalEntity, selection, priority, startedAs }: TimeProcess) {
  const process = workflowInfo().workflowId;
  const weight = { priority: { priorityKey: priority, fairnessKey: legalEntity } };
  const store = proxyActivities<TimeActivities>({ ...onStore(subject), ...weight, ...LONG });
  const analytics = proxyActivities<TimeActivities>({ ...onStore(subject), priority: { priorityKey: ANALYTICS_PRIORITY, fairnessKey: legalEntity }, ...LONG });
  const within = proxyLocalActivities<TimeActivities>(WITHIN_TASK);
  const on = (system: string) => proxyActivities<TimeActivities>({ ...onTarget(system, subject, legalEntity), ...weight, startToCloseTimeout: '30 minutes' });

  let stage: TimeProgress['stage'] = 'deciding';
  let found = startedAs;
  let counts: TimeProgress['counts'] = null;
  let activated: ConfigActivated | undefined;
  let told = 0;
  /** What had been told when the postings were looked at last. */
  let heard = 0;
  let superseded = false;
  const posted: Record<string, number> = {};

  const cases = createCases({ openedBefore: 0, onChange: () => show(), onLateAnswer: () => undefined });
  const progress = (): TimeProgress => ({ stage, subject, counts, posted, openCases: cases.list().map(({ caseId, input }) => ({ caseId, code: input.code })) });
  setHandler(timeProgressQuery, progress);
  setHandler(lookAgainSignal, ({ reason }) => {
    told += 1;
    superseded ||= reason === 'superseded';
  });
  setHandler(configActivatedSignal, (config) => {
    activated = config;
  });

  function show(): void {
    setCurrentDetails(detailsOf(progress()));
  }

  function enter(next: TimeProgress['stage']): void {
    stage = next;
    if (FOUND_BY.has(next) && next !== found) {
      found = next;
      upsertSearchAttributes([{ key: SearchAttribute.stage, value: next }]);
    }
    show();
  }

  function caseFor(part: Pick<CaseInput, 'code' | 'kind' | 'message' | 'mend' | 'subject'> & Partial<CaseInput>): CaseInput {
    return { process, findings: [], system: null, legalEntity, deal: subject, amount: null, evidence: null, postingKey: null, configHash: null, without: [], ...part };
  }

  const persistence: Persistence = { cases, caseFor, configActivated: () => activated, slaMinutes: SLA_MINUTES };
  const through = <Result>(what: string, step: () => Promise<Result>, byHand?: (answer: CaseAnswer) => Promise<void>) => persist(persistence, what, step, byHand);

  async function post(system: string): Promise<RefusedLine[]> {
    const result = await through(`labor of ${subject} in ${system}`, () => on(system).postLabor({ process, selection, system }));
    posted[system] = (posted[system] ?? 0) + result.posted;
    show();
    return result.refused.map((line) => ({ ...line, system }));
  }

  /** Tells a time system what it is still to be told. */
  async function answer(system: string): Promise<void> {
    await through(`answers to ${system} about ${subject}`, () => store.answerTimeSystem({ process, selection, system }), ({ by, reason, externalId }) => store.giveUpAnswers({ process, selection, system, by, reason, how: externalId }));
  }

  function raiseFor(lines: readonly RefusedLine[], without: CaseInput['without']) {
    const [first] = lines;
    if (first === undefined) throw new RangeError('a case about no lines');
    const { code, kind, message, mend, system } = first;
    return cases.raise(caseFor({ code, kind, subject, system, message: lines.length === 1 ? message : `${message} (${lines.length} lines of ${subject}.)`, mend, without: [...without] }));
  }

  /** Whatever is planned by now, in every system concerned. */
  async function postAgain(lines: readonly RefusedLine[]): Promise<{ readonly left: readonly RefusedLine[]; readonly answers: readonly string[] }> {
    heard = told;
    const { targets, answers } = await through(`decision about ${subject}`, () => store.decideTimesheets({ process, selection, again: false }));
    const left = await Promise.all([...new Set([...lines, ...targets].map(({ system }) => system))].map(post));
    return { left: left.flat(), answers };
  }

  /** The case of these lines, until somebody answers, or what was decided meanwhile leaves nothing of them to post. */
  async function ask(lines: readonly RefusedLine[], without: CaseInput['without'], obsolete: () => string | undefined): Promise<CaseAnswer | undefined> {
    let open: OpenCase | undefined;
    for (;;) {
      if (told > heard) {
        const { left } = await postAgain(lines);
        if (!lines.some(({ key }) => left.some((line) => line.key === key))) {
          if (open !== undefined) await cases.close(open, 'nothing of it is to be posted any more');
          return undefined;
        }
      }
      open ??= await raiseFor(lines, without);
      const answer = await cases.answerOf(open, obsolete, () => (told > heard ? 'look again' : undefined));
      if (answer !== undefined || !cases.list().includes(open)) return answer;
    }
  }

  async function retry(lines: readonly RefusedLine[]): Promise<void> {
    const known = activated?.hash;
    await ask(lines, ['correct', 'override', 'reroute', 'return_to_submitter', 'confirm_done', 'confirm_not_done', 'abort'], () => (activated?.hash === known ? undefined : 'another configuration is active; the lines are tried again'));
    for (const record of new Set(lines.map((line) => line.record))) await store.retryRefused({ record });
  }

  /** No configuration can say whether a line is in the ERP: only somebody who looks. */
  async function settle(lines: readonly RefusedLine[]): Promise<void> {
    const system = lines[0]?.system ?? '';
    const doubtful = lines.filter((line) => line.system === system);
    const word = await ask(doubtful, ['retry', 'correct', 'override', 'reroute', 'return_to_submitter', 'abort'], () => undefined);
    if (word === undefined) return;
    const { action, externalId, by, reason } = word;
    for (const record of new Set(doubtful.map((line) => line.record))) {
      await store.settleDoubtful({ process, record, system, outcome: action === 'confirm_done' ? 'done' : 'not_done', externalId, by, reason });
    }
  }

  return {
    cases,
    caseFor,
    enter,
    configActivated: () => activated,
    /** How often it was told to look again. */
    told: () => told,
    superseded: () => superseded,
    store,
    async decide(again: boolean): Promise<PageDecision> {
      enter('deciding');
      heard = told;
      const decision = await through(`decision about ${subject}`, () => store.decideTimesheets({ process, selection, again }));
      const { records, entries, accepted, repeats, rejected, held, withdrawn } = decision;
      counts = { records, entries, accepted, repeats, rejected, held, withdrawn };
      return decision;
    },
    /** What its page refused, with what was decided; undefined where it has to be judged. */
    async refusalOf(record: number): Promise<PageDecision | undefined> {
      const decision = await within.refusalOf({ record });
      if (decision === null) return undefined;
      const { records, entries, accepted, repeats, rejected, held, withdrawn } = decision;
      counts = { records, entries, accepted, repeats, rejected, held, withdrawn };
      return decision;
    },
    /** Everything the decision planned, in every system. @returns the lines that are left to a person */
    async carryOut(decision: PageDecision): Promise<readonly RefusedLine[]> {
      const refused: RefusedLine[] = [];
      if (decision.targets.length > 0) {
        enter('posting');
        refused.push(...(await Promise.all(decision.targets.map(({ system }) => post(system)))).flat());
      }
      if (decision.accepted > 0 || decision.withdrawn > 0 || decision.targets.length > 0) {
        enter('publishing');
        await through(`warehouse facts of ${subject}`, () => analytics.publishTime({ selection }));
      }
      if (decision.answers.length > 0) {
        enter('answering');
        await Promise.all(decision.answers.map(answer));
      }
      return refused;
    },
    /** Lines an ERP refused for good, or of which nobody knows: a person says when they are to be tried again, or that they are there. */
    async seeTo(refused: readonly RefusedLine[]): Promise<void> {
      let answers: readonly string[] = [];
      for (let left = refused; left.length > 0; ) {
        enter('waiting');
        const doubtful = left.filter((line) => line.doubtful);
        if (doubtful.length > 0) await settle(doubtful);
        else await retry(left);
        ({ left, answers } = await postAgain(left));
      }
      // What is posted only now was not locked before.
      await Promise.all(answers.map(answer));
    },
    answer,
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
