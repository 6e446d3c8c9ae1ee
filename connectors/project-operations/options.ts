import { z } from 'zod';

const name = z.string().min(1);

/** The `options` of a Project Operations in config/systems.yaml. Names are those of its own records. */
export const projectOperationsOptionsSchema = z.strictObject({
  /** Legal entity → organizational unit (contracting unit). */
  organizationalUnits: z.record(z.string(), name).default({}),
  /** Labor category → role (bookable resource category); a category that is not here is its own role. */
  roles: z.record(z.string(), name).default({}),
  /** Unit of a rate → unit of the unit group of time; a rate whose unit is not here stands in the price list's description. */
  units: z.strictObject({ hour: name, day: name.optional(), month: name.optional() }).default({ hour: 'Hour', day: 'Day' }),
  /** Confirms each journal it writes; otherwise people do, and the lines are no actuals until then. */
  confirmJournals: z.boolean().default(true),
  /** How old a journal must be that an earlier attempt left unconfirmed, until it is confirmed again: an action of Dataverse runs for two minutes at most. */
  confirmAgainAfterSeconds: z.number().min(0).default(180),
  /** Postings in one journal. Each is up to two lines; a change set takes 1,000 requests. */
  postingsPerJournal: z.int().min(1).max(400).default(50),
  /** Legal entity → project that takes its own people's cost of work for a project that another ERP keeps. */
  costProjects: z.record(z.string(), name).default({}),
  /** Where tokens come from: Microsoft Entra ID, or the environment itself (a sandbox). */
  authority: z.union([z.url(), z.literal('environment')]).default('https://login.microsoftonline.com'),
  /** The environment's address for people, for links; the API's own where it is not given. */
  environmentUrl: z.url().optional(),
});
export type ProjectOperationsOptions = z.infer<typeof projectOperationsOptionsSchema>;
