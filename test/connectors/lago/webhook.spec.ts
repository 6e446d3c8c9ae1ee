import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT } from 'jose';
import { lagoWebhookSecretSchema, verifyLagoWebhook, type LagoWebhookResult } from '../../../connectors/lago/webhook.ts';
import { callContext } from '../conformance/documents.ts';
import { invoiceOf } from '../conformance/receivables-documents.ts';
import { startOrganization } from './organization.ts';

const HMAC_KEY = 'an-hmac-key-of-a-test';
const ISSUER = 'https://api.getlago.com';
const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const publicPem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const hmacSecret = lagoWebhookSecretSchema.parse({ algorithm: 'hmac', hmacKey: HMAC_KEY });
/** As `GET /webhooks/public_key` answers it: the base64 of the PEM. */
const jwtSecret = lagoWebhookSecretSchema.parse({ algorithm: 'jwt', publicKey: Buffer.from(publicPem).toString('base64'), issuer: ISSUER });

function bodyOf(changes: object = {}): string {
  return JSON.stringify({ webhook_type: 'payment.succeeded', object_type: 'payment', organization_id: 'o', payment: { lago_id: '1a901a90-1a90-1a90-1a90-1a901a901a90', amount_cents: 100 }, ...changes });
}
const hmacOf = (body: string, key = HMAC_KEY) => createHmac('sha256', key).update(body).digest('base64');
function tokenOf(body: string, terms: { issuer?: string; key?: typeof pair.privateKey; alg?: string } = {}): Promise<string> {
  return new SignJWT({ data: body }).setProtectedHeader({ alg: terms.alg ?? 'RS256' }).setIssuer(terms.issuer ?? ISSUER).sign(terms.key ?? pair.privateKey);
}
function deliver(body: string, signature: string, algorithm: string | undefined): { headers: Record<string, string | undefined>; rawBody: Buffer } {
  return { headers: { 'x-lago-signature': signature, 'x-lago-signature-algorithm': algorithm, 'x-lago-unique-key': 'b1b2' }, rawBody: Buffer.from(body) };
}
const reasonOf = (result: LagoWebhookResult) => (result.ok ? 'ok' : result.reason);

describe("Lago's webhooks", () => {
  it('are taken when signed by the HMAC key of the organization, and known by their unique key', async () => {
    const body = bodyOf();
    const result = await verifyLagoWebhook(deliver(body, hmacOf(body), 'hmac'), hmacSecret);
    assert.ok(result.ok);
    assert.deepEqual([result.event.type, result.event.eventId, result.event.about], ['payment.succeeded', 'b1b2', { kind: 'payment', externalId: '1a901a90-1a90-1a90-1a90-1a901a901a90' }]);
  });

  it('are taken when they carry a token of our Lago over this very body', async () => {
    const body = bodyOf({ webhook_type: 'invoice.voided', object_type: 'invoice', invoice: { lago_id: 'i-1' } });
    const result = await verifyLagoWebhook(deliver(body, await tokenOf(body), 'jwt'), jwtSecret);
    assert.deepEqual(result.ok ? result.event.about : result, { kind: 'invoice', externalId: 'i-1' });
  });

  it('are refused when tampered with, signed by another key, or unsigned', async () => {
    const body = bodyOf();
    const other = body.replace('100', '900');
    assert.equal(reasonOf(await verifyLagoWebhook(deliver(other, hmacOf(body), 'hmac'), hmacSecret)), 'bad_signature');
    assert.equal(reasonOf(await verifyLagoWebhook(deliver(body, hmacOf(body, 'another'), 'hmac'), hmacSecret)), 'bad_signature');
    assert.equal(reasonOf(await verifyLagoWebhook({ headers: {}, rawBody: Buffer.from(body) }, hmacSecret)), 'unsigned');
    assert.equal(reasonOf(await verifyLagoWebhook(deliver(other, await tokenOf(body), 'jwt'), jwtSecret)), 'bad_signature');
    assert.equal(reasonOf(await verifyLagoWebhook(deliver(body, await tokenOf(body, { issuer: 'https://elsewhere.example' }), 'jwt'), jwtSecret)), 'bad_signature');
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    assert.equal(reasonOf(await verifyLagoWebhook(deliver(body, await tokenOf(body, { key: stranger }), 'jwt'), jwtSecret)), 'bad_signature');
  });

  it('are not checked the way the sender wishes: a token made with the public key as HMAC key is none', async () => {
    const body = bodyOf();
    const forged = await new SignJWT({ data: body }).setProtectedHeader({ alg: 'HS256' }).setIssuer(ISSUER).sign(Buffer.from(publicPem));
    assert.equal(reasonOf(await verifyLagoWebhook(deliver(body, forged, 'jwt'), jwtSecret)), 'bad_signature');
    const unsecured = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify({ data: body, iss: ISSUER })).toString('base64url')}.`;
    assert.equal(reasonOf(await verifyLagoWebhook(deliver(body, unsecured, 'jwt'), jwtSecret)), 'bad_signature');
    assert.equal(reasonOf(await verifyLagoWebhook(deliver(body, hmacOf(body), 'hmac'), jwtSecret)), 'bad_signature');
    assert.equal(reasonOf(await verifyLagoWebhook(deliver(body, hmacOf(body), undefined), jwtSecret)), 'bad_signature');
  });

  it('are set aside where they are of no concern or not an event', async () => {
    for (const [body, reason] of [
      [bodyOf({ webhook_type: 'customer.created' }), 'other_event'],
      [bodyOf({ payment: {} }), 'malformed'],
      [bodyOf({ object_type: 7 }), 'malformed'],
      ['<html>', 'malformed'],
      ['', 'malformed'],
    ] as const) {
      assert.equal(reasonOf(await verifyLagoWebhook(deliver(body, hmacOf(body), 'hmac'), hmacSecret)), reason);
    }
  });

  it('come from the sandbox as Lago sends them', async () => {
    const { promise: arrived, resolve } = Promise.withResolvers<{ headers: Record<string, string | undefined>; rawBody: Buffer }>();
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        response.end();
        resolve({ headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])), rawBody: Buffer.concat(chunks) });
      });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const organization = await startOrganization({ webhookUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, clock: { now: () => Date.now(), advance: () => undefined } });
    try {
      const { id, references } = await organization.office.customer('EUR');
      const document = invoiceOf('WEBHOOK', { today: new Date().toISOString().slice(0, 10), customerId: id });
      const { externalId } = await organization.port().invoice.write({ document, references }, null, callContext());
      const result = await verifyLagoWebhook(await arrived, { algorithm: 'hmac', hmacKey: organization.credentials.hmacKey });
      assert.deepEqual(result.ok ? [result.event.type, result.event.about] : result, ['invoice.one_off_created', { kind: 'invoice', externalId }]);
    } finally {
      await organization.sandbox.close();
      server.close();
    }
  });
});
