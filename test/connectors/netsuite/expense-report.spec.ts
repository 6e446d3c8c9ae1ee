import assert from 'node:assert/strict';
import { z } from 'zod';
import { dateIn } from '../../../connectors/netsuite/expense-body.ts';
import { createNetSuite } from '../../../connectors/netsuite/index.ts';
import { isUnsupported, type RecordPort } from '../../../connectors/ports.ts';
import type { ExpensePosting } from '../../../domain/model/time/expense-posting.ts';
import { startSandboxes, type RunningSandboxes } from '../../../sandbox/all.ts';
import { sandboxAdmin } from '../conformance/admin.ts';
import { callContext, silent } from '../conformance/documents.ts';
import { describeRecordPort, failureOf } from '../conformance/records.ts';
import { sandboxFaults } from '../conformance/sandbox-faults.ts';
import { enteredByHand, eur, expenses, expensesIn, lineOf, PERSON, PROJECT, reversalOf } from './expense-documents.ts';

const OPTIONS = { subsidiaries: { US01: '2', DE01: '5', JP01: '8' }, currencies: { USD: '1', EUR: '4', JPY: '7', KWD: '9' }, items: { TECHNOLOGY: '12' } };
const recordSchema = z.looseObject({ id: z.string(), externalId: z.string().optional(), fields: z.record(z.string(), z.unknown()) });
const linesSchema = z.object({ lines: z.array(z.object({ values: z.record(z.string(), z.unknown()) })) });
const idIn = (value: unknown): unknown => Reflect.get(Object(value), 'id');

describe('Expense reports in NetSuite', function () {
  this.timeout(60_000);
  let sandboxes: RunningSandboxes;
  let port: RecordPort<ExpensePosting>;
  const url = () => sandboxes.url('netsuite');
  const admin = sandboxAdmin(url);
  const faults = sandboxFaults(url);
  const connect = (options: object = OPTIONS) => {
    const { expenses: offered } = createNetSuite({ system: 'netsuite', baseUrl: url(), credentials: sandboxes.credentials.netsuite, options, log: silent, limits: { concurrency: 10, requestsPerSecond: null, timeoutSeconds: 20 } });
    assert.ok(!isUnsupported(offered));
    return offered;
  };
  const stored = async (record: string, key: string) => z.array(recordSchema).parse((await admin.state())[record] ?? []).filter((each) => each.externalId === key);
  const linesOf = async (record: string, key: string, sublist: string) => linesSchema.parse((await stored(record, key))[0]?.fields[sublist]).lines.map((line) => line.values);
  const posted = async (change: Partial<ExpensePosting> = {}) => {
    const document = expenses(change);
    await port.write(document, null, callContext());
    return document;
  };

  before(async () => {
    sandboxes = await startSandboxes({ only: ['netsuite'] });
    await admin.seed({ employee: [{ firstName: 'Ada', lastName: 'Lovelace', email: PERSON, subsidiary: { id: '5' }, currencylist: { items: [{ currency: { id: '4' } }, { currency: { id: '7' } }, { currency: { id: '9' } }] } }] });
    await admin.seed({ job: [{ externalId: PROJECT, entityId: PROJECT, companyName: 'Cloud migration', subsidiary: { id: '5' } }] });
    port = connect();
  });
  after(async () => sandboxes?.close());
  afterEach(async () => faults.clear());

  const retold = (document: ExpensePosting): ExpensePosting => ({ ...document, lines: document.lines.map((line) => ({ ...line, description: `${line.description} (corrected)` })) });

  describeRecordPort({
    name: 'An expense report in NetSuite',
    port: () => port,
    fresh: (terms) => Promise.resolve(expensesIn(terms?.currency)),
    amended: retold,
    count: async ({ key }) => (await stored('expenseReport', key)).length,
    check: async (document, externalId) => {
      const [record] = await stored('expenseReport', document.key);
      assert.equal(record?.id, externalId);
      assert.deepEqual([record?.fields['total'], record?.fields['tranDate'], idIn(record?.fields['subsidiary']), idIn(record?.fields['expensereportcurrency'])], [Number(document.total.amount), document.submittedOn, '5', Reflect.get(OPTIONS.currencies, document.currency)]);
      assert.deepEqual((await linesOf('expenseReport', document.key, 'expense')).map((line) => line['memo']), [document.lines[0], document.lines[0], document.lines[1], document.lines[2]].map((line) => line?.description));
    },
    use: null,
    writeMethod: 'PUT',
    unknownId: '99999999',
    // A write is answered by a header with the record's ID, and by no body.
    badAnswers: { write: { empty: 'taken', truncated: 'taken' } },
    content: { stored: () => admin.state(), money: true, seedOthers: (count) => enteredByHand(admin, count) },
  }, faults);

  describeRecordPort({
    name: 'The reversal of an expense report in NetSuite',
    port: () => port,
    fresh: async (terms) => reversalOf(await posted(expensesIn(terms?.currency))),
    amended: retold,
    count: async ({ key }) => (await stored('journalEntry', key)).length,
    check: async (document, externalId) => {
      const [record] = await stored('journalEntry', document.key);
      assert.equal(record?.id, externalId);
      assert.equal(record?.fields['custbody_q2c_reverses'], document.reverses);
      assert.equal((await linesOf('journalEntry', document.key, 'line')).length, 5);
    },
    use: null,
    writeMethod: 'PUT',
    unknownId: '99999999',
    // A write is answered by a header with the record's ID, and by no body.
    badAnswers: { write: { empty: 'taken', truncated: 'taken' } },
    content: { stored: () => admin.state(), money: true, seedOthers: (count) => enteredByHand(admin, count) },
  }, faults);

  it('books recoverable tax on its own account, and bills on what is billed, on the project', async () => {
    const { key } = await posted();
    const lines = await linesOf('expenseReport', key, 'expense');
    const categories = z.array(recordSchema).parse((await admin.state())['expenseCategory']);
    const nameOf = (value: unknown) => categories.find((each) => each.id === idIn(value))?.fields['name'];
    assert.deepEqual(lines.map((line) => [nameOf(line['category']), line['amount'], line['isBillable'], line['receipt']]), [
      ['LODGING', 100, true, true],
      ['INPUT_TAX', 7, false, true],
      ['PER_DIEM', 84, true, false],
      ['MILEAGE', 30.3, false, false],
    ]);
    assert.deepEqual([lines[0]?.['custcol_q2c_amount'], lines[0]?.['custcol_q2c_currency'], lines[0]?.['custcol_q2c_receipt']], [107, 'EUR', 'file-1']);
    assert.equal(new Set(lines.map((line) => idIn(line['customer']))).size, 1);
  });

  it('takes a report back by a journal entry that balances, and bills nothing of it any more', async () => {
    const original = await posted();
    const reversal = reversalOf(original);
    await port.write(reversal, null, callContext());
    const lines = await linesOf('journalEntry', reversal.key, 'line');
    assert.deepEqual(lines.map((line) => [idIn(line['account']), line['debit'] ?? null, line['credit'] ?? null]), [
      ['1', 221.3, null],
      ['2', null, 100],
      ['3', null, 7],
      ['2', null, 84],
      ['2', null, 30.3],
    ]);
    assert.deepEqual((await linesOf('expenseReport', original.key, 'expense')).map((line) => line['isBillable']), [false, false, false, false]);
    const totals = await stored('expenseReport', original.key);
    assert.equal(totals[0]?.fields['total'], 221.3, 'the report itself stays as it was posted');
  });

  it('says in the journal where the client was billed already', async () => {
    const reversal = reversalOf(await posted());
    await faults.next({ kind: 'status', status: 400, method: 'PATCH' });
    await port.write(reversal, null, callContext());
    assert.match(String((await stored('journalEntry', reversal.key))[0]?.fields['memo']), /credit the client/);
  });

  it('will not take back a report that is not there', async () => {
    const failure = await failureOf(() => port.write(reversalOf(expenses()), null, callContext()));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['business_rule', 'NETSUITE_REVERSED_MISSING', 'no']);
  });

  it('pays back a refund inside a report', async () => {
    const refund = lineOf('2', { category: 'AIRFARE', amount: eur('-50.00'), recoverableTax: eur('0.00'), billed: eur('-50.00'), description: 'Flight refunded' });
    const original = await posted({ total: eur('57.00'), lines: [lineOf('1', {}), refund] });
    const reversal = reversalOf(original);
    await port.write(reversal, null, callContext());
    assert.deepEqual((await linesOf('journalEntry', reversal.key, 'line')).map((line) => [line['debit'] ?? null, line['credit'] ?? null]), [[57, null], [null, 100], [null, 7], [50, null]]);
  });

  it('refuses people, projects and categories NetSuite does not have, and names what to do', async () => {
    const cases: readonly [Partial<ExpensePosting>, string, RegExp][] = [
      [{ person: 'nobody@northwind-consulting.example' }, 'PERSON_UNKNOWN', /Make the employee/],
      [{ lines: [lineOf('1', { projectNumber: 'DE01-NOWHERE' })] }, 'PROJECT_UNKNOWN', /activated in NetSuite/],
      [{ lines: [lineOf('1', { category: 'YACHT' })] }, 'NETSUITE_MAPPING_MISSING', /expenseCategories\.YACHT/],
    ];
    for (const [change, code, mend] of cases) {
      const failure = await failureOf(() => port.write(expenses(change), null, callContext()));
      assert.deepEqual([failure.kind, failure.code, failure.written], ['configuration', code, 'no']);
      assert.match(failure.mend, mend);
    }
  });

  it('takes categories by the internal IDs in the options', async () => {
    const id = z.array(recordSchema).parse((await admin.state())['expenseCategory']).find((each) => each.fields['name'] === 'LODGING')?.id;
    const document = expenses({ lines: [lineOf('1', { category: 'HOTEL' })] });
    await connect({ ...OPTIONS, expenseCategories: { HOTEL: id } }).write(document, null, callContext());
    assert.equal(idIn((await linesOf('expenseReport', document.key, 'expense'))[0]?.['category']), id);
  });

  it('keeps a project that another ERP has as a text, and bills nothing for it', async () => {
    const document = await posted({ lines: [lineOf('1', { projectNumber: 'FR01-TECH-X', legalEntity: 'FR01' })] });
    const [line] = await linesOf('expenseReport', document.key, 'expense');
    assert.deepEqual([line?.['customer'], line?.['custcol_q2c_project'], line?.['isBillable']], [undefined, 'FR01-TECH-X', false]);
  });

  it('refuses a currency the person is not paid in, and amounts NetSuite would round', async () => {
    const dollars = (amount: string) => ({ amount, currency: 'USD' });
    const inDollars = expenses({ currency: 'USD', total: dollars('100.00'), lines: [lineOf('1', { amount: dollars('100.00'), recoverableTax: dollars('0'), billed: null })] });
    assert.deepEqual((await failureOf(() => port.write(inDollars, null, callContext()))).code, 'NETSUITE_INVALID_REFERENCE');
    const tooFine = expenses({ lines: [lineOf('1', { amount: { amount: '10.005', currency: 'KWD' }, recoverableTax: { amount: '0', currency: 'KWD' }, billed: null })] });
    assert.equal((await failureOf(() => port.write(tooFine, null, callContext()))).code, 'NETSUITE_PRECISION');
  });

  it('dates a report into its accounting period', () => {
    assert.equal(dateIn('2026-11', '2026-11-16'), '2026-11-16');
    assert.equal(dateIn('2026-12', '2026-11-16'), '2026-12-01');
    assert.equal(dateIn('2026-02', '2026-11-16'), '2026-02-28');
    assert.equal(dateIn('FY27-P05', '2026-11-16'), '2026-11-16');
  });
});
