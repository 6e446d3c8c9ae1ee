import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { Signature } from '@hubspot/api-client';
import { describe, it } from 'mocha';
import { SIGNATURE_WINDOW_MS, verifySignatureV3, type SignedRequest } from '../../../connectors/hubspot/webhook.ts';

const clientSecret = randomBytes(18).toString('base64url');
const now = Date.parse('2026-11-21T08:00:00Z');

function signed(changes: Partial<SignedRequest> = {}, signedUri = 'https://q2c.example/webhooks/hubspot?tenant=a'): SignedRequest {
  const request = { method: 'POST', uri: signedUri, rawBody: Buffer.from('[{"eventId":1,"name":"Größe 株式"}]'), timestamp: String(now), clientSecret, now };
  const signature = createHmac('sha256', clientSecret).update(`${request.method}${signedUri}${request.rawBody.toString()}${request.timestamp}`).digest('base64');
  return { ...request, signature, ...changes };
}

describe('HubSpot\'s webhook signature, version 3', () => {
  it('accepts a request as HubSpot\'s own library signs it', () => {
    const request = signed();
    const signature = Signature.getSignature('POST', 'v3', { signature: '', clientSecret, method: 'POST', url: request.uri, requestBody: request.rawBody.toString(), timestamp: now });
    assert.equal(verifySignatureV3({ ...request, signature }), true);
  });

  it('accepts what HubSpot signed, in whatever spelling the escapes arrive', () => {
    assert.equal(verifySignatureV3(signed()), true);
    const uri = "https://q2c.example/hooks?to=a:b/c?d@e!f$g'h(i)j*k,l;m&keep=%20%26";
    const escaped = 'https://q2c.example/hooks?to=a%3Ab%2Fc%3fd%40e%21f%24g%27h%28i%29j%2ak%2Cl%3Bm&keep=%20%26';
    assert.equal(verifySignatureV3(signed({ uri: escaped }, uri)), true);
    assert.equal(verifySignatureV3(signed({}, escaped)), true);
  });

  it('refuses a changed body, address, method, timestamp or secret', () => {
    assert.equal(verifySignatureV3(signed({ rawBody: Buffer.from('[]') })), false);
    assert.equal(verifySignatureV3(signed({ uri: 'https://q2c.example/webhooks/hubspot?tenant=b' })), false);
    assert.equal(verifySignatureV3(signed({ method: 'PUT' })), false);
    assert.equal(verifySignatureV3(signed({ timestamp: String(now + 1) })), false);
    assert.equal(verifySignatureV3(signed({ clientSecret: 'another' })), false);
    assert.equal(verifySignatureV3(signed({ signature: '' })), false);
    assert.equal(verifySignatureV3(signed({ timestamp: 'yesterday' })), false);
  });

  it('refuses a request from outside the window of five minutes, on either side', () => {
    assert.equal(verifySignatureV3(signed({ now: now + SIGNATURE_WINDOW_MS })), true);
    assert.equal(verifySignatureV3(signed({ now: now + SIGNATURE_WINDOW_MS + 1 })), false);
    assert.equal(verifySignatureV3(signed({ now: now - SIGNATURE_WINDOW_MS - 1 })), false);
  });
});
