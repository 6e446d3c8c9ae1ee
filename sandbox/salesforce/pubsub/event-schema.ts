import { createHash } from 'node:crypto';
import avro from 'avsc';
import { z } from 'zod';
import type { Field, ObjectType } from '../schema.ts';
import type { Scalar } from '../values.ts';

export interface EventSchema {
  readonly id: string;
  readonly json: string;
  /** The record's fields as the event carries them, in the schema's order; the header is at position 0. */
  readonly fields: readonly Field[];
  encode(header: object, values: Readonly<Record<string, Scalar>>): Buffer;
}

/** What an event never carries: its own ID is in the header, and Salesforce leaves these out. */
const LEFT_OUT = new Set(['Id', 'IsDeleted', 'SystemModstamp', 'IsClosed', 'IsWon']);

const CHANGE_TYPES = ['CREATE', 'UPDATE', 'DELETE', 'UNDELETE', 'GAP_CREATE', 'GAP_UPDATE', 'GAP_DELETE', 'GAP_UNDELETE', 'GAP_OVERFLOW'];
const texts = { type: 'array', items: 'string' };

const HEADER = {
  type: 'record',
  name: 'ChangeEventHeader',
  namespace: 'com.sforce.eventbus',
  fields: [
    { name: 'entityName', type: 'string' },
    { name: 'recordIds', type: texts },
    { name: 'changeType', type: { type: 'enum', name: 'ChangeType', symbols: CHANGE_TYPES } },
    { name: 'changeOrigin', type: 'string' },
    { name: 'transactionKey', type: 'string' },
    { name: 'sequenceNumber', type: 'int' },
    { name: 'commitTimestamp', type: 'long' },
    { name: 'commitNumber', type: 'long' },
    { name: 'commitUser', type: 'string' },
    { name: 'nulledFields', type: texts },
    { name: 'diffFields', type: texts },
    { name: 'changedFields', type: texts },
  ],
};

const made = new Map<string, EventSchema>();

/** The Avro schema of an object's change event: the header, then each field optional. */
export function eventSchemaOf(object: ObjectType): EventSchema {
  const known = made.get(object.name);
  if (known !== undefined) return known;
  const fields = [...object.fields.values()].filter(({ name }) => !LEFT_OUT.has(name));
  const name = object.name.endsWith('__c') ? `${object.name.slice(0, -3)}__ChangeEvent` : `${object.name}ChangeEvent`;
  const schema = {
    type: 'record',
    name,
    namespace: 'com.sforce.eventbus',
    fields: [{ name: 'ChangeEventHeader', type: HEADER }, ...fields.map((field) => ({ name: field.name, type: ['null', avroType(field)], doc: `Data:${field.type}`, default: null }))],
  };
  const json = JSON.stringify(schema);
  const type = avro.Type.forSchema(z.custom<avro.Schema>().parse(JSON.parse(json)));
  const result: EventSchema = {
    id: createHash('md5').update(json).digest('base64url'),
    json,
    fields,
    encode: (header, values) => type.toBuffer({ ChangeEventHeader: header, ...Object.fromEntries(fields.map((field) => [field.name, avroValue(field, values[field.name] ?? null)])) }),
  };
  made.set(object.name, result);
  return result;
}

/** The bitmap of some fields, as the header has it: the lowest bit is the schema's first field. */
export function bitmapOf(schema: EventSchema, names: readonly string[]): string[] {
  let bits = 0n;
  for (const [index, field] of schema.fields.entries()) if (names.includes(field.name)) bits |= 1n << BigInt(index + 1);
  const hex = bits.toString(16).toUpperCase();
  return bits === 0n ? [] : [`0x${hex.length % 2 === 0 ? hex : `0${hex}`}`];
}

function avroType(field: Field): unknown {
  switch (field.type) {
    case 'currency':
    case 'double':
      return 'double';
    case 'boolean':
      return 'boolean';
    case 'date':
    case 'datetime':
      return { type: 'long', logicalType: 'timestamp-millis' };
    default:
      return 'string';
  }
}

function avroValue(field: Field, value: Scalar): Scalar {
  if (value === null) return null;
  return field.type === 'date' || field.type === 'datetime' ? Date.parse(String(value)) : value;
}
