import { z } from 'zod';
import { expenseOptionsSchema } from '../expense-lines.ts';

/** The `options` of a Harvest account in config/systems.yaml; the same for time and for assignments. */
export const harvestOptionsSchema = z.strictObject({
  /** Labor category → name of the task that stands for it. A category not named here is the task called like it: SENIOR_CONSULTANT is "Senior Consultant". */
  tasks: z.record(z.string(), z.string().min(1)).default({}),
  /** Customer (canonical ID) → ID of its client, where the name alone does not tell. */
  clientIds: z.record(z.string(), z.string().regex(/^\d+$/, 'the ID of a client in Harvest, as text')).default({}),
  /**
   * `code`: projects are found by client and code. `none`: the token may not list, or the account keeps no codes: nothing is looked up, a lost
   * answer goes to a person, and each customer needs an entry in `clientIds`.
   */
  projectLookUp: z.enum(['code', 'none']).default('code'),
  /** Names of tasks that stand for no labor category, such as "Vacation": they come as the entry's task, and the category from the assignment. */
  plainTasks: z.array(z.string().min(1)).default([]),
  /** Harvest does not tell who approved a timesheet: this address stands for its approvers. Without it, the user the token belongs to. */
  approver: z.email().optional(),
  /** `tracked` hours, or `rounded` as the account's rounding has them. */
  hours: z.enum(['tracked', 'rounded']).default('tracked'),
  /** Changes are looked for so many seconds before the last one known, for clocks that differ and changes that show late. */
  overlapSeconds: z.number().int().min(0).max(86_400).default(120),
  /** How expenses become lines of reports. */
  expenses: expenseOptionsSchema.prefault({}),
  /** Deleted time leaves no trace in Harvest: once a day so many weeks, the current one included, are compared. 0: never. */
  recheckWeeks: z.number().int().min(0).max(26).default(5),
  /** Address of the account for people, for links: "https://northwind.harvestapp.com". */
  accountUrl: z.url().optional(),
  /** Harvest asks for the application's name and a contact. */
  userAgent: z.string().min(1).default('q2c'),
});
export type HarvestOptions = z.infer<typeof harvestOptionsSchema>;

export const harvestCredentialsSchema = z.object({ accountId: z.string().min(1), accessToken: z.string().min(1) });
