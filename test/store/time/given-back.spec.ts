import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { recordAnswered } from '../../../store/time/answers.ts';
import { returnRefused } from '../../../store/time/corrections.ts';
import { anAssignment, anEntry, aProject, aRate, aTimesheet } from '../../builders/time.ts';
import { startDecisions, type Decisions } from './decisions.ts';

const PROJECTS = ['FEE', 'BADCC'];

describe('Refused time that is given back to its submitter', function () {
  this.timeout(60_000);
  let decisions: Decisions;
  before(async () => {
    decisions = await startDecisions({
      projects: [aProject({ number: 'BADCC', billingMethod: 'fixed_fee', costCenter: 'NOPE' }), aProject({ number: 'FEE', billingMethod: 'fixed_fee' })],
      assignments: PROJECTS.map((projectNumber) => anAssignment({ projectNumber })),
      rates: PROJECTS.map((projectNumber) => aRate({ projectNumber, currency: 'USD' })),
    });
  });
  beforeEach(() => decisions.empty());
  after(() => decisions.stop());

  const on = (projectNumber: string, id: string) => anEntry({ id, projectNumber, task: null });
  const record = async () => (await decisions.rows(sql<{ id: number }>`select id from time_record`))[0]?.id ?? 0;
  const answers = async () =>
    (await decisions.rows(sql<{ state: string; detail: { entries: { id: string; findings: { code: string; message: string; mend: string }[] }[] } }>`select state, detail from time_answer where kind = 'reject'`)).map(({ state, detail }) => [state, ...detail.entries.map(({ id, findings }) => `${id}: ${findings.map(({ code }) => code).join()}`)]);

  it('is told to the time system also where the configuration was to blame, of which nobody told it before', async () => {
    await decisions.take(aTimesheet([on('BADCC', 'E-1')]));
    assert.deepEqual(await answers(), []);
    const code = (await decisions.rows(sql<{ code: string }>`select codes[1] as code from time_outcome`))[0]?.code;
    assert.equal(await returnRefused(decisions.store.db, await record()), aTimesheet([]).system);
    assert.deepEqual(await answers(), [['planned', `E-1: ${code}`]]);
    assert.deepEqual(await decisions.rows(sql`select outcome from time_outcome`), [{ outcome: 'returned' }]);
  });

  it('is told whole where a part of it was told before, and not a second time where all of it was', async () => {
    await decisions.take(aTimesheet([on('BADCC', 'E-1'), { ...on('US01-NOPE', 'E-2'), workDate: '2026-11-10' }]));
    const [told] = await answers();
    assert.equal(told?.length, 2, 'only what the submitter can mend');
    await recordAnswered(decisions.store.db, [{ record: await record(), kind: 'reject', state: 'done' }]);
    await returnRefused(decisions.store.db, await record());
    assert.deepEqual((await answers()).map(([state, ...entries]) => [state, entries.length]), [['planned', 2]]);
    await decisions.empty();
    await decisions.take(aTimesheet([on('US01-NOPE', 'E-2')]));
    await recordAnswered(decisions.store.db, [{ record: await record(), kind: 'reject', state: 'done' }]);
    await returnRefused(decisions.store.db, await record());
    assert.deepEqual((await answers()).map(([state]) => state), ['done']);
  });
});
