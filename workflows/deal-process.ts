import { allHandlersFinished, CancellationScope, condition, continueAsNew, getExternalWorkflowHandle, isCancellation, ParentClosePolicy, proxyActivities, setHandler, startChild, workflowInfo } from '@temporalio/workflow';
import type { DealActivities, Decision, LoadedDeal, Overrides, PlanOutline } from '../activities/contract.ts';
import type { Finding } from '../domain/findings.ts';
import { changeOrderId, dealKey, type AbortRequest, type DealOutcome, type DealProcessInput } from '../domain/process/deal-process.ts';
import type { CaseAnswer, CaseInput } from '../domain/process/exception-case.ts';
import { onStore, onTarget } from './activity-options.ts';
import { createCases, type OpenCase } from './cases.ts';
import { abortUpdate, configActivatedSignal, dealChangedSignal, progressQuery } from './contracts/deal-process.ts';
import { dealSearchAttributes } from './contracts/search-attributes.ts';
import { caseOfFindings, sameFindings } from './deal-cases.ts';
import { createControl, Interrupted } from './deal-control.ts';
import { createProgress } from './deal-progress.ts';
import { recordsOf } from './deal-records.ts';
import { createSteps } from './deal-steps.ts';
import { failureOf } from './failures.ts';
import { watchRetries } from './retry-watch.ts';
import { createSaga, type CompensationReport } from './saga.ts';

/** How long a step may fail for passing reasons before integration support is told, until the configuration has said so; retries go on meanwhile. */
const TRANSIENT_SLA_MINUTES = 15;

const rules = proxyActivities<DealActivities>(onStore('decide by the rules of the firm'));
const store = proxyActivities<DealActivities>(onStore('plan in force'));
const record = proxyActivities<DealActivities>(onStore('record the outcome'));

/**
 * Carries a deal from the CRM into every target system, or brings an amended one up to date:
 * load → decide → customers → contracts → projects, rates, billing schedules → publish → activate → write back.
 * Starts a new round whenever the deal, the configuration or a person's decision changes what it works from; aborted, it undoes in reverse what it made.
 */
export async function runDealProcess(input: DealProcessInput): Promise<DealOutcome> {
  const { deal } = input;
  const process = workflowInfo().workflowId;
  const crm = proxyActivities<DealActivities>(onTarget(deal.crm, `deal ${deal.opportunityId} in ${deal.crm}`, deal.crm));
  const saga = createSaga();
  const control = createControl();
  const cases = createCases({
    openedBefore: input.casesOpened ?? 0,
    onChange: (open) => progress.casesOpen(open),
    // A person's abort that crossed with the closing of its case still counts.
    onLateAnswer: ({ action, by, reason }) => {
      if (action === 'abort' && mayAbort()) control.interrupt({ kind: 'abort', request: { by, reason } });
    },
  });
  const progress = createProgress(deal, cases.list);
  const overrides: { findings: Overrides['findings'][number][]; reroutes: Overrides['reroutes'][number][] } = { findings: [], reroutes: [] };
  let newestVersion = input.version;
  /** The newest version that a load has asked for or found: only what is told beyond it is news. */
  let knownVersion = '';
  let toldWithoutVersion = false;
  /** Activations of configuration, told and considered: any that came since the last load or decision is news. */
  let configsTold = 0;
  let configsConsidered = 0;
  let decidedConfig: string | undefined;
  /** The content that people's overrides were given for: another content asks them again. */
  let overriddenContent: string | undefined;
  let returned: CaseAnswer | undefined;
  let previous: PlanOutline | null = null;
  let round = 0;
  let transientSlaMinutes = TRANSIENT_SLA_MINUTES;
  let ended = false;
  let finishing = false;
  let compensating = false;

  const mayAbort = () => !ended && !finishing && !compensating;

  setHandler(dealChangedSignal, ({ version }) => {
    if (version === '') toldWithoutVersion = true;
    if (version > newestVersion) newestVersion = version;
  });
  setHandler(configActivatedSignal, () => {
    configsTold += 1;
  });
  setHandler(abortUpdate, (request) => {
    control.interrupt({ kind: 'abort', request });
    return `${process} is being aborted; what it made is undone in reverse order.`;
  }, {
    validator: (request: AbortRequest) => {
      if (compensating) throw new Error(`${process} is being aborted already.`);
      if (!mayAbort()) throw new Error(`${process} has just come to its end: amend the deal in the CRM instead.`);
      if (request.by.trim() === '' || request.reason.trim() === '') throw new Error('An abort needs "by" and "reason": they go into the audit trail.');
    },
  });
  setHandler(progressQuery, progress.view);

  const dealChanged = () => toldWithoutVersion || newestVersion > knownVersion;
  const configChanged = () => configsTold > configsConsidered;
  const news = (): string | undefined => {
    if (compensating) return undefined;
    if (control.pending() !== undefined) return 'the process was interrupted';
    if (dealChanged()) return 'the deal has changed in the CRM';
    if (configChanged()) return 'a new configuration is active';
    return undefined;
  };

  const steps = createSteps({ process, deal, saga, cases, control, progress, overrides, news, onReturned: (answer) => { returned = answer; }, compensating: () => compensating, caseFor });

  function caseFor(part: Pick<CaseInput, 'code' | 'kind' | 'message' | 'mend' | 'subject'> & Partial<CaseInput>): CaseInput {
    return {
      process,
      deal: dealKey(deal),
      findings: [],
      system: null,
      legalEntity: null,
      amount: progress.deal()?.amount ?? null,
      evidence: null,
      postingKey: null,
      configHash: decidedConfig ?? null,
      without: [],
      ...part,
    };
  }

  function abort(answer: CaseAnswer): never {
    throw new Interrupted({ kind: 'abort', request: { by: answer.by, reason: answer.reason } });
  }

  async function load(): Promise<LoadedDeal> {
    progress.enter('loading');
    for (;;) {
      try {
        toldWithoutVersion = false;
        if (newestVersion > knownVersion) knownVersion = newestVersion;
        progress.step('load', deal.opportunityId, deal.crm, { state: 'running', note: null });
        configsConsidered = configsTold;
        const atLeast = newestVersion;
        const loaded = await control.attempt(() => crm.loadDeal({ process, deal, atLeast }));
        progress.step('load', deal.opportunityId, deal.crm, { state: 'done', externalId: deal.opportunityId, url: loaded.url, note: `version ${loaded.version}` });
        if (loaded.version > knownVersion) knownVersion = loaded.version;
        progress.loaded(loaded);
        return loaded;
      } catch (error) {
        if (isCancellation(error) || error instanceof Interrupted) throw error;
        const failure = failureOf(error, `deal ${deal.opportunityId}`);
        progress.step('load', deal.opportunityId, deal.crm, { state: 'waiting', note: failure.message });
        const { code, kind, message, mend } = failure;
        await settleByPerson(caseFor({ code, kind, message, mend, subject: `deal ${deal.opportunityId}`, system: failure.system, evidence: failure.evidence ?? null, without: ['override', 'reroute', 'confirm_done', 'confirm_not_done', 'return_to_submitter'] }));
      }
    }
  }

  /** Opens a case and waits until it is answered or there is news. Any answer but an abort means: try again. */
  async function settleByPerson(input: CaseInput): Promise<CaseAnswer | undefined> {
    progress.enter('waiting');
    const answer = await cases.answerOf(await cases.raise(input), news);
    const pending = control.pending();
    if (pending !== undefined) throw new Interrupted(pending);
    if (answer?.action === 'abort') abort(answer);
    return answer;
  }

  /** Loads and decides until there is a plan. Cases stay open as long as their findings stand. */
  async function decide(): Promise<{ readonly loaded: LoadedDeal; readonly plan: PlanOutline | 'unchanged' }> {
    let waiting: { readonly open: OpenCase; readonly findings: readonly Finding[]; readonly fingerprint: string } | undefined;
    for (;;) {
      if (returned !== undefined) await awaitSubmitter(returned);
      returned = undefined;
      round += 1;
      progress.startRound(round);
      const loaded = await load();
      if (round === 1) {
        if (loaded.prior?.fingerprints.includes(loaded.fingerprint) === true && input.force !== true) return { loaded, plan: 'unchanged' };
        await startFrom(loaded);
      }
      progress.enter('validating');
      if (overriddenContent !== loaded.fingerprint) overrides.findings.length = 0;
      overriddenContent = loaded.fingerprint;
      const decision = await judge(loaded);
      decidedConfig = decision.configHash;
      ({ transientSlaMinutes } = decision);
      if (decision.outcome === 'planned') {
        if (waiting !== undefined) await cases.close(waiting.open, 'the findings are gone: the deal or the configuration was corrected');
        return { loaded, plan: decision.plan };
      }
      if (waiting !== undefined && !sameFindings(waiting.findings, decision.findings, { words: waiting.fingerprint !== loaded.fingerprint })) {
        await cases.close(waiting.open, 'the findings have changed; a new case names them');
        waiting = undefined;
      }
      if (waiting === undefined) {
        const open = await cases.raise(caseFor(caseOfFindings(loaded, decision.findings)));
        waiting = { open, findings: decision.findings, fingerprint: loaded.fingerprint };
        progress.enter('waiting');
        await steps.writeBack('Waiting for a person', `${decision.findings.length === 1 ? 'One finding' : `${decision.findings.length} findings`}: ${decision.findings.map((finding) => finding.message).join(' ')}`, []);
      }
      progress.enter('waiting');
      const answer = await cases.answerOf(waiting.open, () => (control.pending() === undefined ? undefined : 'the process was interrupted'), news);
      const pending = control.pending();
      if (pending !== undefined) throw new Interrupted(pending);
      if (answer === undefined) continue;
      waiting = undefined;
      if (answer.action === 'abort') abort(answer);
      if (answer.action === 'override') for (const { code, path } of decision.findings) overrides.findings.push({ code, path, by: answer.by, reason: answer.reason });
      if (answer.action === 'return_to_submitter') returned = answer;
    }
  }

  async function judge(loaded: LoadedDeal): Promise<Decision> {
    for (;;) {
      progress.step('decide', deal.opportunityId, 'q2c', { state: 'running', note: null });
      try {
        configsConsidered = configsTold;
        const decision = await control.attempt(() => rules.decideDeal({ process, dealRef: loaded.ref, overrides, round }));
        progress.step('decide', deal.opportunityId, 'q2c', { state: 'done', note: decision.outcome });
        return decision;
      } catch (error) {
        if (isCancellation(error) || error instanceof Interrupted) throw error;
        const { code, kind, message, mend, evidence } = failureOf(error, `the decision on deal ${deal.opportunityId}`);
        progress.step('decide', deal.opportunityId, 'q2c', { state: 'waiting', note: message });
        await settleByPerson(caseFor({ code, kind, message, mend, subject: `deal ${deal.opportunityId}`, evidence: evidence ?? null, without: ['override', 'reroute', 'confirm_done', 'confirm_not_done', 'return_to_submitter'] }));
      }
    }
  }

  /** The deal went back to the seller: wait for its next version, with a case of its own so that it is not forgotten. */
  async function awaitSubmitter(answer: CaseAnswer): Promise<void> {
    await steps.writeBack('Waiting for a person', `Returned by ${answer.by}: ${answer.reason}`, []);
    await settleByPerson(caseFor({
      code: 'DEAL_RETURNED_TO_SALES',
      kind: 'business_rule',
      subject: `deal ${deal.opportunityId}`,
      message: `${answer.by} returned the deal to sales: ${answer.reason}`,
      mend: 'Correct the deal in the CRM: the process goes on by itself with the corrected deal.',
      without: ['override', 'reroute', 'confirm_done', 'confirm_not_done', 'return_to_submitter'],
    }));
  }

  /** A change order starts from the plan in force: its records stay when the change is aborted, and its systems stay the ones that people chose. */
  async function startFrom(loaded: LoadedDeal): Promise<void> {
    overrides.reroutes.push(...(loaded.prior?.reroutes ?? []));
    const planRef = loaded.prior?.planRef ?? null;
    if (planRef === null) return;
    previous = await store.outlinePlan({ planRef });
    steps.keep(recordsOf(previous));
  }

  async function carryOut(): Promise<DealOutcome> {
    try {
      for (;;) {
        try {
          const { loaded, plan } = await decide();
          if (plan === 'unchanged') return await finish({ outcome: 'unchanged', version: loaded.version }, loaded.prior?.planRef ?? null, loaded);
          progress.planned(plan);
          await steps.build(plan, round, input.force === true ? `${plan.version}-forced-${workflowInfo().firstExecutionRunId}` : plan.version);
          if (dealChanged()) continue;
          progress.enter('activating');
          await steps.activate(plan);
          const dropped = await steps.dropWhatIsNotIn(plan);
          control.heed();
          const projects = plan.projects.map((project) => project.number);
          const told = await steps.writeBack('Activated', `${projects.length === 1 ? 'Project' : 'Projects'} ${projects.join(', ')} can be worked on.`, projects);
          const seen = told === 'told' ? await load() : loaded;
          if (seen.fingerprint !== loaded.fingerprint || dealChanged()) continue;
          control.heed();
          return await finish({ outcome: 'activated', version: seen.version, projects, notUndone: dropped.notUndone }, plan.ref, seen);
        } catch (error) {
          if (!(error instanceof Interrupted) || error.interruption.kind !== 'restart') throw error;
          control.clear();
          await cases.closeAll(`the process starts over: ${error.interruption.why}`);
        }
      }
    } catch (error) {
      const request = abortRequestOf(error);
      if (request === undefined) throw error;
      const outcome = await CancellationScope.nonCancellable(() => compensate(request));
      if (isCancellation(error)) throw error;
      return outcome;
    }
  }

  async function compensate(request: AbortRequest): Promise<DealOutcome> {
    compensating = true;
    control.clear();
    progress.enter('compensating');
    await cases.closeAll(`the process was aborted by ${request.by}`);
    const report: CompensationReport = await saga.compensate('the process was aborted');
    if (previous !== null) {
      round += 1;
      await steps.build(previous, round, `${previous.version}-after-${progress.deal()?.version ?? ''}`);
      await steps.activate(previous);
    }
    const told = await steps.writeBack('Aborted', `Aborted by ${request.by}: ${request.reason}${previous === null ? '' : ' The projects are as they were before the change.'}`, previous?.projects.map((project) => project.number) ?? []);
    return await finish({ outcome: 'aborted', reason: `${request.by}: ${request.reason}`, undone: report.undone, notUndone: told === 'refused' ? [...report.notUndone, `write-back: ${deal.crm} could not be told`] : report.notUndone }, previous?.ref ?? null, progress.deal() ?? null);
  }

  async function finish(outcome: DealOutcome, planRef: string | null, loaded: LoadedDeal | null): Promise<DealOutcome> {
    finishing = true;
    progress.step('outcome', deal.opportunityId, 'q2c', { state: 'running', note: null });
    await record.recordOutcome({ process, deal, outcome, planRef, loaded: loaded === null ? null : { version: loaded.version, fingerprint: loaded.fingerprint }, reroutes: overrides.reroutes, at: new Date().toISOString() });
    progress.step('outcome', deal.opportunityId, 'q2c', { state: 'done', note: outcome.outcome });
    progress.enter(outcome.outcome);
    return outcome;
  }

  const watching = CancellationScope.nonCancellable(() => watchRetries({
    cases,
    progress,
    caseFor,
    ended: () => ended,
    slaMinutes: () => transientSlaMinutes,
    onAbort: (request) => {
      if (!compensating) control.interrupt({ kind: 'abort', request });
    },
  }));
  const came = await carryOut().then(
    (outcome) => ({ outcome }),
    (error: unknown) => ({ error }),
  );
  ended = true;
  await CancellationScope.nonCancellable(async () => {
    await cases.closeAll('the process has ended');
    await watching;
    await condition(allHandlersFinished);
  });
  // Nothing is awaited between this look and the end: a change told later finds the process ended and begins the next one.
  if (dealChanged()) await CancellationScope.nonCancellable(() => handOver('outcome' in came && came.outcome.outcome !== 'aborted'));
  if ('error' in came) throw came.error;
  return came.outcome;

  /** A change came while the outcome was being recorded: it is for the change order of a deal at work, else for another run of this process. */
  async function handOver(atWork: boolean): Promise<void> {
    const next: DealProcessInput = { deal, version: newestVersion, startedBy: 'a change that came at the end of the last process' };
    if (!atWork || process === changeOrderId(deal)) await continueAsNew<DealWorkflow>({ ...next, casesOpened: cases.opened() });
    else await joinOrStartChangeOrder(next);
  }
}

/** The shape of both deal workflows, for continue-as-new. */
type DealWorkflow = (input: DealProcessInput) => Promise<DealOutcome>;

function abortRequestOf(error: unknown): AbortRequest | undefined {
  if (error instanceof Interrupted && error.interruption.kind === 'abort') return error.interruption.request;
  if (isCancellation(error)) return { by: 'an operator', reason: 'the workflow was cancelled' };
  return undefined;
}

/** A workflow cannot signal with start: the running change order is told, or one is started, whichever way the race with the relay goes. */
async function joinOrStartChangeOrder(input: DealProcessInput): Promise<void> {
  const workflowId = changeOrderId(input.deal);
  const tell = () => getExternalWorkflowHandle(workflowId).signal(dealChangedSignal, { version: input.version, source: input.startedBy });
  try {
    await tell();
  } catch {
    try {
      await startChild<DealWorkflow>('changeOrder', { workflowId, args: [input], parentClosePolicy: ParentClosePolicy.ABANDON, staticSummary: `Change of deal ${input.deal.opportunityId} from ${input.deal.crm}`, typedSearchAttributes: dealSearchAttributes('changeOrder', input.deal) });
    } catch {
      await tell();
    }
  }
}
