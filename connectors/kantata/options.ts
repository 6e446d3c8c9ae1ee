import { z } from 'zod';
import { expenseOptionsSchema } from '../expense-lines.ts';

const objectId = z.string().regex(/^[1-9]\d{0,9}$/, 'the ID of an object in Kantata, as text');

/** The `options` of a Kantata OX account in config/systems.yaml; the same for time and for resources. */
export const kantataOptionsSchema = z.strictObject({
  /** The name under which our keys stand in Kantata's external references. Two installations on one account need two. */
  serviceName: z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'a short name of small letters, digits and hyphens').default('q2c'),
  /** Labor category → name of the account's role that stands for it. A category not named here is the role called like it: SENIOR_CONSULTANT is "Senior Consultant". */
  roles: z.record(z.string(), z.string().min(1)).default({}),
  /** Names of roles that stand for no labor category: the category then comes from the assignment. */
  plainRoles: z.array(z.string().min(1)).default([]),
  /** Customer (canonical ID) → ID of its company group, where neither our reference nor the name tells. */
  groupIds: z.record(z.string(), objectId).default({}),
  /** `project`: a rate card for each project. `none`: the account has no rate cards; rates stand in the project's description. */
  rateCards: z.enum(['project', 'none']).default('project'),
  /** Planned hours of assignments become allocations that are `soft` or `hard` (roles without a name are always soft), or none. */
  allocations: z.enum(['soft', 'hard', 'none']).default('soft'),
  /** The account's status keys to set with the project's status (Kantata's "Project Status List"); without one the status in Kantata stays. */
  statusKeys: z.strictObject({ pending: z.number().int().optional(), active: z.number().int().optional(), closed: z.number().int().optional(), cancelled: z.number().int().optional() }).default({}),
  /** How expenses become lines of reports. Of Kantata's built-in categories, Food is called otherwise here. */
  expenses: expenseOptionsSchema.prefault({ categories: { Food: 'MEALS' } }),
  /** Changes are looked for so many seconds before the last one known, for clocks that differ and changes that show late. */
  overlapSeconds: z.number().int().min(0).max(86_400).default(120),
  /** Timesheets or expense reports in one answer. */
  pageSize: z.number().int().min(1).max(200).default(200),
  /** Address for people, for links: "https://app.mavenlink.com". */
  appUrl: z.url().optional(),
});
export type KantataOptions = z.infer<typeof kantataOptionsSchema>;

export const kantataCredentialsSchema = z.object({ accessToken: z.string().min(1) });
