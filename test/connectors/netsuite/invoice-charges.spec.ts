import assert from 'node:assert/strict';
import type { References } from '../../../connectors/ports.ts';
import type { Invoice } from '../../../domain/model/invoice.ts';
import { callContext, uniqueTag } from '../conformance/documents.ts';
import { invoiceOf } from '../conformance/receivables-documents.ts';
import { failureOf } from '../conformance/records.ts';
import { idIn, linesIn, startAccount, type NetSuiteAccount } from './receivables-account.ts';

const choiceIn = (value: unknown): unknown => Reflect.get(Object(value), 'choice');

describe('Invoices of NetSuite that take up charges', function () {
  this.timeout(60_000);
  let account: NetSuiteAccount;
  let approving: NetSuiteAccount;

  before(async () => {
    [account, approving] = await Promise.all([startAccount({ options: { billableLines: 'charges' } }), startAccount({ approvalRouting: true, options: { billableLines: 'charges', invoiceApproval: true } })]);
  });
  after(async () => {
    await Promise.all([account?.sandbox.close(), approving?.sandbox.close()]);
  });

  interface Work {
    readonly document: Invoice;
    readonly references: References;
    readonly keys: readonly string[];
  }
  /** An invoice of two lines, behind each of which is a charge in NetSuite. */
  async function work(where: NetSuiteAccount, stages: readonly string[] = ['READY_FOR_BILLING', 'READY_FOR_BILLING']): Promise<Work> {
    const tag = uniqueTag();
    const { id, references } = await where.office.customer('EUR');
    const draft = invoiceOf(tag, { today: '2026-11-21', customerId: id });
    const keys = draft.lines.map(({ number }) => `labor-${tag}-${number}`);
    await where.admin.seed({ job: [{ externalId: `job-${tag}`, companyName: 'Migration', parent: { id: references.customers[id] }, subsidiary: { id: '5' }, currency: { id: '4' }, jobBillingType: { id: 'CB' } }] });
    await where.admin.seed({ charge: draft.lines.map((line, index) => ({ externalId: keys[index], billTo: { externalId: `job-${tag}` }, stage: stages[index], chargeDate: '2026-10-20', chargeType: '-13', quantity: 1, rate: Number(line.amount.amount), amount: Number(line.amount.amount) })) });
    return { references, keys, document: { ...draft, lines: draft.lines.map((line, index) => ({ ...line, postingKeys: [keys[index] ?? ''] })) } };
  }
  const write = ({ document, references }: Work, where: NetSuiteAccount = account) => where.receivables().invoice.write({ document, references }, null, callContext());
  const charge = async (key: string | undefined, where: NetSuiteAccount = account) => (await where.admin.state())['charge']?.find((each) => Reflect.get(Object(each), 'externalId') === key);
  const fieldsOf = async (key: string | undefined, where?: NetSuiteAccount): Promise<Record<string, unknown>> => ({ ...Object(Reflect.get(Object(await charge(key, where)), 'fields')) });
  const stagesOf = async ({ keys }: Work, where?: NetSuiteAccount) => Promise.all(keys.map(async (key) => choiceIn((await fieldsOf(key, where))['stage'])));

  it('takes up the charges behind its lines, each on its own', async () => {
    const done = await work(account);
    const { externalId } = await write(done);
    assert.deepEqual(await stagesOf(done), ['PROCESSED', 'PROCESSED']);
    assert.deepEqual(await Promise.all(done.keys.map(async (key) => idIn((await fieldsOf(key))['invoice']))), [externalId, externalId]);
    assert.deepEqual(await Promise.all(done.keys.map(async (key) => (await fieldsOf(key))['invoiceLine'])), ['1', '2']);
    assert.equal((await account.stored('invoice', externalId)).fields['total'], Number(done.document.total.amount));
  });

  it('takes none where its lines name no postings', async () => {
    const done = await work(account);
    const { externalId } = await write({ ...done, document: { ...done.document, lines: done.document.lines.map((line) => ({ ...line, postingKeys: [] })) } });
    assert.deepEqual(linesIn((await account.stored('invoice', externalId)).fields['item']).map((line) => line['charges']), [undefined, undefined]);
    assert.deepEqual(await stagesOf(done), ['READY_FOR_BILLING', 'READY_FOR_BILLING']);
  });

  it('leaves out what was taken back, and postings that have no charge', async () => {
    const done = await work(account, ['NON_BILLABLE', 'READY_FOR_BILLING']);
    const [first, ...others] = done.document.lines;
    assert.ok(first !== undefined);
    await write({ ...done, document: { ...done.document, lines: [{ ...first, postingKeys: [...first.postingKeys, 'labor-without-a-charge'] }, ...others] } });
    assert.deepEqual(await stagesOf(done), ['NON_BILLABLE', 'PROCESSED']);
  });

  it('will not bill what people hold', async () => {
    const held = await work(account, ['READY_FOR_BILLING', 'HOLD']);
    const failure = await failureOf(() => write(held));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['business_rule', 'NETSUITE_CHARGE_HELD', 'no']);
    assert.match(failure.message, new RegExp(held.keys[1] ?? '-'));
    assert.deepEqual(await stagesOf(held), ['READY_FOR_BILLING', 'HOLD']);
  });

  it('will not bill what people billed in NetSuite', async () => {
    const theirs = await work(account);
    const customer = theirs.references.customers[theirs.document.customerId];
    await account.admin.seed({ invoice: [{ entity: { id: customer }, subsidiary: { id: '5' }, currency: { id: '4' }, item: { items: [{ item: { id: '12' }, amount: 10, charges: { items: [{ externalId: theirs.keys[0] }] } }] } }] });
    const failure = await failureOf(() => write(theirs));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['business_rule', 'NETSUITE_CHARGE_BILLED', 'no']);
    assert.match(failure.message, /INV\d+/);
  });

  it('bills anew what an invoice of ours was taken back for: its charges stay on that one', async () => {
    const done = await work(account);
    const receivables = account.receivables();
    const first = await write(done);
    await receivables.invoice.undo({ document: { document: done.document, references: done.references }, externalId: first.externalId, created: true }, callContext());
    const again = await write({ ...done, document: { ...done.document, id: `${done.document.id}-B` } });
    assert.notEqual(again.externalId, first.externalId);
    assert.equal(idIn((await fieldsOf(done.keys[0]))['invoice']), first.externalId);
  });

  it('keeps its charges while it changes pending approval, and gives them back where it is deleted', async () => {
    const done = await work(approving);
    const found = await write(done, approving);
    const shorter = { ...done.document, memo: 'Changed' };
    await approving.receivables().invoice.write({ document: shorter, references: done.references }, found, callContext());
    assert.deepEqual(await stagesOf(done, approving), ['PROCESSED', 'PROCESSED']);
    const undone = await approving.receivables().invoice.undo({ document: { document: shorter, references: done.references }, externalId: found.externalId, created: true }, callContext());
    assert.equal(undone.how, 'deleted');
    assert.deepEqual(await stagesOf(done, approving), ['READY_FOR_BILLING', 'READY_FOR_BILLING']);
  });
});
