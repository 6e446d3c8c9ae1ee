/** A deal as a test wants it in a CRM; each subject writes it in its vendor's words. */
export interface SampleDeal {
  readonly name: string;
  readonly stage: 'open' | 'closed_won';
  readonly currency: string;
  readonly amount: string;
  /** The deal's own account first, each next one the parent of the one before. */
  readonly accounts: readonly { readonly name: string }[];
  readonly contract: boolean;
  readonly lines: readonly SampleLine[];
}

export interface SampleLine {
  readonly description: string;
  readonly quantity: string;
  readonly amount: string;
  readonly unitPrice?: string;
  readonly unit?: string;
  readonly laborCategory?: string;
  readonly cap?: string;
  readonly resourceEmail?: string;
  readonly milestone?: { readonly name: string; readonly dueDate: string };
}

/** Two accounts, a contract, a line of hours and a milestone, in euros. */
export function sampleDeal(changes: Partial<SampleDeal> = {}): SampleDeal {
  return {
    name: 'Cloud migration',
    stage: 'closed_won',
    currency: 'EUR',
    amount: '48000.50',
    accounts: [{ name: 'Rheinwerk GmbH' }, { name: 'Rheinwerk Holding SE' }],
    contract: true,
    lines: [
      { description: 'Consulting hours', quantity: '320', unitPrice: '125', amount: '40000', unit: 'hour', laborCategory: 'SENIOR', cap: '45000', resourceEmail: 'dana.reyes@q2c.example' },
      { description: 'Migration done', quantity: '1', unitPrice: '8000.5', amount: '8000.50', milestone: { name: 'Go-live', dueDate: '2027-03-31' } },
    ],
    ...changes,
  };
}
