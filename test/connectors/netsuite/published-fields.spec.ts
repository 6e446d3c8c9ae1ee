import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Fields } from '../../../sandbox/netsuite/field-types.ts';
import { RECORD_TYPES } from '../../../sandbox/netsuite/record-types.ts';
import type { Exchange } from '../conformance/exchanges.ts';
import { everything } from './everything.ts';

type Published = string | readonly [PublishedFields] | PublishedFields;
interface PublishedFields {
  readonly [name: string]: Published;
}
const formSchema = z.enum(['string', 'number', 'integer', 'boolean', 'date', 'date-time', 'object']);
const publishedSchema: z.ZodType<Published> = z.lazy(() => z.union([formSchema, z.tuple([fieldsSchema]), fieldsSchema]));
const fieldsSchema: z.ZodType<PublishedFields> = z.lazy(() => z.record(z.string(), publishedSchema));
const published = z.record(z.string(), fieldsSchema).parse(JSON.parse(readFileSync(new URL('../../fixtures/vendors/netsuite/fields.json', import.meta.url), 'utf8')));

/** A duration goes over the wire as text; references and choices are objects with an ID both. */
const ON_THE_WIRE = { text: 'string', duration: 'string', number: 'number', integer: 'integer', boolean: 'boolean', date: 'date', datetime: 'date-time', choice: 'object', reference: 'object', named: 'object' } as const;

/** What the connector writes and the Browser has not; see the gaps in connectors/netsuite/README.md. */
const NOT_IN_REST = ['invoice.item[].charges is not published'];

/** Where the sandbox has another name or type than is published. Custom fields are the firm's own. */
function differences(fields: Fields, wanted: PublishedFields, at: string): string[] {
  return Object.entries(fields).flatMap(([name, spec]): string[] => {
    if (/^cust(body|col|record)_/.test(name) || spec.queryOnly === true) return [];
    const known = wanted[name];
    const path = `${at}.${name}`;
    if (known === undefined) return [`${path} is not published`];
    switch (spec.kind) {
      case 'lines':
        return Array.isArray(known) && known[0] !== undefined ? differences(spec.line, known[0], `${path}[]`) : [`${path} is a ${JSON.stringify(known)}`];
      case 'part':
        return typeof known === 'string' || Array.isArray(known) ? [`${path} is a ${JSON.stringify(known)}`] : differences(spec.fields, fieldsSchema.parse(known), path);
      case 'references':
        return [`${path} is no multi-select field there`];
      default:
        return known === ON_THE_WIRE[spec.kind] ? [] : [`${path} is ${JSON.stringify(known)}, not ${ON_THE_WIRE[spec.kind]}`];
    }
  });
}

const FORMS = { string: z.string(), number: z.number(), integer: z.int(), boolean: z.boolean(), date: z.iso.date(), 'date-time': z.iso.datetime({ offset: true }), object: z.strictObject({ id: z.string().optional(), externalId: z.string().optional(), refName: z.string().optional(), links: z.unknown().optional() }) } as const;
/** Their ID alone stands for a reference or a choice in a request: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_159310901448.html has both in one sample. */
const SENT = { ...FORMS, object: FORMS.object.or(z.string()) } as const;
const membersSchema = z.record(z.string(), z.unknown());
const sublistSchema = z.object({ items: z.array(membersSchema).optional() });
/** What an answer says of any record, line and list. */
const OF_ANY = new Set(['id', 'links', 'refName', 'count', 'hasMore', 'offset', 'totalResults']);

/** What of a body that was sent or answered is not as published; null clears a field. */
function mistakes(forms: typeof FORMS | typeof SENT, wanted: PublishedFields, body: unknown, at: string): string[] {
  const members = membersSchema.safeParse(body);
  if (!members.success) return [`${at} is no object`];
  return Object.entries(members.data).flatMap(([name, value]): string[] => {
    if (/^cust(body|col|record)_/.test(name) || OF_ANY.has(name) || value === null) return [];
    const known = wanted[name];
    const path = `${at}.${name}`;
    if (known === undefined) return [`${path} is not published`];
    if (typeof known === 'string') return forms[formSchema.parse(known)].safeParse(value).success ? [] : [`${path} is ${JSON.stringify(value)}, not ${known}`];
    if (!Array.isArray(known)) return mistakes(forms, fieldsSchema.parse(known), value, path);
    const list = sublistSchema.safeParse(value);
    return list.success ? (list.data.items ?? []).flatMap((line) => mistakes(forms, known[0] ?? {}, line, `${path}[]`)) : [`${path} is no list`];
  });
}

/** A request or an answer that has a record, or the records of a batch. */
function recordsIn(exchange: Exchange): readonly { readonly record: string; readonly sent: readonly unknown[]; readonly answered: readonly unknown[] }[] {
  const [, record, key, ...rest] = /\/record\/v1\/([^/]+)(?:\/([^/]+))?(\/.*)?$/.exec(exchange.path) ?? [];
  if (record === undefined || record.startsWith('customrecord_') || rest.some((part) => part !== undefined)) return [];
  const batch = z.object({ items: z.array(z.unknown()) }).safeParse(exchange.body);
  const sent = exchange.body === undefined ? [] : key === undefined && batch.success ? batch.data.items : [exchange.body];
  return [{ record, sent, answered: key !== undefined && exchange.method === 'GET' && exchange.status === 200 ? [exchange.answer] : [] }];
}

describe("NetSuite's records, held against the field names and types of its REST API Browser 2026.1", () => {
  it('are those of the sandbox, which takes and answers no other name, but for the charges of an invoice line', () => {
    const found = Object.entries(published).flatMap(([record, fields]) => {
      const type = Object.values(RECORD_TYPES).find(({ name }) => name === record) ?? assert.fail(`the sandbox has no ${record}`);
      return differences(type.fields, fields, record);
    });
    assert.deepEqual(found, NOT_IN_REST);
  });

  describe('as they go over the wire', function () {
    this.timeout(60_000);
    let exchanges: readonly Exchange[];
    before(async () => {
      exchanges = await everything();
    });
    const found = (which: 'sent' | 'answered') => [...new Set(exchanges.flatMap(recordsIn).flatMap((each) => each[which].flatMap((body) => mistakes(which === 'sent' ? SENT : FORMS, published[each.record] ?? assert.fail(each.record), body, each.record))))];

    it('are sent under published names and with published types, each kind of record that the connector writes', () => {
      assert.deepEqual(found('sent'), []);
      const written = new Set(exchanges.flatMap(recordsIn).filter(({ sent }) => sent.length > 0).map(({ record }) => record));
      assert.deepEqual([...written].toSorted(), ['billingSchedule', 'charge', 'creditMemo', 'customer', 'customerSubsidiaryRelationship', 'expenseReport', 'invoice', 'job', 'journalEntry', 'projectTask', 'salesOrder', 'timeBill']);
    });

    it('are answered by the sandbox so', () => {
      assert.deepEqual(found('answered'), []);
    });
  });

  it('would be found out where a name or a type were wrong', () => {
    const { expenseReport } = RECORD_TYPES;
    const { duedate: due, ...others } = published['expenseReport'] ?? {};
    assert.equal(due, 'date');
    assert.deepEqual(differences(expenseReport.fields, others, 'expenseReport'), ['expenseReport.duedate is not published']);
    assert.deepEqual(differences(expenseReport.fields, { ...others, duedate: 'string' }, 'expenseReport'), ['expenseReport.duedate is "string", not date']);
    assert.deepEqual(mistakes(SENT, { ...others, duedate: due }, { expense: { items: [{ expenseDate: '2026-11-03', category: 1 }] }, duedate: '3/11/2026' }, 'expenseReport'), ['expenseReport.expense[].expenseDate is not published', 'expenseReport.expense[].category is 1, not object', 'expenseReport.duedate is "3/11/2026", not date']);
  });
});
