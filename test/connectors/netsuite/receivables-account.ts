import assert from 'node:assert/strict';
import { z } from 'zod';
import { externalIdOf } from '../../../connectors/netsuite/external-id.ts';
import { createNetSuite } from '../../../connectors/netsuite/index.ts';
import { isUnsupported, type ErpPort } from '../../../connectors/ports.ts';
import type { ReceivablesPort } from '../../../connectors/receivables-port.ts';
import type { Invoice } from '../../../domain/model/invoice.ts';
import { generateCredentials } from '../../../sandbox/credentials.ts';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';
import { netsuite } from '../../../sandbox/netsuite/sandbox.ts';
import { sandboxAdmin } from '../conformance/admin.ts';
import { callContext, DE01, dealOf, silent, uniqueTag } from '../conformance/documents.ts';
import type { ReceivablesOffice } from '../conformance/receivables.ts';
import { testClock, type TestClock } from '../conformance/timesheet-source.ts';

/** The sandbox's subsidiaries, currencies, items and taxes: sandbox/netsuite/reference-data.ts. */
export const OPTIONS = {
  subsidiaries: { DE01: '5' },
  currencies: { USD: '1', EUR: '4', JPY: '7', INR: '8' },
  items: { TECHNOLOGY: '12' },
  invoiceItems: { expense: '13' },
  taxes: { 'DE-VAT': { type: '1', code: '1' } },
};
const CURRENCIES = ['EUR', 'JPY', 'INR'];

const recordSchema = z.looseObject({ id: z.string(), externalId: z.string().optional(), fields: z.record(z.string(), z.unknown()) });
const linesSchema = z.object({ lines: z.array(z.object({ values: z.record(z.string(), z.unknown()) })) });
export type StoredRecord = z.infer<typeof recordSchema>;

export interface NetSuiteAccount {
  readonly sandbox: RunningSandbox;
  readonly clock: TestClock;
  readonly admin: ReturnType<typeof sandboxAdmin>;
  readonly office: ReceivablesOffice;
  erp(options?: Record<string, unknown>): ErpPort;
  receivables(options?: Record<string, unknown>): ReceivablesPort;
  stored(record: string, id: string): Promise<StoredRecord>;
}

/** A NetSuite of its own, whose clock the test has; `options` are those of the connector in every call. */
export async function startAccount(settings: { readonly approvalRouting?: boolean; readonly options?: Record<string, unknown> } = {}): Promise<NetSuiteAccount> {
  const { privateKeyPem, ...accepted } = generateCredentials().netsuite;
  const clock = testClock('2026-11-21T09:00:00Z');
  const sandbox = await startSandbox(netsuite, { port: 0, now: () => new Date(clock.now()), options: { ...accepted, approvalRouting: settings.approvalRouting ?? false } });
  const admin = sandboxAdmin(() => sandbox.url);
  const erp: NetSuiteAccount['erp'] = (options = {}) =>
    createNetSuite({ system: 'netsuite', baseUrl: sandbox.url, credentials: { ...accepted, privateKeyPem }, options: { ...OPTIONS, ...settings.options, ...options }, log: silent, limits: { concurrency: 10, requestsPerSecond: null, timeoutSeconds: 20 } }, () => clock.now());
  const receivables: NetSuiteAccount['receivables'] = (options) => {
    const { receivables: offered } = erp(options);
    assert.ok(!isUnsupported(offered));
    return offered;
  };
  const all = async (record: string) => z.array(recordSchema).parse((await admin.state())[record] ?? []);
  const stored = async (record: string, id: string) => {
    const found = (await all(record)).find((each) => each.id === id);
    assert.ok(found !== undefined, `${record} ${id}`);
    return found;
  };
  const office = officeOf({ clock, admin, erp, all, stored });
  return { sandbox, clock, admin, office, erp, receivables, stored };
}

export const idIn = (value: unknown): unknown => Reflect.get(Object(value), 'id');
export const linesIn = (value: unknown) => linesSchema.parse(value).lines.map((line) => line.values);
const recordOf = (document: Invoice) => (document.kind === 'invoice' ? 'invoice' : 'creditMemo');

function officeOf({ clock, admin, erp, all, stored }: Pick<NetSuiteAccount, 'clock' | 'admin' | 'erp' | 'stored'> & { readonly all: (record: string) => Promise<StoredRecord[]> }): ReceivablesOffice {
  const port = erp();
  const newCustomer = async () => {
    const { customer } = dealOf(uniqueTag(), { legalEntity: DE01, customer: { currencies: CURRENCIES, legalEntities: ['DE01'] } });
    const { externalId } = await port.customer.write({ document: customer, references: { customers: {}, contracts: {}, projects: {} } }, null, callContext());
    return { id: customer.id, externalId };
  };
  const seedOne = async (collection: string, record: object) => (await admin.seed({ [collection]: [record] }))[collection]?.[0] ?? '';

  return {
    system: 'netsuite',
    clock,
    currencies: CURRENCIES,
    async customer() {
      const { id, externalId } = await newCustomer();
      return { id, references: { customers: { [id]: externalId }, contracts: {}, projects: {} } };
    },
    count: async (document) => (await all(recordOf(document))).filter((record) => record.externalId === externalIdOf(document.id)).length,
    async check(document, externalId) {
      const sign = document.kind === 'invoice' ? 1 : -1;
      const { fields, externalId: eid } = await stored(recordOf(document), externalId);
      const memo = document.memo.length > 999 ? `${document.memo.slice(0, 998)}…` : document.memo;
      assert.deepEqual([eid, fields['total'], fields['subtotal'], fields['taxTotal'], idIn(fields['subsidiary']), idIn(fields['currency']), fields['memo']], [externalIdOf(document.id), sign * Number(document.total.amount), sign * Number(document.net.amount), sign * Number(document.tax.amount), '5', Reflect.get(OPTIONS.currencies, document.currency), memo]);
      assert.equal(fields['otherRefNum'] ?? null, document.purchaseOrder);
      const taxes = new Map(linesIn(fields['taxDetails']).map((tax) => [tax['taxDetailsReference'], [tax['taxBasis'], tax['taxRate'], tax['taxAmount']]]));
      assert.deepEqual(
        linesIn(fields['item']).map((line) => [line['custcol_q2c_line'], line['amount'], line['description'], taxes.get(line['taxDetailsReference'])]),
        document.lines.map((line) => [String(line.number), sign * Number(line.amount.amount), line.description, [sign * Number(line.amount.amount), Number(line.taxRate), sign * Number(line.tax.amount)]]),
      );
    },
    async days(externalId) {
      const { fields } = await stored('invoice', externalId);
      return { issued: String(fields['tranDate']), due: String(fields['dueDate']) };
    },
    async pay(externalId, amount) {
      const { fields } = await stored('invoice', externalId);
      const same = (field: string) => ({ id: String(idIn(fields[field])) });
      return seedOne('customerPayment', { customer: same('entity'), subsidiary: same('subsidiary'), currency: same('currency'), payment: Number(amount.amount), apply: { items: [{ doc: { id: externalId }, apply: true, amount: Number(amount.amount) }] } });
    },
    refund: null,
    stored: () => admin.state(),
    async seedInvoices(count) {
      const { externalId } = await newCustomer();
      await admin.seed({ invoice: Array.from({ length: count }, () => ({ externalId: `by-hand-${uniqueTag()}`, entity: { id: externalId }, subsidiary: { id: OPTIONS.subsidiaries.DE01 }, currency: { id: OPTIONS.currencies.EUR }, item: { items: [{ item: { id: '12' }, amount: 1 }] } })) });
    },
    async payMany(count) {
      const { externalId } = await newCustomer();
      const [subsidiary, currency] = [{ id: OPTIONS.subsidiaries.DE01 }, { id: OPTIONS.currencies.EUR }];
      const invoices = (await admin.seed({ invoice: Array.from({ length: 3 }, () => ({ entity: { id: externalId }, subsidiary, currency, approvalStatus: { id: '2' }, item: { items: [{ item: { id: '12' }, amount: 1_000_000 }] } })) }))['invoice'] ?? [];
      const seeded = await admin.seed({ customerPayment: Array.from({ length: count }, (_, index) => ({ customer: { id: externalId }, subsidiary, currency, payment: 10 + index, apply: { items: [{ doc: { id: invoices[index % invoices.length] }, apply: true, amount: 10 + index }] } })) });
      return new Set(seeded['customerPayment']);
    },
  };
}
