import assert from 'node:assert/strict';
import { SystemFailure } from '../../../domain/failure.ts';
import { meaningOfStatus } from '../../../connectors/http/classify.ts';
import { isCertainlyUnsent, lostFailure, refusedFailure } from '../../../connectors/http/failures.ts';

const asked = { system: 'erp', object: 'project P1', writes: true };
const errno = (code: string) => Object.assign(new Error(`${code} token=s3cret`), { code });

describe('What went wrong on the way to a system', () => {
  for (const code of ['CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'ERR_TLS_CERT_ALTNAME_INVALID', 'SELF_SIGNED_CERT_IN_CHAIN']) {
    it(`is HTTP_CERTIFICATE for ${code}: nothing was sent, and somebody has to mend the trust`, () => {
      assert.equal(isCertainlyUnsent(errno(code)), true);
      const { failure } = lostFailure(asked, errno(code), true);
      assert.deepEqual([failure.kind, failure.code, failure.written], ['configuration', 'HTTP_CERTIFICATE', 'no']);
    });
  }

  for (const code of ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EADDRNOTAVAIL']) {
    it(`is HTTP_UNREACHABLE for ${code}: nothing was sent, and it is tried again`, () => {
      assert.equal(isCertainlyUnsent(errno(code)), true);
      const { failure } = lostFailure(asked, errno(code), true);
      assert.deepEqual([failure.kind, failure.code, failure.written], ['transient', 'HTTP_UNREACHABLE', 'no']);
      assert.doesNotMatch(failure.message, /s3cret/);
    });
  }

  it('leaves a write in doubt, and a read for later, where the answer was lost', () => {
    for (const [code, told] of [['ECONNRESET', 'HTTP_CONNECTION_LOST'], ['ETIMEDOUT', 'HTTP_TIMEOUT'], ['EHOSTUNREACH', 'HTTP_CONNECTION_LOST']] as const) {
      assert.equal(isCertainlyUnsent(errno(code)), false);
      const [write, read] = [lostFailure(asked, errno(code), false).failure, lostFailure({ ...asked, writes: false }, errno(code), false).failure];
      assert.deepEqual([write.kind, write.code, write.written, read.kind, read.written], ['in_doubt', told, 'unknown', 'transient', 'no']);
    }
  });

  it('quotes no secret of what the vendor said', () => {
    const meaning = { kind: 'business_rule', code: 'ERP_NO', message: 'Refused: {"access_token":"s3cret-of-ours"} of client Harbor Insurance.', mend: 'Look.' } as const;
    const { failure } = refusedFailure(asked, { status: 400, text: '', html: false }, meaning);
    assert.equal(failure.message, 'Refused: {"access_token":"[redacted]"} of client Harbor Insurance.');
  });

  it('quotes no secret wherever a connector makes it', () => {
    const { failure, message } = new SystemFailure({ kind: 'business_rule', code: 'ERP_PART_REFUSED', message: 'Line 3: password=hunter2-of-ours is not taken.', mend: 'Look.', system: 'erp', object: 'line 3', written: 'no' });
    assert.equal(failure.message, 'Line 3: password=[redacted] is not taken.');
    assert.doesNotMatch(message, /hunter2/);
  });

  it('is told by a status where a vendor\'s table knows nothing', () => {
    const meanings = [400, 403, 404, 408, 409, 418, 422, 425, 429, 302, 500, 503].map((status) => {
      const meaning = meaningOfStatus('ERP', { status, headers: {}, body: undefined, text: '' }, asked);
      return meaning === 'token_refused' ? meaning : `${meaning.kind} ${meaning.code}`;
    });
    assert.deepEqual(meanings, ['contract ERP_HTTP_400', 'configuration ERP_HTTP_403', 'business_rule ERP_HTTP_404', 'transient ERP_HTTP_408', 'business_rule ERP_HTTP_409', 'contract ERP_HTTP_418', 'business_rule ERP_HTTP_422', 'transient ERP_HTTP_425', 'transient ERP_HTTP_429', 'configuration ERP_HTTP_302', 'transient ERP_HTTP_500', 'transient ERP_HTTP_503']);
  });

  it('keeps an answer as evidence without its secrets', () => {
    const { failure } = refusedFailure(asked, { status: 401, text: '{"new_password":"s3cret","detail":"the token has expired"}', html: false }, 'token_refused');
    assert.equal(failure.evidence, '{"new_password":"[redacted]","detail":"the token has expired"}');
  });
});
