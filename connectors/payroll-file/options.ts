import { z } from 'zod';
import { folderSchema as folder, hostKeySchema } from '../file-exchange/place.ts';

export { placeOf } from '../file-exchange/place.ts';

/** The `options` of a payroll bureau in config/systems.yaml. */
export const payrollFileOptionsSchema = z.strictObject({
  /** Of the bureau's SFTP server, as `ssh-keygen -lf` prints it: "SHA256:…". A server with another key is not spoken to. */
  hostKey: hostKeySchema.optional(),
  folders: z
    .strictObject({
      /** Where exports are written for the bureau. */
      outgoing: folder.default('outgoing'),
      /** Where the bureau may put exports that it has taken; it never deletes them. */
      processed: folder.default('processed'),
      /** Where the bureau writes its acknowledgements. */
      incoming: folder.default('incoming'),
      /** Where we keep a copy of acknowledgements that are not understood. */
      quarantine: folder.default('quarantine'),
    })
    .prefault({}),
  /** An acknowledgement that cannot be read is still being written when it was changed within so many seconds. */
  settleSeconds: z.number().min(0).max(3600).default(30),
});
export type PayrollFileOptions = z.infer<typeof payrollFileOptionsSchema>;
