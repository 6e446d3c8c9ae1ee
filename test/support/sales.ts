import { randomUUID } from 'node:crypto';
import type { SampleDeal, SampleLine } from '../../starters/story/sample-deals.ts';

export type Sale = Omit<SampleDeal, 'shows' | 'ends'>;

/** Hours of one labor category at a price; it becomes one line of the deal. */
export function aSoldLine(parts: Partial<SampleLine> = {}): SampleLine {
  return { name: 'Engineering', laborCategory: 'ENGINEER', quantity: 100, unitPrice: 215, legalEntity: null, serviceLine: null, person: null, ...parts };
}

/** A deal of US01 that passes every rule, for a client of its own: project management and engineering by the hour, one named person. */
export function aSale(parts: Partial<Sale> = {}): SampleDeal {
  const tag = randomUUID().slice(0, 8);
  const crm = parts.crm ?? 'salesforce';
  return {
    crm,
    name: `Claims platform ${tag}`,
    shows: '',
    ends: 'activated',
    client: { name: `Harbor Insurance ${tag}`, street: '1 Harbor Street', city: 'Boston', region: 'MA', postalCode: '02110', country: 'US', taxRegistration: '04-1234567', parent: null },
    currency: 'USD',
    legalEntity: 'US01',
    serviceLine: 'TECHNOLOGY',
    practice: 'Technology',
    contract: { number: `HI-${tag}`, status: 'Activated' },
    purchaseOrder: `PO-${tag}`,
    startDate: '2026-12-01',
    endDate: '2027-05-31',
    lines: [
      aSoldLine({ name: 'Project management', laborCategory: 'PROJECT_MANAGER', quantity: 40, unitPrice: 280, person: crm === 'salesforce' ? 'dana.kowalski@northwind-consulting.example' : null }),
      aSoldLine({ quantity: 120, unitPrice: 215 }),
    ],
    ...parts,
  };
}
