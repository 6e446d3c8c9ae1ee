import assert from 'node:assert/strict';
import type { FirmConfig } from '../../domain/config/schema.ts';
import { planDeal } from '../../domain/rules/closed-won/plan.ts';
import { rerouted } from '../../domain/rules/closed-won/reroute.ts';
import { theFirm } from '../builders/firm.ts';
import { anOpportunity } from '../builders/opportunity.ts';

describe('A deal that a person reroutes', () => {
  let config: FirmConfig;
  let hash: string;

  before(async () => {
    ({ config, hash } = await theFirm());
  });

  const targetsOf = (firm: FirmConfig) => planDeal(anOpportunity(), firm, hash);

  it('goes to the other system of the same kind, its customer and contract with it, under the same numbers', () => {
    const [before, after] = [targetsOf(config), targetsOf(rerouted(config, [{ from: 'netsuite', to: 'tryton' }]))];
    assert.deepEqual(after.projects[0]?.targets, { erp: 'tryton', time: 'harvest', resources: 'harvest-assignments', reporting: 'warehouse' });
    assert.deepEqual([after.customers[0]?.erp, after.contracts[0]?.erp], ['tryton', 'tryton']);
    assert.deepEqual(after.projects.map((project) => project.number), before.projects.map((project) => project.number));
  });

  it('stays where it was when the other system is of another kind', () => {
    assert.deepEqual(targetsOf(rerouted(config, [{ from: 'netsuite', to: 'harvest' }])).projects[0]?.targets, targetsOf(config).projects[0]?.targets);
  });
});
