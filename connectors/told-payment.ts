import { z } from 'zod';
import type { Instant } from '../domain/dates.ts';
import type { Failure } from '../domain/failure.ts';
import { paymentSchema } from '../domain/model/invoice.ts';
import type { ChangedPayment } from './receivables-port.ts';

/** A payment or refund as a system tells it, before it is read. */
export interface PaymentRecord {
  readonly system: string;
  /** Of codes: "STRIPE". */
  readonly prefix: string;
  readonly what: 'payment' | 'refund';
  readonly externalId: string;
  readonly changedAt: Instant;
  /** What the system says of it, for the person who looks into it. */
  readonly document: object;
}

/** One that cannot be read: told with the reason, so that the others are read on. */
export function unreadable(record: PaymentRecord, problem: string, code = `${record.prefix}_PAYMENT_UNREADABLE`): ChangedPayment {
  const { system, what, externalId, changedAt, document } = record;
  const failure: Failure = {
    kind: 'contract', code, system, object: `${what} ${externalId}`, written: 'no',
    message: `${system} tells ${what} ${externalId} in a way that is not understood: ${problem}`,
    mend: `Look at the ${what} in ${system}: correct it there, or have the connector learn what it says; until then enter it by hand where it counts.`,
  };
  return { changedAt, unreadable: { externalId, document, failure } };
}

/** The record's fields, or the record as one that cannot be read. */
export function fieldsOf<Fields>(schema: z.ZodType<Fields>, record: PaymentRecord): { readonly fields: Fields } | { readonly told: ChangedPayment } {
  const read = schema.safeParse(record.document);
  return read.success ? { fields: read.data } : { told: unreadable(record, z.prettifyError(read.error).slice(0, 500)) };
}

/** A canonical payment of the fields that were read. */
export function asPayment(record: PaymentRecord, payment: Omit<z.input<typeof paymentSchema>, 'schema' | 'schemaVersion' | 'system' | 'externalId'>): ChangedPayment {
  const read = paymentSchema.safeParse({ schema: 'payment', schemaVersion: 1, system: record.system, externalId: record.externalId, ...payment });
  return read.success ? { changedAt: record.changedAt, payment: read.data } : unreadable(record, z.prettifyError(read.error).slice(0, 500));
}
