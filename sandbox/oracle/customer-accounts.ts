/**
 * The SOAP service of customer accounts, as far as `mergeCustomerAccount` with sites and site uses. Faults come with status 500.
 * https://docs.oracle.com/en/cloud/saas/sales/oesws/tradingcommunitycustomeraccount-d41e156865.html
 */
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { z } from 'zod';
import type { Database } from './database.ts';

const SERVICE = 'http://xmlns.oracle.com/apps/cdm/foundation/parties/customerAccountService';
const parser = new XMLParser({ removeNSPrefix: true, parseTagValue: false, isArray: (name) => name === 'CustomerAccountSite' || name === 'CustomerAccountSiteUse' });

const source = { CreatedByModule: z.string().min(1), OrigSystem: z.string().min(1), OrigSystemReference: z.string().min(1).max(255) };
const Site = z.object({ PartySiteId: z.string(), SetId: z.string(), ...source, CustomerAccountSiteUse: z.array(z.object({ SiteUseCode: z.enum(['BILL_TO', 'SHIP_TO']), ...source })).default([]) });
const Account = z.object({ PartyId: z.string(), AccountNumber: z.string().max(30).optional(), AccountName: z.string().max(240).optional(), Status: z.enum(['A', 'I']).optional(), ...source, CustomerAccountSite: z.array(Site).default([]) });
const Envelope = z.object({ Envelope: z.object({ Body: z.object({ mergeCustomerAccount: z.object({ customerAccount: Account }) }) }) });

export interface SoapAnswer {
  readonly status: number;
  readonly xml: string;
}

/** Makes or changes an account by its source reference. */
export function answerSoap(database: Database, xml: string): SoapAnswer {
  if (XMLValidator.validate(xml) !== true) return fault('The request is not well-formed XML.');
  const parsed = Envelope.safeParse(parser.parse(xml));
  if (!parsed.success) return fault(`JBO-27014: An attribute in CustomerAccount is missing or not valid: ${parsed.error.issues.map((issue) => issue.path.join('.')).join(', ')}.`);
  const { customerAccount: account } = parsed.data.Envelope.Body.mergeCustomerAccount;
  const problem = problemWith(database, account);
  if (problem !== undefined) return fault(problem);
  const name = account.AccountNumber ?? account.OrigSystemReference;
  const before = database.setUp('customerAccounts', name);
  const id = before?.['id'] ?? database.nextId();
  const sites = account.CustomerAccountSite.map((site) => site.SetId).join(',');
  database.addSetUp('customerAccounts', { ...before, name, id, partyId: Number(account.PartyId), status: account.Status ?? before?.['status'] ?? 'A', sites: sites === '' ? (before?.['sites'] ?? '') : sites, reference: account.OrigSystemReference });
  const value = `<ns2:CustomerAccountId>${String(id)}</ns2:CustomerAccountId><ns2:PartyId>${account.PartyId}</ns2:PartyId><ns2:AccountNumber>${escaped(name)}</ns2:AccountNumber>`;
  return { status: 200, xml: envelope(`<ns0:mergeCustomerAccountResponse xmlns:ns0="${SERVICE}/applicationModule/types/"><ns0:result xmlns:ns2="${SERVICE}/"><ns2:Value>${value}</ns2:Value></ns0:result></ns0:mergeCustomerAccountResponse>`) };
}

function problemWith(database: Database, account: z.infer<typeof Account>): string | undefined {
  const [party] = database.having('hubOrganizations', 'PartyId', Number(account.PartyId));
  if (party === undefined) return `The party identifier ${account.PartyId} isn't valid.`;
  if (database.setUp('sourceSystems', account.OrigSystem) === undefined) return `The source system ${account.OrigSystem} isn't valid.`;
  const number = account.AccountNumber === undefined ? undefined : database.setUp('customerAccounts', account.AccountNumber);
  if (number !== undefined && number['reference'] !== account.OrigSystemReference) return `The account number ${String(account.AccountNumber)} already exists.`;
  const addresses = database.childrenOf('hubOrganizations.Address', party.id).map((row) => String(row.id));
  for (const site of account.CustomerAccountSite) {
    if (!addresses.includes(site.PartySiteId)) return `The party site ${site.PartySiteId} isn't valid for the party.`;
    if (database.setUp('referenceSets', site.SetId) === undefined) return `The set identifier ${site.SetId} isn't valid.`;
  }
  return undefined;
}

function fault(reason: string): SoapAnswer {
  return { status: 500, xml: envelope(`<env:Fault><faultcode>env:Server</faultcode><faultstring>${escaped(reason)}</faultstring></env:Fault>`) };
}

function envelope(body: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"><env:Header/><env:Body>${body}</env:Body></env:Envelope>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
