import { allHandlersFinished, condition, getExternalWorkflowHandle, proxyActivities, proxyLocalActivities, setCurrentDetails, setHandler, setWorkflowOptions, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { onDeployment } from './versioning.ts';
import type { CaseActivities } from '../activities/contract.ts';
import type { OwnerRole } from '../domain/config/schema.ts';
import type { CaseInput, CaseTerms, CaseView, Resolution, ResolutionAnswer } from '../domain/process/exception-case.ts';
import { readResolution } from '../domain/process/read-resolution.ts';
import { judgeResolution } from '../domain/rules/exceptions/judge-resolution.ts';
import { onStore, WITHIN_TASK } from './activity-options.ts';
import { caseDetails } from './case-details.ts';
import { caseAnsweredSignal, configActivatedSignal } from './contracts/deal-process.ts';
import { caseQuery, closeCaseSignal, resolveSignal, resolveUpdate } from './contracts/exception-case.ts';
import { SearchAttribute } from './contracts/search-attributes.ts';

const activities = proxyActivities<CaseActivities>(onStore('case'));
const withinTask = proxyLocalActivities<CaseActivities>(WITHIN_TASK);
const HOUR_MS = 3_600_000;

/** One exception, from its opening to the decision of a person (or the end of its reason): reminds before it is due, escalates when it is. */
export async function exceptionCase(input: CaseInput): Promise<CaseView> {
  const caseId = workflowInfo().workflowId;
  let state: CaseView['state'] = 'opening';
  let terms: CaseTerms | null = null;
  let owner: OwnerRole | null = null;
  let reminders = 0;
  let escalations = 0;
  let resolution: Resolution | null = null;
  let firstApproval: Resolution | null = null;
  let closedBecause: string | null = null;
  const refused: string[] = [];

  const approval = (): Resolution | null => firstApproval;
  const view = (): CaseView => ({ caseId, state, input, terms, owner, reminders, escalations, refused, resolution });
  const show = () => setCurrentDetails(caseDetails(view(), firstApproval));

  function decide(wish: Resolution): ResolutionAnswer {
    if (terms === null || state === 'opening') return { accepted: false, message: 'The case is just being opened; try again in a moment.' };
    if (closedBecause !== null) return { accepted: false, message: `The case is being closed: ${closedBecause}.` };
    if (state === 'resolved' || state === 'closed') return { accepted: false, message: `The case is ${state} already.` };
    const judgement = judgeResolution(wish, input, terms, firstApproval);
    if (judgement.verdict === 'refused') return { accepted: false, message: judgement.reason };
    if (judgement.verdict === 'needs_second_person') {
      firstApproval = wish;
      state = 'second_person';
      show();
      return { accepted: true, message: `Noted. ${judgement.reason}` };
    }
    resolution = wish;
    state = 'resolved';
    show();
    return { accepted: true, message: `${input.code} of ${input.subject} is resolved with "${wish.action}".` };
  }

  setHandler(resolveUpdate, async (wish) => {
    await condition(() => view().state !== 'opening');
    return decide(wish);
  }, {
    validator: (wish) => {
      const read = readResolution(wish);
      if (!read.success) throw new Error(read.message);
    },
  });
  const signalled: unknown[] = [];
  setHandler(resolveSignal, (wish) => {
    signalled.push(wish);
  });
  setHandler(closeCaseSignal, ({ reason }) => {
    if (state !== 'resolved') closedBecause ??= reason;
  });
  setHandler(caseQuery, view);

  terms = await (input.registersItself === true ? withinTask : activities).registerCase({ caseId, case: input });
  owner = terms.policy.owner;
  state = 'open';
  upsertSearchAttributes([
    { key: SearchAttribute.exceptionOwner, value: owner },
    { key: SearchAttribute.dueAt, value: new Date(terms.dueAt) },
    { key: SearchAttribute.stage, value: 'open' },
  ]);
  show();
  await tellOfLaterConfig(input, terms);

  let announcedSecondPerson = false;
  let next: { readonly at: string; readonly occasion: 'reminder' | 'escalation' } =
    terms.remindAt === null ? { at: terms.dueAt, occasion: 'escalation' } : { at: terms.remindAt, occasion: 'reminder' };

  while (resolution === null && closedBecause === null) {
    for (const wish of signalled.splice(0)) {
      const read = readResolution(wish);
      const answer = read.success ? decide(read.resolution) : { accepted: false, message: `not understood: ${read.message}` };
      if (answer.accepted) continue;
      refused.push(answer.message);
      await activities.recordCaseChange({ caseId, change: 'refused', detail: answer.message, owner, number: refused.length });
      show();
    }
    if (view().state === 'second_person' && !announcedSecondPerson) {
      announcedSecondPerson = true;
      await activities.recordCaseChange({ caseId, change: 'second_person', detail: `${approval()?.by ?? ''}: ${approval()?.reason ?? ''}`, owner, number: 1 });
      await activities.notifyOwner({ caseId, owner, occasion: 'second_person', message: `A second person must confirm the override of ${input.code} for ${input.subject}.`, number: 1 });
    }
    const woken = () => resolution !== null || closedBecause !== null || signalled.length > 0 || (view().state === 'second_person' && !announcedSecondPerson);
    if (woken()) continue;
    const wait = Date.parse(next.at) - Date.now();
    const early = await condition(woken, Math.max(wait, 1));
    if (early) continue;
    if (next.occasion === 'reminder') {
      reminders += 1;
      await activities.notifyOwner({ caseId, owner, occasion: 'reminder', message: `${input.code} of ${input.subject} is due ${terms.dueAt}. ${input.message}`, number: reminders });
      next = { at: terms.dueAt, occasion: 'escalation' };
    } else {
      escalations += 1;
      owner = terms.policy.escalateTo;
      upsertSearchAttributes([{ key: SearchAttribute.exceptionOwner, value: owner }]);
      await activities.recordCaseChange({ caseId, change: 'escalated', detail: `past due since ${next.at}`, owner, number: escalations });
      await activities.notifyOwner({ caseId, owner, occasion: 'escalation', message: `${input.code} of ${input.subject} is past due. ${input.message}`, number: escalations });
      next = { at: new Date(Date.parse(next.at) + terms.policy.slaHours * HOUR_MS).toISOString(), occasion: 'escalation' };
    }
    show();
  }

  const decided = view().resolution;
  if (decided === null) state = 'closed';
  await activities.recordResolution({ caseId, process: input.process, resolution: decided, closedBecause });
  upsertSearchAttributes([{ key: SearchAttribute.stage, value: state }]);
  show();
  if (decided !== null) {
    const answer = { caseId, action: decided.action, by: decided.by, reason: decided.reason, externalId: decided.externalId ?? null, system: decided.system ?? null };
    try {
      await getExternalWorkflowHandle(input.process).signal(caseAnsweredSignal, answer);
    } catch {
      refused.push(`${input.process} had ended before the answer reached it`);
    }
  }
  await condition(allHandlersFinished);
  return view();
}

/** Whoever activates a configuration wakes the processes with a registered case: one activated just before has passed this one by. */
async function tellOfLaterConfig(input: CaseInput, { configHash }: CaseTerms): Promise<void> {
  if (input.configHash === null || configHash === null || configHash === input.configHash) return;
  try {
    await getExternalWorkflowHandle(input.process).signal(configActivatedSignal, { hash: configHash, at: new Date().toISOString() });
  } catch {
    // The process has ended by itself in the meantime.
  }
}

// It may wait for people across deployments: changes go in by patches, guarded by replayed histories.
setWorkflowOptions(onDeployment('AUTO_UPGRADE'), exceptionCase);
