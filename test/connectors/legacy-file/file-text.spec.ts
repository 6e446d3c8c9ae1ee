import assert from 'node:assert/strict';
import fc from 'fast-check';
import { AcknowledgementUnreadable, readAcknowledgement } from '../../../connectors/legacy-file/acknowledgement.ts';
import { batchOf, manifestOf } from '../../../connectors/legacy-file/batch.ts';
import { keyOf } from '../../../connectors/legacy-file/keys.ts';
import { BatchRefused, readItems, readManifest } from '../../../sandbox/legacy/reading.ts';

const about = { system: 'legacy', object: 'a line' };
const customer = (name: string, street: string | null) => ({ external_key: 'a-1', name, parent_key: null, street, city: null, region: null, postal_code: null, country: null, tax_number: null, currencies: 'USD', companies: 'US01', keep: null });
const PROPERTY = { seed: 20261121, numRuns: 300 } as const;

/** Sends a customer and reads it as the ERP does, which shares no code with the sender. */
function received(name: string, street: string | null, encoding: 'utf-8' | 'iso-8859-1') {
  const batch = batchOf([{ table: 'customers', rows: [customer(name, street)] }], 'mark', 'key', encoding, about);
  const announced = readManifest('customers.x.1', manifestOf(batch, 'customers.x.1'), encoding);
  const [item] = readItems(announced, new Map(batch.files.map(({ content }) => ['customers.x.1.customers.csv', content])), encoding);
  assert.ok(item !== undefined);
  return item.values;
}

describe('What is written into files for a legacy ERP', () => {
  it('is taken apart again as it was meant, whatever people write', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (street) => {
        const { street: told = '' } = received('Acme', street, 'utf-8');
        const meant = street.toWellFormed().replaceAll(/\r\n?/g, '\n').replaceAll(/[^\P{Cc}\n]/gu, ' ');
        if (told.endsWith('...') && told !== meant) assert.ok(meant.startsWith(told.slice(0, -3)), JSON.stringify([meant, told]));
        else assert.equal(told, meant);
      }),
      PROPERTY,
    );
  });

  it('is within the character set and the length of the field, in ISO 8859-1 too', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 120 }), (street) => {
        const { street: told = '' } = received('Acme', street, 'iso-8859-1');
        assert.ok(Array.from(told).length <= 80 && /^[\n\x20-\xFF]*$/.test(told), JSON.stringify(told));
      }),
      PROPERTY,
    );
  });

  it('has the same bytes for the same content, and another name for another call or content', () => {
    const stem = (name: string, key: string) => batchOf([{ table: 'customers', rows: [customer(name, null)] }], 'mark', key, 'utf-8', about).stem;
    assert.equal(stem('Acme', 'k'), stem('Acme', 'k'));
    assert.equal(new Set([stem('Acme', 'k'), stem('Acme', 'l'), stem('Acme Ltd', 'k')]).size, 3);
  });

  it('adds control totals up exactly, whatever the currencies', () => {
    const rows = ['0.1', '0.2', '-0.3', '12345678901234.5678'].map((total, index) => ({ external_key: `k-${index}`, contract_number: 'K', contract_type: 'SOW', company: 'US01', customer_number: 'C1', currency: 'USD', signed_on: '2026-11-21', start_date: '2026-11-21', end_date: '2026-11-21', purchase_order: null, payment_days: '30', total }));
    assert.equal(batchOf([{ table: 'contracts', rows }], 'mark', 'key', 'utf-8', about).files[0]?.controlTotal, '12345678901234.5678');
  });

  it('knows a record by a key that fits the field, and tells long ones apart', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 120 }), (id) => {
        assert.match(keyOf(id), /^[\x21-\x7E]{1,64}$/);
        assert.notEqual(keyOf(id), keyOf(`${id}x`));
      }),
      PROPERTY,
    );
    assert.equal(keyOf('salesforce-0015g00000AbCdE/US01'), 'salesforce-0015g00000AbCdE/US01');
  });
});

describe('Whatever lies there as an acknowledgement or a batch', () => {
  const bytes = fc.uint8Array({ maxLength: 300 }).map((content) => Buffer.from(content));
  const lines = fc.array(fc.array(fc.string({ maxLength: 12 }), { maxLength: 9 }).map((fields) => fields.join(',')), { maxLength: 6 }).map((records) => Buffer.from(['kind,external_key,outcome,number,status,change,code,message', ...records].join('\r\n')));

  it('is understood or refused, and nothing else happens', () => {
    fc.assert(
      fc.property(fc.oneof(bytes, lines), fc.constantFrom('utf-8' as const, 'iso-8859-1' as const), (content, encoding) => {
        assert.throws(() => readAcknowledgement(content, encoding), AcknowledgementUnreadable);
        assert.throws(() => readManifest('customers.x.1', content, encoding), BatchRefused);
      }),
      PROPERTY,
    );
  });
});
