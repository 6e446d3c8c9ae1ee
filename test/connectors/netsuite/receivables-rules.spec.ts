import assert from 'node:assert/strict';
import { isUnsupported, type Found, type References } from '../../../connectors/ports.ts';
import { wallClock } from '../../../connectors/netsuite/time-zone.ts';
import type { Invoice, Payment } from '../../../domain/model/invoice.ts';
import { money, subtractMoney } from '../../../domain/money.ts';
import { callContext, uniqueTag } from '../conformance/documents.ts';
import { creditOf, invoiceOf, type InvoiceTerms } from '../conformance/receivables-documents.ts';
import { readablePayments } from '../conformance/payments-told.ts';
import { failureOf } from '../conformance/records.ts';
import { idIn, linesIn, startAccount, type NetSuiteAccount } from './receivables-account.ts';

interface Billed {
  readonly document: Invoice;
  readonly references: References;
  readonly found: Found;
}

describe('What NetSuite makes of invoices and payments', function () {
  this.timeout(60_000);
  let account: NetSuiteAccount;

  before(async () => {
    account = await startAccount();
  });
  after(async () => account?.sandbox.close());

  const fresh = async (terms: Partial<InvoiceTerms> = {}, where: NetSuiteAccount = account) => {
    const { id, references } = await where.office.customer('EUR');
    return { document: invoiceOf(uniqueTag(), { today: '2026-11-21', customerId: id, ...terms }), references };
  };
  const billed = async (terms: Partial<InvoiceTerms> = {}): Promise<Billed> => {
    const wanted = await fresh(terms);
    return { ...wanted, found: await account.receivables().invoice.write(wanted, null, callContext()) };
  };
  const creditMemos = async (): Promise<number> => ((await account.admin.state())['creditMemo'] ?? []).length;

  it('bills each kind of line on its own item, with quantity and rate, and points people to the invoice', async () => {
    const { found } = await billed({ lines: [{ amount: '520.80', quantity: '2', unitPrice: '260.40' }, { amount: '99.10', kind: 'expense' }, { amount: '-50.00', kind: 'adjustment' }] });
    const { fields } = await account.stored('invoice', found.externalId);
    assert.deepEqual(linesIn(fields['item']).map((line) => [idIn(line['item']), line['quantity'], line['rate'], line['amount'], line['custcol_q2c_project']]), [['12', 2, 260.4, 520.8, 'DE01-TECH-1'], ['13', 1, 99.1, 99.1, 'DE01-TECH-1'], ['12', 1, -50, -50, 'DE01-TECH-1']]);
    assert.match(found.url ?? '', /\/app\/accounting\/transactions\/custinvc\.nl\?id=\d+$/);
    assert.match(String(fields['tranId']), /^INV\d+$/);
  });

  it('names the project of the invoice where NetSuite has it', async () => {
    const { document, references } = await fresh();
    const customer = { id: references.customers[document.customerId] };
    const [job = ''] = (await account.admin.seed({ job: [{ companyName: 'Cloud migration', parent: customer, subsidiary: { id: '5' }, currency: { id: '4' } }] }))['job'] ?? [];
    const { externalId } = await account.receivables().invoice.write({ document, references: { ...references, projects: { 'DE01-TECH-1': job } } }, null, callContext());
    assert.equal(idIn((await account.stored('invoice', externalId)).fields['job']), job);
  });

  it('keeps a purchase order that is too long for its field in the memo', async () => {
    const { found } = await billed({ invoice: { purchaseOrder: 'P'.repeat(60) } });
    const { fields } = await account.stored('invoice', found.externalId);
    assert.equal(fields['otherRefNum'], undefined);
    assert.equal(fields['memo'], `Purchase order ${'P'.repeat(60)}. Thank you for your business.`);
  });

  it('says which ID is missing in the options before anything is sent', async () => {
    const cases: [options: Record<string, unknown>, terms: Partial<InvoiceTerms>, named: RegExp][] = [
      [{}, { taxRule: 'FR-VAT' }, /taxes\.FR-VAT/],
      [{ subsidiaries: {} }, {}, /subsidiaries\.DE01/],
      [{ items: {} }, {}, /invoiceItems\.labor/],
      [{}, { currency: 'CHF' }, /currencies\.CHF/],
    ];
    for (const [options, terms, named] of cases) {
      const failure = await failureOf(async () => account.receivables(options).invoice.write(await fresh(terms), null, callContext()));
      assert.deepEqual([failure.kind, failure.code, failure.written], ['configuration', 'NETSUITE_MAPPING_MISSING', 'no']);
      assert.match(failure.mend, named);
    }
  });

  it('needs no tax code for a line that is not taxed', async () => {
    const { document, found } = await billed({ taxRule: 'REVERSE-CHARGE', taxRate: '0' });
    assert.equal((await account.stored('invoice', found.externalId)).fields['total'], Number(document.net.amount));
  });

  it('refuses a third decimal, which NetSuite cannot keep', async () => {
    const failure = await failureOf(async () => account.receivables({ currencies: { KWD: '11' } }).invoice.write(await fresh({ currency: 'KWD', lines: [{ amount: '10.125' }] }), null, callContext()));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['business_rule', 'NETSUITE_PRECISION', 'no']);
  });

  it('tells of an invoice whose total people changed in NetSuite, and does not take it for issued', async () => {
    const { document, found } = await billed();
    await account.admin.seed({ invoice: [{ externalId: document.id, taxDetailsOverride: false }] });
    const failure = await failureOf(() => account.receivables().issue({ document, externalId: found.externalId }, callContext()));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['business_rule', 'NETSUITE_TOTAL_DIFFERS', 'no']);
  });

  it('leaves an invoice alone that is paid in part or credited: what is left is taken back by a credit note', async () => {
    const [paid, credited] = [await billed(), await billed()];
    await account.office.pay(paid.found.externalId, money('10', 'EUR'));
    await account.receivables().invoice.write({ document: creditOf(credited.document, uniqueTag(), 'first line'), references: credited.references }, null, callContext());
    for (const { document, references, found } of [paid, credited]) {
      const undone = await account.receivables().invoice.undo({ document: { document, references }, externalId: found.externalId, created: true }, callContext());
      assert.equal(undone.how, 'kept');
      assert.match(undone.detail, /credit note/);
    }
  });

  it('takes an invoice back once, also where the answer to that is lost', async () => {
    const { document, references, found } = await billed();
    const before = await creditMemos();
    await account.admin.fault({ kind: 'cut-after', method: 'PUT', path: '/creditMemo/' });
    const undo = () => account.receivables().invoice.undo({ document: { document, references }, externalId: found.externalId, created: true }, callContext());
    assert.equal((await failureOf(undo)).written, 'unknown');
    assert.equal((await undo()).how, 'cancelled');
    assert.equal((await creditMemos()) - before, 1);
  });

  it('credits what is paid already without applying it, and what is open up to that', async () => {
    const { document, references, found } = await billed();
    const open = money('100', 'EUR');
    await account.office.pay(found.externalId, subtractMoney(document.total, open));
    const credit = creditOf(document, uniqueTag());
    const { externalId } = await account.receivables().invoice.write({ document: credit, references }, null, callContext());
    const { fields } = await account.stored('creditMemo', externalId);
    assert.deepEqual([fields['applied'], fields['unapplied']], [100, Number(subtractMoney(document.total, open).amount)]);
    assert.equal((await account.receivables().standing({ document, externalId: found.externalId }, callContext())).status, 'paid');
  });

  it('writes no credit note for an invoice that NetSuite does not have', async () => {
    const { document, references } = await fresh();
    const failure = await failureOf(() => account.receivables().invoice.write({ document: creditOf(document, uniqueTag()), references }, null, callContext()));
    assert.deepEqual([failure.kind, failure.code, failure.written], ['business_rule', 'NETSUITE_CREDITED_MISSING', 'no']);
  });

  it('says what to do where no item for bad debts is named', () => {
    const { writeOff } = account.receivables();
    assert.ok(isUnsupported(writeOff));
    assert.match(writeOff.unsupported, /badDebtItem/);
  });

  it('does not approve what an approver rejected', async () => {
    const strict = await startAccount({ approvalRouting: true, options: { invoiceApproval: true } });
    try {
      const wanted = await fresh({}, strict);
      const { externalId } = await strict.receivables().invoice.write(wanted, null, callContext());
      await strict.admin.seed({ invoice: [{ externalId: wanted.document.id, approvalStatus: { id: '3' } }] });
      const failure = await failureOf(() => strict.receivables().issue({ document: wanted.document, externalId }, callContext()));
      assert.deepEqual([failure.kind, failure.code], ['business_rule', 'NETSUITE_INVOICE_REJECTED']);
    } finally {
      await strict.sandbox.close();
    }
  });

  for (const options of [{ payments: 'records' }, { payments: 'suiteql' }]) describe(`payments, read as ${options.payments}`, () => {
    const told = async (since: string, changes?: (count: number) => Promise<void>): Promise<Payment[]> => {
      const { payments } = account.receivables(options);
      assert.ok(!isUnsupported(payments));
      const all: Payment[] = [];
      for await (const change of payments(since, callContext())) {
        assert.ok('payment' in change, JSON.stringify(change));
        all.push(change.payment);
        await changes?.(all.length);
      }
      return all;
    };
    const instant = () => new Date(account.clock.now()).toISOString();

    it('are passed over by no one who reads while others change them', async () => {
      account.clock.advance(3_600_000);
      const since = instant();
      const { id, references } = await account.office.customer('EUR');
      const head = { customer: { id: references.customers[id] }, subsidiary: { id: '5' }, currency: { id: '4' } };
      const seen = (memo: string) => account.admin.seed({ customerPayment: [{ externalId: 'bank-1', ...head, payment: 1, memo }] });
      const made = (await seen('Entered'))['customerPayment'] ?? [];
      for (const each of await account.office.payMany(1000)) made.push(each);
      account.clock.advance(1000);
      for (const each of await account.office.payMany(5)) made.push(each);
      account.clock.advance(1000);
      const all = await told(since, async (count) => {
        // The first page is read: a payment in it changes, and so moves behind all others.
        if (count === 1) await seen('Told by the bank');
      });
      const ids = new Set(all.map((payment) => payment.externalId));
      assert.deepEqual(made.filter((id) => !ids.has(id)), []);
    });

    it('tell what was not applied to any invoice, and one payment of several invoices', async () => {
      const first = await billed();
      const second = invoiceOf(uniqueTag(), { today: '2026-11-21', customerId: first.document.customerId });
      const { externalId: secondId } = await account.receivables().invoice.write({ document: second, references: first.references }, null, callContext());
      account.clock.advance(60_000);
      const since = instant();
      const customer = { id: first.references.customers[first.document.customerId] };
      const [both = '', none = ''] = (await account.admin.seed({
        customerPayment: [
          { customer, subsidiary: { id: '5' }, currency: { id: '4' }, payment: 250.5, apply: { items: [{ doc: { id: first.found.externalId }, apply: true, amount: 200.25 }, { doc: { id: secondId }, apply: true, amount: 50.25 }] } },
          { customer, subsidiary: { id: '5' }, currency: { id: '4' }, payment: 70 },
        ],
      }))['customerPayment'] ?? [];
      const all = await told(since);
      assert.deepEqual(all.find((payment) => payment.externalId === both)?.applied, [
        { externalInvoiceId: first.found.externalId, invoiceId: first.document.id, amount: money('200.25', 'EUR') },
        { externalInvoiceId: secondId, invoiceId: second.id, amount: money('50.25', 'EUR') },
      ]);
      assert.deepEqual([all.find((payment) => payment.externalId === both)?.amount, all.find((payment) => payment.externalId === none)?.applied], [money('250.5', 'EUR'), []]);
      assert.match(all[0]?.reference ?? '', /^PYMT\d+$/);
    });
  });

  it('tells money that was given back of a credit as a negative payment of no invoice', async () => {
    const { document, references, found } = await billed();
    await account.office.pay(found.externalId, document.total);
    const credit = creditOf(document, uniqueTag(), 'first line');
    const { externalId } = await account.receivables().invoice.write({ document: credit, references }, null, callContext());
    account.clock.advance(60_000);
    const since = new Date(account.clock.now()).toISOString();
    const [refund] = (await account.admin.seed({ customerRefund: [{ customer: { id: references.customers[document.customerId] }, subsidiary: { id: '5' }, currency: { id: '4' }, apply: { items: [{ doc: { id: externalId }, apply: true, amount: 50.5 }] } }] }))['customerRefund'] ?? [];
    for (const payments of ['records', 'suiteql']) assert.deepEqual((await readablePayments(account.receivables({ payments }), since)).map((payment) => [payment.externalId, payment.amount, payment.method, payment.applied]), [[refund, money('-50.5', 'EUR'), 'refund', []]]);
  });

  it('reads payments in a currency that the options do not name, by what NetSuite calls it', async () => {
    account.clock.advance(60_000);
    const since = new Date(account.clock.now()).toISOString();
    const { document, found } = await billed();
    await account.office.pay(found.externalId, document.total);
    for (const payments of ['records', 'suiteql']) assert.deepEqual((await readablePayments(account.receivables({ payments, currencies: {} }), since)).map(({ amount }) => amount), [document.total]);
  });

  describe('the clock that SuiteQL goes by', () => {
    it('is that of the integration\'s user', () => {
      const clock = wallClock('America/New_York');
      assert.equal(clock.notBefore('2026-11-21T14:00:00.900Z'), '2026-11-21 09:00:00');
      assert.equal(clock.instantOf('2026-11-21 09:00:00'), '2026-11-21T14:00:00.000Z');
      assert.equal(wallClock('UTC').notBefore('2026-11-21T14:00:00Z'), '2026-11-21 14:00:00');
    });

    it('misses nothing where clocks are put back, and takes the first of the repeated hours', () => {
      const clock = wallClock('America/New_York');
      // On 1 November 2026 at 06:00 UTC, 02:00 becomes 01:00. What comes in at 06:10 UTC reads 01:10.
      assert.ok(clock.notBefore('2026-11-01T05:50:00Z') <= '2026-11-01 01:10:00');
      assert.equal(clock.instantOf('2026-11-01 01:10:00'), '2026-11-01T05:10:00.000Z');
      assert.equal(clock.instantOf('2026-11-01 02:10:00'), '2026-11-01T07:10:00.000Z');
    });

    it('is put forward', () => {
      const clock = wallClock('Europe/Berlin');
      assert.equal(clock.notBefore('2026-03-29T00:59:59Z'), '2026-03-29 01:59:59');
      assert.equal(clock.instantOf('2026-03-29 03:00:00'), '2026-03-29T01:00:00.000Z');
    });
  });
});
