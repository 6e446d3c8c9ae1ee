import assert from 'node:assert/strict';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { PeopleSynced } from '../../activities/hr/contract.ts';
import { createReferenceSync } from '../../activities/hr/sync-people.ts';
import { timePersonSchema } from '../../domain/model/time/context.ts';
import { openCase } from '../../store/cases.ts';
import { activateConfig, storeConfig } from '../../store/config-versions.ts';
import type { Store } from '../../store/database.ts';
import { putReference, referenceRows, referenceVersion } from '../../store/time/reference.ts';
import { theFirm } from '../builders/firm.ts';
import { aPerson } from '../builders/time.ts';
import { silent } from '../connectors/conformance/documents.ts';
import { startHr, type HrService } from '../connectors/scim/support.ts';
import { freshStore } from '../store/support.ts';

describe('People from HR', function () {
  this.timeout(60_000);
  let store: Store;
  let hr: HrService;
  beforeEach(async () => {
    const { config, hash } = await theFirm();
    store = await freshStore();
    await storeConfig(store.db, { hash, document: config, files: {} });
    await activateConfig(store.db, { hash, by: 'priya' });
    hr = await startHr();
    // HR's clock is the store's: watermarks are real moments.
    hr.clock.advance(Date.now() - hr.clock.now());
  });
  afterEach(async () => {
    await hr.close();
    await store.close();
  });
  const sync = async (): Promise<PeopleSynced> => {
    const port = hr.connect();
    const { syncPeople } = createReferenceSync({ store, log: silent, systems: { hr: () => port } });
    return await new MockActivityEnvironment().run(() => syncPeople({ hr: 'hr' }));
  };
  const people = async () => new Map((await referenceRows(store.db, { kind: 'person' })).map((row) => [row.key, { ...row, person: timePersonSchema.parse(row.document) }]));
  const hire = (email: string, more = {}) => hr.office.hire({ email, legalEntity: 'US01', costCenter: 'US01-TECH', laborCategory: 'ENGINEER', from: '2026-01-01', ...more });

  it('become those that time is judged by, all at first and then who changed', async () => {
    const first = await sync();
    assert.deepEqual([first.looked, first.changed, first.notTakenInAll], [6, 6, 0], JSON.stringify(first.notTaken));
    const dana = (await people()).get('dana.kowalski@northwind-consulting.example');
    assert.deepEqual([dana?.person.legalEntity, dana?.person.laborCategory, dana?.person.from, dana?.source], ['US01', 'PROJECT_MANAGER', '2018-09-01', 'hr hr']);
    const version = await referenceVersion(store.db);
    hr.clock.advance(60_000);
    assert.equal((await sync()).changed, 0);
    assert.equal(await referenceVersion(store.db), version, 'what says nothing new wakes nobody');
    const id = await hire('new@northwind-consulting.example');
    assert.equal((await sync()).changed, 1);
    await hr.office.change(id, { active: false, to: '2026-12-31' });
    assert.equal((await sync()).changed, 1);
    assert.equal((await people()).get('new@northwind-consulting.example')?.person.to, '2026-12-31');
  });

  it('say nothing about what was loaded and is none of HR\'s business', async () => {
    const known = aPerson({ email: 'dana.kowalski@northwind-consulting.example', costCenter: 'US01-DATA', overtime: 'exempt' });
    await putReference(store.db, 'hanna', [{ kind: 'person', key: known.email, scope: known.email, document: known }]);
    await sync();
    const dana = (await people()).get(known.email)?.person;
    assert.deepEqual(dana, { ...known, costCenter: 'US01-TECH', laborCategory: 'PROJECT_MANAGER', from: '2018-09-01' });
  });

  it('who cannot be taken are named and asked for again until HR says more; the others are taken meanwhile', async () => {
    const lost = await hire('lost@northwind-consulting.example', { legalEntity: 'XX99' });
    const nobody = await hr.office.hire({ email: null });
    for (let times = 0; times < 2; times += 1) {
      const { notTaken, notTakenInAll } = await sync();
      assert.deepEqual([notTakenInAll, notTaken.map(({ externalId, findings }) => [externalId, findings.map(({ code }) => code).join()])], [2, [[nobody, 'PERSON_UNREADABLE'], [lost, 'PERSON_LEGAL_ENTITY_UNKNOWN']]]);
    }
    assert.equal((await people()).size, 6);
    await hr.office.change(lost, { legalEntity: 'US01' });
    await hr.office.remove(nobody);
    assert.deepEqual([(await sync()).notTakenInAll, (await people()).has('lost@northwind-consulting.example')], [0, true]);
  });

  it('share no address, unless one of them has left', async () => {
    await hire('twin@northwind-consulting.example', { active: false });
    await hire('twin@northwind-consulting.example', { laborCategory: 'PARTNER' });
    await sync();
    assert.equal((await people()).get('twin@northwind-consulting.example')?.person.laborCategory, 'PARTNER');
    await hire('both@northwind-consulting.example');
    await hire('both@northwind-consulting.example');
    assert.deepEqual((await sync()).notTaken.flatMap(({ findings }) => findings.map(({ code }) => code)), ['PERSON_ADDRESS_SHARED']);
  });

  it('name what waited for them, once something has changed', async () => {
    const opening = { code: 'PERSON_UNKNOWN', kind: 'configuration', severity: 'high', owner: 'finance_operations', subject: 'timesheet TS-1', message: 'nobody knows them', mend: 'load them', findings: [], permittedActions: ['retry'], context: {}, systems: [], waitsForConfig: true, openedAt: '2026-11-21T07:00:00.000Z', dueAt: null } as const;
    await openCase(store.db, { ...opening, caseId: 'c1', process: 'timesheet/harvest/TS-1/1' });
    await openCase(store.db, { ...opening, caseId: 'c2', process: 'closed-won/salesforce/1' });
    assert.deepEqual((await sync()).waiting, ['timesheet/harvest/TS-1/1']);
    assert.deepEqual((await sync()).waiting, []);
  });

  it('are left as they are where HR fails', async () => {
    await hr.faults.next({ kind: 'status', status: 403, path: '/Users' });
    await assert.rejects(sync(), { type: 'configuration' });
    assert.equal((await people()).size, 0);
  });
});
