import assert from 'node:assert/strict';
import type { FirmConfig } from '../../domain/config/schema.ts';
import type { DealPlan } from '../../domain/model/deal-plan.ts';
import type { Project } from '../../domain/model/project.ts';
import { diffPlans } from '../../domain/rules/closed-won/diff.ts';
import { planDeal } from '../../domain/rules/closed-won/plan.ts';
import { theFirm } from '../builders/firm.ts';
import { aContract, aLine, anAccount, anOpportunity } from '../builders/opportunity.ts';

describe('The plan of a deal', () => {
  let config: FirmConfig;
  let hash: string;

  before(async () => {
    ({ config, hash } = await theFirm());
  });

  const planOf = (deal: Parameters<typeof anOpportunity>[0] = {}): DealPlan => planDeal(anOpportunity(deal), config, hash);
  function onlyProject(plan: DealPlan): Project {
    const [project, ...others] = plan.projects;
    assert.ok(project !== undefined && others.length === 0, 'one project');
    return project;
  }

  it('numbers a project by legal entity, service line and a token that stays the same', () => {
    assert.match(onlyProject(planOf()).number, /^US01-TECH-[0-9A-HJKMNP-TV-Z]{8}$/);
    assert.equal(onlyProject(planOf({ version: '2', endDate: '2027-06-30' })).number, onlyProject(planOf()).number);
    assert.notEqual(onlyProject(planOf({ id: '006OTHER' })).number, onlyProject(planOf()).number);
  });

  it('makes one project for each legal entity, service line and billing method, and one statement of work for each legal entity', () => {
    const plan = planOf({
      lines: [
        aLine({ id: '1' }),
        aLine({ id: '2', legalEntity: 'IN01', unitPrice: '100' }),
        aLine({ id: '3', legalEntity: 'IN01', unitPrice: '100' }),
        aLine({ id: '4', legalEntity: 'IN01', serviceLine: 'DATA', unitPrice: '100' }),
        aLine({ id: '5', legalEntity: 'GB01', billingMethod: 'fixed_fee' }),
      ],
    });
    assert.deepEqual(
      plan.projects.map((project) => [project.legalEntity.code, project.serviceLine, project.billingMethod, project.value.amount]),
      [
        ['GB01', 'TECHNOLOGY', 'fixed_fee', '8800.00'],
        ['IN01', 'DATA', 'time_and_materials', '4000.00'],
        ['IN01', 'TECHNOLOGY', 'time_and_materials', '8000.00'],
        ['US01', 'TECHNOLOGY', 'time_and_materials', '8800.00'],
      ],
    );
    assert.deepEqual(plan.contracts.map((contract) => [contract.legalEntity, contract.total.amount, contract.lines.length]), [['GB01', '8800.00', 1], ['IN01', '12000.00', 3], ['US01', '8800.00', 1]]);
    assert.deepEqual(new Set(plan.projects.map((project) => project.tax.code)), new Set(['GB-OUTSIDE', 'IN-EXPORT-LUT', 'US-SERVICES']));
  });

  it('makes the parents of the client before the client, in each ERP that books a part of the deal', () => {
    const routing = config.routing.map((route) => (route.legalEntity === 'DE01' ? { ...route, erp: 'tryton' } : route));
    const accounts = [anAccount({ id: 'SUB', name: 'Harbor Re', parentId: 'TOP' }), anAccount({ id: 'TOP', name: 'Harbor Group' })];
    const plan = planDeal(anOpportunity({ accounts, lines: [aLine({ id: '1' }), aLine({ id: '2', legalEntity: 'DE01' })] }), { ...config, routing }, hash);
    assert.deepEqual(
      plan.customers.map((customer) => [customer.erp, customer.id, customer.parentId, customer.legalEntities.join()]),
      [
        ['netsuite', 'salesforce-TOP', null, 'US01'],
        ['netsuite', 'salesforce-SUB', 'salesforce-TOP', 'US01'],
        ['tryton', 'salesforce-TOP', null, 'DE01'],
        ['tryton', 'salesforce-SUB', 'salesforce-TOP', 'DE01'],
      ],
    );
  });

  it('shares the hours sold over the work breakdown of the template', () => {
    const project = onlyProject(planOf({ lines: [aLine({ id: '1', quantity: '33.33' }), aLine({ id: '2', laborCategory: 'ANALYST', unit: 'day', quantity: '2', unitPrice: '1200' })] }));
    assert.deepEqual(
      project.wbs.map((element) => [element.code, element.plannedHours]),
      [['1', '7.4'], ['2', null], ['2-1', '7.4'], ['2-2', '19.73'], ['2-3', '7.4'], ['3', '2.47'], ['4', '4.93'], ['9', null]],
    );
  });

  it('takes the rates in force on the start date, and the prices the deal agreed instead of them', () => {
    const { rateCard } = onlyProject(planOf({ lines: [aLine({ unitPrice: '200' })] }));
    const rates = Object.fromEntries(rateCard.lines.map((line) => [line.laborCategory, line.rate]));
    assert.deepEqual([rateCard.basedOn, rateCard.effectiveFrom, rateCard.effectiveTo, rates['ENGINEER'], rates['PARTNER']], ['US01-USD', '2026-12-01', '2027-05-31', '200', '520.00']);
  });

  it('prefers the rate card made for the service line to the one for all', () => {
    assert.equal(onlyProject(planOf({ serviceLine: 'MANAGED', practice: 'Managed Services' })).rateCard.basedOn, 'US01-USD-MANAGED');
  });

  it('bills time and materials at the end of each month of work', () => {
    const { items } = onlyProject(planOf({ startDate: '2026-12-15', endDate: '2027-02-10' })).billingSchedule;
    assert.deepEqual(items.map((item) => [item.sequence, item.billOn, item.kind, item.amount]), [[1, '2026-12-31', 'actuals', null], [2, '2027-01-31', 'actuals', null], [3, '2027-02-28', 'actuals', null]]);
  });

  it('bills a fixed fee in instalments over the time of the project', () => {
    const { items } = onlyProject(planOf({ billingMethod: 'fixed_fee', lines: [aLine({ unit: 'each', laborCategory: null, quantity: '1', unitPrice: '1000.01' })] })).billingSchedule;
    assert.deepEqual(items.map((item) => [item.billOn, item.amount?.amount]), [['2026-12-01', '300.01'], ['2027-03-02', '400.00'], ['2027-05-31', '300.00']]);
  });

  it('bills each milestone on its date, in order', () => {
    const milestone = (id: string, name: string, dueDate: string) => aLine({ id, milestone: { name, dueDate } });
    const { items } = onlyProject(planOf({ billingMethod: 'milestone', lines: [milestone('1', 'Go-live', '2027-05-31'), milestone('2', 'Design', '2027-01-31'), milestone('3', 'Go-live', '2027-05-31')] })).billingSchedule;
    assert.deepEqual(items.map((item) => [item.description, item.billOn, item.amount?.amount]), [['Design', '2027-01-31', '8800.00'], ['Go-live', '2027-05-31', '17600.00']]);
  });

  it('bills a retainer in equal parts, in advance of each month', () => {
    const lines = [aLine({ unit: 'month', laborCategory: null, quantity: '3', unitPrice: '3333.33', amount: { amount: '10000.00', currency: 'USD' } })];
    const { items } = onlyProject(planOf({ serviceLine: 'STRATEGY', practice: 'Strategy', billingMethod: 'retainer', startDate: '2027-01-31', endDate: '2027-04-29', lines })).billingSchedule;
    assert.deepEqual(items.map((item) => [item.billOn, item.amount?.amount]), [['2027-01-31', '3333.34'], ['2027-02-28', '3333.33'], ['2027-03-31', '3333.33']]);
  });

  it('carries the cap of a capped project', () => {
    const project = onlyProject(planOf({ billingMethod: 'capped', lines: [aLine({ cap: { amount: '9000.00', currency: 'USD' } })] }));
    assert.deepEqual([project.cap?.amount, project.billingSchedule.cap?.amount], ['9000.00', '9000.00']);
  });

  it('assigns the people named and leaves the other roles open', () => {
    const ada = 'ada@northwind-consulting.example';
    const { assignments } = onlyProject(planOf({ lines: [aLine({ id: '1', resourceEmail: ada }), aLine({ id: '2', resourceEmail: ada }), aLine({ id: '3', laborCategory: 'ANALYST', unitPrice: '150' })] }));
    assert.deepEqual(assignments.map((one) => [one.laborCategory, one.resourceEmail, one.plannedHours]), [['ANALYST', null, '40'], ['ENGINEER', ada, '80']]);
  });

  it('keeps amounts in a currency without cents whole', () => {
    const project = onlyProject(planOf({ legalEntity: 'JP01', currency: 'JPY', billingMethod: 'fixed_fee', lines: [aLine({ quantity: '7', unitPrice: '31001', currency: 'JPY' })] }));
    assert.deepEqual(project.billingSchedule.items.map((item) => item.amount?.amount), ['65103', '86802', '65102']);
  });

  it('shortens account IDs that systems could not take as keys, without mixing them up', () => {
    const ids = ['a b', 'a/b', 'x'.repeat(100)].map((id) => planOf({ accounts: [anAccount({ id })] }).customers[0]?.id ?? '');
    assert.equal(new Set(ids).size, 3);
    assert.ok(ids.every((id) => /^[A-Za-z0-9_-]{1,60}$/.test(id)), ids.join(' '));
  });

  it('is refused for a deal with findings that nobody may let pass', () => {
    assert.throws(() => planOf({ contract: null }), /cannot be planned without a contract/);
    assert.throws(() => planOf({ legalEntity: 'MX01' }), /cannot be planned without/);
  });

  describe('of an amended deal', () => {
    it('says what changes, in words', () => {
      const before = planOf({ lines: [aLine({ id: '1' }), aLine({ id: '2', legalEntity: 'CA01' })] });
      const after = planOf({ endDate: '2027-06-30', lines: [aLine({ id: '1', quantity: '50' }), aLine({ id: '3', legalEntity: 'GB01' })] });
      const words = diffPlans(before, after).map((change) => change.words);
      const number = (plan: DealPlan, entity: string) => plan.projects.find((project) => project.legalEntity.code === entity)?.number ?? '';
      assert.ok(words.includes('deal: amount from 17600.00 USD to 19800.00 USD'), words.join('\n'));
      assert.ok(words.includes(`project ${number(before, 'CA01')} is removed`));
      assert.ok(words.includes(`project ${number(after, 'GB01')} is added`));
      assert.ok(words.includes(`project ${number(after, 'US01')}: value from 8800.00 USD to 11000.00 USD`));
      assert.ok(words.includes(`project ${number(after, 'US01')}: end date from 2027-05-31 to 2027-06-30`));
    });

    it('says nothing where only the version differs', () => {
      assert.deepEqual(diffPlans(planOf(), planOf({ version: '2', contract: aContract({ endDate: null }) })), []);
    });
  });
});
