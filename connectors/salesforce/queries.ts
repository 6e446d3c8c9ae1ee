import type { Instant } from '../../domain/dates.ts';
import type { SalesforceOptions } from './options.ts';

/** Relationships from the deal's account upward that one query may follow; SOQL allows five from the object asked for. */
const PARENTS_IN_DEAL_QUERY = 3;
const PARENTS_IN_ACCOUNT_QUERY = 4;
export const ACCOUNTS_IN_QUERY = PARENTS_IN_ACCOUNT_QUERY + 1;

/** A record ID, 15 or 18 characters; nothing else is ever put into a query. */
const SALESFORCE_ID = /^[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?$/;

export function isSalesforceId(value: string): boolean {
  return SALESFORCE_ID.test(value);
}

/** One query for the deal with its lines, its contract and the first accounts of its hierarchy. */
export function dealQuery(opportunityId: string, options: SalesforceOptions): string {
  const { opportunity: own, line, contract } = options;
  const fields = [
    'Id', 'Name', 'StageName', 'IsClosed', 'IsWon', 'Amount', ...currencyField(options), 'CloseDate', 'SystemModstamp', 'AccountId', 'ContractId',
    own.legalEntity, own.serviceLine, own.practice, own.billingMethod, own.projectTemplate, own.rateCard, own.startDate, own.endDate, own.purchaseOrder,
    ...['Id', 'ContractNumber', 'Status', 'StartDate', 'EndDate', contract.type].map((field) => `Contract.${field}`),
    ...accountFields('Account.', PARENTS_IN_DEAL_QUERY, options),
  ];
  const lineFields = [
    'Id', 'Name', 'Description', 'Quantity', 'UnitPrice', 'TotalPrice', 'ServiceDate', 'SystemModstamp',
    line.legalEntity, line.serviceLine, line.billingMethod, line.projectTemplate, line.laborCategory, line.unit, line.cap, line.milestone, line.resourceEmail,
  ];
  return `SELECT ${unique(fields)}, (SELECT ${unique(lineFields)} FROM OpportunityLineItems ORDER BY Id) FROM Opportunity WHERE Id = '${checkedId(opportunityId)}'`;
}

/**
 * Accounts above one, as queries for one composite request: each reads five and starts at the parent that the one before ended with.
 * A reference to a parent that is not there halts the part, which is the top of the hierarchy.
 */
export function accountChainQueries(accountId: string, queries: number, options: SalesforceOptions): { readonly referenceId: string; readonly soql: string }[] {
  const top = 'Parent.'.repeat(PARENTS_IN_ACCOUNT_QUERY);
  return Array.from({ length: queries }, (_, index) => {
    const start = index === 0 ? checkedId(accountId) : `@{accounts${index - 1}.records[0].${top}ParentId}`;
    return { referenceId: `accounts${index}`, soql: `SELECT ${unique(accountFields('', PARENTS_IN_ACCOUNT_QUERY, options))} FROM Account WHERE Id = '${start}'` };
  });
}

/** Closed-won deals changed at or after an instant, oldest first. */
export function changedDealsQuery(since: Instant): string {
  return `SELECT Id, SystemModstamp FROM Opportunity WHERE IsWon = true AND SystemModstamp >= ${soqlInstant(since)} ORDER BY SystemModstamp ASC, Id ASC`;
}

/** Lines of closed-won deals changed at or after an instant: a changed custom field of a line leaves its deal untouched. */
export function changedLinesQuery(since: Instant): string {
  return `SELECT OpportunityId, SystemModstamp FROM OpportunityLineItem WHERE Opportunity.IsWon = true AND SystemModstamp >= ${soqlInstant(since)} ORDER BY SystemModstamp ASC, Id ASC`;
}

function accountFields(prefix: string, parents: number, options: SalesforceOptions): string[] {
  const { country, taxRegistrationNumber } = options.account;
  const fields = ['Id', 'Name', 'ParentId', 'BillingStreet', 'BillingCity', 'BillingState', 'BillingPostalCode', country, ...currencyField(options), taxRegistrationNumber];
  return Array.from({ length: parents + 1 }, (_, level) => fields.map((field) => `${prefix}${'Parent.'.repeat(level)}${field}`)).flat();
}

function currencyField(options: SalesforceOptions): string[] {
  return options.corporateCurrency === null ? ['CurrencyIsoCode'] : [];
}

function unique(fields: readonly string[]): string {
  return [...new Set(fields)].join(', ');
}

function checkedId(id: string): string {
  if (!isSalesforceId(id)) throw new TypeError(`"${id}" is not a Salesforce ID`);
  return id;
}

/** SOQL writes instants without quotes. */
function soqlInstant(at: Instant): string {
  return new Date(at).toISOString();
}
