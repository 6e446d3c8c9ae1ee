import assert from 'node:assert/strict';
import { writeOnce } from '../../activities/ledgered-write.ts';
import type { ActivityDependencies } from '../../activities/dependencies.ts';
import type { CallContext, RecordPort } from '../../connectors/ports.ts';
import { SystemFailure } from '../../domain/failure.ts';
import type { Store } from '../../store/database.ts';
import { createFakeSystems } from '../support/fake-systems.ts';
import { freshStore } from './support.ts';

const PROCESS = 'closed-won/salesforce/006-slots';
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const context: CallContext = { signal: new AbortController().signal, heartbeat: () => undefined, log: silent, idempotencyKey: 'slots' };

describe('A write in a system with a concurrency limit', function () {
  this.timeout(30_000);
  let store: Store;
  let inSlot: string[] = [];
  let calls: { readonly call: string; readonly inSlot: boolean; readonly cut: boolean }[] = [];
  let slotLost = new AbortController();
  before(async () => {
    store = await freshStore();
  });
  after(() => store.close());
  beforeEach(() => {
    [inSlot, calls, slotLost] = [[], [], new AbortController()];
  });

  const dependencies = (): ActivityDependencies => ({
    store,
    systems: createFakeSystems().systems,
    log: silent,
    now: () => new Date(),
    async withSlot(system, signal, work) {
      inSlot.push(system);
      try {
        return await work(AbortSignal.any([signal, slotLost.signal]));
      } finally {
        inSlot.pop();
      }
    },
  });

  const called = (call: string, { signal }: CallContext) => {
    slotLost.abort();
    calls.push({ call, inSlot: inSlot.includes('netsuite'), cut: signal.aborted });
    slotLost = new AbortController();
  };

  const port = (write: () => Promise<{ externalId: string; url: null; created: boolean }>): RecordPort<{ readonly name: string }> => ({
    lookUp: 'key',
    async find(_document, of) {
      called('find', of);
      return null;
    },
    async write(_document, _existing, of) {
      called('write', of);
      return await write();
    },
    undo: async () => ({ how: 'kept', detail: '' }),
  });

  const writing = (canonicalId: string, to: RecordPort<{ readonly name: string }>) =>
    writeOnce(dependencies(), { process: PROCESS, step: 'project', system: 'netsuite', objectType: 'project', canonicalId, label: `project ${canonicalId}`, key: `${PROCESS}/${canonicalId}`, document: { name: 'Data platform' }, madeFrom: { planRef: 'none', references: { customers: {}, contracts: {}, projects: {} } }, port: to, context });

  it('looks the record up before it writes within a slot, whose loss cuts the call', async () => {
    await writing('P-1', port(async () => ({ externalId: '47', url: null, created: true })));
    assert.deepEqual(calls, [{ call: 'find', inSlot: true, cut: true }, { call: 'write', inSlot: true, cut: true }]);
  });

  it('looks it up again within a slot where an earlier answer was lost', async () => {
    const lost = port(async () => {
      throw new SystemFailure({ kind: 'in_doubt', code: 'ANSWER_LOST', message: 'the answer was lost', mend: 'look it up', system: 'netsuite', object: 'project P-2', written: 'unknown' });
    });
    await assert.rejects(writing('P-2', lost));
    calls = [];
    await writing('P-2', port(async () => ({ externalId: '48', url: null, created: true })));
    assert.deepEqual(calls.map(({ call, inSlot: held, cut }) => [call, held, cut]), [['find', true, true], ['find', true, true], ['write', true, true]]);
  });
});
