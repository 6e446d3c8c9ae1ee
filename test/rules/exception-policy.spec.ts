import assert from 'node:assert/strict';
import type { FirmConfig } from '../../domain/config/schema.ts';
import { dueAt, policyFor, secondPersonNeeded } from '../../domain/rules/exceptions/policy.ts';
import { theFirm } from '../builders/firm.ts';

describe('The policy of an exception', () => {
  let config: FirmConfig;

  before(async () => {
    ({ config } = await theFirm());
  });

  it('is the one for its code, else for the longest beginning of it, else the one for all', () => {
    assert.equal(policyFor('CONTRACT_MISSING', config).code, 'CONTRACT_MISSING');
    assert.equal(policyFor('CONTRACT_NOT_SIGNED', config).code, 'CONTRACT_*');
    assert.equal(policyFor('NETSUITE_INVALID_CONTENT', config).code, 'NETSUITE_*');
    assert.equal(policyFor('NOBODY_THOUGHT_OF_THIS', config).code, '*');
  });

  it('is found in any order of the file', () => {
    assert.equal(policyFor('CONTRACT_NOT_SIGNED', { exceptionPolicies: config.exceptionPolicies.toReversed() }).code, 'CONTRACT_*');
  });

  it('must exist for every code', () => {
    assert.throws(() => policyFor('ANY', { exceptionPolicies: [] }), /give config\/exception-policies.yaml one with the code "\*"/);
  });

  describe('sets when the case is due', () => {
    const due = (openedAt: string, slaHours: number, legalEntity: string | null) => dueAt({ openedAt, slaHours, legalEntity, config });

    it('after its SLA, where no invoice cutoff is near', () => {
      assert.equal(due('2026-11-20T09:00:00.000Z', 24, 'US01'), '2026-11-21T09:00:00.000Z');
      assert.equal(due('2026-11-20T09:00:00.000Z', 24, null), '2026-11-21T09:00:00.000Z');
    });

    it("four hours before the entity's invoice cutoff, where that comes sooner, in the entity's own time zone", () => {
      // US01: cutoff at the end of 5 December in New York is 05:00 UTC on the 6th.
      assert.equal(due('2026-12-05T09:00:00.000Z', 24, 'US01'), '2026-12-06T01:00:00.000Z');
      // JP01: cutoff at the end of 4 December in Tokyo is 15:00 UTC on the 4th.
      assert.equal(due('2026-12-04T02:00:00.000Z', 24, 'JP01'), '2026-12-04T11:00:00.000Z');
    });

    it('after a quarter of its SLA, where the cutoff is too near for more', () => {
      assert.equal(due('2026-12-06T02:00:00.000Z', 24, 'US01'), '2026-12-06T08:00:00.000Z');
    });

    it("by the next month's cutoff, once this month's has passed", () => {
      assert.equal(due('2026-12-06T06:00:00.000Z', 24, 'US01'), '2026-12-07T06:00:00.000Z');
    });
  });

  describe('asks for a second person', () => {
    const needed = (code: string, amount: string, currency: string) => secondPersonNeeded(policyFor(code, config), { amount, currency }, config);

    it('above its threshold only', () => {
      assert.equal(needed('RATE_BELOW_CARD', '100000', 'USD'), false);
      assert.equal(needed('RATE_BELOW_CARD', '100000.01', 'USD'), true);
    });

    it('by what an amount in another currency is worth', () => {
      assert.equal(needed('RATE_BELOW_CARD', '80000', 'GBP'), true);
      assert.equal(needed('RATE_BELOW_CARD', '8000000', 'JPY'), false);
    });

    it('where the amount is unknown or its currency has no rate, to be on the safe side', () => {
      assert.equal(needed('RATE_BELOW_CARD', '1', 'XXX'), true);
      assert.equal(secondPersonNeeded(policyFor('RATE_BELOW_CARD', config), null, config), true);
    });

    it('never, where one is always enough', () => {
      assert.equal(needed('RESOURCE_NOT_OURS', '99999999', 'USD'), false);
    });
  });
});
