import { proxyActivities, setWorkflowOptions, workflowInfo } from '@temporalio/workflow';
import type { TimeSourceActivities } from '../activities/time/contract.ts';
import { onStore, onTarget } from './activity-options.ts';
import { createCases } from './cases.ts';
import { persist } from './persist.ts';
import { sweepWithCase } from './sweep-case.ts';
import { onDeployment } from './versioning.ts';

const SLA_MINUTES = 60;
/** A sweep that passing failures hold up for longer ends with a case, and the schedule's next run tries again. */
const SWEEP_MINUTES = 60;

/** An event told of a timesheet: it is read from its time system and taken in. Whatever the event says is only a hint. */
export async function timesheetEvent(input: { readonly system: string; readonly timesheetId: string; readonly event: string }) {
  const { system, timesheetId } = input;
  const subject = `timesheet ${timesheetId} of ${system}`;
  return await withCase(system, subject, () => proxyActivities<TimeSourceActivities>(onTarget(system, subject, system)).fetchTimesheet(input));
}

/**
 * Takes in what changed in a time system since the last sweep. Started by a schedule; the next run makes good what this one could not, so it
 * waits for nobody: one that fails opens an exception case of its system, once, and the next one that goes well closes it.
 */
export async function timesheetSweep(input: { readonly system: string }) {
  const { system } = input;
  const subject = `sweep of timesheets in ${system}`;
  const { sweepTimesheets } = proxyActivities<TimeSourceActivities>({ ...onTarget(system, subject, system), startToCloseTimeout: '30 minutes', scheduleToCloseTimeout: `${SWEEP_MINUTES} minutes` });
  const { caseOfTimesheetSweep } = proxyActivities<TimeSourceActivities>(onStore(`case of the ${subject}`));
  return await sweepWithCase({
    system,
    subject,
    sweep: () => sweepTimesheets(input),
    caseOfSweep: () => caseOfTimesheetSweep(input),
    consequence: `Timesheets of ${system} that no event told of are not taken in any more`,
    remedy: 'what changed in the meantime is taken in then',
    all: `all of ${system}`,
  });
}

async function withCase<Result>(system: string, subject: string, step: () => Promise<Result>): Promise<Result> {
  const cases = createCases({ openedBefore: 0, onChange: () => undefined, onLateAnswer: () => undefined });
  const process = workflowInfo().workflowId;
  return await persist({
    cases,
    caseFor: (part) => ({ process, findings: [], legalEntity: null, deal: subject, amount: null, evidence: null, postingKey: null, configHash: null, without: [], ...part, system }),
    configActivated: () => undefined,
    slaMinutes: SLA_MINUTES,
  }, subject, step);
}

setWorkflowOptions(onDeployment('AUTO_UPGRADE'), timesheetEvent);
setWorkflowOptions(onDeployment('AUTO_UPGRADE'), timesheetSweep);
