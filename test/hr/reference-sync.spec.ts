import assert from 'node:assert/strict';
import { MockActivityEnvironment } from '@temporalio/testing';
import { sql } from 'kysely';
import type { PeopleSynced } from '../../activities/hr/contract.ts';
import { createReferenceSync } from '../../activities/hr/sync-people.ts';
import { addMilliseconds } from '../../domain/dates.ts';
import { timePersonSchema } from '../../domain/model/time/context.ts';
import { openCase } from '../../store/cases.ts';
import { activateConfig, storeConfig } from '../../store/config-versions.ts';
import type { Store } from '../../store/database.ts';
import { putReference, referenceRows, referenceVersion } from '../../store/time/reference.ts';
import { theFirm } from '../builders/firm.ts';
import { advanceWatermark, readWatermark } from '../../store/watermarks.ts';
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
  const told = async (changedAt: string) => {
    const port = hr.connect();
    const { waitingTold } = createReferenceSync({ store, log: silent, systems: { hr: () => port } });
    await new MockActivityEnvironment().run(() => waitingTold({ hr: 'hr', changedAt }));
  };
  /** As if the last sync had been an hour later, and HR's clock with it. */
  const settled = async () => {
    const last = (await readWatermark(store.db, 'people/hr')) ?? assert.fail('nothing was taken over');
    await advanceWatermark(store.db, { name: 'people/hr', from: last, to: addMilliseconds(last, 3_600_000) });
    hr.clock.advance(3_660_000);
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
    assert.ok(dana !== undefined && dana.from > known.from, 'what HR says otherwise holds from now on');
    assert.deepEqual(dana, { ...known, costCenter: 'US01-TECH', laborCategory: 'PROJECT_MANAGER', from: dana.from });
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

  describe('who come to have one address in different runs', () => {
    const email = 'shared@northwind-consulting.example';
    const costCenter = async () => (await people()).get(email)?.person.costCenter;
    /** Taken over long enough ago that it is not told again. */
    const taken = async () => {
      const id = await hire(email, { name: 'Ada Able' });
      await sync();
      await settled();
      return id;
    };

    it('are named, both of them, and neither takes the place of the other', async () => {
      const ada = await taken();
      const ben = await hire(email, { name: 'Ben Best', costCenter: 'US01-DATA' });
      for (let times = 0; times < 2; times += 1) {
        const { looked, changed, notTaken } = await sync();
        assert.deepEqual([looked, changed, notTaken.map(({ externalId, findings }) => [externalId, findings.map(({ code }) => code)])], [1, 0, [[ben, ['PERSON_ADDRESS_SHARED']]]]);
        const message = notTaken[0]?.findings[0]?.message ?? '';
        for (const part of [email, 'Ada Able', ada, 'Ben Best', ben]) assert.ok(message.includes(part), message);
        assert.equal(await costCenter(), 'US01-TECH');
      }
      await hr.office.change(ben, { email: 'ben@northwind-consulting.example' });
      assert.equal((await sync()).notTakenInAll, 0);
      assert.deepEqual([await costCenter(), (await people()).get('ben@northwind-consulting.example')?.person.costCenter], ['US01-TECH', 'US01-DATA']);
    });

    it('are named too where somebody is given the address of one who is known', async () => {
      await taken();
      const ben = await hire('ben@northwind-consulting.example', { name: 'Ben Best', costCenter: 'US01-DATA' });
      await sync();
      await settled();
      await hr.office.change(ben, { email });
      assert.deepEqual((await sync()).notTaken.flatMap(({ findings }) => findings.map(({ code }) => code)), ['PERSON_ADDRESS_SHARED']);
      assert.equal(await costCenter(), 'US01-TECH');
    });

    it('are named where the store does not know yet whose the address was', async () => {
      const ada = await taken();
      await sql`update identity_map set retired_at = now(), retired_because = 'test' where object_type = 'person'`.execute(store.db);
      const ben = await hire(email, { name: 'Ben Best', costCenter: 'US01-DATA' });
      const { notTaken } = await sync();
      const message = notTaken[0]?.findings[0]?.message ?? '';
      for (const part of ['Ada Able', ada, 'Ben Best', ben]) assert.ok(message.includes(part), message);
      assert.equal(await costCenter(), 'US01-TECH');
    });

    for (const [what, change] of [['left', { active: false, to: '2026-06-30' }], ['was given another', { email: 'ada@northwind-consulting.example' }]] as const) {
      it(`share none where the first ${what}: the address passes on, and the audit trail says so`, async () => {
        const ada = await taken();
        await hr.office.change(ada, change);
        const ben = await hire(email, { name: 'Ben Best', costCenter: 'US01-DATA' });
        assert.equal((await sync()).notTakenInAll, 0);
        assert.equal(await costCenter(), 'US01-DATA');
        const { rows } = await sql<{ details: unknown }>`select details from audit_trail where action = 'person.address_passed'`.execute(store.db);
        assert.deepEqual(rows.map(({ details }) => details), [{ before: ada, externalId: ben }]);
        await settled();
        await hr.office.change(ben, { costCenter: 'US01-TECH' });
        assert.deepEqual([(await sync()).notTakenInAll, await costCenter()], [0, 'US01-TECH']);
      });
    }

    it('pass it on also where the first was deleted', async () => {
      const ada = await taken();
      await hr.office.remove(ada);
      await hire(email, { costCenter: 'US01-DATA' });
      assert.deepEqual([(await sync()).notTakenInAll, await costCenter()], [0, 'US01-DATA']);
    });
  });

  it('stay employed where the record of an earlier employment is edited after their return', async () => {
    const earlier = await hire('back@northwind-consulting.example', { active: false, from: '2019-01-01', to: '2024-06-30' });
    await hire('back@northwind-consulting.example', { from: '2026-02-01' });
    await sync();
    // Long enough ago that the record in force is not told again.
    await settled();
    await hr.office.change(earlier, { costCenter: 'US01-DATA' });
    const { looked } = await sync();
    const { person } = (await people()).get('back@northwind-consulting.example') ?? assert.fail('not taken over');
    assert.deepEqual([looked, person.from, person.to, person.costCenter], [1, '2026-02-01', null, 'US01-TECH']);
  });

  it('name what waited for them, once something has changed', async () => {
    const opening = { code: 'PERSON_UNKNOWN', kind: 'configuration', severity: 'high', owner: 'finance_operations', subject: 'timesheet TS-1', message: 'nobody knows them', mend: 'load them', findings: [], permittedActions: ['retry'], context: {}, systems: [], waitsForConfig: true, openedAt: '2026-11-21T07:00:00.000Z', dueAt: null } as const;
    await openCase(store.db, { ...opening, caseId: 'c1', process: 'timesheet/harvest/TS-1/1' });
    await openCase(store.db, { ...opening, caseId: 'c2', process: 'closed-won/salesforce/1' });
    await sync();
    // The worker was killed before anybody was told: the attempt after it finds nothing new, and names them all the same.
    const { changed, waiting, changedAt } = await sync();
    assert.deepEqual([changed, waiting], [0, ['timesheet/harvest/TS-1/1']]);
    await told(changedAt ?? assert.fail('there is somebody to tell'));
    assert.deepEqual([(await sync()).waiting, (await sync()).changedAt], [[], null]);
    await hire('new@northwind-consulting.example');
    await openCase(store.db, { ...opening, caseId: 'c3', process: 'timesheet/harvest/TS-2/1', openedAt: new Date(Date.now() + 3_600_000).toISOString() });
    assert.deepEqual((await sync()).waiting, ['timesheet/harvest/TS-1/1'], 'what was judged by the newest is not judged again');
  });

  it('are left as they are where HR fails', async () => {
    await hr.faults.next({ kind: 'status', status: 403, path: '/Users' });
    await assert.rejects(sync(), { type: 'configuration' });
    assert.equal((await people()).size, 0);
  });
});
