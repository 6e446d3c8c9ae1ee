import type { ConnectorSettings } from '../connector.ts';
import type { ResourcePort, TimePort } from '../ports.ts';
import { createAccountFacts } from './account-facts.ts';
import { createAssignmentsPort } from './assignments.ts';
import { createHarvestClient } from './client.ts';
import { createClients } from './clients.ts';
import { createExpenseSource } from './expenses.ts';
import { harvestOptionsSchema } from './options.ts';
import { createProjectPort, createStatusSetter } from './project.ts';
import { createTasks } from './tasks.ts';
import { createTimesheetSource } from './timesheets.ts';

/** Harvest as the time system. @param now another clock, for tests @throws ZodError for options or credentials of the wrong shape */
export function createHarvest(settings: ConnectorSettings, now?: () => number): TimePort {
  const options = harvestOptionsSchema.parse(settings.options ?? {});
  const harvest = createHarvestClient(settings, options);
  const facts = createAccountFacts(harvest, options);
  return {
    kind: 'time',
    system: settings.system,
    project: createProjectPort(harvest, createClients(harvest, options), createTasks(harvest, options), options),
    timesheets: createTimesheetSource(harvest, facts, options, now),
    expenses: createExpenseSource(harvest, facts, options, now),
    expenseReports: { unsupported: "Harvest's API can neither withdraw the approval of expenses nor write to approved ones, and locks them itself: an Administrator or Manager withdraws the approval in Harvest (Team > Approvals), the person corrects the expenses and submits them again." },
    setProjectStatus: createStatusSetter(harvest),
  };
}

/** Harvest's project assignments as resource management. @throws ZodError for options or credentials of the wrong shape */
export function createHarvestAssignments(settings: ConnectorSettings): ResourcePort {
  const options = harvestOptionsSchema.parse(settings.options ?? {});
  return { kind: 'resources', system: settings.system, assignments: createAssignmentsPort(createHarvestClient(settings, options)) };
}
