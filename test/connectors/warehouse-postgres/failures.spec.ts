import assert from 'node:assert/strict';
import { warehouseFailure } from '../../../connectors/warehouse-postgres/failures.ts';
import { SystemFailure } from '../../../domain/failure.ts';

describe('What PostgreSQL as a warehouse says', () => {
  const kindOf = (code: string, writes = true) => warehouseFailure(Object.assign(new Error(code), { code }), { system: 'warehouse', object: 'rows of fact_time', writes }).failure;

  it('leaves a write in doubt where the connection broke, by whatever name, and a read for later', () => {
    for (const code of ['EPIPE', 'ECONNRESET', '08006', '']) {
      assert.deepEqual([kindOf(code).kind, kindOf(code).code, kindOf(code).written], ['in_doubt', 'WAREHOUSE_CONNECTION_LOST', 'unknown'], code);
      assert.deepEqual([kindOf(code, false).kind, kindOf(code, false).written], ['transient', 'no'], code);
    }
  });

  for (const [what, kind, codes] of [
    ['a login that is refused', 'configuration', [['28000', 'CREDENTIALS_REFUSED'], ['28P01', 'CREDENTIALS_REFUSED']]],
    ['what is not there or not ours to use', 'configuration', ['3D000', '3F000', '42P01', '42501', '42703', '0LP01'].map((state) => [state, `WAREHOUSE_${state}`])],
    ['a certificate that is not accepted', 'configuration', ['SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID'].map((name) => [name, 'WAREHOUSE_CERTIFICATE'])],
    ['a server that is full or in somebody\'s way', 'transient', ['53300', '40001', '40P01', '55P03', '57014', '57P01', '57P03', '25006'].map((state) => [state, `WAREHOUSE_${state}`])],
    ['a server that is not reached', 'transient', ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL'].map((name) => [name, 'WAREHOUSE_UNREACHABLE'])],
    ['rows that it refuses', 'contract', ['22003', '22P02', '23502', '42804'].map((state) => [state, `WAREHOUSE_${state}`])],
  ] as const) {
    it(`tells ${what} as ${kind}, with nothing written`, () => {
      for (const [given = '', code] of codes) {
        const failure = kindOf(given);
        assert.deepEqual([failure.kind, failure.code, failure.written], [kind, code, 'no'], given);
        assert.match(failure.message, /rows of fact_time/);
        assert.ok(failure.mend.length > 0);
      }
    });
  }

  it('passes on what is classified already', () => {
    const failure = new SystemFailure({ kind: 'contract', code: 'WAREHOUSE_COLUMN_TYPE', system: 'warehouse', object: 'o', written: 'no', message: 'm', mend: 'n' });
    assert.equal(warehouseFailure(failure, { system: 'warehouse', object: 'o', writes: true }), failure);
  });
});
