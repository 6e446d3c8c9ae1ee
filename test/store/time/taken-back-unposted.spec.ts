import assert from 'node:assert/strict';
import { sql } from 'kysely';
import type { Timesheet } from '../../../domain/model/time/timesheet.ts';
import { processesRelieved } from '../../../store/time/cancelled.ts';
import { claimPostings, postingsLeft, recordNotPosted, recordPosted, reopenRefused, settleDoubtful } from '../../../store/time/labor-ledger.ts';
import { ledgerTotals, monthLeft, monthProgress } from '../../../store/time/month.ts';
import type { RecordSelection } from '../../../store/time/records.ts';
import { openTargets } from '../../../store/time/summary.ts';
import { anAssignment, anEntry, aProject, aRate, aTimesheet } from '../../builders/time.ts';
import { startDecisions, type Decisions } from './decisions.ts';

const REFUSAL = { kind: 'configuration', code: 'PROJECT_UNKNOWN' };
const DOUBT = { kind: 'in_doubt', code: 'WRITE_IN_DOUBT' };

describe('Labor that is taken back before it is in its ERP', function () {
  this.timeout(60_000);
  let decisions: Decisions;
  before(async () => {
    decisions = await startDecisions({ projects: [aProject({ number: 'FEE', billingMethod: 'fixed_fee' })], assignments: [anAssignment({ projectNumber: 'FEE' })], rates: [aRate({ projectNumber: 'FEE', currency: 'USD' })] });
  });
  beforeEach(() => decisions.empty());
  after(() => decisions.stop());

  const original = aTimesheet([anEntry({ projectNumber: 'FEE', task: null })]);
  const corrected = aTimesheet([anEntry({ projectNumber: 'FEE', task: null, version: 2, replaces: { id: 'E-1', version: 1 }, hours: '6' })], { version: 2, replaces: { id: 'TS-1', version: 1 } });
  const withdrawn: Timesheet = { ...original, approval: { ...original.approval, status: 'withdrawn', decidedAt: '2026-11-16T10:00:00.000Z' } };

  async function take(sheet: Timesheet): Promise<RecordSelection> {
    const [page] = await decisions.receive([sheet]);
    assert.ok(page);
    await decisions.decide(page);
    return page;
  }

  const erp = async () => (await decisions.rows(sql<{ system: string }>`select distinct system from labor_posting`))[0]?.system ?? '';
  const claim = async (selection: RecordSelection, process = 'somebody') => await claimPostings(decisions.store.db, { selection, system: await erp(), limit: 100, leaseMs: 60_000, process });
  const refuse = async (selection: RecordSelection, error: object = REFUSAL) => recordNotPosted(decisions.store.db, 'refused', (await claim(selection, 'timesheets/batch/1')).map(({ key, attempts }) => ({ key, attempts, error })));
  const left = async (selection: RecordSelection) => (await postingsLeft(decisions.store.db, selection, await erp())).open;
  const ledger = async () => (await decisions.rows(sql<{ line: string }>`select kind || ' of ' || trim_scale(hours) || ' hours: ' || state as line from labor_posting order by planned_at, kind, key`)).map(({ line }) => line);

  it('is not posted any more after its ERP refused it, and its correction is posted alone', async () => {
    const { db } = decisions.store;
    const first = await take(original);
    await refuse(first);
    const second = await take(corrected);
    assert.deepEqual((await ledger()).toSorted(), ['original of 6 hours: planned', 'original of 8 hours: cancelled', 'reversal of -8 hours: cancelled']);
    assert.deepEqual(await processesRelieved(db, second), ['timesheets/batch/1'], 'whoever has a case about it is to be told');
    const [record] = await decisions.rows(sql<{ id: number }>`select min(id) as id from time_record`);
    assert.equal(await reopenRefused(db, record?.id ?? 0), 0);
    assert.deepEqual([await left(first), await openTargets(db, first)], [0, []]);
    await recordPosted(db, (await claim(second)).map(({ key }) => ({ key, externalId: `x-${key}` })));
    assert.deepEqual((await ledgerTotals(db)).map(({ lines, hours }) => [lines, Number(hours)]), [[1, 6]]);
    const { postings, posted } = await monthProgress(db);
    assert.deepEqual([postings, posted, (await monthLeft(db)).unposted], [1, 1, 0]);
  });

  it('is not posted at all where nobody has begun to, nor is its time locked', async () => {
    await take(original);
    const second = await take(withdrawn);
    assert.deepEqual(await ledger(), ['original of 8 hours: cancelled', 'reversal of -8 hours: cancelled']);
    assert.deepEqual([await claim(second), await left(second)], [[], 0]);
    assert.deepEqual(await decisions.rows(sql`select kind from time_answer`), []);
  });

  it('while it is being written is reversed once it is there', async () => {
    const first = await take(original);
    const writing = await claim(first);
    const second = await take(withdrawn);
    assert.deepEqual(await ledger(), ['original of 8 hours: intent', 'reversal of -8 hours: planned']);
    await recordPosted(decisions.store.db, writing.map(({ key }) => ({ key, externalId: 'x-1' })));
    await recordPosted(decisions.store.db, (await claim(second)).map(({ key }) => ({ key, externalId: 'x-2' })));
    assert.deepEqual((await ledgerTotals(decisions.store.db)).map(({ lines, hours }) => [lines, Number(hours)]), [[2, 0]]);
  });

  it('while it is being written is given up together with its reversal where the ERP refuses it after all', async () => {
    const first = await take(original);
    const writing = await claim(first);
    const second = await take(corrected);
    await recordNotPosted(decisions.store.db, 'refused', writing.map(({ key, attempts }) => ({ key, attempts, error: REFUSAL })));
    assert.deepEqual((await ledger()).toSorted(), ['original of 6 hours: planned', 'original of 8 hours: cancelled', 'reversal of -8 hours: cancelled']);
    assert.equal((await claim(second)).length, 1);
    assert.deepEqual(await processesRelieved(decisions.store.db, second), ['somebody']);
  });

  it('and turns out to be there all the same is taken back there', async () => {
    const { db } = decisions.store;
    const writing = await claim(await take(original));
    await recordNotPosted(db, 'not_done', writing.map(({ key, attempts }) => ({ key, attempts, error: REFUSAL })));
    const second = await take(withdrawn);
    assert.deepEqual(await claim(second), []);
    await recordPosted(db, writing.map(({ key }) => ({ key, externalId: 'x-1' })));
    await recordPosted(db, (await claim(second)).map(({ key }) => ({ key, externalId: 'x-2' })));
    assert.deepEqual((await ledgerTotals(db)).map(({ lines, hours }) => [lines, Number(hours)]), [[2, 0]]);
  });

  it('while nobody knows whether it is there waits for somebody who looks, and goes by what they find', async () => {
    const first = await take(original);
    await refuse(first, DOUBT);
    await take(withdrawn);
    assert.deepEqual(await ledger(), ['original of 8 hours: refused', 'reversal of -8 hours: planned']);
    const [record] = await decisions.rows(sql<{ id: number }>`select min(id) as id from time_record`);
    assert.equal(await settleDoubtful(decisions.store.db, { record: record?.id ?? 0, system: await erp(), outcome: 'not_done', externalId: null }), 1);
    assert.deepEqual(await ledger(), ['original of 8 hours: cancelled', 'reversal of -8 hours: cancelled']);
  });
});
