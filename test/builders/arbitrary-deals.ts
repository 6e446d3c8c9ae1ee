import fc from 'fast-check';
import type { Opportunity, OpportunityLine } from '../../domain/model/opportunity.ts';
import { decimalText } from '../../domain/money.ts';
import { aContract, aLine, anAccount, anOpportunity } from './opportunity.ts';

const ENTITIES = ['US01', 'CA01', 'GB01', 'DE01', 'AU01', 'SG01', 'JP01', 'IN01'];
const CATEGORIES = ['PARTNER', 'PRINCIPAL', 'PROJECT_MANAGER', 'SENIOR_CONSULTANT', 'CONSULTANT', 'ENGINEER', 'ANALYST'];
const SERVICE_LINES = ['TECHNOLOGY', 'DATA', 'CLOUD'];

const cents = (least: number, most: number) => fc.integer({ min: least, max: most }).map((value) => decimalText((value / 100).toFixed(2)));

/** Lines in USD that any of our entities may sell, in any mixture: fixed prices, so that no two prices of one labor category clash. */
const sellableLine: fc.Arbitrary<OpportunityLine> = fc
  .record({
    id: fc.uuid(),
    legalEntity: fc.constantFrom(...ENTITIES),
    serviceLine: fc.constantFrom(...SERVICE_LINES),
    billingMethod: fc.constantFrom('time_and_materials' as const, 'fixed_fee' as const, 'milestone' as const, 'capped' as const),
    laborCategory: fc.constantFrom(...CATEGORIES),
    quantity: cents(0, 5_000_00),
    milestone: fc.record({ name: fc.constantFrom('Design', 'Build', 'Go-live'), dueDate: fc.constantFrom('2026-12-31', '2027-02-28', '2027-05-31') }),
    resourceEmail: fc.constantFrom(null, 'ada@northwind-consulting.example', 'grace@northwind-consulting.example'),
  })
  .map((parts) => {
    const line = aLine({ ...parts, unitPrice: '600.37' });
    return { ...line, cap: parts.billingMethod === 'capped' ? line.amount : null };
  });

/** Deals that pass every rule but for what a person may let pass. */
export const sellableDeal: fc.Arbitrary<Opportunity> = fc.array(sellableLine, { minLength: 1, maxLength: 25 }).map((lines) =>
  anOpportunity({ lines, legalEntity: null, serviceLine: null, billingMethod: null, contract: aContract({ type: 'statement_of_work' }) }),
);

/** What a person may let pass, in any mixture. */
export const doubtful: fc.Arbitrary<Partial<Opportunity>> = fc.record(
  {
    practice: fc.constantFrom(null, 'Strategy'),
    purchaseOrder: fc.constant(null),
    contract: fc.record({ type: fc.constantFrom('order_form' as const, 'statement_of_work' as const), status: fc.constantFrom(null, 'draft' as const), endDate: fc.constantFrom(null, '2026-12-31') }).map(aContract),
    accounts: fc.constantFrom('US', 'FR', 'DE', 'IN').map((home) => [anAccount({ taxRegistrationNumber: null, billingAddress: { street: null, city: null, region: null, postalCode: null, country: home } })]),
    endDate: fc.constantFrom('2031-12-31', '2032-06-30'),
  },
  { requiredKeys: [] },
);

const decimal = fc.tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 999_999_999_999_999_999n }), fc.nat(10), fc.nat(9_999_999)).map(([minus, whole, digits, fraction]) => {
  const tail = String(fraction).padStart(digits, '0').slice(0, digits);
  return `${minus ? '-' : ''}${whole}${tail === '' ? '' : `.${tail}`}`;
});
const currency = fc.constantFrom('USD', 'JPY', 'EUR', 'KWD', 'XXX');
const money = fc.record({ amount: decimal, currency });
const date = fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T00:00:00Z'), noInvalidDate: true }).map((at) => at.toISOString().slice(0, 10));
const code = fc.option(fc.constantFrom(...ENTITIES, ...SERVICE_LINES, 'STRATEGY', 'MANAGED', 'time_and_materials', 'fixed_fee', 'milestone', 'retainer', 'capped', 'ADVISORY', 'DELIVERY', 'US01-USD', 'US01-USD-2028', '', ' ', '__proto__', 'toString'));
const country = fc.option(fc.constantFrom('US', 'CA', 'DE', 'FR', 'IN', 'ZZ'));

const anyLine: fc.Arbitrary<OpportunityLine> = fc.record({
  id: fc.string({ minLength: 1, maxLength: 20 }),
  description: fc.string({ maxLength: 40 }),
  legalEntity: code,
  serviceLine: code,
  billingMethod: code,
  projectTemplate: code,
  laborCategory: fc.option(fc.constantFrom(...CATEGORIES, 'WIZARD', '')),
  unit: fc.constantFrom('hour' as const, 'day' as const, 'month' as const, 'each' as const),
  quantity: decimal,
  unitPrice: decimal,
  amount: money,
  cap: fc.option(money),
  milestone: fc.option(fc.record({ name: fc.string({ minLength: 1, maxLength: 20 }), dueDate: fc.option(date) })),
  resourceEmail: fc.option(fc.constantFrom('ada@northwind-consulting.example', 'eve@elsewhere.example')),
});

/** Any deal that follows the schema, however absurd. */
export const anyDeal: fc.Arbitrary<Opportunity> = fc
  .record({
    stage: fc.constantFrom('open' as const, 'closed_won' as const, 'closed_lost' as const),
    currency: fc.option(currency),
    amount: fc.option(money),
    accounts: fc.array(
      fc
        .record({ id: fc.constantFrom('A', 'B', 'C', 'D'), parentId: fc.option(fc.constantFrom('A', 'B', 'C', 'D', 'E')), country, region: fc.option(fc.constantFrom('ON', 'MA', '?')), taxRegistrationNumber: fc.option(fc.constantFrom('', 'X1')) })
        .map(({ country: home, region, ...rest }) => anAccount({ ...rest, billingAddress: { street: null, city: null, region, postalCode: null, country: home } })),
      { minLength: 1, maxLength: 20 },
    ),
    contract: fc.option(fc.record({ type: fc.option(fc.constantFrom('master_services_agreement' as const, 'order_form' as const)), status: fc.option(fc.constantFrom('draft' as const, 'activated' as const)), startDate: fc.option(date), endDate: fc.option(date) }).map(aContract)),
    legalEntity: code,
    serviceLine: code,
    practice: fc.option(fc.constantFrom('Technology', 'Nobody', '')),
    billingMethod: code,
    projectTemplate: code,
    rateCard: code,
    startDate: fc.option(date),
    endDate: fc.option(date),
    purchaseOrder: fc.option(fc.string({ maxLength: 20 })),
    lines: fc.array(anyLine, { maxLength: 12 }),
  })
  .map((parts) => anOpportunity(parts));
