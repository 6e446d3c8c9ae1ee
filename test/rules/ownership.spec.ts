import assert from 'node:assert/strict';
import type { FirmConfig } from '../../domain/config/schema.ts';
import { customerSchema } from '../../domain/model/customer.ts';
import { ownedElsewhere } from '../../domain/rules/closed-won/ownership.ts';
import { planDeal } from '../../domain/rules/closed-won/plan.ts';
import { theFirm } from '../builders/firm.ts';
import { anAccount, anOpportunity } from '../builders/opportunity.ts';

describe('The system of record', () => {
  let config: FirmConfig;
  before(async () => {
    ({ config } = await theFirm());
  });
  const owned = (...lines: [attribute: string, owner: FirmConfig['ownership'][number]['owner']][]) =>
    ownedElsewhere({ ownership: lines.map(([attribute, owner]) => ({ object: 'customer', attribute, owner })) });

  it('of a customer\'s tax registration is the ERP in our firm: each planned customer says so', () => {
    const plan = planDeal(anOpportunity({ accounts: [anAccount({ id: 'SUB', parentId: 'TOP' }), anAccount({ id: 'TOP' })] }), config, 'hash');
    assert.deepEqual(plan.customers.map((customer) => customer.ownedElsewhere), [['taxRegistrationNumber'], ['taxRegistrationNumber']]);
  });

  it('is the one its own line names, else that of "*"', () => {
    assert.deepEqual(owned(['*', 'erp']), ['name', 'parentId', 'billingAddress', 'taxRegistrationNumber', 'currencies', 'legalEntities']);
    assert.deepEqual(owned(['name', 'crm'], ['*', 'erp'], ['currencies', 'configuration']), ['parentId', 'billingAddress', 'taxRegistrationNumber', 'legalEntities']);
    assert.deepEqual(owned(['*', 'crm'], ['billingAddress', 'billing']), ['billingAddress']);
  });

  it('is where a deal comes from when nothing is said, or only of other objects', () => {
    assert.deepEqual(owned(), []);
    assert.deepEqual(ownedElsewhere({ ownership: [{ object: 'account', attribute: '*', owner: 'erp' }] }), []);
  });

  it('was not kept in plans of before: they read as owned by none else', () => {
    const [customer] = planDeal(anOpportunity(), config, 'hash').customers;
    const { ownedElsewhere: _, ...before } = customer ?? assert.fail('a customer is planned');
    assert.deepEqual(customerSchema.parse(before).ownedElsewhere, []);
  });
});
