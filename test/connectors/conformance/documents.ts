import { customerSchema, type Customer } from '../../../domain/model/customer.ts';
import { projectSchema, type Project } from '../../../domain/model/project.ts';
import { statementOfWorkSchema, type StatementOfWork } from '../../../domain/model/statement-of-work.ts';
import type { CallContext, Log } from '../../../connectors/ports.ts';

/** Documents of one deal, each complete; a test changes what it is about. `tag` keeps deals of different tests apart. */
export interface Deal {
  readonly customer: Customer;
  readonly contract: StatementOfWork;
  readonly project: Project;
}

export interface DealTerms {
  readonly legalEntity?: { code: string; name: string; country: string; region: string; currency: string; timeZone: string };
  readonly currency?: string;
  readonly rate?: string;
  readonly billingMethod?: Project['billingMethod'];
  readonly customer?: Partial<Customer>;
  readonly project?: Partial<Project>;
}

export const US01 = { code: 'US01', name: 'Northwind Consulting Inc.', country: 'US', region: 'NA', currency: 'USD', timeZone: 'America/New_York' };
export const JP01 = { code: 'JP01', name: 'Northwind Consulting KK', country: 'JP', region: 'APAC', currency: 'JPY', timeZone: 'Asia/Tokyo' };
export const DE01 = { code: 'DE01', name: 'Northwind Consulting GmbH', country: 'DE', region: 'EU', currency: 'EUR', timeZone: 'Europe/Berlin' };

export function dealOf(tag: string, terms: DealTerms = {}): Deal {
  const entity = terms.legalEntity ?? US01;
  const currency = terms.currency ?? entity.currency;
  const rate = terms.rate ?? '260';
  const method = terms.billingMethod ?? 'time_and_materials';
  const customerId = `salesforce-${tag}`;
  const number = `${entity.code}-TECH-${tag.toUpperCase()}`;
  const contractId = `salesforce-${tag}/${entity.code}`;
  const amount = (factor: number) => ({ amount: times(rate, factor), currency });
  const customer = customerSchema.parse({
    schema: 'customer', schemaVersion: 1, id: customerId, name: `Acme ${tag}`, parentId: null,
    billingAddress: { street: '1 Main Street\nFloor 3', city: 'Springfield', region: 'IL', postalCode: '62701', country: 'US' },
    taxRegistrationNumber: `US-${tag}`, currencies: [currency], legalEntities: [entity.code], erp: 'erp', ...terms.customer,
  });
  const project = projectSchema.parse({
    schema: 'project', schemaVersion: 1, id: `salesforce-${tag}-${entity.code}`, number, name: 'Cloud migration', customerId, contractId,
    legalEntity: entity, serviceLine: 'TECHNOLOGY', practice: 'Technology', costCenter: `${entity.code}-TECH`, billingMethod: method,
    template: { code: 'DELIVERY', version: 3 }, startDate: '2026-12-01', endDate: '2027-05-31', value: amount(100), cap: null, purchaseOrder: 'PO-77',
    tax: { code: 'US-SERVICES', description: 'No sales tax', ratePercent: '0', reverseCharge: false },
    wbs: [
      { code: '1', name: 'Discovery', parentCode: null, billable: true, plannedHours: '15' },
      { code: '2', name: 'Delivery', parentCode: null, billable: true, plannedHours: null },
      { code: '2-1', name: 'Design', parentCode: '2', billable: true, plannedHours: '25.5' },
      { code: '2-2', name: 'Build', parentCode: '2', billable: true, plannedHours: '59.5' },
      { code: '9', name: 'Not billable', parentCode: null, billable: false, plannedHours: null },
    ],
    rateCard: {
      schema: 'project-rate-card', schemaVersion: 1, code: `${number}-RATES`, basedOn: `${entity.code}-${currency}`, currency, effectiveFrom: '2026-12-01', effectiveTo: '2027-05-31',
      lines: [{ laborCategory: 'SENIOR_CONSULTANT', unit: 'hour', rate }, { laborCategory: 'CONSULTANT', unit: 'hour', rate }],
    },
    billingSchedule: {
      schema: 'billing-schedule', schemaVersion: 1, code: `${number}-BILLING`, method, currency, paymentTermsDays: 30, cap: null,
      items: method === 'time_and_materials' || method === 'capped'
        ? [{ sequence: 1, kind: 'actuals', description: 'December 2026', billOn: '2026-12-31', amount: null }, { sequence: 2, kind: 'actuals', description: 'January 2027', billOn: '2027-01-31', amount: null }]
        : [{ sequence: 1, kind: 'instalment', description: 'On signature', billOn: '2026-12-01', amount: amount(40) }, { sequence: 2, kind: 'instalment', description: 'On completion', billOn: '2027-05-31', amount: amount(60) }],
    },
    assignments: [
      { schema: 'assignment', schemaVersion: 1, resourceEmail: 'ada@northwind-consulting.example', laborCategory: 'SENIOR_CONSULTANT', from: '2026-12-01', to: '2027-05-31', plannedHours: '60' },
      { schema: 'assignment', schemaVersion: 1, resourceEmail: null, laborCategory: 'CONSULTANT', from: '2026-12-01', to: '2027-05-31', plannedHours: '40' },
    ],
    targets: { erp: 'erp', time: 'time', resources: 'resources', reporting: null }, ...terms.project,
  });
  const contract = statementOfWorkSchema.parse({
    schema: 'statement-of-work', schemaVersion: 1, id: contractId, number: `SOW-${tag}`, type: 'statement_of_work', customerId, legalEntity: entity.code, erp: 'erp', currency,
    signedOn: '2026-11-20', startDate: '2026-12-01', endDate: '2027-05-31', purchaseOrder: 'PO-77', paymentTermsDays: 30, total: amount(100),
    lines: [
      { projectNumber: number, serviceLine: 'TECHNOLOGY', billingMethod: method, description: 'Senior consultant', quantity: '40', unit: 'hour', unitPrice: rate, amount: amount(40) },
      { projectNumber: number, serviceLine: 'TECHNOLOGY', billingMethod: method, description: 'Consultant', quantity: '60', unit: 'hour', unitPrice: rate, amount: amount(60) },
    ],
  });
  return { customer, contract, project };
}

/** Decimal text times a whole number, exactly; keeps the digits after the point. */
function times(decimal: string, factor: number): string {
  const [whole = '0', fraction = ''] = decimal.split('.');
  const units = (BigInt(whole + fraction) * BigInt(factor)).toString().padStart(fraction.length + 1, '0');
  return fraction === '' ? units : `${units.slice(0, -fraction.length)}.${units.slice(-fraction.length)}`;
}

export const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

export function callContext(): CallContext {
  return { signal: new AbortController().signal, heartbeat: () => undefined, log: silent, idempotencyKey: crypto.randomUUID() };
}

/** Differs from run to run: real systems keep what earlier runs left. */
export function uniqueTag(): string {
  return crypto.randomUUID().replaceAll('-', '').slice(0, 8);
}
