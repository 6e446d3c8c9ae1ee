import type { FirmConfig } from '../../domain/config/schema.ts';

/** What a seller enters in the CRM; the sellers (salesforce.ts, hubspot.ts) write it in their vendor's own terms. */
export interface SampleDeal {
  readonly crm: 'salesforce' | 'hubspot';
  readonly name: string;
  /** What this deal is here to show. */
  readonly shows: string;
  readonly ends: 'activated' | 'waiting' | 'aborted';
  readonly client: SampleClient;
  readonly currency: string;
  readonly legalEntity: string;
  readonly serviceLine: string;
  readonly practice: string;
  readonly contract: { readonly number: string; readonly status: 'Activated' | 'In Approval Process' };
  readonly purchaseOrder: string;
  readonly startDate: string;
  readonly endDate: string;
  readonly lines: readonly SampleLine[];
}

export interface SampleClient {
  readonly name: string;
  readonly street: string;
  readonly city: string;
  readonly region: string;
  readonly postalCode: string;
  readonly country: string;
  readonly taxRegistration: string;
  readonly parent: string | null;
}

export interface SampleLine {
  readonly name: string;
  readonly laborCategory: string;
  /** Hours. */
  readonly quantity: number;
  readonly unitPrice: number;
  readonly legalEntity: string | null;
  readonly serviceLine: string | null;
  readonly person: string | null;
}

const line = (name: string, laborCategory: string, quantity: number, unitPrice: number, parts: Partial<SampleLine> = {}): SampleLine => ({ name, laborCategory, quantity, unitPrice, legalEntity: null, serviceLine: null, person: null, ...parts });
const PERIOD = { startDate: '2026-12-01', endDate: '2027-05-31' };

export const SAMPLE_DEALS: readonly SampleDeal[] = [
  {
    ...PERIOD,
    crm: 'salesforce',
    name: 'Claims platform modernisation',
    shows: 'goes through',
    ends: 'activated',
    client: { name: 'Harbor Insurance', street: '1 Harbor Street', city: 'Boston', region: 'MA', postalCode: '02110', country: 'US', taxRegistration: '04-1234567', parent: null },
    currency: 'USD',
    legalEntity: 'US01',
    serviceLine: 'TECHNOLOGY',
    practice: 'Technology',
    contract: { number: 'HI-2026-014', status: 'Activated' },
    purchaseOrder: 'PO-88121',
    lines: [
      line('Project management', 'PROJECT_MANAGER', 120, 280, { person: 'dana.kowalski@northwind-consulting.example' }),
      line('Architecture', 'SENIOR_CONSULTANT', 240, 260, { person: 'elise.tremblay@northwind-consulting.example' }),
      line('Engineering', 'ENGINEER', 600, 215),
    ],
  },
  {
    ...PERIOD,
    crm: 'salesforce',
    name: 'European data foundation',
    shows: 'is sold by two countries and becomes a project in each',
    ends: 'activated',
    client: { name: 'Aurelia Foods France', street: '12 rue des Halles', city: 'Lyon', region: 'Auvergne-Rhône-Alpes', postalCode: '69002', country: 'FR', taxRegistration: 'FR40303265045', parent: 'Aurelia Foods Group' },
    currency: 'EUR',
    legalEntity: 'DE01',
    serviceLine: 'DATA',
    practice: 'Technology',
    contract: { number: 'AF-2026-003', status: 'Activated' },
    purchaseOrder: 'BC-2026-771',
    lines: [
      line('Data engineering, Berlin', 'ENGINEER', 480, 175, { legalEntity: 'DE01', person: 'jonas.weber@northwind-consulting.example' }),
      line('Project management, Berlin', 'PROJECT_MANAGER', 100, 235, { legalEntity: 'DE01', person: 'katrin.vogel@northwind-consulting.example' }),
      line('Cloud landing zone, London', 'SENIOR_CONSULTANT', 200, 225, { legalEntity: 'GB01', serviceLine: 'CLOUD', person: 'oliver.hughes@northwind-consulting.example' }),
    ],
  },
  {
    ...PERIOD,
    crm: 'hubspot',
    name: 'Branch network redesign',
    shows: 'breaks a rule of the firm (its contract is not signed) and waits for a person',
    ends: 'waiting',
    client: { name: 'Thistle Building Society', street: '5 Castle Terrace', city: 'Edinburgh', region: 'Scotland', postalCode: 'EH1 2DP', country: 'GB', taxRegistration: 'GB987654321', parent: null },
    currency: 'GBP',
    legalEntity: 'GB01',
    serviceLine: 'STRATEGY',
    practice: 'Strategy',
    contract: { number: 'TBS-2026-009', status: 'In Approval Process' },
    purchaseOrder: 'TBS-4410',
    lines: [line('Network strategy', 'SENIOR_CONSULTANT', 160, 200), line('Branch analysis', 'ANALYST', 200, 115)],
  },
  {
    ...PERIOD,
    crm: 'salesforce',
    name: 'Port analytics pilot',
    shows: 'plans a person whom time tracking does not know; it is aborted, and what was made is undone',
    ends: 'aborted',
    client: { name: 'Straits Terminal', street: '7 Keppel Road', city: 'Singapore', region: 'Singapore', postalCode: '089053', country: 'SG', taxRegistration: '200312345K', parent: null },
    currency: 'SGD',
    legalEntity: 'SG01',
    serviceLine: 'DATA',
    practice: 'Data',
    contract: { number: 'ST-2026-021', status: 'Activated' },
    purchaseOrder: 'ST-PO-310',
    lines: [line('Pilot', 'CONSULTANT', 80, 230, { person: 'left.the.firm@northwind-consulting.example' })],
  },
];

/** The deal as it goes with this configuration: a legal entity that staffs nobody meets nobody unknown. */
export function asConfigured(sample: SampleDeal, { routing }: Pick<FirmConfig, 'routing'>): SampleDeal {
  const staffed = routing.find((route) => route.legalEntity === sample.legalEntity)?.resources ?? null;
  if (sample.ends !== 'aborted' || staffed !== null) return sample;
  return { ...sample, ends: 'activated', shows: 'plans a person whom time tracking does not know; nobody is staffed by this configuration, so it goes through' };
}
