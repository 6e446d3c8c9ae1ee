import assert from 'node:assert/strict';
import type { Store } from '../../store/database.ts';
import { externalIdOf, identitiesOfObject, linkIdentity, retireIdentity } from '../../store/identity-map.ts';
import { PROCESS, link } from './builders.ts';
import { freshStore } from './support.ts';

describe('The identity map', function () {
  this.timeout(30_000);
  let store: Store;
  before(async () => {
    store = await freshStore();
  });
  after(async () => {
    await store.close();
  });

  it('links the same pair again without a second row and keeps the newer address', async () => {
    await linkIdentity(store.db, PROCESS, [link()]);
    await linkIdentity(store.db, PROCESS, [link({ url: null })]);
    await linkIdentity(store.db, PROCESS, [link({ url: 'https://netsuite.example/new' })]);
    const known = await identitiesOfObject(store.db, 'project', 'US01-TECH-1');
    assert.deepEqual(known.map((row) => [row.external_id, row.url]), [['4711', 'https://netsuite.example/new']]);
  });

  it('gives one object no second record in a system, and one record no second object', async () => {
    await assert.rejects(linkIdentity(store.db, PROCESS, [link({ externalId: '4712' })]), { name: 'IdentityConflictError', message: /already 4711 in netsuite, so it cannot become 4712/ });
    await assert.rejects(linkIdentity(store.db, PROCESS, [link({ canonicalId: 'US01-TECH-2' })]), { name: 'IdentityConflictError', message: /already belongs to another object/ });
  });

  it('keeps a retired identity as history and lets the object be linked anew', async () => {
    assert.equal(await retireIdentity(store.db, { ...link(), because: 'deleted by compensation' }), true);
    assert.equal(await retireIdentity(store.db, { ...link(), because: 'deleted by compensation' }), false);
    await linkIdentity(store.db, PROCESS, [link({ externalId: '4712' })]);
    assert.equal((await externalIdOf(store.db, link()))?.externalId, '4712');
    const known = await identitiesOfObject(store.db, 'project', 'US01-TECH-1');
    assert.deepEqual(known.map((row) => [row.external_id, row.retired_because]), [['4711', 'deleted by compensation'], ['4712', null]]);
  });
});
