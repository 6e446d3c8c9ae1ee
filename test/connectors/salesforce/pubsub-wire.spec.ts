import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadSync } from '@grpc/proto-loader';
import { describe, it } from 'mocha';
import { z } from 'zod';
import avro from 'avsc';
import fc from 'fast-check';
import { fieldsOfBitmaps, recordSchemaOf } from '../../../connectors/salesforce/pubsub/bitmap.ts';
import { eventReader } from '../../../connectors/salesforce/pubsub/change-event.ts';

const root = new URL('../../../', import.meta.url);
const vectors = z
  .array(z.object({ path: z.string(), method: z.string(), side: z.enum(['request', 'response']), message: z.record(z.string(), z.unknown()), wire: z.string().regex(/^[0-9a-f]+$/) }))
  .parse(JSON.parse(readFileSync(new URL('test/fixtures/vendors/salesforce/pubsub-wire.json', root), 'utf8')));

const BYTE_FIELDS = new Set(['replayId', 'latestReplayId', 'payload']);

/** Hexadecimal texts of the fixture as bytes, and back. */
function withBytes(value: unknown, name = ''): unknown {
  if (typeof value === 'string' && BYTE_FIELDS.has(name)) return Buffer.from(value, 'hex');
  if (Array.isArray(value)) return value.map((inner) => withBytes(inner));
  if (typeof value === 'object' && value !== null && !Buffer.isBuffer(value)) return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withBytes(inner, key)]));
  return value;
}

describe('The Pub/Sub API\'s wire format, held against messages encoded with the file Salesforce publishes', () => {
  for (const file of ['connectors/salesforce/proto/pubsub.proto', 'sandbox/salesforce/pubsub/service.proto']) {
    const service = loadSync(fileURLToPath(new URL(file, root)), { longs: String, enums: String, defaults: true, arrays: true })['eventbus.v1.PubSub'];
    for (const { path, method, side, message, wire } of vectors) {
      it(`${file}: ${method} ${side} ${wire.slice(0, 16)}…`, () => {
        assert.ok(service !== undefined && !('format' in service));
        const described = service[method];
        assert.equal(described?.path, path);
        const expected = z.record(z.string(), z.unknown()).parse(withBytes(message));
        const [serialize, deserialize] = side === 'request' ? [described.requestSerialize, described.requestDeserialize] : [described.responseSerialize, described.responseDeserialize];
        assert.equal(serialize(expected).toString('hex'), wire);
        const read = z.record(z.string(), z.unknown()).parse(deserialize(Buffer.from(wire, 'hex')));
        for (const [name, value] of Object.entries(expected)) if (name !== 'events') assert.deepEqual(read[name], value, name);
      });
    }
  }
});

const nested = { type: 'record', name: 'Address', fields: ['Street', 'City', 'State', 'PostalCode', 'Country'].map((name) => ({ name, type: ['null', 'string'] })) };
const account = {
  type: 'record',
  name: 'AccountChangeEvent',
  fields: [
    { name: 'ChangeEventHeader', type: 'string' },
    { name: 'Name', type: ['null', 'string', { type: 'record', name: 'Switchable_PersonName', fields: [{ name: 'Salutation', type: ['null', 'string'] }, { name: 'FirstName', type: ['null', 'string'] }, { name: 'LastName', type: ['null', 'string'] }] }] },
    { name: 'Type', type: ['null', 'string'] },
    { name: 'BillingAddress', type: ['null', nested] },
    ...Array.from({ length: 40 }, (_, n) => ({ name: `Field${n}__c`, type: ['null', 'double'] })),
  ],
};
const schema = recordSchemaOf(account) ?? assert.fail('not a record');

describe('The bitmaps of a change event\'s header', () => {
  it('name fields by their position, the lowest bit first, also of compound fields', () => {
    assert.deepEqual(fieldsOfBitmaps(['0x04'], schema), ['Type']);
    assert.deepEqual(fieldsOfBitmaps(['0x06', '3-0x12', '1-0x04'], schema), ['Name', 'Type', 'BillingAddress.City', 'BillingAddress.Country', 'Name.LastName']);
    assert.deepEqual(fieldsOfBitmaps(['3-0x01'], schema), ['BillingAddress.Street']);
    assert.deepEqual(fieldsOfBitmaps([], schema), []);
  });

  it('of any set of fields give back that set, past the 32 and 53 bits that numbers hold', () => {
    const names = schema.fields.map(({ name }) => name);
    fc.assert(fc.property(fc.subarray(names), (chosen) => {
      const bits = chosen.reduce((sum, name) => sum | (1n << BigInt(names.indexOf(name))), 0n);
      assert.deepEqual(fieldsOfBitmaps([`0x${bits.toString(16).toUpperCase().padStart(12, '0')}`], schema), chosen);
    }), { seed: 11, numRuns: 50 });
  });

  it('that the schema has no field for are an error, not a guess', () => {
    for (const wrong of ['0x0100000000000000', 'Name', '2-0x01', '99-0x01', '1-0x08', '0xZZ']) assert.throws(() => fieldsOfBitmaps([wrong], schema), /schema has no|no bitmap/, wrong);
  });
});

describe('A change event\'s payload', () => {
  const header = { type: 'record', name: 'ChangeEventHeader', fields: [
    { name: 'entityName', type: 'string' }, { name: 'recordIds', type: { type: 'array', items: 'string' } }, { name: 'changeType', type: { type: 'enum', name: 'ChangeType', symbols: ['UPDATE', 'MERGED'] } }, { name: 'changeOrigin', type: 'string' },
    { name: 'transactionKey', type: 'string' }, { name: 'sequenceNumber', type: 'int' }, { name: 'commitTimestamp', type: 'long' }, { name: 'commitNumber', type: 'long' }, { name: 'commitUser', type: 'string' },
    { name: 'nulledFields', type: { type: 'array', items: 'string' } }, { name: 'diffFields', type: { type: 'array', items: 'string' } }, { name: 'changedFields', type: { type: 'array', items: 'string' } },
  ] };
  const event = { type: 'record', name: 'OpportunityChangeEvent', fields: [{ name: 'ChangeEventHeader', type: header }, { name: 'Name', type: ['null', 'string'] }, { name: 'CloseDate', type: ['null', { type: 'long', logicalType: 'timestamp-millis' }] }] };
  const written = (changes: object) =>
    avro.Type.forSchema(z.custom<avro.Schema>().parse(event)).toBuffer({ ChangeEventHeader: { entityName: 'Opportunity', recordIds: ['0065g00000ABCDEAA4'], changeType: 'UPDATE', changeOrigin: 'com/salesforce/api/rest/64.0;client=q2c', transactionKey: 't', sequenceNumber: 1, commitTimestamp: 1_795_000_000_000, commitNumber: 11_785_211_255_553, commitUser: '0055g000000000BAAQ', nulledFields: [], diffFields: [], changedFields: ['0x02'], ...changes }, Name: 'Deal', CloseDate: null });
  const reader = eventReader(JSON.stringify(event));

  it('is read by the schema that came with it, with the program that made the change', () => {
    const read = reader.read(written({}));
    assert.deepEqual([read.client, read.changedFields, read.fields, read.commitAt], ['q2c', ['Name'], { Name: 'Deal' }, new Date(1_795_000_000_000).toISOString()]);
    assert.equal(reader.read(written({ changeOrigin: '' })).client, null);
  });

  it('with numbers that a double cannot hold is read all the same', () => {
    const bytes = written({});
    const commitNumber = Buffer.from([0x82]);
    assert.ok(bytes.includes(commitNumber));
    const big = avro.Type.forSchema('long');
    const [small, huge] = [big.toBuffer(11_785_211_255_553), Buffer.from('feffffffffffffffff01', 'hex')];
    const at = bytes.indexOf(small);
    assert.equal(reader.read(Buffer.concat([bytes.subarray(0, at), huge, bytes.subarray(at + small.length)])).entity, 'Opportunity');
  });

  it('that is not of the schema, of an unknown kind of change or of a strange record is refused', () => {
    assert.throws(() => reader.read(Buffer.from([255, 255, 255])));
    assert.throws(() => reader.read(written({ changeType: 'MERGED' })));
    assert.throws(() => reader.read(written({ recordIds: ["x' OR 1"] })));
    assert.throws(() => eventReader('{"type":"string"}'), /not of a record/);
  });
});
