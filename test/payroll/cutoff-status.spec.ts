import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { invoiceCutoffAt } from '../../domain/rules/cutoff/invoice-cutoff.ts';
import { cutoffStatus, cutoffText } from '../../starters/status/cutoff-status.ts';
import { activateConfig, storeConfig } from '../../store/config-versions.ts';
import type { Store } from '../../store/database.ts';
import { theFirm } from '../builders/firm.ts';
import { freshStore } from '../store/support.ts';
import { planLabor, putAccountingPeriod, receive, referTo } from './builders.ts';

const NOW = new Date('2026-12-01T12:00:00.000Z');

describe('What will miss its cutoff', function () {
  this.timeout(60_000);
  let store: Store;
  before(async () => {
    store = await freshStore();
    const { config, hash } = await theFirm();
    await storeConfig(store.db, { hash, document: config, files: {} });
    await activateConfig(store.db, { hash, by: 'test' });
    await referTo(store.db, 'pay_period', 'US01|S2026-11', { legalEntity: 'US01', code: 'S2026-11', from: '2026-11-01', to: '2026-11-30', cutoffAt: '2026-12-02T17:00:00.000Z', payDate: '2026-12-05' });
    await putAccountingPeriod(store.db, { legalEntity: 'US01', code: '2026-11', closesAt: '2026-12-20T00:00:00.000Z' });
    for (let nth = 0; nth < 5; nth += 1) {
      await receive(store.db, { id: `TS-${nth}`, state: 'decided', outcomes: ['accepted'] });
      await planLabor(store.db, { timesheet: `TS-${nth}`, state: nth === 0 ? 'refused' : nth === 1 ? 'not_done' : 'planned', minutesAgo: 30 });
    }
  });
  after(() => store.close());

  it('is also what is decided and in no ERP, while the ERP is down', async () => {
    const status = await cutoffStatus(store.db, NOW);
    assert.deepEqual([status.entities.map(({ open, unposted, refusedByErp }) => [open, unposted, refusedByErp]), status.linesPerHour], [[[0, 4, 1]], 0]);
    assert.deepEqual(status.misses.map(({ legalEntity, cutoff, step, waiting, late, doneAt }) => [legalEntity, cutoff, step, waiting, late, doneAt]), [
      ['US01', 'payroll', 'posted', 4, 4, null],
      ['US01', 'invoice', 'posted', 4, 4, null],
    ]);
    const text = cutoffText(status);
    assert.match(text, /Nothing came into an ERP in the last quarter of an hour/);
    assert.match(text, /US01 +payroll +2026-12-02T17:00:00.000Z +4 +4 +lines to post/);
    assert.doesNotMatch(text, /everything makes its cutoffs/);
  });

  it('is nothing where postings go fast enough, and what they are too slow for', async () => {
    for (let nth = 0; nth < 4; nth += 1) await planLabor(store.db, { timesheet: 'TS-4', state: 'done', minutesAgo: 30 });
    await sql`update labor_posting set done_at = now() - interval '10 minutes' where state = 'done'`.execute(store.db);
    const status = await cutoffStatus(store.db, NOW);
    assert.ok(status.linesPerHour > 10 && status.linesPerHour <= 24, String(status.linesPerHour));
    assert.deepEqual(status.misses, []);
    assert.match(cutoffText(status), /decided and \d+ lines an hour posted everything makes its cutoffs\./);
    await receive(store.db, { id: 'TS-waits', page: { batch: 'waits', page: 1 } });
    await sql`update time_record set document = ${JSON.stringify({ entries: Array.from({ length: 2000 }, () => ({})) })}::jsonb where record_id = 'TS-waits'`.execute(store.db);
    await sql`insert into time_page (batch, page, kind, legal_entity, records, state, ready_at) values ('waits', 1, 'timesheets', 'US01', 1, 'ready', now())`.execute(store.db);
    const later = await cutoffStatus(store.db, NOW);
    assert.deepEqual(later.misses.filter(({ step }) => step === 'posted').map(({ cutoff, waiting, late }) => [cutoff, waiting, late > 0 && late < waiting]), [['payroll', 2004, true]], 'with the lines that undecided records will bring');
  });

  it('goes by the day on which invoices must be out, or by the close of the books where that is sooner', async () => {
    const entity = { invoiceCutoffDay: 5, timeZone: 'America/New_York' };
    assert.equal(invoiceCutoffAt({ to: '2026-11-30', closesAt: '2026-12-20T00:00:00.000Z' }, entity), '2026-12-06T05:00:00.000Z');
    assert.equal(invoiceCutoffAt({ to: '2026-11-30', closesAt: '2026-12-03T22:00:00.000Z' }, entity), '2026-12-03T22:00:00.000Z');
    assert.equal(invoiceCutoffAt({ to: '2026-12-31', closesAt: '2027-01-20T00:00:00.000Z' }, { invoiceCutoffDay: 4, timeZone: 'Asia/Tokyo' }), '2027-01-04T15:00:00.000Z');
    assert.equal(invoiceCutoffAt({ to: '2026-11-30', closesAt: '2026-12-20T00:00:00.000Z' }, undefined), '2026-12-20T00:00:00.000Z');
    const { config } = await theFirm();
    const us = config.legalEntities.find(({ code }) => code === 'US01');
    assert.ok(us);
    const [row] = (await cutoffStatus(store.db, NOW)).entities;
    assert.equal(row?.invoice?.at, invoiceCutoffAt({ to: '2026-11-30', closesAt: '2026-12-20T00:00:00.000Z' }, us));
    assert.ok(Date.parse(row?.invoice?.at ?? '') < Date.parse(row?.books?.at ?? ''));
  });
});
