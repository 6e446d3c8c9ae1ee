import type { ConnectorSettings } from '../connector.ts';
import type { ResourcePort, TimePort } from '../ports.ts';
import { createAssignmentsPort } from './assignments.ts';
import { createKantataClient } from './client.ts';
import { createExpenseAnswers } from './expense-reports.ts';
import { createExpenseSource } from './expenses.ts';
import { createGroups } from './groups.ts';
import { kantataOptionsSchema } from './options.ts';
import { createPeople } from './people.ts';
import { createProjectPort, createStatusSetter } from './project.ts';
import { createRateCards } from './rate-card.ts';
import { createReferences } from './references.ts';
import { createResources } from './resources.ts';
import { createRoles } from './roles.ts';
import { createTasks } from './tasks.ts';
import { createTimesheetSource } from './timesheets.ts';
import { createWorkspaces } from './workspaces.ts';

/** Kantata OX as the time system. @param now another clock, for tests @throws ZodError for options or credentials of the wrong shape */
export function createKantata(settings: ConnectorSettings, now?: () => number): TimePort {
  const options = kantataOptionsSchema.parse(settings.options ?? {});
  const kantata = createKantataClient(settings, options);
  const references = createReferences(kantata, options);
  const roles = createRoles(kantata, options);
  const people = createPeople(kantata);
  const parts = { references, roles, groups: createGroups(kantata, references, options), tasks: createTasks(kantata, references), rateCards: createRateCards(kantata, roles, options) };
  return {
    kind: 'time',
    system: settings.system,
    project: createProjectPort(kantata, parts, options),
    timesheets: createTimesheetSource(kantata, references, people, options, now),
    expenses: createExpenseSource(kantata, references, people, options, now),
    expenseReports: createExpenseAnswers(kantata),
    setProjectStatus: createStatusSetter(kantata, references, options),
  };
}

/** Kantata OX as resource management: the resources and allocations of projects. @throws ZodError for options or credentials of the wrong shape */
export function createKantataResources(settings: ConnectorSettings): ResourcePort {
  const options = kantataOptionsSchema.parse(settings.options ?? {});
  const kantata = createKantataClient(settings, options);
  const references = createReferences(kantata, options);
  const workspaces = createWorkspaces(kantata, references);
  const parts = { references, workspaces, resources: createResources(kantata, references, workspaces, options), people: createPeople(kantata), roles: createRoles(kantata, options) };
  return { kind: 'resources', system: settings.system, assignments: createAssignmentsPort(kantata, parts) };
}
