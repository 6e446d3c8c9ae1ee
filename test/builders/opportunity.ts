import type { ClientAccount } from '../../domain/model/client-account.ts';
import type { Contract } from '../../domain/model/contract.ts';
import type { Opportunity, OpportunityLine } from '../../domain/model/opportunity.ts';
import { extendPrice, money, sumMoney } from '../../domain/money.ts';

/** The day on which the deals of these builders are judged. */
export const TODAY = '2026-11-21';

export function anAccount(parts: Partial<ClientAccount> = {}): ClientAccount {
  return {
    schema: 'client-account',
    schemaVersion: 1,
    id: 'ACC-1',
    name: 'Harbor Insurance',
    parentId: null,
    billingAddress: { street: '1 Harbor Street', city: 'Boston', region: 'MA', postalCode: '02110', country: 'US' },
    taxRegistrationNumber: 'US-04-1234567',
    currency: 'USD',
    ...parts,
  };
}

export function aContract(parts: Partial<Contract> = {}): Contract {
  return { schema: 'contract', schemaVersion: 1, id: 'CON-1', number: 'C-2026-001', type: 'statement_of_work', status: 'activated', startDate: '2026-10-01', endDate: '2027-12-31', ...parts };
}

/** Forty hours of an engineer for 220 USD each; its amount follows from quantity and unit price unless given. */
export function aLine(parts: Partial<OpportunityLine> & { readonly currency?: string } = {}): OpportunityLine {
  const { currency = 'USD', ...own } = parts;
  const line = {
    id: 'LINE-1',
    description: 'Engineering',
    legalEntity: null,
    serviceLine: null,
    billingMethod: null,
    projectTemplate: null,
    laborCategory: 'ENGINEER',
    unit: 'hour',
    quantity: '40',
    unitPrice: '220',
    cap: null,
    milestone: null,
    resourceEmail: null,
    ...own,
  } as const;
  return { ...line, amount: own.amount ?? extendPrice(line.quantity, line.unitPrice, currency) };
}

/** A won time-and-materials deal of US01 that has no findings; its amount is the sum of its lines unless given. */
export function anOpportunity(parts: Partial<Opportunity> = {}): Opportunity {
  const currency = parts.currency === undefined ? 'USD' : parts.currency;
  const lines = parts.lines ?? [aLine({ currency: currency ?? 'USD' })];
  const summable = currency !== null && lines.every((line) => line.amount.currency === currency);
  return {
    schema: 'opportunity',
    schemaVersion: 2,
    crm: 'salesforce',
    id: '006Ak000001TESTIAA',
    version: '2026-11-20T09:00:00.000Z',
    modifiedAt: '2026-11-20T09:00:00.000Z',
    url: 'https://crm.example/006Ak000001TESTIAA',
    name: 'Claims platform',
    stage: 'closed_won',
    closeDate: '2026-11-20',
    currency,
    amount: summable ? sumMoney(lines.map((line) => line.amount), currency) : money('0', 'USD'),
    accounts: [anAccount()],
    contract: aContract(),
    legalEntity: 'US01',
    serviceLine: 'TECHNOLOGY',
    practice: 'Technology',
    billingMethod: 'time_and_materials',
    projectTemplate: null,
    rateCard: null,
    startDate: '2026-12-01',
    endDate: '2027-05-31',
    purchaseOrder: 'PO-4711',
    ...parts,
    lines,
  };
}
