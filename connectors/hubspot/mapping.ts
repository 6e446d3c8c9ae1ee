import { z } from 'zod';
import type { ClientAccount } from '../../domain/model/client-account.ts';
import type { Contract } from '../../domain/model/contract.ts';
import type { opportunitySchema } from '../../domain/model/opportunity.ts';
import { decimalText, extendPrice, type Currency } from '../../domain/money.ts';
import { dayOrNull, exactMoney, newestInstant, textOrNull } from '../canonical/opportunity-draft.ts';
import type { CrmObject } from './crm-object.ts';
import type { HubSpotOptions } from './options.ts';

export function dealProperties(options: HubSpotOptions): string[] {
  return unique(['dealname', 'dealstage', 'amount', 'deal_currency_code', 'closedate', 'hs_lastmodifieddate', ...Object.values(options.deal)]);
}

export function companyProperties(options: HubSpotOptions): string[] {
  return unique(['name', 'address', 'city', 'state', 'zip', ...Object.values(options.company).filter((name) => name !== null)]);
}

export function lineProperties(options: HubSpotOptions): string[] {
  return unique(['name', 'description', 'quantity', 'price', 'amount', 'hs_lastmodifieddate', ...Object.values(options.line)]);
}

/** When a record was last changed. */
export function changedAt(record: CrmObject): string {
  return newestInstant([record.properties['hs_lastmodifieddate'] ?? record.updatedAt]);
}

/** The canonical document of a deal; `version` is the newest change of the deal and its lines, which HubSpot dates apart. */
export function toOpportunity(deal: CrmObject, lines: readonly CrmObject[], accounts: readonly ClientAccount[], system: string, url: string, options: HubSpotOptions): z.input<typeof opportunitySchema> {
  const names = options.deal;
  const own = (property: string) => textOrNull(deal.properties[property]);
  const currency = own('deal_currency_code') ?? options.companyCurrency;
  const amount = own('amount');
  const stage = own('dealstage') ?? '';
  const version = newestInstant([deal, ...lines].map(changedAt));
  return {
    schema: 'opportunity',
    schemaVersion: 2,
    crm: system,
    id: deal.id,
    version,
    modifiedAt: version,
    url,
    name: own('dealname') ?? '',
    stage: options.closedWonStages.includes(stage) ? 'closed_won' : options.closedLostStages.includes(stage) ? 'closed_lost' : 'open',
    closeDate: closingDay(own('closedate'), options.timeZone),
    currency,
    amount: amount === null || currency === null ? null : exactMoney(amount, currency),
    accounts: [...accounts],
    contract: toContract(own, options),
    legalEntity: own(names.legalEntity),
    serviceLine: own(names.serviceLine),
    practice: own(names.practice),
    billingMethod: own(names.billingMethod),
    projectTemplate: own(names.projectTemplate),
    rateCard: own(names.rateCard),
    startDate: dayOrNull(own(names.startDate)),
    endDate: dayOrNull(own(names.endDate)),
    purchaseOrder: own(names.purchaseOrder),
    lines: lines.map((line) => toLine(line, currency, options)),
  };
}

function toLine(line: CrmObject, currency: Currency | null, options: HubSpotOptions): z.input<typeof opportunitySchema>['lines'][number] {
  if (currency === null) throw new RangeError('the deal has lines but no currency');
  const names = options.line;
  const own = (property: string) => textOrNull(line.properties[property]);
  const quantity = decimalText(own('quantity') ?? '1');
  const unitPrice = decimalText(own('price') ?? '0');
  const amount = own('amount');
  const cap = own(names.cap);
  const milestone = own(names.milestone);
  return {
    id: line.id,
    description: (own('description') ?? own('name') ?? '').slice(0, 255),
    legalEntity: own(names.legalEntity),
    serviceLine: own(names.serviceLine),
    billingMethod: own(names.billingMethod),
    projectTemplate: own(names.projectTemplate),
    laborCategory: own(names.laborCategory),
    unit: z.enum(['hour', 'day', 'month', 'each']).parse(own(names.unit)?.toLowerCase() ?? 'each', { error: () => `unit of line ${line.id}: one of hour, day, month, each` }),
    quantity,
    unitPrice,
    amount: amount === null ? extendPrice(quantity, unitPrice, currency) : exactMoney(amount, currency),
    cap: cap === null ? null : exactMoney(cap, currency),
    milestone: milestone === null ? null : { name: milestone, dueDate: dayOrNull(own(names.milestoneDueDate)) },
    resourceEmail: own(names.resourceEmail),
  };
}

const CONTRACT_TYPES: Readonly<Record<string, Contract['type']>> = { msa: 'master_services_agreement', sow: 'statement_of_work', order_form: 'order_form', master_services_agreement: 'master_services_agreement', statement_of_work: 'statement_of_work' };
const CONTRACT_STATUSES: Readonly<Record<string, Contract['status']>> = { draft: 'draft', in_approval: 'in_approval', in_approval_process: 'in_approval', activated: 'activated', expired: 'expired', terminated: 'terminated' };

/** HubSpot has no contract object: the deal carries the contract's number and state as properties. */
function toContract(own: (property: string) => string | null, options: HubSpotOptions): Contract | null {
  const names = options.deal;
  const number = own(names.contractNumber);
  if (number === null) return null;
  return {
    schema: 'contract',
    schemaVersion: 1,
    id: number,
    number,
    type: CONTRACT_TYPES[optionKey(own(names.contractType))] ?? null,
    status: CONTRACT_STATUSES[optionKey(own(names.contractStatus))] ?? null,
    startDate: dayOrNull(own(names.contractStart)),
    endDate: dayOrNull(own(names.contractEnd)),
  };
}

/** The calendar day of an instant where the account is; a day that was set without a time comes as midnight in UTC. */
function closingDay(instant: string | null, timeZone: string): string | null {
  if (instant === null) return null;
  const at = new Date(/^-?\d{9,}$/.test(instant) ? Number(instant) : instant);
  if (Number.isNaN(at.getTime()) || at.getTime() % 86_400_000 === 0) return dayOrNull(Number.isNaN(at.getTime()) ? instant : at.toISOString());
  return new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(at);
}

/** An option's label or internal name in one spelling: "Order Form" and "order_form" are the same. */
function optionKey(value: string | null): string {
  return (value ?? '').toLowerCase().replaceAll(/[^a-z]+/g, '_');
}

export function toAccount(company: CrmObject, parentId: string | null, options: HubSpotOptions): ClientAccount {
  const names = options.company;
  const own = (property: string) => textOrNull(company.properties[property]);
  return {
    schema: 'client-account',
    schemaVersion: 1,
    id: company.id,
    name: own('name') ?? '',
    parentId,
    billingAddress: { street: own('address'), city: own('city'), region: own('state'), postalCode: own('zip'), country: own(names.country) },
    taxRegistrationNumber: own(names.taxRegistrationNumber),
    currency: own(names.currency),
  };
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}
