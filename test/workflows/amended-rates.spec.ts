import assert from 'node:assert/strict';
import { z } from 'zod';
import { projectRateSchema } from '../../domain/model/time/context.ts';
import { datedRates, projectRateCardSchema } from '../../domain/model/rate-card.ts';
import { changeOrderId, closedWonId, type DealReference } from '../../domain/process/deal-process.ts';
import { reevaluateDecisions } from '../../starters/status/reevaluate.ts';
import { referenceRows } from '../../store/time/reference.ts';
import { aLine, anOpportunity } from '../builders/opportunity.ts';
import { startTestLine, type TestLine } from '../support/line.ts';
import { startDeal } from '../support/saga.ts';
import { stopTemporalServer } from '../support/temporal.ts';

const FIRST = anOpportunity({ startDate: '2026-12-01', endDate: '2027-05-31', lines: [aLine({ unitPrice: '220' })] });
const AMENDED = '2027-02-15T15:00:00.000Z';

describe('A deal at work whose rates are amended', function () {
  this.timeout(60_000);
  let line: TestLine;
  before(async () => {
    line = await startTestLine();
  });
  after(async () => {
    await line.stop();
    await stopTemporalServer();
  });

  /** What the ERP was given last, and what time is priced by. */
  async function engineers(deal: DealReference): Promise<{ readonly erp: readonly string[]; readonly time: readonly string[] }> {
    const record = [...line.fakes.records.values()].find(({ at, deal: of }) => at === 'netsuite.rateCard' && of.includes(deal.opportunityId)) ?? assert.fail('no rate card');
    const { document: { project: { number }, rateCard } } = z.object({ document: z.object({ project: z.looseObject({ number: z.string() }), rateCard: projectRateCardSchema }) }).parse(record.document);
    const rows = (await referenceRows(line.store.db, { kind: 'rate' })).map(({ document }) => projectRateSchema.parse(document)).filter(({ projectNumber }) => projectNumber === number);
    const words = (rates: readonly { readonly laborCategory: string; readonly rate: string; readonly from: string; readonly to: string | null }[]) => rates.filter(({ laborCategory }) => laborCategory === 'ENGINEER').map(({ rate, from, to }) => `${rate} from ${from} to ${to ?? 'now'}`).toSorted();
    return { erp: words(datedRates(rateCard)), time: words(rows) };
  }
  async function activated(): Promise<DealReference> {
    const deal = line.deal(FIRST);
    await startDeal(line, deal);
    assert.equal((await line.outcome(closedWonId(deal))).outcome, 'activated');
    return deal;
  }
  const SPLIT = ['220 from 2026-12-01 to 2027-02-14', '230 from 2027-02-15 to 2027-05-31'];

  it('has the new rate in the ERP and for time from the day of the amendment, and the old one until the day before', async () => {
    const deal = await activated();
    const first = ['220 from 2026-12-01 to 2027-05-31'];
    assert.deepEqual(await engineers(deal), { erp: first, time: first });
    line.amend(deal, { version: AMENDED, modifiedAt: AMENDED, lines: [aLine({ unitPrice: '230' })] });
    await startDeal(line, deal, AMENDED);
    assert.equal((await line.outcome(changeOrderId(deal))).outcome, 'activated');
    assert.deepEqual(await engineers(deal), { erp: SPLIT, time: SPLIT });
    const later = '2027-03-01T15:00:00.000Z';
    line.amend(deal, { version: later, modifiedAt: later, lines: [aLine({ unitPrice: '230', quantity: '60' })] });
    await startDeal(line, deal, later);
    assert.equal((await line.outcome(changeOrderId(deal))).outcome, 'activated');
    assert.deepEqual(await engineers(deal), { erp: SPLIT, time: SPLIT }, 'a change that says nothing of rates leaves them');
    const { decided, same, different } = await reevaluateDecisions(line.store);
    assert.deepEqual([same, different], [decided, []], 'an auditor comes to the same plans');
  });
});
