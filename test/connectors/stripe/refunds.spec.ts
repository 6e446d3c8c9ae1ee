import assert from 'node:assert/strict';
import { z } from 'zod';
import { isUnsupported } from '../../../connectors/ports.ts';
import { callContext, uniqueTag } from '../conformance/documents.ts';
import { invoiceOf } from '../conformance/receivables-documents.ts';
import { failureOf } from '../conformance/records.ts';
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
    const { payments } = account.port();
    assert.ok(!isUnsupported(payments));
    const all: (readonly [string, string])[] = [];
    for await (const { changedAt, payment } of payments(since, callContext())) if (payment.externalId === refund) all.push([changedAt, payment.amount.amount]);
    return all;
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

  it('whose status is not known is neither money given back nor none', async () => {
    const refund = await refunded();
    const since = now();
    await settle(refund, 'reversed');
    try {
      const failure = await failureOf(() => told(since, refund));
      assert.deepEqual([failure.kind, failure.code, failure.written], ['contract', 'STRIPE_REFUND_STATUS', 'no']);
      assert.match(failure.message, /reversed/);
      account.clock.advance(60 * 86_400_000);
      assert.equal((await failureOf(() => told(since, refund))).code, 'STRIPE_REFUND_STATUS');
    } finally {
      await settle(refund, 'succeeded');
    }
  });
});
