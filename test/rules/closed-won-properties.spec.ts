import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { FirmConfig } from '../../domain/config/schema.ts';
import type { Finding } from '../../domain/findings.ts';
import { dealPlanSchema } from '../../domain/model/deal-plan.ts';
import { opportunitySchema } from '../../domain/model/opportunity.ts';
import { allocateMoney, money, sumMoney } from '../../domain/money.ts';
import { planDeal } from '../../domain/rules/closed-won/plan.ts';
import { validateDeal } from '../../domain/rules/closed-won/validate.ts';
import { anyDeal, doubtful, sellableDeal } from '../builders/arbitrary-deals.ts';
import { theFirm } from '../builders/firm.ts';
import { TODAY } from '../builders/opportunity.ts';

const RUNS = { numRuns: 150 };

describe('Every deal, whatever its lines', function () {
  this.timeout(20_000);
  let config: FirmConfig;
  let hash: string;

  before(async () => {
    ({ config, hash } = await theFirm());
  });

  it('is judged without an error, however absurd it is', () => {
    fc.assert(
      fc.property(anyDeal, (deal) => {
        opportunitySchema.parse(deal);
        const findings = validateDeal(deal, config, TODAY);
        assert.ok(findings.every((finding) => finding.code !== '' && finding.message !== '' && finding.mend !== ''));
      }),
      { numRuns: 400 },
    );
  });

  it('has the same findings in any order of its lines', () => {
    const words = (findings: readonly Finding[]) => findings.map(({ code, message }) => `${code} ${message}`).toSorted();
    fc.assert(
      fc.property(anyDeal, (deal) => {
        assert.deepEqual(words(validateDeal({ ...deal, lines: deal.lines.toReversed() }, config, TODAY)), words(validateDeal(deal, config, TODAY)));
      }),
      RUNS,
    );
  });

  it('is planned as soon as all its findings may pass', () => {
    const codes = new Set<string>();
    fc.assert(
      fc.property(sellableDeal, doubtful, (deal, doubts) => {
        const findings = validateDeal({ ...deal, ...doubts }, config, TODAY);
        for (const finding of findings) codes.add(finding.code);
        if (findings.every((finding) => finding.overridable)) dealPlanSchema.parse(planDeal({ ...deal, ...doubts }, config, hash));
      }),
      RUNS,
    );
    const expected = ['CONTRACT_NOT_SIGNED', 'CONTRACT_PERIOD_TOO_SHORT', 'CONTRACT_TYPE_NOT_ACCEPTED', 'DATES_IMPLAUSIBLE', 'PRACTICE_MISSING', 'PRACTICE_NOT_ALIGNED', 'PURCHASE_ORDER_MISSING', 'TAX_REGISTRATION_MISSING'];
    assert.deepEqual(expected.filter((code) => !codes.has(code)), [], 'the deals tried had all of these findings among them');
  });

  it('becomes projects worth the deal to the cent, each a valid document', () => {
    fc.assert(
      fc.property(sellableDeal, (deal) => {
        assert.deepEqual(validateDeal(deal, config, TODAY).filter((finding) => !finding.overridable), []);
        const plan = dealPlanSchema.parse(planDeal(deal, config, hash));
        assert.deepEqual(sumMoney(plan.projects.map((project) => project.value), 'USD'), deal.amount);
        assert.deepEqual(sumMoney(plan.contracts.map((contract) => contract.total), 'USD'), deal.amount);
        assert.deepEqual(sumMoney(plan.contracts.flatMap((contract) => contract.lines.map((line) => line.amount)), 'USD'), deal.amount);
      }),
      RUNS,
    );
  });

  it('is billed in full: fixed amounts of a schedule add up to the value of the project', () => {
    fc.assert(
      fc.property(sellableDeal, (deal) => {
        for (const project of planDeal(deal, config, hash).projects) {
          const fixed = project.billingSchedule.items.filter((item) => item.amount !== null);
          if (fixed.length === 0) {
            assert.ok(['time_and_materials', 'capped'].includes(project.billingMethod));
            continue;
          }
          assert.deepEqual(sumMoney(fixed.flatMap((item) => item.amount ?? []), 'USD'), project.value);
        }
      }),
      RUNS,
    );
  });

  it('has all hours sold in the work breakdown, none lost or doubled', () => {
    fc.assert(
      fc.property(sellableDeal, (deal) => {
        const plan = planDeal(deal, config, hash);
        const planned = plan.projects.flatMap((project) => project.wbs.map((element) => money(element.plannedHours ?? '0', 'USD')));
        const sold = deal.lines.map((line) => money(line.quantity, 'USD'));
        assert.deepEqual(sumMoney(planned, 'USD'), sumMoney(sold, 'USD'));
      }),
      RUNS,
    );
  });

  it('gives the same plan each time, in any order of its lines', () => {
    fc.assert(
      fc.property(sellableDeal, (deal) => {
        const plan = planDeal(deal, config, hash);
        assert.deepEqual(planDeal(deal, config, hash), plan);
        assert.deepEqual(planDeal({ ...deal, lines: deal.lines.toReversed() }, config, hash), plan);
      }),
      RUNS,
    );
  });

  it('keeps its projects when only quantities and dates change', () => {
    fc.assert(
      fc.property(sellableDeal, (deal) => {
        const ids = planDeal(deal, config, hash).projects.map((project) => project.id);
        const amended = { ...deal, version: '2026-11-22', endDate: '2027-06-30', lines: deal.lines.map((line) => ({ ...line, quantity: '1', amount: money(line.unitPrice, 'USD') })) };
        assert.deepEqual(planDeal(amended, config, hash).projects.map((project) => project.id), ids);
        assert.equal(new Set(ids).size, ids.length);
      }),
      RUNS,
    );
  });
});

describe('An amount that is divided', () => {
  it('is neither more nor less in its parts, in any currency', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000_000 }), fc.array(fc.double({ min: 0.01, max: 100, noNaN: true }), { minLength: 1, maxLength: 40 }), fc.constantFrom('USD', 'JPY', 'KWD'), (minor, weights, currency) => {
        const total = money(minor / 100, currency);
        assert.deepEqual(sumMoney(allocateMoney(total, weights), currency), total);
      }),
    );
  });
});
