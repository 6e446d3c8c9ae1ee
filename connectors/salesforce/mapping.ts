import { z } from 'zod';
import type { ClientAccount } from '../../domain/model/client-account.ts';
import type { Contract } from '../../domain/model/contract.ts';
import type { opportunitySchema } from '../../domain/model/opportunity.ts';
import { decimalText, type Currency } from '../../domain/money.ts';
import { dayOrNull, exactMoney, newestInstant, textOrNull, vendorNumber } from '../canonical/opportunity-draft.ts';
import type { SalesforceOptions } from './options.ts';

const id = z.string().min(15);
const text = z.string().nullish();
const instant = z.string().refine((value) => !Number.isNaN(Date.parse(value)), 'a date and time');

const accountNode = z.looseObject({
  Id: id, Name: z.string(), ParentId: text, BillingStreet: text, BillingCity: text, BillingState: text, BillingPostalCode: text, CurrencyIsoCode: text,
  get Parent() {
    return accountNode.nullish();
  },
});
export type AccountNode = z.infer<typeof accountNode>;

const lineRecord = z.looseObject({ Id: id, Name: text, Description: text, Quantity: vendorNumber, UnitPrice: vendorNumber.nullish(), TotalPrice: vendorNumber, ServiceDate: text, SystemModstamp: instant });
type LineRecord = z.infer<typeof lineRecord>;

const contractRecord = z.looseObject({ Id: id, ContractNumber: z.string(), Status: text, StartDate: text, EndDate: text });

export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ done: z.boolean(), nextRecordsUrl: z.string().startsWith('/').optional(), totalSize: z.number().optional(), records: z.array(item) });
}

export const dealRecord = z.looseObject({
  Id: id, Name: z.string(), IsClosed: z.boolean(), IsWon: z.boolean(), Amount: vendorNumber.nullish(), CurrencyIsoCode: text, CloseDate: text, SystemModstamp: instant,
  AccountId: text, Account: accountNode.nullish(), Contract: contractRecord.nullish(), OpportunityLineItems: pageOf(lineRecord).nullish(),
});
export type DealRecord = z.infer<typeof dealRecord>;

export const dealPage = pageOf(dealRecord);
export const linePage = pageOf(lineRecord);
export const accountPage = pageOf(accountNode);
/** Its records are read one by one. */
export const changedPage = pageOf(z.unknown());
export const changedDeal = z.looseObject({ Id: id, SystemModstamp: instant });
export const changedLine = z.looseObject({ OpportunityId: id, SystemModstamp: instant });

/** The accounts of a nested answer, lowest first. */
export function accountsOf(node: AccountNode | null | undefined, options: SalesforceOptions): ClientAccount[] {
  const accounts: ClientAccount[] = [];
  for (let current = node; current !== null && current !== undefined; current = current.Parent) accounts.push(toAccount(current, options));
  return accounts;
}

/**
 * The canonical document of a deal. `version` is the newest SystemModstamp of the deal and its lines: a custom field changed on a line leaves the deal's own
 * untouched. Our own write-back moves it too; the content tells an echo (README.md).
 */
export function toOpportunity(deal: DealRecord, lines: readonly LineRecord[], accounts: readonly ClientAccount[], system: string, baseUrl: string, options: SalesforceOptions): z.input<typeof opportunitySchema> {
  const names = options.opportunity;
  const own = (field: string) => textOrNull(textOf(deal[field]));
  const currency = options.corporateCurrency ?? textOrNull(deal.CurrencyIsoCode);
  const version = newestInstant([deal.SystemModstamp, ...lines.map((line) => line.SystemModstamp)]);
  return {
    schema: 'opportunity',
    schemaVersion: 2,
    crm: system,
    id: deal.Id,
    version,
    modifiedAt: version,
    url: `${(options.lightningBaseUrl ?? baseUrl).replace(/\/+$/, '')}/lightning/r/Opportunity/${deal.Id}/view`,
    name: deal.Name,
    stage: deal.IsWon ? 'closed_won' : deal.IsClosed ? 'closed_lost' : 'open',
    closeDate: dayOrNull(deal.CloseDate),
    currency,
    amount: deal.Amount === null || deal.Amount === undefined || currency === null ? null : exactMoney(deal.Amount, currency),
    accounts: [...accounts],
    contract: toContract(deal, options),
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

function toLine(line: LineRecord, currency: Currency | null, options: SalesforceOptions): z.input<typeof opportunitySchema>['lines'][number] {
  if (currency === null) throw new RangeError('the deal has lines but no currency');
  const names = options.line;
  const own = (field: string) => textOrNull(textOf(line[field]));
  const cap = vendorNumber.nullish().parse(line[names.cap]) ?? null;
  const milestone = own(names.milestone);
  return {
    id: line.Id,
    description: (textOrNull(line.Description) ?? textOrNull(line.Name) ?? '').slice(0, 255),
    legalEntity: own(names.legalEntity),
    serviceLine: own(names.serviceLine),
    billingMethod: own(names.billingMethod),
    projectTemplate: own(names.projectTemplate),
    laborCategory: own(names.laborCategory),
    unit: z.enum(['hour', 'day', 'month', 'each']).parse(own(names.unit)?.toLowerCase() ?? 'each', { error: () => `unit of line ${line.Id}: one of hour, day, month, each` }),
    quantity: decimalText(line.Quantity),
    unitPrice: decimalText(line.UnitPrice ?? 0),
    amount: exactMoney(line.TotalPrice, currency),
    cap: cap === null ? null : exactMoney(cap, currency),
    milestone: milestone === null ? null : { name: milestone, dueDate: dayOrNull(line.ServiceDate) },
    resourceEmail: own(names.resourceEmail),
  };
}

const CONTRACT_TYPES: Readonly<Record<string, Contract['type']>> = { msa: 'master_services_agreement', sow: 'statement_of_work', 'order form': 'order_form' };
const CONTRACT_STATUSES: Readonly<Record<string, Contract['status']>> = { draft: 'draft', 'in approval process': 'in_approval', activated: 'activated', expired: 'expired', terminated: 'terminated' };

function toContract(deal: DealRecord, options: SalesforceOptions): Contract | null {
  const contract = deal.Contract;
  if (contract === null || contract === undefined) return null;
  return {
    schema: 'contract',
    schemaVersion: 1,
    id: contract.Id,
    number: contract.ContractNumber,
    type: CONTRACT_TYPES[textOf(contract[options.contract.type])?.toLowerCase() ?? ''] ?? null,
    status: CONTRACT_STATUSES[contract.Status?.toLowerCase() ?? ''] ?? null,
    startDate: dayOrNull(contract.StartDate),
    endDate: dayOrNull(contract.EndDate),
  };
}

function toAccount(account: AccountNode, options: SalesforceOptions): ClientAccount {
  return {
    schema: 'client-account',
    schemaVersion: 1,
    id: account.Id,
    name: account.Name,
    parentId: account.ParentId ?? null,
    billingAddress: {
      street: textOrNull(account.BillingStreet),
      city: textOrNull(account.BillingCity),
      region: textOrNull(account.BillingState),
      postalCode: textOrNull(account.BillingPostalCode),
      country: textOrNull(textOf(account[options.account.country])),
    },
    taxRegistrationNumber: textOrNull(textOf(account[options.account.taxRegistrationNumber])),
    currency: textOrNull(account.CurrencyIsoCode),
  };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : null;
}
