import assert from 'node:assert/strict';
import Stripe from 'stripe';
import { startAccount, type StripeAccount } from '../../connectors/stripe/account.ts';
import { sandboxFaults } from '../../connectors/conformance/sandbox-faults.ts';

const JANUARY = 1_798_761_600;

/** Stripe's own SDK must not notice that it is not Stripe. */
describe("Stripe's sandbox, used by Stripe's own SDK", () => {
  let account: StripeAccount;
  let stripe: Stripe;

  before(async () => {
    account = await startAccount({ clock: { now: () => Date.now(), advance: () => undefined }, options: { searchLagMs: 60_000 } });
    stripe = sdkOf(account);
  });
  after(async () => account?.sandbox.close());

  function sdkOf({ sandbox, credentials }: StripeAccount, secretKey = credentials.secretKey, maxNetworkRetries = 0): Stripe {
    const { hostname, port } = new URL(sandbox.url);
    return new Stripe(secretKey, { host: hostname, port: Number(port), protocol: 'http', maxNetworkRetries, telemetry: false });
  }
  const draftOf = async (customer: string): Promise<Stripe.Invoice> => stripe.invoices.create({ customer, currency: 'usd', collection_method: 'send_invoice', due_date: JANUARY + 365 * 86_400 });

  it('bills a customer: customer, invoice, item, finalization, payment', async () => {
    const customer = await stripe.customers.create({ name: 'Acme', email: 'ap@acme.example', metadata: { ours: 'A-1' } });
    const draft = await draftOf(customer.id);
    assert.equal(draft.status, 'draft');
    await stripe.invoiceItems.create({ customer: customer.id, invoice: draft.id, amount: 120_050, currency: 'usd', description: 'Consulting' });
    const open = await stripe.invoices.finalizeInvoice(draft.id);
    assert.deepEqual([open.status, open.total, open.amount_remaining, open.number !== null], ['open', 120_050, 120_050, true]);
    const paid = await stripe.invoices.pay(draft.id, { paid_out_of_band: true });
    assert.deepEqual([paid.status, paid.amount_remaining], ['paid', 0]);
    await assert.rejects(() => stripe.invoices.del(draft.id), { code: 'invoice_not_editable' });
  });

  it('does a request once for each idempotency key, and refuses the key for another', async () => {
    const key = `once-${Date.now()}`;
    const first = await stripe.customers.create({ name: 'Once' }, { idempotencyKey: key });
    const second = await stripe.customers.create({ name: 'Once' }, { idempotencyKey: key });
    assert.equal(second.id, first.id);
    assert.equal(second.lastResponse.headers['idempotent-replayed'], 'true');
    await assert.rejects(() => stripe.customers.create({ name: 'Twice' }, { idempotencyKey: key }), Stripe.errors.StripeIdempotencyError);
  });

  it("makes one customer where the answer is lost and the SDK's own retries repeat the request", async () => {
    const faults = sandboxFaults(() => account.sandbox.url);
    const before = (await account.admin.state())['customers']?.length ?? 0;
    await faults.next({ kind: 'cut-after', method: 'POST' });
    await sdkOf(account, account.credentials.secretKey, 2).customers.create({ name: 'Retried' });
    assert.equal((await account.admin.state())['customers']?.length, before + 1);
  });

  it('answers again what failed under a key once the endpoint had begun, but not what was never begun', async () => {
    const customer = await stripe.customers.create({ name: 'Replayed' });
    const { id } = await draftOf(customer.id);
    await stripe.invoices.finalizeInvoice(id);
    const key = `failed-${Date.now()}`;
    for (const replayed of [undefined, 'true']) {
      await assert.rejects(() => stripe.invoices.markUncollectible(id, {}, { idempotencyKey: key }), (error) => error instanceof Stripe.errors.StripeInvalidRequestError && error.headers?.['idempotent-replayed'] === replayed);
    }
    const unknown = `unknown-${Date.now()}`;
    await assert.rejects(() => stripe.customers.create({ nmae: 'Typo' } as never, { idempotencyKey: unknown }), { code: 'parameter_unknown', param: 'nmae' });
    assert.equal((await stripe.customers.create({ name: 'Typo' }, { idempotencyKey: unknown })).name, 'Typo');
  });

  it('pages through all customers by itself', async () => {
    const made = new Set<string>();
    for (let index = 0; index < 25; index += 1) made.add((await stripe.customers.create({ name: `Page ${index}` })).id);
    const seen: string[] = [];
    for await (const customer of stripe.customers.list({ limit: 10 })) if (made.has(customer.id)) seen.push(customer.id);
    assert.deepEqual(new Set(seen), made);
    assert.equal(seen.length, made.size);
    assert.deepEqual(seen, [...made].toReversed(), 'newest first');
  });

  it('refuses as Stripe refuses: an unknown key, an unknown record, a bad parameter, a limit', async () => {
    await assert.rejects(() => sdkOf(account, 'sk_test_someoneelse').customers.list(), Stripe.errors.StripeAuthenticationError);
    await assert.rejects(() => stripe.customers.retrieve('cus_nobody'), { statusCode: 404, code: 'resource_missing', param: 'id' });
    await assert.rejects(() => stripe.invoices.create({ customer: 'cus_nobody' }), { statusCode: 400, code: 'resource_missing', param: 'customer' });
    await assert.rejects(() => stripe.invoices.create({ customer: 'cus_nobody', collection_method: 'send_invoice', due_date: 1 }), { param: 'customer' });
    const customer = await stripe.customers.create({ name: 'Refused' });
    await assert.rejects(() => stripe.invoices.create({ customer: customer.id, collection_method: 'send_invoice', due_date: 1 }), { code: 'parameter_invalid_integer', param: 'due_date' });
    await assert.rejects(() => stripe.invoices.create({ customer: customer.id, collection_method: 'send_invoice' }), Stripe.errors.StripeInvalidRequestError);
    await sandboxFaults(() => account.sandbox.url).next({ kind: 'status', status: 429 });
    await assert.rejects(() => stripe.customers.list(), Stripe.errors.StripeRateLimitError);
  });

  it('finds by search only what has been there for a while', async () => {
    await stripe.customers.create({ name: 'Fresh', metadata: { q2c_customer: 'fresh-1' } });
    const found = await stripe.customers.search({ query: 'metadata["q2c_customer"]:"fresh-1"' });
    assert.equal(found.data.length, 0);
  });

  it('holds its rate limit', async () => {
    const limited = await startAccount({ options: { requestsPerSecond: 3 } });
    try {
      const answers = await Promise.allSettled(Array.from({ length: 5 }, () => sdkOf(limited).customers.list()));
      assert.deepEqual(answers.map(({ status }) => status).toSorted(), ['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected']);
    } finally {
      await limited.sandbox.close();
    }
  });
});
