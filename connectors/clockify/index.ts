import type { ConnectorSettings } from '../connector.ts';
import type { TimePort } from '../ports.ts';
import { createClockifyClient } from './client.ts';
import { createClients } from './clients.ts';
import { clockifyOptionsSchema } from './options.ts';
import { createProjectPort, createStatusSetter } from './project.ts';
import { createTasks } from './tasks.ts';
import { createTimesheetSource } from './timesheets.ts';

/** Clockify as the time system. @param now another clock, for tests @throws ZodError for options or credentials of the wrong shape */
export function createClockify(settings: ConnectorSettings, now?: () => number): TimePort {
  const options = clockifyOptionsSchema.parse(settings.options ?? {});
  const clockify = createClockifyClient(settings, options);
  return {
    kind: 'time',
    system: settings.system,
    project: createProjectPort(clockify, createClients(clockify, options), createTasks(clockify, options)),
    timesheets: createTimesheetSource(clockify, options, now),
    expenses: { unsupported: "Clockify tells neither what changed among its expenses nor in which currency they are: an expense report for each approval is sent to /v1/expenses (system 'clockify') by whoever exports Clockify's report \"Expenses\", filtered to approved ones." },
    expenseReports: { unsupported: 'Clockify approves the expenses of a week in one request with its time and locks both itself: taking that approval back would take back the time as well. A manager withdraws it in Clockify (Approvals) where the time may come back too; otherwise the person enters the correction as an expense of a later week.' },
    setProjectStatus: createStatusSetter(clockify, options),
  };
}
