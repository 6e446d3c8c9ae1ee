import { proxyActivities, setHandler, setWorkflowOptions, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { BooksRisk, PayrollActivities } from '../activities/payroll/contract.ts';
import { booksCloseId, type BooksRun } from '../domain/process/books-close.ts';
import type { CaseInput } from '../domain/process/exception-case.ts';
import { onStore } from './activity-options.ts';
import { createCases } from './cases.ts';
import { configActivatedSignal } from './contracts/deal-process.ts';
import { SearchAttribute } from './contracts/search-attributes.ts';
import { failureOf } from './failures.ts';
import { createStandingCase } from './standing-case.ts';
import { onDeployment } from './versioning.ts';

/** What is not in the ERP is counted this often. */
const COUNT_EVERY = '2 minutes';

/**
 * Labor that is accepted and not in its ERP while the books it belongs into are about to close, or have closed: one case, until everything is there.
 * The processes that post it go on by themselves. Started by the calendar; ends when nothing is left. ID: booksCloseId.
 */
export async function booksClose(run: BooksRun): Promise<{ readonly told: boolean }> {
  const first = { priorityKey: 1, fairnessKey: run.legalEntity };
  // Tried again as long as it is as it was told: the history stays short.
  const counting = proxyActivities<PayrollActivities>({ ...onStore('labor that is in no ERP'), retry: { ...onStore('').retry, initialInterval: COUNT_EVERY, backoffCoefficient: 1, maximumInterval: COUNT_EVERY }, priority: first });
  const cases = createCases({ openedBefore: 0, onChange: (open) => upsertSearchAttributes([{ key: SearchAttribute.openCases, value: open }]), onLateAnswer: () => undefined });
  const risk = createStandingCase(cases);
  // Nothing here depends on the configuration.
  setHandler(configActivatedSignal, () => undefined);
  upsertSearchAttributes([
    { key: SearchAttribute.process, value: 'booksClose' },
    { key: SearchAttribute.legalEntity, value: run.legalEntity },
    { key: SearchAttribute.stage, value: 'waiting' },
  ]);
  let told: BooksRisk['state'] | null = null;
  for (;;) {
    let seen: BooksRisk;
    try {
      seen = await counting.booksRisk({ ...run, told });
    } catch (error) {
      const { code, kind, message, mend, object } = failureOf(error, `books of ${run.legalEntity} for ${run.accountingPeriod}`);
      await cases.answerOf(await cases.raise(caseOf(run, { code, kind, subject: object, message, mend })), () => undefined);
      continue;
    }
    if (seen.state === 'nothing') break;
    await risk.show(seen.state, caseOf(run, atRisk(run, seen)));
    told = seen.state;
  }
  await risk.clear('everything of it is in its ERP');
  upsertSearchAttributes([{ key: SearchAttribute.stage, value: 'done' }]);
  return { told: told !== null };
}

type About = Pick<CaseInput, 'code' | 'kind' | 'subject' | 'message' | 'mend'> & Partial<Pick<CaseInput, 'system'>>;

function caseOf({ legalEntity, accountingPeriod }: BooksRun, about: About): CaseInput {
  return { process: workflowInfo().workflowId, findings: [], system: null, legalEntity, deal: booksCloseId({ legalEntity, accountingPeriod }), amount: null, evidence: null, postingKey: null, configHash: null, without: ['override', 'reroute', 'return_to_submitter', 'confirm_done', 'confirm_not_done', 'abort'], ...about };
}

function atRisk({ legalEntity, accountingPeriod }: BooksRun, { state, closesAt, timesheets, lines, refused, inDoubt, systems }: BooksRisk): About {
  const when = state === 'past' ? `have closed (${closesAt})` : `close at ${closesAt}`;
  return {
    code: 'LABOR_UNPOSTED_AT_CLOSE',
    kind: 'business_rule',
    subject: `books of ${legalEntity} for ${accountingPeriod}`,
    system: systems.length === 1 ? (systems[0] ?? null) : null,
    message: `The books of ${legalEntity} for ${accountingPeriod} ${when}, and ${lines} accepted lines of ${timesheets} timesheets are not in ${systems.join(' and ')}: ${refused} refused there, ${inDoubt} in doubt, the others still being tried.`,
    mend: state === 'past' ? 'Have the period opened again in the ERP, or book what is left by hand; the lines are tried until they are there.' : 'See to the cases and pending activities of these lines, or have the close put off until the ERP has them. The case closes by itself when everything is there.',
  };
}

// It may wait for days across deployments: changes go in by patches, guarded by replayed histories.
setWorkflowOptions(onDeployment('AUTO_UPGRADE'), booksClose);
