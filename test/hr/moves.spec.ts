import assert from 'node:assert/strict';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { PeopleSynced } from '../../activities/hr/contract.ts';
import { createReferenceSync } from '../../activities/hr/sync-people.ts';
import { timePersonSchema } from '../../domain/model/time/context.ts';
import { activateConfig, storeConfig } from '../../store/config-versions.ts';
import type { Store } from '../../store/database.ts';
import { putReference, referenceRows } from '../../store/time/reference.ts';
import { advanceWatermark, readWatermark } from '../../store/watermarks.ts';
import { theFirm } from '../builders/firm.ts';
import { aPerson } from '../builders/time.ts';
import { silent } from '../connectors/conformance/documents.ts';
import { startHr, type HrService } from '../connectors/scim/support.ts';
import { freshStore } from '../store/support.ts';

const DAY_MS = 86_400_000;
const NOON = Date.parse('2026-11-10T12:00:00.000Z');
const WHO = 'mover@northwind-consulting.example';

describe('People whom HR moves', function () {
  this.timeout(60_000);
  let store: Store;
  let hr: HrService;
  beforeEach(async () => {
    const { config, hash } = await theFirm();
    store = await freshStore();
    await storeConfig(store.db, { hash, document: config, files: {} });
    await activateConfig(store.db, { hash, by: 'priya' });
    hr = await startHr();
    hr.clock.advance(NOON - hr.clock.now());
  });
  afterEach(async () => {
    await hr.close();
    await store.close();
  });
  const sync = async (): Promise<PeopleSynced> => {
    const port = hr.connect();
    const { syncPeople } = createReferenceSync({ store, log: silent, systems: { hr: () => port } });
    const synced: PeopleSynced = await new MockActivityEnvironment().run(() => syncPeople({ hr: 'hr' }));
    // The watermark goes by our clock, which is HR's here.
    const name = 'people/hr';
    await advanceWatermark(store.db, { name, from: (await readWatermark(store.db, name)) ?? null, to: new Date(hr.clock.now()).toISOString() });
    return synced;
  };
  const rows = async () =>
    (await referenceRows(store.db, { kind: 'person' }))
      .filter(({ scope }) => scope === WHO)
      .map(({ key, document }) => ({ key, person: timePersonSchema.parse(document) }))
      .toSorted((left, right) => (left.person.from < right.person.from ? -1 : 1))
      .map(({ key, person: { legalEntity, from, to } }) => `${key}: ${legalEntity} from ${from} to ${to ?? 'now'}`);
  const hire = () => hr.office.hire({ email: WHO, legalEntity: 'US01', costCenter: 'US01-TECH', laborCategory: 'ENGINEER', from: '2026-01-01' });

  it('have new terms from the day of the move on, and those before stay', async () => {
    const id = await hire();
    await sync();
    assert.deepEqual(await rows(), [`${WHO}: US01 from 2026-01-01 to now`]);
    hr.clock.advance(2 * DAY_MS);
    await hr.office.change(id, { legalEntity: 'DE01', costCenter: 'DE01-TECH' });
    assert.equal((await sync()).changed, 2);
    const moved = [`${WHO}|2026-01-01: US01 from 2026-01-01 to 2026-11-11`, `${WHO}: DE01 from 2026-11-12 to now`];
    assert.deepEqual(await rows(), moved);
    assert.equal((await sync()).changed, 0, 'told again it says nothing new');
    hr.clock.advance(3 * DAY_MS);
    await hr.office.change(id, { to: '2026-12-31' });
    assert.equal((await sync()).changed, 1);
    assert.deepEqual(await rows(), [moved[0], `${WHO}: DE01 from 2026-11-12 to 2026-12-31`]);
  });

  it('and whose terms were loaded by somebody keep these for the time before', async () => {
    await putReference(store.db, 'hanna', [{ kind: 'person', key: WHO, scope: WHO, document: aPerson({ email: WHO, from: '2026-01-01' }) }]);
    await hr.office.hire({ email: WHO, legalEntity: 'DE01', costCenter: 'DE01-TECH', laborCategory: 'ENGINEER', from: '2026-01-01' });
    await sync();
    assert.deepEqual(await rows(), [`${WHO}|2026-01-01: US01 from 2026-01-01 to 2026-11-09`, `${WHO}: DE01 from 2026-11-10 to now`]);
  });
});
