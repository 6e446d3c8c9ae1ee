import { XMLParser } from 'fast-xml-parser';
import { SystemFailure } from '../../domain/failure.ts';
import type { Customer } from '../../domain/model/customer.ts';
import { evidenceOf } from '../http/redact.ts';
import type { About, Oracle } from './client.ts';
import type { OracleOptions } from './options.ts';
import { cut } from './references.ts';

export interface Account {
  readonly number: string;
  readonly partyId: string;
  readonly customer: Customer;
}

/** Customer accounts of Receivables: `merge` makes or changes one by its source reference, so that it may be sent again. All throw SystemFailure. */
export interface CustomerAccounts {
  /** Reference data set of a legal entity's sites. */
  setOf(legalEntity: string, object: string): string;
  /** @param account - `open`: whether it is taken into use; else its status stays what finance made it */
  write(account: Account & { readonly addressId: string; readonly open: boolean }, about: About): Promise<void>;
  close(account: Account, about: About): Promise<void>;
}

const PATH = '/crmService/CustomerAccountService';
const SERVICE = 'http://xmlns.oracle.com/apps/cdm/foundation/parties/customerAccountService';
const parser = new XMLParser({ removeNSPrefix: true, parseTagValue: false });

/**
 * The SOAP service of customer accounts; no REST resource makes them.
 * https://docs.oracle.com/en/cloud/saas/sales/oesws/tradingcommunitycustomeraccount-d41e156865.html
 */
export function createCustomerAccounts(oracle: Oracle, options: OracleOptions, sets: Readonly<Record<string, string>>): CustomerAccounts {
  const source = (reference: string) => tags({ CreatedByModule: 'HZ_WS', OrigSystem: options.sourceName, OrigSystemReference: reference });

  async function merge(account: Account, content: string, about: About): Promise<void> {
    const head = tags({ PartyId: account.partyId, AccountNumber: account.number, AccountName: cut(account.customer.name, 240) });
    const body = `<typ:mergeCustomerAccount><typ:customerAccount>${head}${source(account.number)}${content}</typ:customerAccount></typ:mergeCustomerAccount>`;
    const envelope = `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:typ="${SERVICE}/applicationModule/types/" xmlns:cus="${SERVICE}/"><soapenv:Header/><soapenv:Body>${body}</soapenv:Body></soapenv:Envelope>`;
    const answer = await oracle.soap(PATH, 'mergeCustomerAccount', envelope, about);
    if (isMerged(answer, account.number)) return;
    throw new SystemFailure({ kind: 'contract', code: 'ORACLE_SOAP_ANSWER', system: oracle.system, object: about.object, written: 'unknown', evidence: evidenceOf(answer), message: `The answer to the customer account of ${about.object} names no account ${account.number}.`, mend: "Compare the evidence with the vendor's documentation, correct the connector, then retry." });
  }

  const setOf: CustomerAccounts['setOf'] = (legalEntity, object) => {
    const set = sets[legalEntity];
    if (set !== undefined) return set;
    throw new SystemFailure({ kind: 'configuration', code: 'ORACLE_MAPPING_MISSING', system: oracle.system, object, written: 'no', message: `The options of ${oracle.system} name no reference data set for customer sites of ${legalEntity}, which ${object} needs.`, mend: `Add its ID as customerAccounts.sets.${legalEntity} to the options of ${oracle.system} in config/systems.yaml, then retry.` });
  };

  return {
    setOf,
    async write(account, about) {
      const bySet = new Map(account.customer.legalEntities.map((entity) => [setOf(entity, about.object), entity] as const));
      const sites = [...bySet.keys()].map((set) => {
        const reference = `${account.number}/${set}`;
        const use = `<cus:CustomerAccountSiteUse>${tags({ SiteUseCode: 'BILL_TO', PrimaryFlag: 'true' })}${source(`${reference}/BILL_TO`)}</cus:CustomerAccountSiteUse>`;
        return `<cus:CustomerAccountSite>${tags({ PartySiteId: account.addressId, SetId: set })}${source(reference)}${use}</cus:CustomerAccountSite>`;
      });
      await merge(account, `${account.open ? tags({ Status: 'A' }) : ''}${sites.join('')}`, about);
    },
    close: (account, about) => merge(account, tags({ Status: 'I' }), about),
  };
}

function isMerged(answer: string, number: string): boolean {
  try {
    const found: unknown = parser.parse(answer);
    return numbersIn(found).includes(number);
  } catch {
    return false;
  }
}

/** All account numbers in the answer, wherever they stand in it. */
function numbersIn(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([name, value]) => (name === 'AccountNumber' && typeof value === 'string' ? [value] : numbersIn(value)));
}

function tags(values: Readonly<Record<string, string>>): string {
  return Object.entries(values).map(([name, value]) => `<cus:${name}>${escaped(value)}</cus:${name}>`).join('');
}

function escaped(text: string): string {
  return text.replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
