import { z } from 'zod';

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
  /** Address of the account for people, for links: "https://northwind.harvestapp.com". */
  accountUrl: z.url().optional(),
  /** Harvest asks for the application's name and a contact. */
  userAgent: z.string().min(1).default('q2c'),
});
export type HarvestOptions = z.infer<typeof harvestOptionsSchema>;

export const harvestCredentialsSchema = z.object({ accountId: z.string().min(1), accessToken: z.string().min(1) });
