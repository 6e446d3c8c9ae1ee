import { z } from 'zod';

/** The `options` of a Clockify workspace in config/systems.yaml. */
export const clockifyOptionsSchema = z.strictObject({
  /** Labor category → name of the task that stands for it. A category not named here is the task called like it: SENIOR_CONSULTANT is "Senior Consultant". */
  tasks: z.record(z.string(), z.string().min(1)).default({}),
  /** Names of tasks that stand for no labor category: they come as the entry's task, and the category from the assignment. */
  plainTasks: z.array(z.string().min(1)).default([]),
  /** Customer (canonical ID) → ID of its client, where the name alone does not tell. */
  clientIds: z.record(z.string(), z.string().regex(/^[0-9a-f]{24}$/, 'the ID of a client in Clockify')).default({}),
  /** Who may book time on a project that is open: everybody, or the people and groups its manager adds in Clockify. */
  access: z.enum(['public', 'private']).default('public'),
  /** The number of the project that time off and holidays are for; without it such entries are left out. */
  timeOffProject: z.string().min(1).max(80).optional(),
  /** Changes are looked for so many seconds before the last one known, for clocks that differ and changes that show late. */
  overlapSeconds: z.number().int().min(0).max(86_400).default(120),
  /** A single timesheet is looked for among those whose approval changed in so many days. */
  lookBackDays: z.number().int().min(1).max(3660).default(92),
  /** Approval requests in one answer; fewer where people have very many entries a week (an answer is taken up to 10 MB). */
  pageSize: z.number().int().min(1).max(5000).default(100),
  /** Address for people, for links: "https://app.clockify.me". */
  appUrl: z.url().optional(),
});
export type ClockifyOptions = z.infer<typeof clockifyOptionsSchema>;

export const clockifyCredentialsSchema = z.object({ apiKey: z.string().min(1), workspaceId: z.string().regex(/^[0-9a-f]{24}$/, 'the ID of a workspace in Clockify') });
