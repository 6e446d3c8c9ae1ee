import assert from 'node:assert/strict';
import fc from 'fast-check';
import { sql } from 'kysely';
import type { Store } from '../../store/database.ts';
import { claimForExport, linesOf, payrollDocument, payrollExportById, recordAcknowledged, recordSent, rejectedLines, settleRejected } from '../../store/payroll.ts';
import { duePayrolls, openForPayroll, payPeriodOf } from '../../store/payroll-periods.ts';
import { reconcilePayroll } from '../../store/payroll-reconciliation.ts';
import { booksAtRisk, unpostedLabor } from '../../store/unposted-labor.ts';
import { freshStore } from '../store/support.ts';
import { ADA, aPayPeriod, BEN, planLabor, planPay, putAccountingPeriod, putPayPeriod, receive, referTo, type PlannedPay } from './builders.ts';

describe('Payroll in the store', function () {
  this.timeout(60_000);
  let store: Store;
  let periods = 0;
  before(async () => {
    store = await freshStore();
  });
  after(async () => {
    await store.close();
  });

  const another = (employer = 'US01') => {
    periods += 1;
    return aPayPeriod({ legalEntity: employer, code: `P${periods}` });
  };
  const claim = async (period: ReturnType<typeof aPayPeriod>) => (await claimForExport(store.db, { period, system: 'payroll', process: `payroll/${period.legalEntity}/${period.code}` }))?.row ?? null;
  const plan = (period: ReturnType<typeof aPayPeriod>, lines: readonly PlannedPay[]) => planPay(store.db, lines.map((line) => ({ employer: period.legalEntity, payPeriod: period.code, ...line })));
  const send = (id: string) => recordSent(store.db, { id, files: ['a.csv'], checksum: 'c'.repeat(64) });
  const accept = (id: string, rejected: readonly { line: number; reason: string }[] = []) => recordAcknowledged(store.db, { id, refused: false, rejected, reason: null, reference: 'PB-1' });
  const reconciled = async (period: ReturnType<typeof aPayPeriod>) => {
    const [row] = await reconcilePayroll(store.db, { employer: period.legalEntity, payPeriod: period.code });
    assert.ok(row);
    return row;
  };

  it('adds up the hours of a person, day, pay code and cost center, with control totals', async () => {
    const period = another();
    await plan(period, [{ hours: '3.5' }, { hours: '4.5' }, { payCode: 'OT15', multiplier: '1.5', hours: '1.25' }, { person: BEN, workDate: '2026-11-10' }, { costCenter: 'US01-DATA', hours: '0.1' }]);
    const taken = await claim(period);
    assert.equal(taken?.id, `US01.${period.code}.1`);
    const document = await payrollDocument(store.db, taken.id);
    assert.deepEqual(document.lines.map(({ line, person, payCode, costCenter, hours }) => [line, person, payCode, costCenter, hours]), [
      [1, ADA, 'OT15', 'US01-TECH', '1.25'],
      [2, ADA, 'REG', 'US01-DATA', '0.1'],
      [3, ADA, 'REG', 'US01-TECH', '8'],
      [4, BEN, 'REG', 'US01-TECH', '8'],
    ]);
    assert.deepEqual(document.totals, { lines: 4, people: 2, hours: '17.35', hoursPerPayCode: [{ payCode: 'OT15', hours: '1.25' }, { payCode: 'REG', hours: '16.1' }] });
  });

  it('answers the same export again until it has come to its end, however many ask at once', async () => {
    const period = another();
    await plan(period, [{}, { person: BEN }]);
    const answers = await Promise.all(Array.from({ length: 6 }, () => claim(period)));
    assert.deepEqual(new Set(answers.map((answer) => answer?.id)), new Set([`US01.${period.code}.1`]));
    await plan(period, [{ workDate: '2026-11-11' }]);
    assert.equal((await claim(period))?.lines, 2, 'what came later does not change an export');
    await send(`US01.${period.code}.1`);
    assert.equal((await claim(period))?.state, 'sent');
  });

  it('gives what comes later to a supplementary export, and says so where nothing waits', async () => {
    const period = another();
    assert.equal(await claim(period), null);
    await plan(period, [{}]);
    await claim(period);
    await plan(period, [{ workDate: '2026-11-12', hours: '-2' }]);
    await send(`US01.${period.code}.1`);
    await accept(`US01.${period.code}.1`);
    const second = await claim(period);
    assert.deepEqual([second?.number, second?.lines, second?.hours], [2, 1, '-2']);
    await send(second?.id ?? '');
    await accept(second?.id ?? '');
    assert.equal(await claim(period), null);
    assert.deepEqual((await reconciled(period)).accepted, { payLines: 2, hours: '6' });
  });

  it('tells payroll nothing of hours and their reversal that meet in one export', async () => {
    const period = another();
    await plan(period, [{ hours: '8' }, { hours: '-8' }, { person: BEN, hours: '4' }]);
    const taken = await claim(period);
    assert.deepEqual([taken?.lines, taken?.pay_lines, taken?.people], [1, 3, 1]);
    assert.deepEqual((await reconciled(period)).cancelledOut, { payLines: 2, hours: '0' });
    const other = another();
    await plan(other, [{ hours: '8' }, { hours: '-8' }]);
    assert.equal((await claim(other))?.state, 'acknowledged', 'an export without lines is not sent');
    assert.equal(await claim(other), null);
  });

  it('keeps the first answer of the bureau and the first word that an export was sent', async () => {
    const period = another();
    await plan(period, [{}, { person: BEN }]);
    const id = (await claim(period))?.id ?? '';
    assert.equal(await accept(id), false, 'not before it was sent');
    assert.equal(await send(id), true);
    assert.equal(await recordSent(store.db, { id, files: [], checksum: 'd'.repeat(64) }), false);
    assert.equal(await accept(id, [{ line: 2, reason: 'no master data' }]), true);
    assert.equal(await accept(id), false);
    const row = await payrollExportById(store.db, id);
    assert.deepEqual([row?.state, row?.checksum, row?.reference], ['acknowledged', 'c'.repeat(64), 'PB-1']);
    assert.deepEqual((await rejectedLines(store.db, id, 10)).map(({ line, person, reason }) => [line, person, reason]), [[2, BEN, 'no master data']]);
  });

  it('gives rejected hours to another export together with their correction, so that only the difference is told', async () => {
    const period = another();
    await plan(period, [{ hours: '8' }, { person: BEN, hours: '8' }]);
    const id = (await claim(period))?.id ?? '';
    await send(id);
    await accept(id, [{ line: 1, reason: 'more than the plan allows' }]);
    assert.equal((await claim(period))?.id, id, 'as long as nobody has settled them, the export goes on');
    await plan(period, [{ hours: '-8' }, { hours: '6' }]);
    assert.equal(await settleRejected(store.db, { id, as: 'released', note: 'ines: corrected' }), 1);
    assert.equal(await settleRejected(store.db, { id, as: 'released', note: 'ines: corrected' }), 0);
    const second = await claim(period);
    assert.deepEqual((await linesOf(store.db, second?.id ?? '')).map(({ person, hours }) => [person, hours]), [[ADA, '6']]);
    const { total, underWay, accepted, balanced } = await reconciled(period);
    assert.deepEqual([total, underWay, accepted, balanced], [{ payLines: 4, hours: '14' }, { payLines: 3, hours: '6' }, { payLines: 1, hours: '8' }, true]);
  });

  it('counts every line of a refused export as rejected', async () => {
    const period = another();
    await plan(period, [{}, { person: BEN }]);
    const id = (await claim(period))?.id ?? '';
    await send(id);
    await recordAcknowledged(store.db, { id, refused: true, rejected: [], reason: 'totals differ', reference: null });
    assert.deepEqual((await reconciled(period)).rejected, { payLines: 2, hours: '16' });
    await settleRejected(store.db, { id, as: 'by_hand', note: 'fred: paid by cheque' });
    const { byHand, rejected, balanced } = await reconciled(period);
    assert.deepEqual([byHand.payLines, rejected.payLines, balanced], [2, 0, true]);
  });

  it('reconciles whatever happens: pay lines = exported + waiting, in lines and hours', async () => {
    const line = fc.record({ person: fc.constantFrom(ADA, BEN), workDate: fc.constantFrom('2026-11-09', '2026-11-10'), payCode: fc.constantFrom('REG', 'OT15'), hours: fc.integer({ min: -400, max: 1200 }).filter((hundredths) => hundredths !== 0).map((hundredths) => (hundredths / 100).toString()) });
    const step = fc.oneof(fc.record({ do: fc.constant('plan' as const), lines: fc.array(line, { minLength: 1, maxLength: 6 }) }), fc.record({ do: fc.constantFrom('claim' as const, 'send' as const, 'accept' as const, 'reject' as const, 'refuse' as const, 'release' as const, 'by_hand' as const) }));
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
      const period = another('DE01');
      let current = '';
      const told: string[] = [];
      for (const one of steps) {
        if (one.do === 'plan') {
          told.push(...one.lines.map(({ hours }) => hours));
          await plan(period, one.lines);
        } else if (one.do === 'claim') current = (await claim(period))?.id ?? current;
        else if (one.do === 'send') await send(current);
        else if (one.do === 'accept') await accept(current);
        else if (one.do === 'reject') await accept(current, [{ line: 1, reason: 'unknown' }]);
        else if (one.do === 'refuse') await recordAcknowledged(store.db, { id: current, refused: true, rejected: [], reason: 'no', reference: null });
        else await settleRejected(store.db, { id: current, as: one.do === 'release' ? 'released' : 'by_hand', note: 'test' });
      }
      if (told.length === 0) return;
      const { balanced, total, waiting, underWay, accepted, rejected, byHand, cancelledOut } = await reconciled(period);
      assert.equal(balanced, true);
      const parts = [waiting, underWay, accepted, rejected, byHand, cancelledOut];
      assert.equal(parts.reduce((sum, part) => sum + part.payLines, 0), told.length);
      const inHundredths = (hours: string) => Math.round(Number(hours) * 100);
      assert.equal(parts.reduce((sum, part) => sum + inHundredths(part.hours), 0), inHundredths(total.hours));
      assert.equal(inHundredths(total.hours), told.reduce((sum, hours) => sum + inHundredths(hours), 0));
    }), { numRuns: 25 });
  });

  it('knows which payrolls are due: near their cutoff, or past it with something left', async () => {
    const at = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();
    const [soon, later, past, pastDone, pastOpen] = [aPayPeriod({ legalEntity: 'GB01', code: 'SOON', cutoffAt: at(2) }), aPayPeriod({ legalEntity: 'GB01', code: 'LATER', cutoffAt: at(30) }), aPayPeriod({ legalEntity: 'GB01', code: 'PAST', cutoffAt: at(-30) }), aPayPeriod({ legalEntity: 'GB01', code: 'DONE', cutoffAt: at(-31) }), aPayPeriod({ legalEntity: 'GB01', code: 'OPEN', cutoffAt: at(-32) })];
    for (const period of [soon, later, past, pastDone, pastOpen]) await putPayPeriod(store.db, period);
    for (const period of [past, pastDone, pastOpen]) await plan(period, [{}]);
    for (const period of [pastDone, pastOpen]) await send((await claim(period))?.id ?? '');
    await accept('GB01.DONE.1');
    assert.deepEqual((await duePayrolls(store.db, { withinHours: 4 })).map(({ payPeriod }) => payPeriod), ['OPEN', 'PAST', 'SOON']);
    assert.deepEqual(await payPeriodOf(store.db, { legalEntity: 'GB01', payPeriod: 'SOON' }), soon);
    assert.equal(await payPeriodOf(store.db, { legalEntity: 'GB01', payPeriod: 'NONE' }), undefined);
  });

  it('counts the timesheets that payroll would miss: not decided, held or rejected, of employees, in their newest version', async () => {
    const period = aPayPeriod({ legalEntity: 'CA01', from: '2026-11-01', to: '2026-11-15' });
    const sheet = { legalEntity: 'CA01' };
    await referTo(store.db, 'person', 'sam@subcontractor.example', { kind: 'subcontractor' });
    await receive(store.db, { ...sheet, id: 'W1' });
    await receive(store.db, { ...sheet, id: 'W2', weekStart: '2026-10-26' });
    await receive(store.db, { ...sheet, id: 'NEXT', weekStart: '2026-11-16' });
    await receive(store.db, { ...sheet, id: 'BEFORE', weekStart: '2026-10-25' });
    await receive(store.db, { ...sheet, id: 'SUB', person: 'sam@subcontractor.example' });
    await receive(store.db, { ...sheet, id: 'OTHER', legalEntity: 'SG01' });
    await receive(store.db, { ...sheet, id: 'OK', state: 'decided', outcomes: ['accepted'] });
    await receive(store.db, { ...sheet, id: 'HELD', state: 'decided', outcomes: ['accepted', 'held', 'rejected'] });
    await receive(store.db, { ...sheet, id: 'REJ', state: 'decided', outcomes: ['accepted', 'rejected'] });
    await receive(store.db, { ...sheet, id: 'MENDED', state: 'decided', outcomes: ['rejected'] });
    await receive(store.db, { ...sheet, id: 'MENDED', version: 2, state: 'decided', outcomes: ['accepted'] });
    assert.deepEqual(await openForPayroll(store.db, period), { waiting: 2, held: 1, rejected: 1, unposted: 0 });
  });

  it('counts accepted timesheets that are not in their ERP: refused, in doubt, failing or planned for longer than a moment, whichever version brought them', async () => {
    const period = aPayPeriod({ legalEntity: 'NL01', code: 'UNPOSTED' });
    const take = async (id: string, state: string, minutesAgo = 0) => {
      await receive(store.db, { id, legalEntity: 'NL01', state: 'decided', outcomes: ['accepted'] });
      return await planLabor(store.db, { timesheet: id, state, legalEntity: 'NL01', minutesAgo });
    };
    for (const state of ['refused', 'in_doubt', 'not_done', 'done', 'cancelled', 'planned']) await take(`NL-${state}`, state);
    await take('NL-waiting', 'planned', 6);
    await take('NL-newer', 'refused');
    await receive(store.db, { id: 'NL-newer', version: 2, legalEntity: 'NL01', state: 'decided', outcomes: ['repeat'] });
    assert.deepEqual(await openForPayroll(store.db, period), { waiting: 0, held: 0, rejected: 0, unposted: 5 });
  });

  it('says which books near their close lack accepted labor, and how much', async () => {
    const now = new Date();
    const hours = (ahead: number) => new Date(now.getTime() + ahead * 3_600_000).toISOString();
    const closing = { legalEntity: 'IN01', accountingPeriod: '2026-11' };
    const due = async () => (await booksAtRisk(store.db, () => 4, now)).filter(({ legalEntity }) => legalEntity === 'IN01');
    await putAccountingPeriod(store.db, { legalEntity: 'IN01', code: '2026-11', closesAt: hours(5) });
    await receive(store.db, { id: 'IN-1', legalEntity: 'IN01', state: 'decided', outcomes: ['accepted', 'accepted'] });
    await planLabor(store.db, { timesheet: 'IN-1', state: 'refused', legalEntity: 'IN01' });
    await planLabor(store.db, { timesheet: 'IN-1', state: 'planned', legalEntity: 'IN01', minutesAgo: 10 });
    assert.deepEqual(await due(), [], 'there is time yet');
    await putAccountingPeriod(store.db, { legalEntity: 'IN01', code: '2026-11', closesAt: hours(3) });
    assert.deepEqual(await due(), [closing]);
    assert.deepEqual(await unpostedLabor(store.db, closing), { closesAt: hours(3), past: false, timesheets: 1, lines: 2, refused: 1, inDoubt: 0, systems: ['netsuite'] });
    await putAccountingPeriod(store.db, { legalEntity: 'IN01', code: '2026-11', closesAt: hours(-1) });
    assert.deepEqual([(await due()).length, (await unpostedLabor(store.db, closing))?.past], [1, true], 'nor is it forgotten once they have closed');
    await sql`update labor_posting set state = 'done', done_at = now() where legal_entity = 'IN01'`.execute(store.db);
    assert.deepEqual([await due(), (await unpostedLabor(store.db, closing))?.lines], [[], 0]);
  });
});
