import assert from 'node:assert/strict';
import type { FirmConfig } from '../../domain/config/schema.ts';
import type { Finding } from '../../domain/findings.ts';
import { validateDeal } from '../../domain/rules/closed-won/validate.ts';
import { theFirm } from '../builders/firm.ts';
import { aContract, aLine, anAccount, anOpportunity, TODAY } from '../builders/opportunity.ts';

type Deal = Parameters<typeof anOpportunity>[0];

describe('A closed-won deal', () => {
  let config: FirmConfig;

  before(async () => {
    ({ config } = await theFirm());
  });

  const findingsOf = (deal: Deal, firm = config): Finding[] => validateDeal(anOpportunity(deal), firm, TODAY);
  const named = (deal: Deal, firm = config): string[] => findingsOf(deal, firm).map(({ code, path }) => `${code} ${path}`);

  it('has no findings when everything about it is in order', () => {
    assert.deepEqual(named({}), []);
  });

  it('has all its findings named at once, not just the first', () => {
    const cyclic = [anAccount({ id: 'A', name: 'Alpha', parentId: 'B' }), anAccount({ id: 'B', name: 'Beta', parentId: 'A' })];
    assert.deepEqual(
      named({ accounts: cyclic, currency: 'JPY', rateCard: 'US01-USD-2028', lines: [aLine({ id: '1', currency: 'JPY' }), aLine({ id: '2', currency: 'JPY', legalEntity: 'MX01' })] }),
      ['ACCOUNT_HIERARCHY_CYCLE accounts[0].parentId', 'LEGAL_ENTITY_UNKNOWN lines[1].legalEntity', 'CURRENCY_NOT_BILLED currency', 'RATE_CARD_DOES_NOT_FIT rateCard'],
    );
  });

  const cases: readonly (readonly [statement: string, deal: Deal, expected: readonly string[]])[] = [
    ['waits while it is still open', { stage: 'open' }, ['DEAL_NOT_CLOSED_WON stage']],
    ['names a parent account that cannot be read', { accounts: [anAccount({ parentId: 'GONE' })] }, ['ACCOUNT_PARENT_MISSING accounts[0].parentId']],
    [
      'is refused where the account hierarchy is too deep',
      { accounts: Array.from({ length: 12 }, (_, level) => anAccount({ id: `L${level}`, parentId: level === 11 ? null : `L${level + 1}` })) },
      ['ACCOUNT_HIERARCHY_TOO_DEEP accounts'],
    ],
    ['needs a legal entity at the deal or the line', { legalEntity: null }, ['LEGAL_ENTITY_MISSING lines[0].legalEntity']],
    ['names an unknown legal entity of the deal once, however many lines have it', { legalEntity: 'MX01', lines: [aLine(), aLine()] }, ['LEGAL_ENTITY_UNKNOWN legalEntity']],
    ['needs a service line', { serviceLine: '  ' }, ['SERVICE_LINE_MISSING lines[0].serviceLine']],
    ['needs a service line of ours', { serviceLine: 'SPACE' }, ['SERVICE_LINE_UNKNOWN serviceLine']],
    ['names no practice', { practice: null }, ['PRACTICE_MISSING practice']],
    ['is sold by a practice that does not sell the service line', { practice: 'Corporate Advisory' }, ['PRACTICE_NOT_ALIGNED serviceLine']],
    ['needs a billing method', { billingMethod: null }, ['BILLING_METHOD_MISSING lines[0].billingMethod']],
    ['needs a billing method of ours', { billingMethod: 'barter' }, ['BILLING_METHOD_UNKNOWN billingMethod']],
    ['is charged in a way its service line does not offer', { billingMethod: 'retainer' }, ['BILLING_METHOD_NOT_OFFERED billingMethod', 'PROJECT_TEMPLATE_DOES_NOT_FIT lines[0].projectTemplate']],
    ['names a project template that does not exist', { projectTemplate: 'MAGIC' }, ['PROJECT_TEMPLATE_UNKNOWN projectTemplate']],
    ['names a project template of another service line', { projectTemplate: 'ADVISORY' }, ['PROJECT_TEMPLATE_DOES_NOT_FIT projectTemplate']],
    ['needs a contract', { contract: null }, ['CONTRACT_MISSING contract']],
    ['waits for the signature of its contract', { contract: aContract({ status: 'in_approval' }) }, ['CONTRACT_NOT_SIGNED contract.status']],
    ['needs the type of its contract', { contract: aContract({ type: null }) }, ['CONTRACT_TYPE_MISSING contract.type']],
    ['cannot charge a fixed fee on a master services agreement alone', { billingMethod: 'fixed_fee', contract: aContract({ type: 'master_services_agreement' }) }, ['CONTRACT_TYPE_NOT_ACCEPTED contract.type']],
    ['cannot run longer than its contract', { contract: aContract({ endDate: '2027-03-31' }) }, ['CONTRACT_PERIOD_TOO_SHORT contract.endDate']],
    ['needs a purchase order above the limit', { purchaseOrder: ' ', lines: [aLine({ quantity: '1200' })] }, ['PURCHASE_ORDER_MISSING purchaseOrder']],
    ['needs a currency', { currency: null, amount: { amount: '8800.00', currency: 'USD' } }, ['CURRENCY_MISSING currency']],
    ['is in one currency throughout', { lines: [aLine({ id: '1' }), aLine({ id: '2', currency: 'EUR' })], amount: { amount: '8800.00', currency: 'USD' } }, ['LINE_CURRENCY_DIFFERS lines[1].amount']],
    ['needs lines', { lines: [] }, ['LINES_MISSING lines', 'AMOUNT_ZERO amount']],
    ['needs an amount', { amount: null }, ['AMOUNT_MISSING amount']],
    ['has an amount its lines do not add up to', { amount: { amount: '8800.01', currency: 'USD' } }, ['AMOUNT_DOES_NOT_ADD_UP amount']],
    ['has a line whose amount is not quantity times price', { lines: [aLine({ amount: { amount: '9000.00', currency: 'USD' } })] }, ['LINE_AMOUNT_DIFFERS lines[0].amount']],
    ['may have a unit price that the CRM rounded', { lines: [aLine({ quantity: '3', unitPrice: '233.33', amount: { amount: '700.00', currency: 'USD' } })] }, []],
    ['has no negative lines', { lines: [aLine({ id: '1' }), aLine({ id: '2', laborCategory: null, unit: 'each', quantity: '1', unitPrice: '-500' })] }, ['AMOUNT_NEGATIVE lines[1].amount', 'AMOUNT_NEGATIVE lines[1].unitPrice']],
    ['has no fractions of a cent', { lines: [aLine({ amount: { amount: '8800.001', currency: 'USD' } })], amount: { amount: '8800.00', currency: 'USD' } }, ['AMOUNT_NOT_IN_MINOR_UNITS lines[0].amount']],
    ['needs the country of its client', { accounts: [anAccount({ billingAddress: { ...anAccount().billingAddress, country: null } })] }, ['CLIENT_COUNTRY_MISSING accounts[0].billingAddress.country']],
    [
      'needs the province of a Canadian client, which decides the tax',
      { legalEntity: 'CA01', accounts: [anAccount({ billingAddress: { ...anAccount().billingAddress, country: 'CA', region: null } })] },
      ['CLIENT_REGION_MISSING accounts[0].billingAddress.region'],
    ],
    [
      'needs the VAT number of an EU client for the reverse charge',
      { legalEntity: 'DE01', accounts: [anAccount({ taxRegistrationNumber: null, billingAddress: { ...anAccount().billingAddress, country: 'FR' } })] },
      ['TAX_REGISTRATION_MISSING accounts[0].taxRegistrationNumber'],
    ],
    ['names a rate card that does not exist', { rateCard: 'GOLD' }, ['RATE_CARD_UNKNOWN rateCard']],
    [
      'cannot use rates that nobody approved',
      { rateCard: 'US01-USD-2028', startDate: '2028-01-10', endDate: '2028-03-31', contract: aContract({ endDate: null }) },
      ['RATES_NOT_APPROVED rateCard'],
    ],
    ['begins on a day without rates', { startDate: '2028-02-01', endDate: '2028-03-31', contract: aContract({ endDate: null }), rateCard: 'US01-USD' }, ['RATES_NOT_IN_FORCE startDate']],
    ['names the labor category of what is sold by the hour', { lines: [aLine({ laborCategory: null })] }, ['LABOR_CATEGORY_MISSING lines[0].laborCategory']],
    ['names labor categories of ours', { lines: [aLine({ laborCategory: 'WIZARD' })] }, ['LABOR_CATEGORY_UNKNOWN lines[0].laborCategory', 'LABOR_CATEGORY_NOT_PRICED lines[0].laborCategory']],
    ['is sold below the rate card by more than the discount', { lines: [aLine({ unitPrice: '180' })] }, ['RATE_BELOW_CARD lines[0].unitPrice']],
    ['may use the whole discount', { lines: [aLine({ unitPrice: '187' })] }, []],
    ['is measured by the hour when sold by the day', { lines: [aLine({ unit: 'day', unitPrice: '1400' })] }, ['RATE_BELOW_CARD lines[0].unitPrice']],
    ['has one price for a labor category in a project', { lines: [aLine({ id: '1' }), aLine({ id: '2', unitPrice: '230' })] }, ['LABOR_CATEGORY_PRICED_TWICE lines[0].unitPrice']],
    ['needs a cap where it is charged up to one', { billingMethod: 'capped' }, ['CAP_MISSING lines[0].cap']],
    ['has a cap that covers what was sold', { billingMethod: 'capped', lines: [aLine({ cap: { amount: '8000.00', currency: 'USD' } })] }, ['CAP_BELOW_VALUE lines[0].cap']],
    ['needs a milestone on every line that is paid by milestones', { billingMethod: 'milestone' }, ['MILESTONE_MISSING lines[0].milestone']],
    ['needs a date for each milestone', { billingMethod: 'milestone', lines: [aLine({ milestone: { name: 'Go-live', dueDate: null } })] }, ['MILESTONE_DATE_MISSING lines[0].milestone.dueDate']],
    ['has its milestones within the project', { billingMethod: 'milestone', lines: [aLine({ milestone: { name: 'Go-live', dueDate: '2027-09-01' } })] }, ['MILESTONE_OUTSIDE_PROJECT lines[0].milestone.dueDate']],
    ['needs both dates', { startDate: null, endDate: null }, ['DATE_MISSING startDate', 'DATE_MISSING endDate']],
    ['begins before it ends', { startDate: '2027-05-31', endDate: '2027-05-30' }, ['DATES_OUT_OF_ORDER endDate']],
    ['cannot have begun long ago', { startDate: '2025-10-01', contract: aContract({ startDate: null }) }, ['DATES_IMPLAUSIBLE startDate']],
    ['cannot run into the next century', { endDate: '2126-01-01', contract: aContract({ endDate: null }) }, ['DATES_IMPOSSIBLE endDate']],
    ['names people of ours', { lines: [aLine({ resourceEmail: 'eve@elsewhere.example' })] }, ['RESOURCE_NOT_OURS lines[0].resourceEmail']],
    ['says in which labor category a person works', { lines: [aLine({ unit: 'month', laborCategory: null, resourceEmail: 'ada@northwind-consulting.example' })] }, ['RESOURCE_WITHOUT_LABOR_CATEGORY lines[0].laborCategory']],
  ];
  for (const [statement, deal, expected] of cases) it(statement, () => assert.deepEqual(named(deal), expected));

  it('names every account on a circle of parents', () => {
    const [finding] = findingsOf({ accounts: [anAccount({ id: 'A', name: 'Alpha', parentId: 'B' }), anAccount({ id: 'B', name: 'Beta', parentId: 'C' }), anAccount({ id: 'C', name: 'Gamma', parentId: 'B' })] });
    assert.equal(finding?.message, "The accounts Beta (B) → Gamma (C) are each other's parents, in a circle.");
  });

  it('is a matter of configuration where the firm does not know what it speaks of', () => {
    const kinds = Object.fromEntries([...findingsOf({ legalEntity: 'MX01' }), ...findingsOf({ serviceLine: 'SPACE' }), ...findingsOf({ legalEntity: null })].map(({ code, kind }) => [code, kind]));
    assert.deepEqual(kinds, { LEGAL_ENTITY_UNKNOWN: 'configuration', SERVICE_LINE_UNKNOWN: 'configuration', LEGAL_ENTITY_MISSING: 'business_rule' });
  });

  it('waits for configuration where a legal entity has no routing, cost center, tax rule or rates', () => {
    const bare = {
      ...config,
      routing: [],
      taxRules: config.taxRules.filter((rule) => rule.seller !== 'US01'),
      rateCards: config.rateCards.filter((card) => !card.legalEntities.includes('US01')),
      legalEntities: config.legalEntities.map((entity) => ({ ...entity, costCenters: [] })),
    };
    const findings = findingsOf({}, bare);
    assert.deepEqual(findings.map(({ code }) => code), ['ROUTING_MISSING', 'COST_CENTER_MISSING', 'TAX_TREATMENT_UNKNOWN', 'RATE_CARD_MISSING']);
    assert.ok(findings.every(({ kind, overridable }) => kind === 'configuration' && !overridable));
  });

  it('takes the default template of the line where the deal names one for another service line', () => {
    assert.deepEqual(named({ projectTemplate: 'DELIVERY', practice: 'Technology', lines: [aLine({ id: '1' }), aLine({ id: '2', serviceLine: 'CLOUD' })] }), []);
  });
});
