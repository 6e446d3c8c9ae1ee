import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { addDays, type LocalDate } from '../../domain/dates.ts';
import { LINE_QUEUE } from '../../domain/process/task-queues.ts';
import { startOfDay } from '../../sandbox/clockify/local-time.ts';
import type { Admin, SandboxLine } from './sandbox-line.ts';

export const TIME_SYSTEMS = ['harvest', 'clockify', 'kantata'] as const;
export type TimeSystemName = (typeof TIME_SYSTEMS)[number];

type State = Awaited<ReturnType<Admin['state']>>;
type Row = State[string][number];

export interface Week {
  readonly person: string;
  readonly projectNumber: string;
  /** As the time system's tasks or roles are named: "Project Manager". */
  readonly work: string;
  readonly monday: LocalDate;
  readonly days: readonly { readonly date: LocalDate; readonly hours: number }[];
}

/** What people do in a time system and what they see there, past the connector. */
export interface TimeDesk {
  /** Whether the vendor tells of an approval by webhook; else the next sweep finds it. */
  readonly tells: boolean;
  /** The projects of this number that are open for time. */
  openProjects(state: State, projectNumber: string): readonly Row[];
  /** The person books each day's hours on the project, and the week is approved. */
  bookAndApprove(admin: Admin, week: Week): Promise<void>;
}

export const TIME_DESKS: Readonly<Record<TimeSystemName, TimeDesk>> = {
  harvest: {
    tells: false,
    openProjects: (state, projectNumber) => (state['projects'] ?? []).filter((row) => row['code'] === projectNumber && row['is_active'] === true),
    async bookAndApprove(admin, { person, projectNumber, work, monday, days }) {
      const state = await admin.state();
      const [project_id, task_id, user_id] = [idOf(this.openProjects(state, projectNumber)), idOf(named(state, 'tasks', 'name', work)), idOf(named(state, 'users', 'email', person))].map(Number);
      await admin.seed({ time_entries: days.map(({ date, hours }) => ({ project_id, task_id, user_id, spent_date: date, hours, notes: 'Steering' })) });
      await admin.seed({ timesheet_approvals: [{ user_id, from: monday, to: addDays(monday, 6), approval_status: 'approved' }] });
    },
  },
  clockify: {
    tells: true,
    openProjects: (state, projectNumber) => (state['projects'] ?? []).filter((row) => String(row['name']).startsWith(projectNumber) && row['archived'] === false),
    async bookAndApprove(admin, { person, projectNumber, work, monday, days }) {
      const state = await admin.state();
      const projectId = idOf(this.openProjects(state, projectNumber));
      const taskId = idOf(named(state, 'tasks', 'name', work).filter((row) => row['projectId'] === projectId));
      const users = named(state, 'users', 'email', person);
      const userId = idOf(users);
      const timeZone = String(users[0]?.['timeZone']);
      await admin.seed({
        time_entries: days.map(({ date, hours }) => {
          const start = startOfDay(date, timeZone).getTime() + 9 * 3_600_000;
          return { userId, projectId, taskId, description: 'Steering', start: new Date(start).toISOString(), end: new Date(start + hours * 3_600_000).toISOString() };
        }),
      });
      await admin.seed({ approvals: [{ userId, weekStart: monday, state: 'APPROVED' }] });
    },
  },
  kantata: {
    tells: false,
    openProjects: (state, projectNumber) => (state['workspaces'] ?? []).filter((row) => row['project_code'] === projectNumber && row['time_trackable'] === true && row['archived'] === false),
    async bookAndApprove(admin, { person, projectNumber, work, monday, days }) {
      const state = await admin.state();
      const workspace = idOf(this.openProjects(state, projectNumber));
      const [workspace_id, user_id, role_id] = [workspace, idOf(named(state, 'users', 'email_address', person)), idOf(named(state, 'roles', 'name', work))].map(Number);
      await admin.seed({ time_entries: days.map(({ date, hours }) => ({ workspace_id, user_id, role_id, date_performed: date, time_in_minutes: Math.round(hours * 60), notes: 'Steering' })) });
      await admin.seed({ timesheet_submissions: [{ user_id: String(user_id), workspace_id: workspace, week_start: monday, status: 'approved' }] });
    },
  },
};

/** Runs the sweep that the schedule would run next. @returns how many timesheets were new and how many known */
export async function sweep(line: SandboxLine, system: TimeSystemName): Promise<{ readonly received: number; readonly known: number; readonly unreadable: number }> {
  const result = await line.client.workflow.execute('timesheetSweep', { workflowId: `timesheet-sweep-${randomUUID()}`, taskQueue: LINE_QUEUE, args: [{ system }] });
  return z.object({ received: z.number(), known: z.number(), unreadable: z.number() }).parse(result);
}

function named(state: State, collection: string, field: string, value: string): readonly Row[] {
  return (state[collection] ?? []).filter((row) => row[field] === value);
}

/** @throws Error where there is not exactly one */
function idOf(rows: readonly Row[]): string {
  const [row] = rows;
  if (row === undefined || rows.length > 1) throw new Error(`one record was expected, there are ${rows.length}: ${JSON.stringify(rows).slice(0, 400)}`);
  return String(row['id']);
}
