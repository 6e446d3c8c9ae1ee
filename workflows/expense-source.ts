import { proxyActivities, setWorkflowOptions } from '@temporalio/workflow';
import type { ExpenseSourceActivities } from '../activities/expenses/contract.ts';
import { onStore, onTarget } from './activity-options.ts';
import { sweepWithCase } from './sweep-case.ts';
import { onDeployment } from './versioning.ts';

/** A sweep that passing failures hold up for longer ends with a case, and the schedule's next run tries again. */
const SWEEP_MINUTES = 60;

/**
 * Takes in the approved expenses that changed in a time system since the last sweep. Started by a schedule; the next run makes good what this one could
 * not, so it waits for nobody: one that fails opens an exception case of its system, once, and the next one that goes well closes it.
 */
export async function expenseSweep(input: { readonly system: string }) {
  const { system } = input;
  const subject = `sweep of expenses in ${system}`;
  const { sweepExpenses } = proxyActivities<ExpenseSourceActivities>({ ...onTarget(system, subject, system), startToCloseTimeout: '30 minutes', scheduleToCloseTimeout: `${SWEEP_MINUTES} minutes` });
  const { caseOfExpenseSweep } = proxyActivities<ExpenseSourceActivities>(onStore(`case of the ${subject}`));
  return await sweepWithCase({
    system,
    subject,
    sweep: () => sweepExpenses(input),
    caseOfSweep: () => caseOfExpenseSweep(input),
    consequence: `Approved expenses of ${system} are not taken in any more`,
    remedy: 'what changed in the meantime is taken in then',
    all: `all of ${system}`,
  });
}

setWorkflowOptions(onDeployment('AUTO_UPGRADE'), expenseSweep);
