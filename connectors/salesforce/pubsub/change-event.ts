import avro from 'avsc';
import { z } from 'zod';
import type { Instant } from '../../../domain/dates.ts';
import { fieldsOfBitmaps, recordSchemaOf, type RecordSchema } from './bitmap.ts';
import { checkBounds } from './payload-bounds.ts';

export const CHANGE_TYPES = ['CREATE', 'UPDATE', 'DELETE', 'UNDELETE', 'GAP_CREATE', 'GAP_UPDATE', 'GAP_DELETE', 'GAP_UNDELETE', 'GAP_OVERFLOW'] as const;
export type ChangeType = (typeof CHANGE_TYPES)[number];

/** A change of one or more records. A gap event (GAP_*) tells that records changed, but not how. */
export interface ChangeEvent {
  /** "Opportunity" */
  readonly entity: string;
  /** Usually one; records that changed alike in one second are told together. "006*" means any record. */
  readonly recordIds: readonly string[];
  readonly changeType: ChangeType;
  readonly commitAt: Instant;
  readonly commitUser: string;
  /** What the program that made the change calls itself (`Sforce-Call-Options`); null where it does not say. */
  readonly client: string | null;
  readonly transactionKey: string;
  readonly changedFields: readonly string[];
  readonly nulledFields: readonly string[];
  /** Values that came with the event: of an update only those that changed. Dates and instants are milliseconds since 1970. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Milliseconds of the years that stores and people can name. */
const LAST_INSTANT = 253_402_300_799_999n;

const headerSchema = z.object({
  entityName: z.string().min(1),
  recordIds: z.array(z.string().regex(/^(?:\w{15}(?:\w{3})?|\w{3}\*)$/, 'a record ID')),
  changeType: z.enum(CHANGE_TYPES),
  changeOrigin: z.string(),
  transactionKey: z.string(),
  commitTimestamp: z.bigint().min(0n).max(LAST_INSTANT),
  commitUser: z.string(),
  nulledFields: z.array(z.string()).default([]),
  changedFields: z.array(z.string()).default([]),
});
const messageSchema = z.looseObject({ ChangeEventHeader: headerSchema });

/** Longs are read as BigInt: commit numbers need not fit a double. */
const longType = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
});

/** Reads the payloads of one schema. */
export interface EventReader {
  /** @throws Error where the payload is not of the schema, or is no change event */
  read(payload: Buffer): ChangeEvent;
}

/** @throws Error where the text is no Avro schema of a record */
export function eventReader(schemaJson: string): EventReader {
  const parsed: unknown = JSON.parse(schemaJson);
  const schema = recordSchemaOf(parsed);
  if (schema === undefined) throw new Error('the schema is not of a record');
  const type = avroTypeOf(schema);
  return {
    read(payload) {
      checkBounds(schema, payload);
      const value: unknown = type.fromBuffer(payload);
      const message = messageSchema.parse(value, { error: () => 'not as in a change event' });
      const { ChangeEventHeader: header, ...fields } = message;
      return {
        entity: header.entityName,
        recordIds: header.recordIds,
        changeType: header.changeType,
        commitAt: new Date(Number(header.commitTimestamp)).toISOString(),
        commitUser: header.commitUser,
        client: /;client=([^;]*)/.exec(header.changeOrigin)?.[1] ?? null,
        transactionKey: header.transactionKey,
        changedFields: fieldsOfBitmaps(header.changedFields, schema),
        nulledFields: fieldsOfBitmaps(header.nulledFields, schema),
        fields: Object.fromEntries(Object.entries(fields).flatMap(([name, value]) => (value === null ? [] : [[name, plain(value)]]))),
      };
    },
  };
}

function avroTypeOf(schema: RecordSchema): avro.Type {
  return avro.Type.forSchema(z.custom<avro.Schema>().parse(schema), {
    omitRecordMethods: true,
    typeHook: (part) => (part === 'long' || (typeof part === 'object' && 'type' in part && part.type === 'long') ? longType : undefined),
  });
}

/** As JSON can hold it. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (Buffer.isBuffer(value)) return value.toString('base64');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
  return value;
}
