import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'mocha';
import { Webhook } from 'standardwebhooks';
import { TOLERANCE_SECONDS, verifyCanonicalWebhook, type SignedMessage } from '../../../connectors/canonical/webhook.ts';

const newSecret = () => `whsec_${randomBytes(24).toString('base64')}`;
const secret = newSecret();
const at = new Date('2026-11-21T08:00:00Z');

function signed(changes: Partial<SignedMessage> = {}, signingSecret = secret): SignedMessage {
  const rawBody = Buffer.from('{"schema":"opportunity","name":"Größe 株式"}');
  return { secret, id: 'msg_1', timestamp: String(at.getTime() / 1000), signature: new Webhook(signingSecret).sign('msg_1', at, rawBody.toString()), rawBody, now: at.getTime(), ...changes };
}

describe('Standard Webhooks on the canonical deals API', () => {
  it('accepts what the standard\'s own library signs', () => {
    assert.equal(verifyCanonicalWebhook(signed()), true);
  });

  it('accepts either secret while one is being replaced, and any of several signatures', () => {
    const older = newSecret();
    assert.equal(verifyCanonicalWebhook(signed({ secret: [secret, older] }, older)), true);
    const { signature } = signed();
    assert.equal(verifyCanonicalWebhook(signed({ signature: `v1a,AAAA v1,AAAA ${signature}` })), true);
  });

  it('refuses a changed body, ID, timestamp, secret or signature', () => {
    assert.equal(verifyCanonicalWebhook(signed({ rawBody: Buffer.from('{}') })), false);
    assert.equal(verifyCanonicalWebhook(signed({ id: 'msg_2' })), false);
    assert.equal(verifyCanonicalWebhook(signed({ timestamp: String(at.getTime() / 1000 + 1) })), false);
    assert.equal(verifyCanonicalWebhook(signed({ secret: newSecret() })), false);
    for (const signature of ['', 'v1,', 'v2,abc', signed().signature.slice(3)]) assert.equal(verifyCanonicalWebhook(signed({ signature })), false);
  });

  it('refuses a message from outside the window of five minutes, on either side', () => {
    for (const seconds of [TOLERANCE_SECONDS + 1, -TOLERANCE_SECONDS - 1]) {
      assert.equal(verifyCanonicalWebhook(signed({ now: at.getTime() + seconds * 1000 })), false);
    }
  });

  it('calls a secret of the wrong shape a mistake of the configuration', () => {
    assert.throws(() => verifyCanonicalWebhook(signed({ secret: 'plain' })), /whsec_/);
  });
});
