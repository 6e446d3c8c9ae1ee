import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { closedWonId } from '../../domain/process/deal-process.ts';
import { dispatchDeal } from '../../starters/relay/dispatch.ts';
import { anOpportunity } from '../builders/opportunity.ts';
import { startTestLine, type TestLine } from '../support/line.ts';

describe('A closed-won deal', () => {
  let line: TestLine;
  before(async () => {
    line = await startTestLine();
  });
  after(() => line.stop());

  it('becomes an activated project in every target system', async () => {
    const deal = line.deal(anOpportunity());
    await dispatchDeal(line.client, line.store, deal, { version: '', source: 'test' });
    const outcome = await line.outcome(closedWonId(deal));
    assert.equal(outcome.outcome, 'activated');
    assert.deepEqual([...line.fakes.records.values()].map((record) => record.status).sort(), ['active', 'active', 'pending', 'pending', 'pending', 'pending', 'pending']);
  });
});
