import assert from 'node:assert/strict';
import { activateProject, announceProject, cancelAnnounced, cancelProject } from '../../activities/time-reference.ts';
import { referenceKinds, isReferenceKind } from '../../domain/model/time/reference.ts';
import type { Project } from '../../domain/model/project.ts';
import { timeProjectSchema } from '../../domain/model/time/context.ts';
import { decideDeal } from '../../domain/rules/closed-won/decide.ts';
import type { Store } from '../../store/database.ts';
import { putReference, referenceRows, referenceVersion } from '../../store/time/reference.ts';
import { theFirm } from '../builders/firm.ts';
import { aLine, anOpportunity } from '../builders/opportunity.ts';
import { freshStore } from './support.ts';

const ADA = 'ada@northwind-consulting.example';
const BOB = 'bob@northwind-consulting.example';

describe("What time on a deal's project is judged by", function () {
  this.timeout(30_000);
  let store: Store;
  beforeEach(async () => {
    store = await freshStore();
  });
  afterEach(async () => {
    await store.close();
  });

  async function sold(parts: Parameters<typeof anOpportunity>[0] = {}): Promise<Project> {
    const { config, hash } = await theFirm();
    const { plan, findings } = decideDeal(anOpportunity({ lines: [aLine({ resourceEmail: 'Ada@northwind-consulting.example' })], ...parts }), config, hash, { findings: [], reroutes: [] });
    const [project] = plan?.projects ?? [];
    assert.ok(project !== undefined, JSON.stringify(findings));
    return project;
  }
  const rows = async (kind: string) => (await referenceRows(store.db, { kind })).map(({ key, document }) => ({ key, document }));
  async function timeProject(number: string) {
    const [row] = await referenceRows(store.db, { kind: 'project', key: number });
    return timeProjectSchema.parse(row?.document);
  }

  it('is there before the project is active, and complete enough for the rules', async () => {
    const project = await sold();
    await announceProject(store.db, project);
    const { number, status, startDate, endDate, billingMethod, currency, costCenter, tasks } = await timeProject(project.number);
    assert.deepEqual({ number, status, startDate, endDate, billingMethod, currency, costCenter }, { number: project.number, status: 'pending', startDate: project.startDate, endDate: project.endDate, billingMethod: project.billingMethod, currency: project.value.currency, costCenter: project.costCenter });
    assert.deepEqual(tasks, project.wbs.map(({ code, billable }) => ({ code, billable })));
    assert.deepEqual((await rows('assignment')).map(({ key }) => key), [`${ADA}|${project.number}|${project.startDate}`]);
    assert.deepEqual((await rows('rate')).map(({ key }) => key).sort(), project.rateCard.lines.map(({ laborCategory }) => `${project.number}|${laborCategory}|${project.rateCard.effectiveFrom}`).sort());
    for (const { kind, key, scope, document } of await referenceRows(store.db)) {
      assert.ok(isReferenceKind(kind));
      const read = referenceKinds[kind].read(document);
      assert.ok(read.ok && read.keys.includes(key) && read.scope === scope, `${kind} ${key}`);
    }
  });

  it('told again changes nothing, so that no worker reads it anew', async () => {
    const project = await sold();
    await announceProject(store.db, project);
    await activateProject(store.db, project, 'active');
    const before = await referenceVersion(store.db);
    await announceProject(store.db, project);
    await activateProject(store.db, project, 'active');
    assert.equal(await referenceVersion(store.db), before);
    assert.equal((await timeProject(project.number)).status, 'active');
  });

  it('is as it was while an amendment is being made, and as the amendment says once that is activated', async () => {
    const first = await sold();
    await activateProject(store.db, first, 'active');
    const amended = { ...(await sold({ lines: [aLine({ resourceEmail: BOB })] })), endDate: '2028-06-30', cap: { amount: '50000.00', currency: first.value.currency } };
    assert.equal(amended.number, first.number);
    await announceProject(store.db, amended);
    assert.equal((await timeProject(first.number)).endDate, first.endDate);
    await activateProject(store.db, amended, 'active');
    const now = await timeProject(first.number);
    assert.deepEqual([now.endDate, now.cap?.limit.amount, now.cap?.beyond], ['2028-06-30', '50000.00', 'refuse']);
    assert.deepEqual((await rows('assignment')).map(({ key }) => key), [`${BOB}|${first.number}|${first.startDate}`]);
  });

  it('has no second rate beside the one in force when an amendment moves the start', async () => {
    const first = await sold();
    await activateProject(store.db, first, 'active');
    const moved = { ...first, rateCard: { ...first.rateCard, effectiveFrom: '2026-12-15' } };
    await activateProject(store.db, moved, 'active');
    assert.ok((await rows('rate')).every(({ key }) => key.endsWith('|2026-12-15')));
    assert.equal((await rows('rate')).length, first.rateCard.lines.length);
  });

  it('keeps what somebody else said of it: approvers, what happens beyond the cap, further people', async () => {
    const project = { ...(await sold()), cap: { amount: '50000.00', currency: 'USD' } };
    await activateProject(store.db, project, 'active');
    const known = await timeProject(project.number);
    const carl = { person: 'carl@northwind-consulting.example', projectNumber: project.number, laborCategory: 'ENGINEER', from: '2027-01-01', to: null };
    await putReference(store.db, 'q2c', [
      { kind: 'project', key: project.number, scope: project.number, document: { ...known, approvers: ['grace@northwind-consulting.example'], cap: known.cap === null ? null : { ...known.cap, beyond: 'write_off' } } },
      { kind: 'assignment', key: `${carl.person}|${project.number}|2027-01-01`, scope: carl.person, document: carl },
    ]);
    await activateProject(store.db, { ...project, endDate: '2028-06-30' }, 'active');
    const now = await timeProject(project.number);
    assert.deepEqual([now.approvers, now.cap?.beyond, now.endDate], [['grace@northwind-consulting.example'], 'write_off', '2028-06-30']);
    assert.equal((await rows('assignment')).length, 2);
  });

  it('has every labor category of a person who works in several', async () => {
    const project = await sold({ lines: [aLine({ id: 'L1', resourceEmail: ADA }), aLine({ id: 'L2', resourceEmail: ADA, laborCategory: 'SENIOR_CONSULTANT', unitPrice: '320' })] });
    await activateProject(store.db, project, 'active');
    assert.equal((await rows('assignment')).length, 2);
  });

  it('says that a cancelled project takes no more time, since the day it was cancelled first', async () => {
    const project = await sold();
    await activateProject(store.db, project, 'active');
    await cancelProject(store.db, project, new Date('2026-11-20T03:00:00.000Z'));
    await cancelProject(store.db, project, new Date('2026-11-25T12:00:00.000Z'));
    const { status, inactiveFrom } = await timeProject(project.number);
    assert.deepEqual([status, inactiveFrom], ['cancelled', '2026-11-19']);
    assert.ok((await rows('rate')).length > 0);
    await announceProject(store.db, project);
    assert.deepEqual([(await timeProject(project.number)).status, (await timeProject(project.number)).inactiveFrom], ['pending', null]);
  });

  it('says so too of a project that was announced and never begun', async () => {
    const project = await sold();
    await announceProject(store.db, project);
    await cancelAnnounced(store.db, project.id, new Date('2026-11-20T12:00:00.000Z'));
    assert.equal((await timeProject(project.number)).status, 'cancelled');
  });
});
