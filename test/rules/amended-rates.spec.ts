import assert from 'node:assert/strict';
import fc from 'fast-check';
import { addDays, isWithin } from '../../domain/dates.ts';
import type { FirmConfig } from '../../domain/config/schema.ts';
import { dealPlanSchema, type DealPlan } from '../../domain/model/deal-plan.ts';
import { datedRates, projectRateCardSchema, type ProjectRateCard } from '../../domain/model/rate-card.ts';
import { amendedCard } from '../../domain/rules/closed-won/amended-rates.ts';
import { planDeal } from '../../domain/rules/closed-won/plan.ts';
import { theFirm } from '../builders/firm.ts';
import { aContract, aLine, anOpportunity } from '../builders/opportunity.ts';

describe('The rates of an amended deal', () => {
  let config: FirmConfig;
  let hash: string;
  before(async () => {
    ({ config, hash } = await theFirm());
  });

  const sold = (price: string, parts: Parameters<typeof anOpportunity>[0] = {}) => anOpportunity({ startDate: '2026-12-01', endDate: '2027-05-31', lines: [aLine({ unitPrice: price })], ...parts });
  const amendedOn = (day: string) => ({ modifiedAt: `${day}T15:00:00.000Z`, version: `${day}T15:00:00.000Z` });
  function planned(deal: ReturnType<typeof sold>, inForce: DealPlan | null = null): DealPlan {
    return dealPlanSchema.parse(planDeal(deal, config, hash, inForce));
  }
  const engineers = ({ projects: [project] }: DealPlan) => datedRates(project?.rateCard ?? assert.fail('no project')).filter(({ laborCategory }) => laborCategory === 'ENGINEER').map(({ rate, from, to }) => `${rate} from ${from} to ${to ?? ''}`);

  it('hold from the day of the amendment, and the old ones to the day before', () => {
    const first = planned(sold('220'));
    const amended = planned(sold('240', amendedOn('2027-02-15')), first);
    assert.deepEqual(engineers(amended), ['220 from 2026-12-01 to 2027-02-14', '240 from 2027-02-15 to 2027-05-31']);
    const others = datedRates(amended.projects[0]?.rateCard ?? assert.fail('no project')).filter(({ laborCategory }) => laborCategory !== 'ENGINEER');
    assert.ok(others.length > 0 && others.every(({ from, to }) => from === '2026-12-01' && to === '2027-05-31'), 'what was not amended stands as it was');
  });

  it('hold from the first day of the contract that amends the former one, where the deal names it', () => {
    const amended = planned(sold('240', { ...amendedOn('2027-02-15'), contract: aContract({ id: 'CON-2', number: 'C-2026-001-A1', startDate: '2027-03-01' }) }), planned(sold('220')));
    assert.deepEqual(engineers(amended), ['220 from 2026-12-01 to 2027-02-28', '240 from 2027-03-01 to 2027-05-31']);
  });

  it('stay as they are through further changes that say nothing of them, and follow one another', () => {
    const second = planned(sold('240', amendedOn('2027-02-15')), planned(sold('220')));
    const longer = planned(sold('240', { ...amendedOn('2027-03-20'), endDate: '2027-06-30', purchaseOrder: 'PO-2' }), second);
    assert.deepEqual(engineers(longer), ['220 from 2026-12-01 to 2027-02-14', '240 from 2027-02-15 to 2027-06-30']);
    const third = planned(sold('250', { ...amendedOn('2027-04-01'), endDate: '2027-06-30' }), longer);
    assert.deepEqual(engineers(third), ['220 from 2026-12-01 to 2027-02-14', '240 from 2027-02-15 to 2027-03-31', '250 from 2027-04-01 to 2027-06-30']);
    const sameDay = planned(sold('255', { ...amendedOn('2027-04-01'), endDate: '2027-06-30' }), third);
    assert.deepEqual(engineers(sameDay), ['220 from 2026-12-01 to 2027-02-14', '240 from 2027-02-15 to 2027-03-31', '255 from 2027-04-01 to 2027-06-30']);
  });

  it('hold from the start where they are amended before it', () => {
    assert.deepEqual(engineers(planned(sold('240', amendedOn('2026-11-25')), planned(sold('220')))), ['240 from 2026-12-01 to 2027-05-31']);
  });

  it('are the same plan where nothing of the deal has changed', () => {
    const amended = planned(sold('240', amendedOn('2027-02-15')), planned(sold('220')));
    assert.deepEqual(planned(sold('240', amendedOn('2027-02-15')), amended), amended);
  });

  it('leave one rate at most for a labor category and a day, whatever amendments follow one another: the one agreed last of those that hold by then', () => {
    const START = '2026-12-01';
    const card = (rates: Readonly<Record<string, string>>): ProjectRateCard => projectRateCardSchema.parse({ schema: 'project-rate-card', schemaVersion: 1, code: 'RC', basedOn: 'US01-USD', currency: 'USD', effectiveFrom: START, effectiveTo: '2027-05-31', lines: Object.entries(rates).map(([laborCategory, rate]) => ({ laborCategory, unit: 'hour', rate })) });
    const agreed = fc.record({ ENGINEER: fc.constantFrom('100', '110', '120'), PARTNER: fc.option(fc.constantFrom('300', '310'), { nil: undefined }) }).map((rates) => Object.fromEntries(Object.entries(rates).flatMap(([category, rate]) => (rate === undefined ? [] : [[category, rate]]))));
    fc.assert(
      fc.property(agreed, fc.array(fc.record({ rates: agreed, after: fc.integer({ min: 0, max: 40 }) }), { maxLength: 5 }), fc.integer({ min: 0, max: 180 }), (first, amendments, offset) => {
        let day = addDays(START, -10);
        let now = card(first);
        const steps = [{ day: START, rates: first }];
        for (const { rates, after } of amendments) {
          day = addDays(day, after);
          now = projectRateCardSchema.parse(amendedCard(card(rates), now, day));
          steps.push({ day: day < START ? START : day, rates });
        }
        const date = addDays(START, offset);
        const holding = steps.findLast((step) => step.day <= date)?.rates ?? {};
        const found = datedRates(now).filter(({ from, to }) => isWithin(date, from, to));
        const expected = date > '2027-05-31' ? {} : holding;
        assert.deepEqual(Object.fromEntries(found.map(({ laborCategory, rate }) => [laborCategory, rate])), expected, `on ${date}`);
        assert.equal(found.length, Object.keys(expected).length);
      }),
      { numRuns: 300 },
    );
  });
});
