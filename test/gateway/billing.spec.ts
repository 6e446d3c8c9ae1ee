import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, randomBytes } from 'node:crypto';
import { SignJWT } from 'jose';
import Stripe from 'stripe';
import { gatewayCredentialsSchema } from '../../starters/gateway/deps.ts';
import { lagoSource } from '../../starters/gateway/lago.ts';
import { stripeSource } from '../../starters/gateway/stripe.ts';
import { NOW, refusal, secrets, testGateway, type Request } from './support.ts';

const NOW_S = NOW.getTime() / 1000;
/** Stripe's own SDK signs; the verification is ours. */
const sdk = new Stripe(secrets.stripe.secretKey);

function paid(changes: object = {}) {
  return { id: 'evt_1Q2cAbc', object: 'event', type: 'invoice.paid', created: NOW_S - 5, livemode: false, pending_webhooks: 1, data: { object: { id: 'in_1Q2cAbc', object: 'invoice' } }, ...changes };
}
function fromStripe(body: unknown, { secret = secrets.stripe.webhookSecret, timestamp = NOW_S } = {}): Request {
  const payload = typeof body === 'string' ? body : JSON.stringify(body);
  const signature = sdk.webhooks.generateTestHeaderString({ payload, secret, timestamp });
  return { method: 'POST', url: '/webhooks/stripe', headers: { 'content-type': 'application/json; charset=utf-8', 'stripe-signature': signature }, payload };
}

function voided(changes: object = {}) {
  return { webhook_type: 'invoice.voided', object_type: 'invoice', organization_id: 'o', invoice: { lago_id: '1a901a90-1a90-1a90-1a90-1a901a901a90' }, ...changes };
}
function fromLago(body: unknown, { key = 'b1b2', hmacKey = secrets.lago.hmacKey } = {}): Request {
  const payload = typeof body === 'string' ? body : JSON.stringify(body);
  const signature = createHmac('sha256', hmacKey).update(payload).digest('base64');
  return { method: 'POST', url: '/webhooks/lago', headers: { 'content-type': 'application/json', 'x-lago-signature-algorithm': 'hmac', 'x-lago-signature': signature, 'x-lago-unique-key': key }, payload };
}

describe('gateway: the webhooks of billing systems', () => {
  it('are kept as news of an invoice or a payment, acknowledged once they are durable', async () => {
    const gateway = testGateway();
    for (const request of [fromStripe(paid()), fromLago(voided())]) {
      const response = await gateway.app.inject(request);
      assert.deepEqual([response.statusCode, response.json()], [200, { status: 'accepted', events: 1, ignored: 0 }]);
    }
    assert.deepEqual(gateway.inbox.rows.map(({ source, state, kind, eventId, businessKey, occurredAt }) => ({ source, state, kind, eventId, businessKey, occurredAt })), [
      { source: 'stripe', state: 'received', kind: 'billing.changed', eventId: 'evt_1Q2cAbc', businessKey: 'in_1Q2cAbc', occurredAt: '2026-11-21T07:59:55.000Z' },
      { source: 'lago', state: 'received', kind: 'billing.changed', eventId: 'b1b2', businessKey: '1a901a90-1a90-1a90-1a90-1a901a901a90', occurredAt: null },
    ]);
    assert.ok(!/signature/.test(JSON.stringify(gateway.inbox.rows.map(({ headers }) => headers))));
    assert.equal(gateway.inbox.rows[0]?.rawBody.toString(), JSON.stringify(paid()));
  });

  it('are not acknowledged while the store is away', async () => {
    const gateway = testGateway();
    gateway.inbox.mode = 'down';
    for (const request of [fromStripe(paid()), fromLago(voided())]) await refusal(gateway, request, 503, 'store_unavailable');
    gateway.inbox.mode = 'up';
    assert.equal((await gateway.app.inject(fromStripe(paid()))).statusCode, 200);
  });

  it('delivered again are one event, also where the rest of the body differs', async () => {
    const gateway = testGateway();
    for (const first of [fromStripe(paid()), fromLago(voided())]) await gateway.app.inject(first);
    for (const again of [fromStripe(paid({ pending_webhooks: 0 })), fromLago(voided())]) assert.equal((await gateway.app.inject(again)).json<{ status: string }>().status, 'duplicate');
    await gateway.app.inject(fromLago(voided(), { key: 'b1b3' }));
    assert.deepEqual(gateway.inbox.rows.map(({ eventId }) => eventId), ['evt_1Q2cAbc', 'b1b2', 'b1b3']);
  });

  it('about anything else are acknowledged and left alone', async () => {
    const gateway = testGateway();
    for (const request of [fromStripe(paid({ type: 'customer.created' })), fromLago(voided({ webhook_type: 'customer.created' }))]) {
      assert.deepEqual((await gateway.app.inject(request)).json(), { status: 'ignored', events: 0, ignored: 1 });
    }
    assert.equal(gateway.inbox.rows.length, 0);
  });

  it('are refused unsigned, signed by another, tampered with, too old, or of the other mode', async () => {
    const gateway = testGateway();
    const { 'stripe-signature': _, ...unsigned } = fromStripe(paid()).headers;
    await refusal(gateway, { ...fromStripe(paid()), headers: unsigned }, 401, 'unsigned');
    await refusal(gateway, fromStripe(paid(), { secret: `whsec_${randomBytes(24).toString('hex')}` }), 401, 'bad_signature');
    await refusal(gateway, { ...fromStripe(paid()), payload: JSON.stringify(paid({ id: 'evt_2' })) }, 401, 'bad_signature');
    await refusal(gateway, fromStripe(paid(), { timestamp: NOW_S - 301 }), 401, 'outside_window');
    await refusal(gateway, fromStripe(paid({ livemode: true })), 401, 'wrong_sender');
    await refusal(gateway, { ...fromLago(voided()), headers: { 'content-type': 'application/json' } }, 401, 'unsigned');
    await refusal(gateway, fromLago(voided(), { hmacKey: 'guess' }), 401, 'bad_signature');
    await refusal(gateway, { ...fromLago(voided()), payload: JSON.stringify(voided({ invoice: { lago_id: 'other' } })) }, 401, 'bad_signature');
    assert.equal(gateway.inbox.rows.length, 0);
  });

  it('that are not what the vendor describes are kept in quarantine with what is wrong, and read again after the fix', async () => {
    const gateway = testGateway();
    const stripe = await refusal(gateway, fromStripe(paid({ data: { object: {} } })), 422, 'schema');
    assert.ok(stripe.problem.errors.some(({ path }) => path === 'data.object.id'));
    const lago = await refusal(gateway, fromLago(voided({ invoice: {} })), 422, 'schema');
    assert.ok(lago.problem.errors.some(({ path }) => path === 'invoice.lago_id'));
    await refusal(gateway, fromStripe('{"id":'), 422, 'schema');
    await refusal(gateway, fromLago('{"id":', { key: 'b1b9' }), 422, 'schema');
    assert.deepEqual(gateway.inbox.rows.map(({ source, state }) => `${source} ${state}`), ['stripe quarantined', 'lago quarantined', 'stripe quarantined', 'lago quarantined']);
    const [ofStripe, ofLago] = gateway.inbox.rows;
    const kept = (row: typeof ofStripe, body: object) => ({ eventId: row?.eventId ?? '', contentHash: '', headers: row?.headers ?? {}, rawBody: Buffer.from(JSON.stringify(body)) });
    const reopened = [stripeSource(secrets.stripe).reopen(kept(ofStripe, paid())), lagoSource(secrets.lago).reopen(kept(ofLago, voided()))];
    assert.deepEqual(reopened.map((intake) => intake.outcome === 'opened' && intake.events.map(({ eventId, businessKey }) => [eventId, businessKey])), [[['evt_1Q2cAbc', 'in_1Q2cAbc']], [['b1b2', '1a901a90-1a90-1a90-1a90-1a901a901a90']]]);
  });

  it("are taken with Lago's tokens where those were agreed", async () => {
    const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const credentials = gatewayCredentialsSchema.parse({ lago: { apiKey: 'k', algorithm: 'jwt', publicKey: pair.publicKey.export({ type: 'spki', format: 'pem' }), issuer: 'https://lago.example' } });
    const gateway = testGateway({ credentials });
    const payload = JSON.stringify(voided());
    const token = await new SignJWT({ data: payload }).setProtectedHeader({ alg: 'RS256' }).setIssuer('https://lago.example').sign(pair.privateKey);
    const headers = { 'content-type': 'application/json', 'x-lago-signature-algorithm': 'jwt', 'x-lago-signature': token, 'x-lago-unique-key': 'b1b2' };
    assert.equal((await gateway.app.inject({ method: 'POST', url: '/webhooks/lago', headers, payload })).statusCode, 200);
    await refusal(gateway, fromLago(voided()), 401, 'bad_signature');
  });

  it('are not offered where no billing system, or none with a signing secret, is connected', async () => {
    for (const given of [{}, { stripe: { secretKey: secrets.stripe.secretKey }, lago: { apiKey: 'k' } }]) {
      const gateway = testGateway({ credentials: gatewayCredentialsSchema.parse(given) });
      await refusal(gateway, fromStripe(paid()), 404, 'unknown_system');
      await refusal(gateway, fromLago(voided()), 404, 'unknown_system');
    }
  });
});
