import type { CaseActivities, DealActivities, SweepActivities } from './contract.ts';
import { createCaseSteps } from './cases.ts';
import { createDealSteps } from './deal.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { ReferenceSyncActivities } from './hr/contract.ts';
import { createReferenceSync } from './hr/sync-people.ts';
import { createPlanReader } from './plans.ts';
import { createSweep } from './sweep.ts';
import type { ExpenseActivities, ExpenseSourceActivities } from './expenses/contract.ts';
import { createExpenseSteps } from './expenses/create.ts';
import { createExpenseSources } from './expenses/source.ts';
import type { PayrollActivities } from './payroll/contract.ts';
import { createPayrollSteps } from './payroll/steps.ts';
import { createSteps } from './steps.ts';
import { createTimeSteps } from './time/create.ts';
import type { TimeActivities, TimeSourceActivities } from './time/contract.ts';
import { createTimeSources } from './time/source.ts';
import type { CaseTicketActivities } from './tickets/contract.ts';
import { createCaseTickets } from './tickets/create.ts';
import { createUndo } from './undo.ts';
import { createWarehouseMirror, type WarehouseMirrorActivities } from './warehouse-mirror.ts';

/** All activities over one set of dependencies. Which of them run where is for the workers to say. */
export function createActivities(deps: ActivityDependencies): DealActivities & CaseActivities & SweepActivities & TimeActivities & TimeSourceActivities & ExpenseActivities & ExpenseSourceActivities & PayrollActivities & WarehouseMirrorActivities & ReferenceSyncActivities & CaseTicketActivities {
  const readPlan = createPlanReader(deps);
  return {
    ...createDealSteps(deps, readPlan),
    ...createSteps(deps, readPlan),
    ...createUndo(deps, readPlan),
    ...createCaseSteps(deps),
    ...createSweep(deps),
    ...createTimeSteps(deps),
    ...createTimeSources(deps),
    ...createExpenseSteps(deps),
    ...createExpenseSources(deps),
    ...createPayrollSteps(deps),
    ...createWarehouseMirror(deps),
    ...createReferenceSync(deps),
    ...createCaseTickets(deps),
  };
}
