import { createHash } from 'node:crypto';
import { z } from 'zod';
import { payrollExportIdSchema, payrollTotalsSchema, type PayrollExport } from '../../domain/model/time/payroll-export.ts';
import { localDateSchema } from '../../domain/dates.ts';

/** What the bureau checks the hours against; written last, so that whoever sees it finds the hours complete. */
export const manifestSchema = z.strictObject({
  schema: z.literal('payroll-manifest'),
  schemaVersion: z.literal(1),
  exportId: payrollExportIdSchema,
  employer: z.string(),
  payPeriod: z.strictObject({ code: z.string(), from: localDateSchema, to: localDateSchema }),
  payDate: localDateSchema,
  number: z.number().int().positive(),
  kind: z.enum(['regular', 'supplementary']),
  file: z.strictObject({ name: z.string(), bytes: z.number().int().nonnegative(), sha256: z.string().regex(/^[0-9a-f]{64}$/), encoding: z.literal('utf-8'), format: z.literal('csv-rfc4180') }),
  totals: payrollTotalsSchema,
});
export type Manifest = z.infer<typeof manifestSchema>;

export interface FileNames {
  readonly hours: string;
  readonly manifest: string;
  readonly acknowledgements: readonly string[];
}

/** Export IDs hold letters, digits, "_", "-" and dots between codes: they are safe as file names. */
export function fileNames(exportId: string): FileNames {
  const name = `payroll.${payrollExportIdSchema.parse(exportId)}`;
  return { hours: `${name}.csv`, manifest: `${name}.manifest.json`, acknowledgements: [`${name}.ack.json`, `${name}.ack.csv`] };
}

/** No clock and no random number: the same export gives the same manifest. */
export function manifestOf(document: PayrollExport, hours: Buffer): Manifest {
  const { id: exportId, employer, payPeriod, payDate, number, totals } = document;
  return {
    schema: 'payroll-manifest',
    schemaVersion: 1,
    exportId,
    employer,
    payPeriod,
    payDate,
    number,
    kind: number === 1 ? 'regular' : 'supplementary',
    file: { name: fileNames(exportId).hours, bytes: hours.length, sha256: checksumOf(hours), encoding: 'utf-8', format: 'csv-rfc4180' },
    totals,
  };
}

export function checksumOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
