import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Stripe from 'stripe';
import { verifyStripeWebhook, type StripeWebhookResult } from '../../../connectors/stripe/webhook.ts';
import { callContext } from '../conformance/documents.ts';
import { invoiceOf } from '../conformance/receivables-documents.ts';
import { startAccount, stripeCredentials } from './account.ts';

const credentials = stripeCredentials();
/** Stripe's own SDK signs, as its tests do; the verification is ours. */
const sdk = new Stripe(credentials.secretKey);
const NOW_S = 1_795_000_000;

function eventOf(changes: object = {}): string {
  return JSON.stringify({ id: 'evt_1Q2cAbc', object: 'event', api_version: '2024-06-20', type: 'invoice.paid', created: NOW_S - 5, livemode: false, data: { object: { id: 'in_1Q2cAbc', object: 'invoice', metadata: { q2c_invoice: 'INV-US01-2026-10-000017' } } }, ...changes });
}
function signed(payload: string, terms: { secret?: string; timestamp?: number } = {}): string {
  return sdk.webhooks.generateTestHeaderString({ payload, secret: terms.secret ?? credentials.webhookSecret, timestamp: terms.timestamp ?? NOW_S });
}
function verify(payload: string, signature: string | undefined, secret: string | string[] = credentials.webhookSecret, now = NOW_S * 1000): StripeWebhookResult {
  return verifyStripeWebhook({ headers: { 'stripe-signature': signature }, rawBody: Buffer.from(payload) }, { secretKey: credentials.secretKey, webhookSecret: secret }, now);
}
const reasonOf = (result: StripeWebhookResult) => (result.ok ? 'ok' : result.reason);

describe("Stripe's webhooks", () => {
  it("are taken as Stripe's own SDK signs them, and say what they are about", () => {
    const payload = eventOf();
    const result = verify(payload, signed(payload));
    assert.ok(result.ok);
    assert.deepEqual(
      [result.event.type, result.event.eventId, result.event.about],
      ['invoice.paid', 'evt_1Q2cAbc', { kind: 'invoice', externalId: 'in_1Q2cAbc', invoiceId: 'INV-US01-2026-10-000017' }],
    );
  });

  it('tell payments from invoices', () => {
    const payload = eventOf({ type: 'invoice_payment.paid', data: { object: { id: 'inpay_1' } } });
    const result = verify(payload, signed(payload));
    assert.deepEqual(result.ok ? result.event.about : null, { kind: 'payment', externalId: 'inpay_1', invoiceId: null });
  });

  it('are refused when tampered with, by another secret, unsigned, or with a signature of another kind', () => {
    const payload = eventOf();
    assert.equal(reasonOf(verify(payload.replace('in_1Q2cAbc', 'in_1Q2cAbd'), signed(payload))), 'bad_signature');
    assert.equal(reasonOf(verify(payload, signed(payload, { secret: stripeCredentials().webhookSecret }))), 'bad_signature');
    assert.equal(reasonOf(verify(payload, undefined)), 'unsigned');
    for (const header of ['', 't=,v1=', `t=${NOW_S}`, 'v1=00', signed(payload).replace('v1=', 'v0='), `t=${NOW_S},v1=zz`]) assert.notEqual(reasonOf(verify(payload, header)), 'ok', header);
    assert.equal(reasonOf(verify(payload, signed(payload).replace(`t=${NOW_S}`, `t=${NOW_S + 1}`))), 'bad_signature');
  });

  it('are refused where they were signed more than five minutes ago or ahead, as the SDK does', () => {
    const payload = eventOf();
    for (const [age, expected] of [[300, 'ok'], [301, 'too_old'], [-300, 'ok'], [-301, 'too_old']] as const) {
      assert.equal(reasonOf(verify(payload, signed(payload, { timestamp: NOW_S - age }))), expected, `${age} s`);
    }
  });

  it('are taken by either secret while one is rolled', () => {
    const payload = eventOf();
    const old = stripeCredentials().webhookSecret;
    const both = `${signed(payload, { secret: old })},${signed(payload).split(',')[1]}`;
    assert.equal(reasonOf(verify(payload, both)), 'ok');
    assert.equal(reasonOf(verify(payload, signed(payload, { secret: old }), [credentials.webhookSecret, old])), 'ok');
  });

  it('are set aside where they are of no concern, of the other mode, or not an event', () => {
    for (const [payload, reason] of [
      [eventOf({ type: 'customer.updated' }), 'other_event'],
      [eventOf({ livemode: true }), 'other_mode'],
      [eventOf({ object: 'v2.core.event' }), 'malformed'],
      [eventOf({ data: { object: {} } }), 'malformed'],
      ['<html>', 'malformed'],
      ['', 'malformed'],
    ] as const) {
      assert.equal(reasonOf(verify(payload, signed(payload))), reason);
    }
  });

  it("come from the sandbox signed so that Stripe's SDK takes them too", async () => {
    const received: { body: string; signature: string }[] = [];
    const { promise: arrived, resolve } = Promise.withResolvers<undefined>();
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        received.push({ body: Buffer.concat(chunks).toString('utf8'), signature: String(request.headers['stripe-signature']) });
        response.end('{}');
        if (received.some(({ body }) => body.includes('"invoice.finalized"'))) resolve(undefined);
      });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const account = await startAccount({ webhookUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, clock: { now: () => Date.now(), advance: () => undefined } });
    try {
      const { id, references } = await account.office.customer('EUR');
      const document = invoiceOf('WEBHOOK', { today: new Date().toISOString().slice(0, 10), customerId: id });
      const { externalId } = await account.port().invoice.write({ document, references }, null, callContext());
      await account.port().issue({ document, externalId }, callContext());
      await arrived;
      for (const { body, signature } of received) assert.equal(sdk.webhooks.constructEvent(body, signature, account.credentials.webhookSecret).object, 'event');
      const finalized = received.find(({ body }) => body.includes('"invoice.finalized"'));
      const result = verifyStripeWebhook({ headers: { 'stripe-signature': finalized?.signature }, rawBody: Buffer.from(finalized?.body ?? '') }, account.credentials, Date.now());
      assert.deepEqual(result.ok ? result.event.about : result, { kind: 'invoice', externalId, invoiceId: document.id });
    } finally {
      await account.sandbox.close();
      server.close();
    }
  });
});
