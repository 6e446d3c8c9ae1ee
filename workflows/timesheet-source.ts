import { proxyActivities, setWorkflowOptions, workflowInfo } from '@temporalio/workflow';
import type { TimeSourceActivities } from '../activities/time/contract.ts';
import { onTarget } from './activity-options.ts';
import { createCases } from './cases.ts';
import { persist } from './persist.ts';
import { onDeployment } from './versioning.ts';

const SLA_MINUTES = 60;

/** An event told of a timesheet: it is read from its time system and taken in. Whatever the event says is only a hint. */
export async function timesheetEvent(input: { readonly system: string; readonly timesheetId: string; readonly event: string }) {
  const { system, timesheetId } = input;
  const subject = `timesheet ${timesheetId} of ${system}`;
  return await withCase(system, subject, () => proxyActivities<TimeSourceActivities>(onTarget(system, subject, system)).fetchTimesheet(input));
}

/** Takes in what changed in a time system since the last sweep. Started by a schedule; the next run makes good what this one could not. */
export async function timesheetSweep(input: { readonly system: string }) {
  const { system } = input;
  const subject = `sweep of timesheets in ${system}`;
  return await withCase(system, subject, () => proxyActivities<TimeSourceActivities>({ ...onTarget(system, subject, system), startToCloseTimeout: '30 minutes' }).sweepTimesheets(input));
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
