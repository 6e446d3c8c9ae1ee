import assert from 'node:assert/strict';
import { z } from 'zod';
import { callContext, uniqueTag } from '../conformance/documents.ts';
import { paymentsTold } from '../conformance/payments-told.ts';
import { invoiceOf } from '../conformance/receivables-documents.ts';
import { startAccount, type StripeAccount } from './account.ts';

describe('A refund in Stripe', function () {
  this.timeout(20_000);
  let account: StripeAccount;
  before(async () => {
    account = await startAccount();
  });
  after(async () => account?.sandbox.close());

  async function refunded() {
    const { id: customerId, references } = await account.office.customer('EUR');
    const document = invoiceOf(uniqueTag(), { today: now().slice(0, 10), customerId });
    const port = account.port();
    const { externalId } = await port.invoice.write({ document, references }, null, callContext());
    await port.issue({ document, externalId }, callContext());
    const payment = await account.office.pay(externalId, document.total);
    const { payment: of } = z.object({ payment: z.object({ payment_intent: z.string() }) }).parse(await account.call('GET', `/invoice_payments/${payment}`));
    return z.object({ id: z.string() }).parse(await account.call('POST', '/refunds', { payment_intent: of.payment_intent, amount: '3000' })).id;
  }
  async function told(since: string, refund: string) {
    const { payments, unreadable } = await paymentsTold(account.port(), since);
    assert.deepEqual(unreadable, []);
    return payments.flatMap(({ changedAt, payment }) => (payment.externalId === refund ? [[changedAt, payment.amount.amount] as const] : []));
  }
  const settle = (id: string, status: string) => account.admin.seed({ refunds: [{ id, status }] });
  const now = () => new Date(account.clock.now()).toISOString();

  it('that took its time is told once it has succeeded, by the events and, long after, by the lists', async () => {
    const refund = await refunded();
    account.clock.advance(20 * 86_400_000);
    const since = now();
    assert.deepEqual(await told(since, refund), []);
    account.clock.advance(25 * 86_400_000);
    await settle(refund, 'succeeded');
    assert.deepEqual((await told(since, refund)).map(([, amount]) => amount), ['-30.00'], 'by the events');
    account.clock.advance(60 * 86_400_000);
    assert.deepEqual(await told(since, refund), [[since, '-30.00']], 'by the lists');
  });

  for (const status of ['failed', 'canceled', 'requires_action']) {
    it(`gives nothing back that is ${status}`, async () => {
      const refund = await refunded();
      const since = now();
      await settle(refund, status);
      const expected = status === 'requires_action' ? [] : ['0.00'];
      assert.deepEqual((await told(since, refund)).map(([, amount]) => amount), expected);
    });
  }

  it('whose status is not known is neither money given back nor none, and holds up no payment', async () => {
    account.clock.advance(60_000);
    const since = now();
    const refund = await refunded();
    await settle(refund, 'reversed');
    try {
      for (const days of [0, 60]) {
        account.clock.advance(days * 86_400_000);
        const { payments, unreadable } = await paymentsTold(account.port(), since);
        assert.equal(payments.filter(({ payment }) => payment.method !== 'refund').length, 1, 'the payment that was refunded');
        assert.deepEqual(unreadable.map(({ externalId, failure }) => [externalId, failure.kind, failure.code, failure.object, failure.written]), [[refund, 'contract', 'STRIPE_REFUND_STATUS', `refund ${refund}`, 'no']]);
        assert.match(unreadable[0]?.failure.message ?? '', /reversed/);
        assert.equal(Reflect.get(unreadable[0]?.document ?? {}, 'status'), 'reversed');
      }
    } finally {
      await settle(refund, 'succeeded');
    }
  });
});
