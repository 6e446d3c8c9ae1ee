import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { putReference } from '../../../store/time/reference.ts';
import { ensurePeriods } from '../../../store/time/periods.ts';
import { theFirm } from '../../builders/firm.ts';
import { freshStore } from '../support.ts';

describe('The periods of a legal entity', function () {
  this.timeout(60_000);

  it('are set up from its closing terms, once, and never over what somebody told', async () => {
    const store = await freshStore();
    const { config } = await theFirm();
    const told = { schema: 'accounting-period', schemaVersion: 1, legalEntity: 'GB01', code: '2026-10', from: '2026-10-01', to: '2026-10-31', opensAt: '2026-10-01T00:00:00.000Z', closesAt: '2026-11-05T00:00:00.000Z', closed: true };
    await putReference(store.db, 'erp', [{ kind: 'accounting_period', key: 'GB01|2026-10', scope: 'GB01', document: told }]);
    const now = new Date('2026-11-21T12:00:00.000Z');
    assert.ok((await ensurePeriods(store.db, config, now)) > 200);
    assert.equal(await ensurePeriods(store.db, config, now), 0);
    const { rows } = await sql<{ legalEntity: string; kind: string; n: number }>`select scope as "legalEntity", kind, count(*)::integer as n from time_reference where scope in ('GB01', 'US01') group by 1, 2 order by 1, 2`.execute(store.db);
    assert.deepEqual(rows, [
      { legalEntity: 'GB01', kind: 'accounting_period', n: 1 },
      { legalEntity: 'GB01', kind: 'pay_period', n: 20 },
      { legalEntity: 'US01', kind: 'accounting_period', n: 20 },
      { legalEntity: 'US01', kind: 'pay_period', n: rows[3]?.n },
    ]);
    await store.close();
  });
});
