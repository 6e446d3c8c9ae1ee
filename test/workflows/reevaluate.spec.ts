import assert from 'node:assert/strict';
import { closedWonId } from '../../domain/process/deal-process.ts';
import { reevaluateDecisions } from '../../starters/status/reevaluate.ts';
import { aContract, anOpportunity } from '../builders/opportunity.ts';
import { startTestLine, type TestLine } from '../support/line.ts';
import { asSuperuser } from '../store/support.ts';
import { startDeal } from '../support/saga.ts';
import { stopTemporalServer } from '../support/temporal.ts';

describe('An auditor', function () {
  this.timeout(60_000);
  let line: TestLine;
  before(async () => {
    line = await startTestLine();
  });
  after(async () => {
    await line.stop();
    await stopTemporalServer();
  });

  it('makes every decision again from what was archived, and sees one that was changed since', async () => {
    const deals = [anOpportunity(), anOpportunity({ contract: aContract({ status: 'draft' }) })].map((deal) => line.deal(deal));
    for (const deal of deals) await startDeal(line, deal);
    const [sound, waiting] = deals;
    assert.ok(sound !== undefined && waiting !== undefined);
    await line.outcome(closedWonId(sound));
    await line.openCase('CONTRACT_NOT_SIGNED', waiting);
    assert.deepEqual(await reevaluateDecisions(line.store), { decided: 2, same: 2, otherRules: 0, different: [] });
    await asSuperuser(line.store, [`update decision set outcome = jsonb_set(outcome, '{planRef}', '"0000"') where process = '${closedWonId(sound)}'`]);
    const { same, different } = await reevaluateDecisions(line.store);
    assert.equal(same, 1);
    assert.deepEqual(different.map(({ process, was }) => [process, was]), [[closedWonId(sound), '0000']]);
  });
});
