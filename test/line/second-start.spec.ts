import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { setTimeout as delay } from 'node:timers/promises';
import { SAMPLE_DEALS } from '../../starters/story/sample-deals.ts';
import { sealAuditTrail } from '../../store/audit-chain.ts';
import { verifyAuditTrail } from '../../store/audit-verify.ts';
import { dealsMatching } from '../../store/deal-processes.ts';
import { inDoubtPostings } from '../../store/posting-settlement.ts';
import { assertNoOrphan, assertOneOfEverything } from '../support/one-of-everything.ts';
import { startLine, type StartedLine } from '../support/started-line.ts';

describe('npm start, killed with all it started in the middle of the story', function () {
  this.timeout(180_000);
  let line: StartedLine;
  before(async () => {
    line = await startLine();
  });
  after(() => line.stop());

  it('goes on from there at the next start, and nothing is doubled', async () => {
    const store = await line.store();
    while ((await dealsMatching(store.db, null)).length < 2) await delay(50);
    await delay(1500);
    await line.killAll();
    assert.doesNotMatch(line.output(), /Everything stays up/, 'the story was not over');

    await line.startAgain();
    await line.untilSaid('Everything stays up', 120_000);
    const states = (await dealsMatching((await line.store()).db, null)).map((row) => row.state).toSorted();
    assert.deepEqual(states, ['aborted', 'activated', 'activated', 'running']);

    const inventories = await line.inventory(SAMPLE_DEALS.map((sale) => sale.client.name));
    for (const [index, sale] of SAMPLE_DEALS.entries()) {
      const inventory = inventories[index];
      assert.ok(inventory !== undefined);
      if (sale.ends === 'activated') assertOneOfEverything(sale, inventory);
      else assertNoOrphan(inventory);
    }
    const { db } = await line.store();
    await sealAuditTrail(db);
    assert.equal((await verifyAuditTrail(db)).ok, true);
    assert.deepEqual(await inDoubtPostings(db), []);
  });
});
