import assert from 'node:assert/strict';
import { warehouseFailure } from '../../../connectors/warehouse-postgres/failures.ts';

describe('What PostgreSQL as a warehouse says', () => {
  const kindOf = (code: string) => warehouseFailure(Object.assign(new Error(code), { code }), { system: 'warehouse', object: 'rows of fact_time', writes: true }).failure;

  it('leaves a write in doubt where the connection broke, by whatever name', () => {
    for (const code of ['EPIPE', 'ECONNRESET', '08006']) assert.deepEqual([kindOf(code).kind, kindOf(code).written], ['in_doubt', 'unknown'], code);
  });

  it('is a matter of the contract where it refuses the rows', () => {
    assert.deepEqual([kindOf('22003').kind, kindOf('22003').written], ['contract', 'no']);
  });
});
