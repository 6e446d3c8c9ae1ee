import assert from 'node:assert/strict';
import { caseById, casesOf, casesWaitingForConfig, closeCase, openCase, openCases, updateCase } from '../../store/cases.ts';
import type { CaseOpening } from '../../store/cases.ts';
import { activateConfig, activeConfig, activeConfigHash, configByHash, configHistory, listenConfig, storeConfig } from '../../store/config-versions.ts';
import type { Store } from '../../store/database.ts';
import { dealProcess, dealsMatching, noteDealLoaded, noteDealSeen, noteDealStarted, recordDealOutcome } from '../../store/deal-processes.ts';
import { archiveDecision, decisionsOf } from '../../store/decisions.ts';
import { documentRef, getDocument, putDocument } from '../../store/documents.ts';
import { deliverNextNotification, enqueueNotification, listNotifications } from '../../store/notifications.ts';
import { publishProject, reportedProject, withdrawProject } from '../../store/reporting.ts';
import type { PublishedProject } from '../../store/reporting.ts';
import { advanceWatermark, readWatermark } from '../../store/watermarks.ts';
import { PROCESS, pause } from './builders.ts';
import { asSuperuser, freshStore } from './support.ts';

describe('The registers of the store', function () {
  this.timeout(30_000);
  let store: Store;
  before(async () => {
    store = await freshStore();
  });
  after(async () => {
    await store.close();
  });

  describe('configuration', () => {
    it('is activated by hash, once, with history, and listeners are told', async () => {
      const heard: string[] = [];
      const listener = await listenConfig(store.url, (hash) => heard.push(hash));
      await storeConfig(store.db, { hash: 'h1', document: { rates: ['1.10'] }, files: { 'rates.yaml': 'rates: [1.10]' } });
      await storeConfig(store.db, { hash: 'h1', document: { rates: ['other'] }, files: {} });
      await storeConfig(store.db, { hash: 'h2', document: {}, files: {} });
      assert.equal(await activeConfig(store.db), undefined);
      assert.deepEqual(await activateConfig(store.db, { hash: 'h1', by: 'jane' }), { changed: true, previous: null });
      assert.deepEqual(await activateConfig(store.db, { hash: 'h1', by: 'jane' }), { changed: false, previous: 'h1' });
      assert.deepEqual((await activeConfig(store.db))?.document, { rates: ['1.10'] });
      assert.deepEqual(await activateConfig(store.db, { hash: 'h2', by: 'li' }), { changed: true, previous: 'h1' });
      assert.equal(await activeConfigHash(store.db), 'h2');
      assert.deepEqual((await configByHash(store.db, 'h1'))?.files, { 'rates.yaml': 'rates: [1.10]' });
      assert.deepEqual((await configHistory(store.db)).map((row) => [row.hash, row.previous, row.activatedBy]), [['h2', 'h1', 'li'], ['h1', null, 'jane']]);
      for (let waited = 0; waited < 2000 && heard.length < 3; waited += 20) await pause(20);
      await listener.close();
      assert.deepEqual(heard, ['', 'h1', 'h2']);
    });

    it('that was never stored cannot be activated', async () => {
      await assert.rejects(activateConfig(store.db, { hash: 'nowhere', by: 'jane' }), /configuration nowhere cannot be activated: it is not in the store/);
    });

    it('is activated by one of many processes that start with it at once', async () => {
      await storeConfig(store.db, { hash: 'h3', document: {}, files: {} });
      const answers = await Promise.all(Array.from({ length: 8 }, () => activateConfig(store.db, { hash: 'h3', by: 'start' })));
      assert.equal(answers.filter((answer) => answer.changed).length, 1);
    });
  });

  describe('exception cases', () => {
    const opening = (change: Partial<CaseOpening> = {}): CaseOpening => ({
      caseId: `exception/${PROCESS}/1`,
      process: PROCESS,
      code: 'NO_TAX_MAPPING',
      kind: 'configuration',
      severity: 'high',
      owner: 'finance_operations',
      subject: 'deal Platform rebuild',
      message: 'no tax treatment for legal entity SG01',
      mend: 'add it to config/tax.yaml',
      findings: [{ code: 'NO_TAX_MAPPING', path: 'lines[0].legalEntity' }],
      permittedActions: ['retry', 'abort'],
      context: { amount: { amount: '100.00', currency: 'SGD' } },
      systems: ['netsuite'],
      waitsForConfig: true,
      openedAt: '2026-11-21T07:00:00.000Z',
      dueAt: '2026-11-22T07:00:00.000Z',
      ...change,
    });

    it('are found by what they wait for, the most urgent first, until they are closed', async () => {
      assert.equal(await openCase(store.db, opening()), true);
      assert.equal(await openCase(store.db, opening({ owner: 'somebody else' })), false, 'a retried activity changes nothing');
      await openCase(store.db, opening({ caseId: 'c2', process: 'p2', waitsForConfig: false, dueAt: '2026-11-21T12:00:00.000Z', systems: ['harvest'] }));
      assert.deepEqual((await openCases(store.db)).map((row) => row.case_id), ['c2', opening().caseId]);
      assert.deepEqual((await openCases(store.db, { system: 'netsuite' })).map((row) => row.case_id), [opening().caseId]);
      assert.deepEqual((await casesWaitingForConfig(store.db)).map((row) => row.case_id), [opening().caseId]);
      assert.equal(await updateCase(store.db, { caseId: opening().caseId, owner: 'controller', escalation: 1, detail: 'past its due time' }), true);
      const escalated = await caseById(store.db, opening().caseId);
      assert.deepEqual([escalated?.owner, escalated?.escalations, escalated?.permitted_actions], ['controller', 1, ['retry', 'abort']]);
      const closing = { caseId: opening().caseId, state: 'resolved' as const, resolution: 'retry', by: 'jane', details: { reason: 'mapping added' } };
      assert.equal(await closeCase(store.db, closing), true);
      assert.equal(await closeCase(store.db, closing), false);
      assert.equal(await updateCase(store.db, { caseId: opening().caseId, detail: 'late' }), false);
      assert.deepEqual((await casesOf(store.db, PROCESS)).map((row) => [row.state, row.resolved_by]), [['resolved', 'jane']]);
      assert.deepEqual(await casesWaitingForConfig(store.db), []);
    });
  });

  describe('deals', () => {
    const deal = { crm: 'salesforce', opportunityId: '0065g00000ABCDE' };

    it('have one row from the first event to what was applied last', async () => {
      assert.equal(await dealProcess(store.db, deal), undefined);
      assert.equal((await noteDealSeen(store.db, deal)).state, 'seen');
      await noteDealStarted(store.db, { ...deal, workflowId: 'w1' });
      const running = await dealProcess(store.db, deal);
      await noteDealStarted(store.db, { ...deal, workflowId: 'w1' });
      assert.equal((await dealProcess(store.db, deal))?.started_at, running?.started_at);
      const applied = { version: '1', fingerprint: 'f1', planRef: 'r1' };
      await recordDealOutcome(store.db, { ...deal, workflowId: 'w1', state: 'activated', outcome: { outcome: 'activated' }, applied, endedAt: '2026-11-21T08:00:00.000Z' });
      assert.equal((await noteDealSeen(store.db, deal)).state, 'activated');
      assert.equal((await noteDealSeen(store.db, deal)).version_seen, null, 'an event that was told has not been read yet');
      await noteDealStarted(store.db, { ...deal, workflowId: 'w2' });
      await recordDealOutcome(store.db, { ...deal, workflowId: 'w2', state: 'aborted', outcome: { outcome: 'aborted' }, applied: null, endedAt: '2026-11-21T09:00:00.000Z' });
      const row = await dealProcess(store.db, deal);
      assert.deepEqual([row?.state, row?.version_applied, row?.fingerprint_applied, row?.plan_ref_applied, row?.ended_at], ['aborted', '1', 'f1', 'r1', '2026-11-21T09:00:00.000Z']);
    });
  });

  it('find a deal by its CRM and ID, its ID alone or the number of one of its projects', async () => {
    const deal = { crm: 'hubspot', opportunityId: '9001' };
    assert.partialDeepStrictEqual(await noteDealLoaded(store.db, { ...deal, workflowId: 'w9', version: '5' }), { state: 'running', version_seen: '5', workflow_id: 'w9' });
    await recordDealOutcome(store.db, { ...deal, workflowId: 'w9', state: 'activated', outcome: { outcome: 'activated', projects: ['DE01-DATA-9'] }, applied: { version: '5', fingerprint: 'f', planRef: 'r' }, endedAt: '2026-11-21T08:00:00.000Z' });
    for (const wanted of ['hubspot/9001', '9001', 'DE01-DATA-9']) {
      assert.deepEqual((await dealsMatching(store.db, wanted)).map((row) => row.opportunity_id), ['9001']);
    }
    assert.deepEqual(await dealsMatching(store.db, 'nobody'), []);
    assert.equal((await noteDealLoaded(store.db, { ...deal, workflowId: 'w10', version: '6' })).state, 'activated', 'an activated deal stays so while it is looked at again');
  });

  describe('documents', () => {
    const body = { b: [1, { z: 'nul \0', a: null }], a: 'ü' };

    it('are kept once under a reference that does not depend on the order of their members', async () => {
      const ref = await putDocument(store.db, { kind: 'opportunity', schemaVersion: 2, body });
      assert.equal(await putDocument(store.db, { kind: 'opportunity', schemaVersion: 2, body: { a: 'ü', b: [1, { a: null, z: 'nul \0' }] } }), ref);
      assert.equal(documentRef(body), ref);
      assert.deepEqual(await getDocument(store.db, ref), { kind: 'opportunity', schemaVersion: 2, body });
    });

    it('are not handed out when they were changed in the store, or are unknown', async () => {
      const ref = await putDocument(store.db, { kind: 'plan', schemaVersion: 1, body: { amount: '1.00' } });
      await asSuperuser(store, [`update document set body = '{"amount":"9.00"}' where ref = '${ref}'`]);
      await assert.rejects(getDocument(store.db, ref), /was changed in the store/);
      await assert.rejects(getDocument(store.db, 'nowhere'), /the store has no document nowhere/);
    });
  });

  it('archive a decision once, with what it was made from', async () => {
    const decision = { process: PROCESS, step: 'validate', inputsRef: 'r1', configHash: 'h1', ruleVersion: '1', outcome: { outcome: 'planned' } };
    const id = await archiveDecision(store.db, decision);
    assert.equal(await archiveDecision(store.db, decision), id);
    assert.notEqual(await archiveDecision(store.db, { ...decision, configHash: 'h2' }), id);
    assert.deepEqual((await decisionsOf(store.db, PROCESS)).map((row) => [row.config_hash, row.outcome]), [['h1', { outcome: 'planned' }], ['h2', { outcome: 'planned' }]]);
  });

  it('put one message per occasion into the outbox', async () => {
    const reminder = { caseId: 'c1', occasion: 'reminder', number: 1, recipient: 'finance_operations', message: 'still open' };
    assert.equal(await enqueueNotification(store.db, reminder), true);
    assert.equal(await enqueueNotification(store.db, reminder), false);
    assert.equal(await enqueueNotification(store.db, { ...reminder, number: 2 }), true);
    const taken: number[] = [];
    const take = (via: string | null) => deliverNextNotification(store.db, [], async (row) => {
      taken.push(row.number);
      return Promise.resolve(via);
    });
    assert.deepEqual([await take(null), await take('log'), await take('log'), await take('log')], [true, true, true, false]);
    assert.deepEqual(taken, [1, 1, 2]);
    assert.deepEqual((await listNotifications(store.db, {})).map((row) => [row.number, row.sent_via]), [[2, 'log'], [1, 'log']]);
  });

  it('move a watermark only from where it was read', async () => {
    assert.equal(await readWatermark(store.db, 'sweep'), undefined);
    const moves = await Promise.all(['a', 'b'].map((to) => advanceWatermark(store.db, { name: 'sweep', from: null, to })));
    assert.equal(moves.filter(Boolean).length, 1);
    const read = (await readWatermark(store.db, 'sweep')) ?? '';
    assert.equal(await advanceWatermark(store.db, { name: 'sweep', from: read, to: 'c' }), true);
    assert.equal(await advanceWatermark(store.db, { name: 'sweep', from: read, to: 'd' }), false);
    assert.equal(await readWatermark(store.db, 'sweep'), 'c');
  });

  describe('reporting', () => {
    const published: PublishedProject = {
      client: { id: 'C-1', name: 'Contoso', country: 'US', parentId: null },
      project: { id: 'P-1', number: 'US01-TECH-1', name: 'Platform rebuild', legalEntity: 'US01', region: 'NA', serviceLine: 'TECH', billingMethod: 'time_and_materials', currency: 'USD', startDate: '2026-12-01', endDate: null },
      deal: { crm: 'salesforce', opportunityId: '006', version: '1' },
      process: PROCESS,
      rates: [{ laborCategory: 'SENIOR', unit: 'hour', from: '2026-01-01', to: null, rate: '210.50', currency: 'USD' }],
      bookings: [{ amount: '12345678901234567.89', currency: 'USD', bookedOn: '2026-11-21' }],
    };

    it('shows a project once with its exact value, however often it is published, and follows an amendment', async () => {
      await publishProject(store.db, published);
      await publishProject(store.db, published);
      assert.deepEqual((await reportedProject(store.db, 'P-1'))?.bookings, [{ currency: 'USD', amount: '12345678901234567.89' }]);
      await publishProject(store.db, { ...published, rates: [], bookings: [{ amount: '5.10', currency: 'EUR', bookedOn: '2026-11-22' }] });
      assert.deepEqual((await reportedProject(store.db, 'P-1'))?.bookings, [{ currency: 'EUR', amount: '5.10' }]);
    });

    it('keeps a withdrawn project as history without value', async () => {
      assert.equal(await withdrawProject(store.db, { projectId: 'P-1', because: 'deal aborted' }), true);
      const withdrawn = await reportedProject(store.db, 'P-1');
      assert.deepEqual(withdrawn?.bookings, []);
      assert.equal(await withdrawProject(store.db, { projectId: 'P-1', because: 'again' }), true);
      assert.equal((await reportedProject(store.db, 'P-1'))?.withdrawnAt, withdrawn?.withdrawnAt);
      assert.equal(await withdrawProject(store.db, { projectId: 'unknown', because: 'x' }), false);
      await publishProject(store.db, published);
      assert.equal((await reportedProject(store.db, 'P-1'))?.withdrawnAt, null);
    });
  });
});
