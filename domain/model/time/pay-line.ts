import { z } from 'zod';
import { localDateSchema } from '../../dates.ts';
import { decimalSchema } from '../../money.ts';
import { codeSchema } from '../document.ts';
import { postingKeySchema } from './labor-posting.ts';
import { recordIdSchema, versionSchema } from './record.ts';

/** Hours of one entry paid alike, for the payroll of one pay period; negative where paid hours are taken back. */
export const payLineSchema = z.strictObject({
  key: postingKeySchema,
  kind: z.enum(['original', 'reversal']),
  employer: codeSchema,
  payPeriod: codeSchema,
  person: z.email(),
  workDate: localDateSchema,
  payCode: codeSchema,
  multiplier: decimalSchema,
  hours: decimalSchema,
  costCenter: codeSchema,
  projectNumber: codeSchema,
  entry: z.strictObject({ system: codeSchema, id: recordIdSchema, version: versionSchema }),
});
export type PayLine = z.infer<typeof payLineSchema>;
