import assert from 'node:assert/strict';
import { caseById, openCase, updateCase, type CaseChange } from '../../store/cases.ts';
import type { Store } from '../../store/database.ts';
import { PROCESS } from './builders.ts';
import { freshStore } from './support.ts';

describe('The escalations of an exception case', function () {
  this.timeout(30_000);
  const CASE = `exception/${PROCESS}/1`;
  let store: Store;
  before(async () => {
    store = await freshStore();
    await openCase(store.db, { caseId: CASE, process: PROCESS, code: 'NO_TAX_MAPPING', kind: 'configuration', severity: 'high', owner: 'finance_operations', subject: 'deal Platform rebuild', message: 'no tax treatment', mend: 'add it', findings: [], permittedActions: ['retry'], context: {}, systems: [], waitsForConfig: true, openedAt: '2026-11-21T07:00:00.000Z', dueAt: null });
  });
  after(async () => {
    await store.close();
  });
  const escalationsAfter = async (change: Omit<CaseChange, 'caseId' | 'detail'>) => {
    assert.equal(await updateCase(store.db, { caseId: CASE, detail: 'past due', ...change }), true);
    return (await caseById(store.db, CASE))?.escalations;
  };

  it('are counted once each, however often the step that records one is tried', async () => {
    assert.equal(await escalationsAfter({ escalation: 1 }), 1);
    assert.equal(await escalationsAfter({ escalation: 1, owner: 'controller' }), 1);
    assert.equal(await escalationsAfter({ escalation: 2 }), 2);
  });

  it('are not taken back by a late attempt of an earlier one', async () => {
    assert.equal(await escalationsAfter({ escalation: 1 }), 2);
  });

  it('are not touched by other changes', async () => {
    assert.equal(await escalationsAfter({ owner: 'finance_operations' }), 2);
  });
});
