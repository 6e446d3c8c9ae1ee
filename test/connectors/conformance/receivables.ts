import assert from 'node:assert/strict';
import { invoiceStandingSchema, type Invoice, type InvoiceStanding } from '../../../domain/model/invoice.ts';
import { addMoney, money, subtractMoney, type Money } from '../../../domain/money.ts';
import type { Found, References } from '../../../connectors/ports.ts';
import { isUnsupported } from '../../../connectors/ports.ts';
import type { ReceivablesPort } from '../../../connectors/receivables-port.ts';
import { theyTakeBadAnswers, type ExceptionsOf } from './bad-answers.ts';
import { callContext, uniqueTag } from './documents.ts';
import { paymentsTold } from './payments-told.ts';
import { creditOf, invoiceOf, type InvoiceTerms } from './receivables-documents.ts';
import { describeIssuedDocument } from './receivables-issued.ts';
import { describePaymentsTold } from './receivables-payments.ts';
import { describeRecordPort, failureOf, type FaultBoard, type RecordExceptions } from './records.ts';
import type { TestClock } from './timesheet-source.ts';

/** What stands in a system, and what people and customers do in it, past the connector. */
export interface ReceivablesOffice {
  readonly system: string;
  readonly clock: TestClock;
  /** Billed currencies; among them one without decimals and one with three, where the system has them. */
  readonly currencies: readonly string[];
  /** A customer that the system has. */
  customer(currency: string): Promise<{ readonly id: string; readonly references: References }>;
  /** How many documents carry this ID of ours. */
  count(document: Invoice): Promise<number>;
  /** Throws where what the system has is not what the document says, to the smallest coin. */
  check(document: Invoice, externalId: string): Promise<void>;
  /** The days that the document shows, as the customer reads them; null where the system decides them. */
  days(externalId: string): Promise<{ readonly issued: string | null; readonly due: string | null }>;
  /** Money comes in for an issued invoice; answers the payment's ID there. */
  pay(externalId: string, amount: Money): Promise<string>;
  /** So much of a payment is given back; answers the ID under which the payments tell it. Null where the system does not tell it. */
  readonly refund: ((paymentId: string, amount: Money) => Promise<string>) | null;
  /** Everything that the system holds. */
  stored(): Promise<unknown>;
  /** So many invoices that are not ours. */
  seedInvoices(count: number): Promise<void>;
  /** So many payments of one customer's invoices; answers their IDs. */
  payMany(count: number): Promise<ReadonlySet<string>>;
}

export interface ReceivablesCase {
  readonly name: string;
  readonly port: () => ReceivablesPort;
  /** Known before anything runs: which promises are to be kept. */
  readonly written: ReceivablesPort['written'];
  /** What the vendor makes and issues invoices with. */
  readonly writeMethod: 'POST' | 'PUT';
  /** An ID no invoice has. */
  readonly unknownId: string;
  readonly badAnswers?: RecordExceptions;
  readonly receivedBadly?: ExceptionsOf<'issue' | 'writeOff' | 'standing' | 'payments'>;
  readonly office: () => ReceivablesOffice;
  readonly faults: FaultBoard;
}

/** What every port of invoices and payments promises (connectors/receivables-port.ts). */
export function describeReceivables(receivables: ReceivablesCase): void {
  const { name, port, office, faults, written, writeMethod, unknownId } = receivables;

  const today = () => new Date(office().clock.now()).toISOString().slice(0, 10);
  async function fresh(terms: Partial<InvoiceTerms> = {}): Promise<{ document: Invoice; references: References }> {
    const { id, references } = await office().customer(terms.currency ?? 'EUR');
    return { document: invoiceOf(uniqueTag(), { today: today(), customerId: id, ...terms }), references };
  }
  const write = (wanted: { document: Invoice; references: References }) => port().invoice.write(wanted, null, callContext());
  const issue = (document: Invoice, { externalId }: Found) => port().issue({ document, externalId }, callContext());
  const standing = async (document: Invoice, { externalId }: Found): Promise<InvoiceStanding> => invoiceStandingSchema.parse(await port().standing({ document, externalId }, callContext()));
  async function issued(terms: Partial<InvoiceTerms> = {}): Promise<{ document: Invoice; references: References; found: Found }> {
    const wanted = await fresh(terms);
    const found = await write(wanted);
    await issue(wanted.document, found);
    return { ...wanted, found };
  }

  if (written.invoice === 'draft') {
    describeRecordPort(
      {
        name: `An invoice in ${name}`,
        port: () => port().invoice,
        fresh,
        amended: ({ document, references }) => ({ references, document: { ...invoiceOf('x', { today: document.issueDate, customerId: document.customerId, lines: [{ amount: '2500.00', description: 'Workshop — «Übergabe», 引き継ぎ' }, ...document.lines.map((line) => ({ amount: line.amount.amount })), { amount: '-50.00', kind: 'adjustment', description: 'Goodwill' }] }), id: document.id, memo: 'Second version', purchaseOrder: null } }),
        count: ({ document }) => office().count(document),
        check: ({ document }, externalId) => office().check(document, externalId),
        use: async ({ document }, externalId) => void (await port().issue({ document, externalId }, callContext())),
        writeMethod,
        unknownId,
        ...(receivables.badAnswers === undefined ? {} : { badAnswers: receivables.badAnswers }),
        content: { stored: () => office().stored(), seedOthers: (count) => office().seedInvoices(count) },
      },
      faults,
    );
  } else {
    describeIssuedDocument({ name: `An invoice in ${name}`, port: () => port().invoice, fresh, office, faults, writeMethod, unknownId, ...(receivables.badAnswers === undefined ? {} : { badAnswers: receivables.badAnswers }) });
  }

  describe(`${name}, as any system of invoices and payments`, () => {
    afterEach(async () => faults.clear());

    it('says of itself what it was said to write', () => {
      assert.deepEqual(port().written, written);
    });

    it('issues an invoice once, with its number, over the very total it was written with', async () => {
      const wanted = await fresh();
      const found = await write(wanted);
      if (written.invoice === 'draft') {
        const draft = await standing(wanted.document, found);
        assert.deepEqual([draft.status, draft.number], ['draft', null]);
      }
      const first = await issue(wanted.document, found);
      const second = await issue(wanted.document, found);
      assert.deepEqual(second, first);
      assert.deepEqual(first, await standing(wanted.document, found));
      assert.equal(first.status, 'issued');
      assert.ok(first.number !== null && first.number !== '', 'customers need a number');
      assert.deepEqual([first.total, first.open], [wanted.document.total, wanted.document.total]);
      await office().check(wanted.document, found.externalId);
    });

    if (written.invoice === 'draft') {
      it('does not issue twice where the answer is lost', async () => {
        for (const kind of ['cut-before', 'cut-after'] as const) {
          const wanted = await fresh();
          const found = await write(wanted);
          await faults.next({ kind, method: writeMethod });
          const failure = await failureOf(() => issue(wanted.document, found));
          assert.deepEqual([failure.kind, failure.written], ['in_doubt', 'unknown']);
          const after = await issue(wanted.document, found);
          assert.equal(after.status, 'issued');
          assert.deepEqual(after, await standing(wanted.document, found));
        }
      });

      it('takes back what is issued without deleting it, and cannot take back what is paid', async () => {
        const { document, references, found } = await issued();
        const undone = await port().invoice.undo({ document: { document, references }, externalId: found.externalId, created: true }, callContext());
        assert.equal(undone.how, 'cancelled', undone.detail);
        assert.equal((await standing(document, found)).status, 'voided');
        assert.equal(await office().count(document), 1);
      });
    }

    it('keeps an invoice that is paid', async () => {
      const { document, references, found } = await issued();
      await office().pay(found.externalId, document.total);
      const undone = await port().invoice.undo({ document: { document, references }, externalId: found.externalId, created: true }, callContext());
      assert.equal(undone.how, 'kept', undone.detail);
      assert.equal((await standing(document, found)).status, 'paid');
    });

    it('changes nothing of an invoice that is issued: the same is taken as done, another is refused', async () => {
      const { document, references, found } = await issued();
      const again = await port().invoice.write({ document, references }, found, callContext());
      assert.deepEqual([again.externalId, again.created], [found.externalId, false]);
      const other = { ...invoiceOf('x', { today: today(), customerId: document.customerId, lines: [{ amount: '1.00' }] }), id: document.id };
      const failure = await failureOf(() => port().invoice.write({ document: other, references }, found, callContext()));
      assert.deepEqual([failure.kind, failure.written], ['business_rule', 'no']);
      await office().check(document, found.externalId);
    });

    it('does not take an invoice that was voided for one that is billed', async () => {
      const { document, references, found } = await issued();
      await port().invoice.undo({ document: { document, references }, externalId: found.externalId, created: true }, callContext());
      assert.equal((await standing(document, found)).status, 'voided');
      const failure = await failureOf(() => port().invoice.write({ document, references }, found, callContext()));
      assert.deepEqual([failure.kind, failure.written], ['business_rule', 'no']);
    });

    it('tells what is still to be paid, part by part', async () => {
      const { document, found } = await issued();
      const part = money('1000', 'EUR');
      await office().pay(found.externalId, part);
      const partly = await standing(document, found);
      assert.deepEqual([partly.status, partly.total, partly.open], ['partly_paid', document.total, subtractMoney(document.total, part)]);
      await office().pay(found.externalId, partly.open);
      const paid = await standing(document, found);
      assert.deepEqual([paid.status, paid.open], ['paid', money('0', 'EUR')]);
    });

    it('carries amounts exactly in every currency, without decimals and with three', async () => {
      for (const currency of office().currencies) {
        const { document, found } = await issued({ currency });
        await office().check(document, found.externalId);
        const { total, open } = await standing(document, found);
        assert.deepEqual([total, open], [document.total, document.total], currency);
      }
    });

    it('carries a long invoice in any script', async () => {
      const lines = Array.from({ length: 120 }, (_, index) => ({ amount: `${index + 1}.01`, description: `${index + 1}: ${'Ångström → 東京 🗼 & "Söhne" <b>'.repeat(8)}`.slice(0, 500) }));
      const { document, found } = await issued({ lines, invoice: { memo: 'ß'.repeat(1000) } });
      await office().check(document, found.externalId);
    });

    it('shows the days of the legal entity, on both sides of the date line', async () => {
      for (const time of ['T00:30:00Z', 'T23:30:00Z']) {
        const now = office().clock.now();
        office().clock.advance(86_400_000 - (now % 86_400_000) + (time === 'T00:30:00Z' ? 1_800_000 : 84_600_000));
        const { document, found } = await issued();
        const { issued: shown, due } = await office().days(found.externalId);
        if (shown !== null) assert.equal(shown, document.issueDate);
        if (due !== null) assert.equal(due, document.dueDate);
      }
    });

    it('gives up what is not paid, once, or says that it cannot', async () => {
      const { writeOff } = port();
      if (isUnsupported(writeOff)) return assert.match(writeOff.unsupported, /\w+ \w+/);
      const { document, found } = await issued();
      const off = await writeOff({ document, externalId: found.externalId }, callContext());
      assert.equal(off.status, 'uncollectible');
      assert.deepEqual(await writeOff({ document, externalId: found.externalId }, callContext()), off);
    });

    theyTakeBadAnswers([
      {
        name: 'issue', writes: true, spoils: { method: writeMethod },
        arrange: async () => {
          if (written.invoice === 'issued') return null;
          const wanted = await fresh();
          const found = await write(wanted);
          return () => issue(wanted.document, found);
        },
      },
      {
        name: 'writeOff', writes: true, spoils: { method: writeMethod },
        arrange: async () => {
          const { writeOff } = port();
          if (isUnsupported(writeOff)) return null;
          const { document, found } = await issued();
          return () => writeOff({ document, externalId: found.externalId }, callContext());
        },
      },
      {
        name: 'standing', writes: false,
        arrange: async () => {
          const { document, found } = await issued();
          return () => standing(document, found);
        },
      },
      {
        name: 'payments', writes: false,
        arrange: async () => {
          office().clock.advance(3_600_000);
          const since = new Date(office().clock.now()).toISOString();
          const { document, found } = await issued();
          const id = await office().pay(found.externalId, document.total);
          return async () => {
            const { payments, unreadable } = await paymentsTold(port(), since);
            assert.ok(payments.some(({ payment }) => payment.externalId === id) || unreadable.some(({ externalId }) => externalId === id), 'a payment is passed over in silence');
          };
        },
      },
    ], faults, receivables.receivedBadly);

    describeCredits();
    describePaymentsTold({ port, office, issued });
  });

  function describeCredits(): void {
    const { creditNote } = written;
    if (typeof creditNote === 'object') {
      it('says why it writes no credit notes', () => {
        assert.match(creditNote.unsupported, /\w+ \w+/);
      });
      return;
    }
    it('takes an invoice back, wholly or in part, by a credit note that is found by our ID', async () => {
      for (const which of ['first line', 'all'] as const) {
        const { document, references } = await issued();
        const credit = creditOf(document, uniqueTag(), which);
        assert.equal(await port().invoice.find({ document: credit, references }, callContext()), null);
        const found = await write({ document: credit, references });
        assert.equal(found.created, true);
        assert.equal((await port().invoice.find({ document: credit, references }, callContext()))?.externalId, found.externalId);
        const again = await port().invoice.write({ document: credit, references }, found, callContext());
        assert.deepEqual([again.externalId, again.created], [found.externalId, false]);
        const credited = await issue(credit, found);
        assert.deepEqual([credited.status, credited.total], ['issued', credit.total]);
        const invoice = await port().invoice.find({ document, references }, callContext());
        assert.ok(invoice !== null);
        const left = await standing(document, invoice);
        assert.deepEqual(left.open, addMoney(document.total, credit.total), 'what is credited is no longer to be paid');
      }
    });

    it('makes a credit note once where the answer is lost', async () => {
      for (const kind of ['cut-before', 'cut-after'] as const) {
        const { document, references } = await issued();
        const credit = creditOf(document, uniqueTag());
        await faults.next({ kind, method: writeMethod });
        const failure = await failureOf(() => write({ document: credit, references }));
        assert.deepEqual([failure.kind, failure.written], ['in_doubt', 'unknown']);
        const found = await port().invoice.find({ document: credit, references }, callContext());
        if (kind === 'cut-before') assert.equal(found, null);
        const settled = await port().invoice.write({ document: credit, references }, found, callContext());
        assert.deepEqual((await standing(credit, settled)).total, credit.total);
        const invoice = await port().invoice.find({ document, references }, callContext());
        assert.ok(invoice !== null);
        assert.equal((await standing(document, invoice)).open.amount, '0.00');
      }
    });

    it('credits what is paid already', async () => {
      const { document, references, found } = await issued();
      await office().pay(found.externalId, document.total);
      const credit = creditOf(document, uniqueTag(), 'first line');
      const written2 = await write({ document: credit, references });
      assert.deepEqual((await standing(credit, written2)).total, credit.total);
    });
  }
}
