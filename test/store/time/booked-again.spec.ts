import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { publishTimeFacts } from '../../../store/reporting-time.ts';
import { putReference } from '../../../store/time/reference.ts';
import { theFirm } from '../../builders/firm.ts';
import { anAssignment, anEntry, aProject, aRate, aTimeContext, aTimesheet } from '../../builders/time.ts';
import { referenceRows } from '../../support/time-line.ts';
import { startDecisions, type Decisions } from './decisions.ts';

const ABROAD = { legalEntity: 'DE01', costCenter: 'DE01-TECH', currency: 'EUR' };

describe('The same version of an entry that is booked again', function () {
  this.timeout(60_000);
  let decisions: Decisions;
  before(async () => {
    decisions = await startDecisions({
      projects: [aProject({ number: 'MOVES', billingMethod: 'fixed_fee', ...ABROAD })],
      assignments: [anAssignment({ projectNumber: 'MOVES' })],
      rates: [aRate({ projectNumber: 'MOVES', currency: 'EUR' })],
      transferRates: [{ employer: 'US01', client: 'DE01', laborCategory: 'ENGINEER', rate: '99.99', currency: 'EUR', from: '2026-01-01', to: null }],
    });
  });
  after(() => decisions.stop());

  it('stands with the legal entity, the currency and the cost center that its project has by then, in the books and in the warehouse', async () => {
    const { db } = decisions.store;
    const sheet = aTimesheet([anEntry({ projectNumber: 'MOVES', task: null })]);
    const entry = async () => await decisions.rows(sql`select legal_entity, currency, labor->>'costCenter' as cost_center from time_entry`);
    const fact = async () => await decisions.rows(sql`select legal_entity, currency, cost_center from reporting.fact_time`);
    const publish = async () => await publishTimeFacts(db, (await decisions.rows(sql<{ id: number }>`select id from time_record`)).map(({ id }) => id));
    await decisions.take(sheet);
    await publish();
    assert.deepEqual([await entry(), await fact()], [[{ legal_entity: 'DE01', currency: 'EUR', cost_center: 'DE01-TECH' }], [{ legal_entity: 'DE01', currency: 'EUR', cost_center: 'DE01-TECH' }]]);
    await decisions.take({ ...sheet, approval: { ...sheet.approval, status: 'withdrawn', decidedAt: '2026-11-16T10:00:00.000Z' } });
    const { config } = await theFirm();
    const project = aProject({ number: 'MOVES', billingMethod: 'fixed_fee' });
    await putReference(db, 'test', referenceRows(aTimeContext(config, { projects: [project], rates: [aRate({ projectNumber: 'MOVES', currency: 'USD' })] })).filter(({ kind }) => kind === 'project' || kind === 'rate'));
    await decisions.take({ ...sheet, approval: { ...sheet.approval, decidedAt: '2026-11-16T11:00:00.000Z' } });
    await publish();
    const now = [{ legal_entity: 'US01', currency: 'USD', cost_center: project.costCenter }];
    assert.deepEqual([await entry(), await fact()], [now, now]);
    assert.equal(await publish(), 0, 'the same again changes nothing');
  });
});
