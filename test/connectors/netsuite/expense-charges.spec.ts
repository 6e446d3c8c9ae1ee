import assert from 'node:assert/strict';
import { z } from 'zod';
import { expenseChargeKey } from '../../../connectors/netsuite/expense-charges.ts';
import { createNetSuite } from '../../../connectors/netsuite/index.ts';
import { isUnsupported, type RecordPort } from '../../../connectors/ports.ts';
import type { ExpensePosting } from '../../../domain/model/time/expense-posting.ts';
import { startSandboxes, type RunningSandboxes } from '../../../sandbox/all.ts';
import { sandboxAdmin } from '../conformance/admin.ts';
import { callContext, silent } from '../conformance/documents.ts';
import { describeRecordPort, failureOf } from '../conformance/records.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';
import { enteredByHand, eur, expenses, lineOf, PERSON, PROJECT, reversalOf } from './expense-documents.ts';

const OPTIONS = { subsidiaries: { US01: '2', DE01: '5' }, currencies: { USD: '1', EUR: '4' }, items: { TECHNOLOGY: '12' }, invoiceItems: { expense: '13' }, billableLines: 'charges' };
const BY_TIME = 'DE01-TECH-TM';
const recordSchema = z.looseObject({ id: z.string(), externalId: z.string().optional(), fields: z.record(z.string(), z.unknown()) });
const linesSchema = z.object({ lines: z.array(z.object({ values: z.record(z.string(), z.unknown()) })) });
const idIn = (value: unknown): unknown => Reflect.get(Object(value), 'id');
const choiceIn = (value: unknown): unknown => Reflect.get(Object(value), 'choice');

describe('Expense reports in NetSuite that charges bill on', function () {
  this.timeout(60_000);
  let sandboxes: RunningSandboxes;
  let port: RecordPort<ExpensePosting>;
  let client = '';
  const url = () => sandboxes.url('netsuite');
  const admin = sandboxAdmin(url);
  const faults = sandboxFaults(url);
  const stored = async (record: string, key: string) => z.array(recordSchema).parse((await admin.state())[record] ?? []).filter((each) => each.externalId === key);
  const chargesOf = async ({ key, lines }: ExpensePosting) => Promise.all(lines.map(async ({ id }) => (await stored('charge', expenseChargeKey(key, id)))[0]?.fields));
  const billableOf = async ({ key }: ExpensePosting) => linesSchema.parse((await stored('expenseReport', key))[0]?.fields['expense']).lines.map(({ values }) => values['isBillable']);
  const stagesOf = async (posting: ExpensePosting) => (await chargesOf(posting)).map((charge) => choiceIn(charge?.['stage']));
  const write = (document: ExpensePosting) => port.write(document, null, callContext());
  const posted = async (change: Partial<ExpensePosting> = {}) => {
    const document = expenses(change);
    await write(document);
    return document;
  };
  const invoice = async (posting: ExpensePosting, line: string) =>
    admin.seed({ invoice: [{ entity: { id: client }, item: { items: [{ item: { id: '13' }, amount: 107, charges: { items: [{ externalId: expenseChargeKey(posting.key, line) }] } }] } }] });

  before(async () => {
    sandboxes = await startSandboxes({ only: ['netsuite'] });
    await admin.seed({ employee: [{ firstName: 'Ada', lastName: 'Lovelace', email: PERSON, subsidiary: { id: '5' } }] });
    client = (await admin.seed({ customer: [{ companyName: 'Contoso', subsidiary: { id: '5' }, currency: { id: '4' } }] }))['customer']?.[0] ?? '';
    const job = (number: string, type: string) => ({ externalId: number, entityId: number, companyName: 'Cloud migration', parent: { id: client }, subsidiary: { id: '5' }, currency: { id: '4' }, jobBillingType: { id: type } });
    await admin.seed({ job: [job(PROJECT, 'CB'), job(BY_TIME, 'TM')] });
    const { expenses: offered } = createNetSuite({ system: 'netsuite', baseUrl: url(), credentials: sandboxes.credentials.netsuite, options: OPTIONS, log: silent, limits: { concurrency: 10, requestsPerSecond: null, timeoutSeconds: 20 } });
    assert.ok(!isUnsupported(offered));
    port = offered;
  });
  after(async () => sandboxes?.close());
  afterEach(async () => faults.clear());

  describeRecordPort({
    name: 'An expense report in NetSuite that charges bill on',
    port: () => port,
    fresh: () => Promise.resolve(expenses()),
    amended: (document) => ({ ...document, lines: document.lines.map((line) => ({ ...line, description: `${line.description} (corrected)` })) }),
    count: async ({ key }) => (await stored('expenseReport', key)).length,
    check: async (document, externalId) => {
      const [record] = await stored('expenseReport', document.key);
      assert.deepEqual([record?.id, record?.fields['total']], [externalId, Number(document.total.amount)]);
      assert.deepEqual((await chargesOf(document)).map((charge) => charge?.['amount']), [107, 107, undefined]);
    },
    use: null,
    writeMethod: 'PUT',
    unknownId: '99999999',
    // A write is answered by a header with the record's ID, and by no body.
    badAnswers: { write: { empty: 'taken', truncated: 'taken' } },
    content: { stored: () => admin.state(), seedOthers: (count) => enteredByHand(admin, count) },
  }, faults);

  it('charges what the client agreed to pay for each line, and lets the report bill nothing', async () => {
    const document = await posted();
    const [hotel, perDiem, drive] = await chargesOf(document);
    assert.deepEqual([hotel, perDiem].map((charge) => [charge?.['chargeDate'], charge?.['quantity'], charge?.['rate'], charge?.['amount'], idIn(charge?.['currency']), idIn(charge?.['billingItem']), choiceIn(charge?.['chargeType']), choiceIn(charge?.['stage'])]), [
      ['2026-11-03', 1, 107, 107, '4', '13', '-98', 'READY_FOR_BILLING'],
      ['2026-11-03', 1, 107, 107, '4', '13', '-98', 'READY_FOR_BILLING'],
    ]);
    assert.match(String(hotel?.['description']), /^LODGING: Hotel, two nights \(harvest report-/);
    assert.equal(drive, undefined);
    assert.deepEqual(await billableOf(document), [false, false, false, false]);
  });

  it('lets the report bill on what is for a project that is not charge-based', async () => {
    const document = await posted({ lines: [lineOf('1', {}), lineOf('2', { projectNumber: BY_TIME })] });
    assert.deepEqual((await chargesOf(document)).map((charge) => charge?.['amount']), [107, undefined]);
    assert.deepEqual(await billableOf(document), [false, false, true, false]);
  });

  it('is not found before its charges are there, and adds them when it is written again', async () => {
    const document = expenses();
    await faults.next({ kind: 'cut-before', method: 'POST', path: '/record/v1/charge$' });
    assert.equal((await failureOf(() => write(document))).written, 'unknown');
    assert.equal((await stored('expenseReport', document.key)).length, 1);
    assert.equal(await port.find(document, callContext()), null);
    await write(document);
    assert.notEqual(await port.find(document, callContext()), null);
    assert.deepEqual(await stagesOf(document), ['READY_FOR_BILLING', 'READY_FOR_BILLING', undefined]);
  });

  it('takes charges back with their report; against one that an invoice has, it writes a negative one', async () => {
    const original = await posted();
    await invoice(original, '1');
    const reversal = reversalOf(original);
    await write(reversal);
    assert.deepEqual(await stagesOf(original), ['PROCESSED', 'NON_BILLABLE', undefined]);
    assert.deepEqual((await chargesOf(reversal)).map((charge) => [charge?.['quantity'], charge?.['rate'], charge?.['amount']]), [[-1, 107, -107], [undefined, undefined, undefined], [undefined, undefined, undefined]]);
    assert.notEqual(await port.find(reversal, callContext()), null);
  });

  it('undoes a report with its charges, unless the client was billed', async () => {
    const document = expenses();
    const { externalId } = await write(document);
    assert.equal((await port.undo({ document, externalId, created: true }, callContext())).how, 'deleted');
    assert.deepEqual(await stagesOf(document), [undefined, undefined, undefined]);
    const billed = expenses();
    const found = await write(billed);
    await invoice(billed, '1');
    const kept = await port.undo({ document: billed, externalId: found.externalId, created: true }, callContext());
    assert.deepEqual([kept.how, /billed to the client/.test(kept.detail)], ['kept', true]);
    assert.deepEqual(await stagesOf(billed), ['PROCESSED', 'READY_FOR_BILLING', undefined]);
  });

  it('undoes a reversal: what it took back is to be billed again', async () => {
    const original = await posted();
    const reversal = reversalOf(original);
    const { externalId } = await write(reversal);
    assert.equal((await port.undo({ document: reversal, externalId, created: true }, callContext())).how, 'deleted');
    assert.deepEqual(await stagesOf(original), ['READY_FOR_BILLING', 'READY_FOR_BILLING', undefined]);
  });

  it('refuses a charge that NetSuite would round before the report is written', async () => {
    const document = expenses({ lines: [lineOf('1', { billed: { ...eur('10.00'), amount: '10.005' } })] });
    assert.deepEqual([(await failureOf(() => write(document))).code, (await stored('expenseReport', document.key)).length], ['NETSUITE_PRECISION', 0]);
  });
});
