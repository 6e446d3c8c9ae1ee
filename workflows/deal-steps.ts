import { isCancellation, proxyActivities } from '@temporalio/workflow';
import type { DealActivities, Overrides, PlanOutline, ProjectOutline, StepInput, StepResult, UndoInput } from '../activities/contract.ts';
import type { DealReference, RecordStep, StepName } from '../domain/process/deal-process.ts';
import type { CaseAnswer, CaseInput } from '../domain/process/exception-case.ts';
import { onStore, onTarget } from './activity-options.ts';
import type { Cases } from './cases.ts';
import { Interrupted, type Control } from './deal-control.ts';
import type { Progress } from './deal-progress.ts';
import { contractRecord, customerRecords, projectRecords, recordsOf, type PlannedRecord } from './deal-records.ts';
import { failureOf } from './failures.ts';
import type { CompensationReport, Saga } from './saga.ts';

export interface StepsSettings {
  readonly process: string;
  readonly deal: DealReference;
  readonly saga: Saga;
  readonly cases: Cases;
  readonly control: Control;
  readonly progress: Progress;
  readonly overrides: { findings: Overrides['findings'][number][]; reroutes: Overrides['reroutes'][number][] };
  readonly news: () => string | undefined;
  readonly onReturned: (answer: CaseAnswer) => void;
  /** The process is being aborted: what fails now has no other way than to be tried again. */
  readonly compensating: () => boolean;
  readonly caseFor: (part: Pick<CaseInput, 'code' | 'kind' | 'message' | 'mend' | 'subject'> & Partial<CaseInput>) => CaseInput;
}

type References = { customers: Record<string, string>; contracts: Record<string, string>; projects: Record<string, string> };

const ACTIVITY_OF_STEP = {
  customer: 'ensureCustomer',
  contract: 'ensureContract',
  project: 'ensureProject',
  'rate-card': 'ensureRateCard',
  'billing-schedule': 'ensureBillingSchedule',
  'time-project': 'publishToTimeTracking',
  resources: 'publishToResourceManagement',
  reporting: 'publishToReporting',
} as const satisfies Record<RecordStep, keyof DealActivities>;

/** The steps of a deal's process: each one write in one system, with its compensation and, where it fails for good, its case. */
export function createSteps(settings: StepsSettings) {
  const { process, deal, saga, cases, control, progress, overrides, news } = settings;
  const store = proxyActivities<DealActivities>(onStore("a person's word on a write in doubt"));
  /** Records that stood before this process: an abort leaves them. */
  const kept = new Map<string, PlannedRecord>();
  const external = new Map<string, string>();

  function target(record: { readonly system: string; readonly legalEntity: string }, summary: string): DealActivities {
    return proxyActivities<DealActivities>(onTarget(record.system, summary, record.legalEntity));
  }

  /** @param version names the writes in the posting ledger: putting a plan back is another write than making it was */
  async function build(plan: PlanOutline, round: number, version: string): Promise<void> {
    const references = new Map<string, References>();
    const referencesIn = (system: string): References => {
      const known = references.get(system) ?? { customers: {}, contracts: {}, projects: {} };
      references.set(system, known);
      return known;
    };

    async function ensure(record: PlannedRecord): Promise<void> {
      const input: StepInput = { process, planRef: plan.ref, version, round, subject: record.subject, system: record.system, references: referencesIn(record.system) };
      const result = await untilDone(record, () => target(record, `${record.step}: ${record.label} in ${record.system}`)[ACTIVITY_OF_STEP[record.step]](input));
      if (result.state !== 'done') return;
      external.set(record.key, result.externalId);
      const group = ({ customer: 'customers', contract: 'contracts', project: 'projects', 'time-project': 'projects' } as const)[record.step as 'customer'];
      if (group !== undefined) referencesIn(record.system)[group][record.subject] = result.externalId;
    }

    async function buildProject(project: ProjectOutline): Promise<void> {
      const records = projectRecords(project);
      await ensure(records.project);
      await control.run(() => [
        ensure(records.rateCard),
        ensure(records.billingSchedule),
        (async () => {
          await ensure(records.time);
          if (records.resources === null) return;
          const timeProject = external.get(records.time.key);
          if (timeProject !== undefined) referencesIn(records.resources.system).projects[project.id] = timeProject;
          await ensure(records.resources);
        })(),
        ...(records.reporting === null ? [] : [ensure(records.reporting)]),
      ]);
    }

    await control.run(() => [
      (async () => {
        for (const customer of customerRecords(plan)) await ensure(customer);
      })(),
    ]);
    await control.run(() =>
      plan.contracts.map(async (contract) => {
        await ensure(contractRecord(contract));
      }),
    );
    await control.run(() => plan.projects.map(buildProject));
  }

  /** Runs one write until it is done. What no retry can mend becomes a case; its answer says how to go on. */
  async function untilDone(record: PlannedRecord, write: () => Promise<StepResult>): Promise<StepResult> {
    if (!kept.has(record.key)) saga.register({ key: record.key, what: `${record.step} ${record.label} in ${record.system}`, undo: (reason) => undo(record, reason) });
    for (;;) {
      progress.step(record.step, record.label, record.system, { state: 'running', note: null });
      try {
        const result = await write();
        progress.step(record.step, record.label, record.system, result.state === 'done' ? { state: 'done', externalId: result.externalId, url: result.url } : { state: 'not_offered', note: result.note });
        return result;
      } catch (error) {
        if (isCancellation(error)) throw error;
        await askPerson(record.step, record, error);
      }
    }
  }

  /** Returns where the step shall be tried again; throws Interrupted where the process shall start over or be aborted. */
  async function askPerson(step: StepName, record: Omit<PlannedRecord, 'step' | 'key'>, error: unknown): Promise<void> {
    const failure = failureOf(error, `${step} ${record.label}`);
    progress.step(step, record.label, record.system, { state: 'waiting', note: failure.message });
    progress.enter('waiting');
    const postingKey = failure.postingKey ?? null;
    const unresolved = postingKey !== null;
    const compensating = settings.compensating();
    const answer = await cases.answerOf(
      await cases.raise(settings.caseFor({
        code: compensating ? 'UNDO_FAILED' : failure.code,
        kind: failure.kind,
        subject: `${step} ${record.label}`,
        message: compensating ? `${step} ${record.label} could not be put back in ${record.system} as it was before the change: ${failure.message}` : failure.message,
        mend: failure.mend,
        system: record.system,
        legalEntity: record.legalEntity === '' ? null : record.legalEntity,
        evidence: failure.evidence ?? null,
        postingKey,
        without: ['override', ...(compensating ? (['abort', 'correct', 'reroute', 'return_to_submitter'] as const) : []), ...(unresolved ? (['retry', 'correct', 'reroute', 'return_to_submitter'] as const) : (['confirm_done', 'confirm_not_done'] as const))],
      })),
      news,
    );
    progress.enter(settings.compensating() ? 'compensating' : 'building');
    if (answer === undefined) throw new Interrupted(control.pending() ?? { kind: 'restart', why: news() ?? 'there is news' });
    switch (answer.action) {
      case 'abort':
        throw new Interrupted({ kind: 'abort', request: { by: answer.by, reason: answer.reason } });
      case 'confirm_done':
      case 'confirm_not_done':
        if (postingKey !== null) await settle(step, record, answer, postingKey);
        return;
      case 'reroute':
        overrides.reroutes.push({ from: record.system, to: answer.system ?? record.system, by: answer.by });
        throw new Interrupted({ kind: 'restart', why: `${answer.by} rerouted ${record.system} to ${answer.system ?? ''}` });
      case 'return_to_submitter':
        settings.onReturned(answer);
        throw new Interrupted({ kind: 'restart', why: `${answer.by} returned the deal to the seller` });
      case 'correct':
        throw new Interrupted({ kind: 'restart', why: `${answer.by} corrected what was wrong` });
      case 'retry':
      case 'override':
        return;
    }
  }

  /** Takes a person's word on a write in doubt. A word that cannot be true (the ID is another record's) becomes the next question. */
  async function settle(step: StepName, record: Omit<PlannedRecord, 'step' | 'key'>, answer: CaseAnswer, postingKey: string): Promise<void> {
    try {
      await store.settlePosting({ postingKey, outcome: answer.action === 'confirm_done' ? 'done' : 'not_done', externalId: answer.externalId, by: answer.by, reason: answer.reason, process });
    } catch (error) {
      if (isCancellation(error)) throw error;
      await askPerson(step, record, error);
    }
  }

  async function undo(record: PlannedRecord, reason: string): Promise<{ readonly undone: boolean; readonly detail: string }> {
    let byHand: UndoInput['byHand'];
    for (;;) {
      try {
        const result = await target(record, `undo ${record.step}: ${record.label} in ${record.system}`).undoStep({ process, step: record.step, subject: record.subject, system: record.system, reason, ...(byHand === undefined ? {} : { byHand }) });
        progress.step(record.step, record.label, record.system, { state: 'undone', note: result.detail });
        return { undone: true, detail: result.detail };
      } catch (error) {
        const failure = failureOf(error, `undo of ${record.step} ${record.label}`);
        progress.step(record.step, record.label, record.system, { state: 'not_undone', note: failure.message });
        const answer = await cases.answerOf(
          await cases.raise(settings.caseFor({
            code: 'UNDO_FAILED',
            kind: failure.kind,
            subject: `${record.step} ${record.label}`,
            message: `${record.step} ${record.label} could not be undone in ${record.system}: ${failure.message}`,
            mend: `Undo it by hand in ${record.system} and choose "confirm_done" (externalId: the record's ID), or mend the cause and choose "retry". "confirm_not_done" leaves it as it is.`,
            system: record.system,
            legalEntity: record.legalEntity,
            evidence: failure.evidence ?? null,
            without: ['abort', 'correct', 'override', 'reroute', 'return_to_submitter'],
          })),
          () => undefined,
        );
        if (answer?.action === 'confirm_done') byHand = { by: answer.by, reason: answer.reason };
        if (answer?.action === 'confirm_not_done') return { undone: false, detail: `left as it is by ${answer.by}: ${answer.reason}` };
      }
    }
  }

  async function activate(plan: PlanOutline): Promise<void> {
    await control.run(() => plan.projects.map(async (project) => {
      const records = projectRecords(project);
      for (const record of [records.project, records.time]) {
        const externalId = external.get(record.key);
        if (externalId === undefined) continue;
        for (let done = false; !done;) {
          progress.step('activation', record.label, record.system, { state: 'running', note: null });
          try {
            const { status } = await target(record, `activate ${record.label} in ${record.system}`).setProjectStatus({ process, planRef: plan.ref, projectId: project.id, system: record.system, externalId, status: 'active' });
            progress.step('activation', record.label, record.system, { state: 'done', externalId, note: status });
            done = true;
          } catch (error) {
            if (isCancellation(error)) throw error;
            await askPerson('activation', record, error);
            progress.enter(settings.compensating() ? 'compensating' : 'activating');
          }
        }
      }
    }));
  }

  /** Undoes what an earlier plan had made and the present one no longer asks for, the dependent records first. */
  async function dropWhatIsNotIn(plan: PlanOutline): Promise<CompensationReport> {
    const wanted = new Set(recordsOf(plan).map((record) => record.key));
    const reason = 'the amended deal no longer asks for it';
    const report = await saga.compensate(reason, (key) => !wanted.has(key));
    const undone = [...report.undone];
    const notUndone = [...report.notUndone];
    for (const record of [...kept.values()].reverse()) {
      if (wanted.has(record.key)) continue;
      const result = await undo(record, reason);
      (result.undone ? undone : notUndone).push(`${record.step} ${record.label} in ${record.system}: ${result.detail}`);
      kept.delete(record.key);
    }
    return { undone, notUndone };
  }

  /**
   * Tells the seller where the deal stands; answers whether the CRM took it. Our own write makes a new version of the deal there, so whoever goes on
   * reads the deal once more: an echo is recognised by its content, a change that came between is not lost.
   */
  async function writeBack(status: 'Waiting for a person' | 'Activated' | 'Aborted', message: string, projectNumbers: readonly string[]): Promise<'told' | 'not_offered' | 'refused'> {
    progress.step('write-back', deal.opportunityId, deal.crm, { state: 'running', note: null });
    for (;;) {
      try {
        const at = new Date().toISOString();
        const result = await control.attempt(() => target({ system: deal.crm, legalEntity: deal.crm }, `tell ${deal.crm}: ${status}`).writeBackToCrm({ process, deal, status: { status, message: message.slice(0, 250), projectNumbers, at } }));
        progress.step('write-back', deal.opportunityId, deal.crm, result.state === 'done' ? { state: 'done', externalId: result.externalId, url: result.url, note: status } : { state: 'not_offered', note: result.note });
        return result.state === 'done' ? 'told' : 'not_offered';
      } catch (error) {
        if (isCancellation(error) || error instanceof Interrupted) throw error;
        const failure = failureOf(error, `write-back to ${deal.crm}`);
        if (status !== 'Activated') {
          progress.step('write-back', deal.opportunityId, deal.crm, { state: 'waiting', note: `${failure.message} (the CRM could not be told)` });
          return 'refused';
        }
        await askPerson('write-back', { subject: deal.opportunityId, label: deal.opportunityId, system: deal.crm, legalEntity: '' }, error);
      }
    }
  }

  return {
    build,
    activate,
    dropWhatIsNotIn,
    writeBack,
    keep(records: readonly PlannedRecord[]): void {
      for (const record of records) kept.set(record.key, record);
    },
  };
}
