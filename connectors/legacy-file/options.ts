import { z } from 'zod';
import { folderSchema, hostKeySchema } from '../file-exchange/place.ts';

const code = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$/, 'a code of at most 40 letters, digits, "_", "." or "-"');
const seconds = z.number().min(0);

/** The `options` of a legacy ERP in config/systems.yaml. */
export const legacyFileOptionsSchema = z.strictObject({
  /** Of the SFTP server, where the files are on one. */
  hostKey: hostKeySchema.optional(),
  folders: z
    .strictObject({
      /** Where batches are put for the import job. */
      in: folderSchema.default('in'),
      /** Where the import job puts batches that it has answered. */
      done: folderSchema.default('done'),
      /** Where it puts those that it refused as a whole. */
      failed: folderSchema.default('failed'),
      /** Where it writes acknowledgements and extracts. */
      out: folderSchema.default('out'),
      /** Where it puts acknowledgements that two extracts cover. */
      old: folderSchema.default('out/old'),
    })
    .prefault({}),
  /** Of the files in both directions. What ISO 8859-1 cannot write is written as near as it can. */
  encoding: z.enum(['utf-8', 'iso-8859-1']).default('utf-8'),
  /** Legal entity → the ERP's company; one that is not here is its own. */
  companies: z.record(z.string(), code).default({}),
  /** Labor category → the ERP's; one that is not here is its own. */
  laborCategories: z.record(z.string(), code).default({}),
  /** How long a call waits for the acknowledgement before the process comes back later. */
  waitSeconds: seconds.max(240).default(60),
  lookEverySeconds: seconds.positive().max(60).default(2),
  /** After so long without the acknowledgement of a batch that the ERP has put away, it is asked to write it again. */
  askAgainSeconds: seconds.max(240).default(20),
  /** When the process comes back to what is not acknowledged yet, or what the ERP was too busy for. */
  retryAfterSeconds: seconds.positive().max(3600).default(60),
  linesPerBatch: z.int().min(1).max(5000).default(500),
});
export type LegacyFileOptions = z.infer<typeof legacyFileOptionsSchema>;
