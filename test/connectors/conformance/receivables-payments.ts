import assert from 'node:assert/strict';
import { paymentSchema, type Invoice, type Payment } from '../../../domain/model/invoice.ts';
import { money, subtractMoney } from '../../../domain/money.ts';
import type { Found } from '../../../connectors/ports.ts';
import type { ReceivablesPort } from '../../../connectors/receivables-port.ts';
import { paymentsTold } from './payments-told.ts';
import type { InvoiceTerms } from './receivables-documents.ts';
import type { ReceivablesOffice } from './receivables.ts';

const MANY_PAYMENTS = 1000;

interface PaymentsCase {
  readonly port: () => ReceivablesPort;
  readonly office: () => ReceivablesOffice;
  readonly issued: (terms?: Partial<InvoiceTerms>) => Promise<{ readonly document: Invoice; readonly found: Found }>;
}

/** What the payments of a port promise: all of them, once each, oldest first. */
export function describePaymentsTold({ port, office, issued }: PaymentsCase): void {
  async function told(since: string): Promise<{ changedAt: string; payment: Payment }[]> {
    const { payments, unreadable } = await paymentsTold(port(), since);
    assert.deepEqual(unreadable, []);
    return payments.map(({ changedAt, payment }) => ({ changedAt, payment: paymentSchema.parse(payment) }));
  }
  const instant = () => new Date(office().clock.now()).toISOString();

  it('tells payments as they came in, oldest first, with the invoice they pay by our ID', async () => {
    const { document, found } = await issued();
    const { document: other, found: otherFound } = await issued({ currency: 'JPY' });
    office().clock.advance(60_000);
    const since = instant();
    office().clock.advance(1000);
    const first = await office().pay(found.externalId, money('100.25', 'EUR'));
    office().clock.advance(1000);
    const second = await office().pay(otherFound.externalId, other.total);
    office().clock.advance(1000);
    const third = await office().pay(found.externalId, subtractMoney(document.total, money('100.25', 'EUR')));
    const ours = (await told(since)).filter(({ payment }) => [first, second, third].includes(payment.externalId));
    assert.deepEqual(
      ours.map(({ payment }) => [payment.externalId, payment.amount, payment.system, payment.applied]),
      [
        [first, money('100.25', 'EUR'), office().system, [{ externalInvoiceId: found.externalId, invoiceId: document.id, amount: money('100.25', 'EUR') }]],
        [second, other.total, office().system, [{ externalInvoiceId: otherFound.externalId, invoiceId: other.id, amount: other.total }]],
        [third, subtractMoney(document.total, money('100.25', 'EUR')), office().system, [{ externalInvoiceId: found.externalId, invoiceId: document.id, amount: subtractMoney(document.total, money('100.25', 'EUR')) }]],
      ],
    );
    const instants = ours.map(({ changedAt }) => changedAt);
    assert.deepEqual(instants, instants.toSorted());
  });

  it('tells money that was given back as a negative payment, where the system knows it', async () => {
    const { refund } = office();
    if (refund === null) return;
    const { document, found } = await issued();
    const payment = await office().pay(found.externalId, document.total);
    office().clock.advance(60_000);
    const since = instant();
    const id = await refund(payment, money('50', 'EUR'));
    const given = (await told(since)).find((each) => each.payment.externalId === id)?.payment;
    assert.deepEqual([given?.amount, given?.applied], [money('-50', 'EUR'), [{ externalInvoiceId: found.externalId, invoiceId: document.id, amount: money('-50', 'EUR') }]]);
  });

  it(`tells each of ${MANY_PAYMENTS} payments once, over all pages`, async function () {
    this.timeout(60_000);
    office().clock.advance(3_600_000);
    const since = instant();
    const made = await office().payMany(MANY_PAYMENTS);
    const ids = (await told(since)).map(({ payment }) => payment.externalId).filter((id) => made.has(id));
    assert.equal(ids.length, MANY_PAYMENTS);
    assert.equal(new Set(ids).size, MANY_PAYMENTS);
  });
}
