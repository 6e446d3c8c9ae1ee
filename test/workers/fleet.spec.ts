import assert from 'node:assert/strict';
import { closedWonId } from '../../domain/process/deal-process.ts';
import { anOpportunity } from '../builders/opportunity.ts';
import { theFirm } from '../builders/firm.ts';
import { startTestLine, type TestLine } from '../support/line.ts';
import { startDeal } from '../support/saga.ts';
import { stopTemporalServer } from '../support/temporal.ts';

describe('Running workers', function () {
  this.timeout(120_000);
  let line: TestLine;
  before(async () => {
    line = await startTestLine();
  });
  after(async () => {
    await line.stop();
    await stopTemporalServer();
  });

  it('carry deals on while an activated configuration changes the rates of all systems, and after', async () => {
    const { config } = await theFirm();
    const deals = Array.from({ length: 3 }, () => line.deal(anOpportunity()));
    await Promise.all(deals.map((deal) => startDeal(line, deal)));
    for (const requestsPerSecond of [40, 30, null]) {
      await line.activate({ ...config, systems: config.systems.map((system) => ({ ...system, limits: { ...system.limits, requestsPerSecond } })) });
      const later = line.deal(anOpportunity());
      await startDeal(line, later);
      deals.push(later);
      await new Promise((resolve) => setTimeout(resolve, 1200));
    }
    for (const deal of deals) assert.equal((await line.outcome(closedWonId(deal), 30_000)).outcome, 'activated');
  });
});
