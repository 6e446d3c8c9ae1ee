import assert from 'node:assert/strict';
import type { FaultBoard } from './records.ts';

/** Orders faults from a sandbox over its admin endpoint. */
export function sandboxFaults(url: () => string): FaultBoard {
  return {
    async next(fault) {
      const answer = await fetch(`${url()}/__admin/faults`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ times: 1, ...fault }) });
      assert.equal(answer.status, 201, await answer.text());
    },
    async clear() {
      await fetch(`${url()}/__admin/faults`, { method: 'DELETE' });
    },
  };
}
