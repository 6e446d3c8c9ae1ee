import { importPKCS8, SignJWT } from 'jose';
import { z } from 'zod';
import type { SampleDeal } from './sample-deals.ts';

const API = '/services/data/v64.0';
/** A person in sales: a change of hers is not one of our own. */
const SELLER = 'dana.reyes@q2c.example';
const HOLDING = { BillingStreet: '1 avenue de la Gare', BillingCity: 'Geneva', BillingState: 'Geneva', BillingPostalCode: '1201', BillingCountryCode: 'CH' };

const credentialsSchema = z.looseObject({ clientId: z.string(), privateKeyPem: z.string() });

/** Enters a deal in Salesforce as a seller does (account, contract, opportunity, lines) and closes it as won. A deal of that name is left as it is. @returns its ID */
export async function sellInSalesforce(baseUrl: string, credentials: unknown, deal: SampleDeal): Promise<string> {
  const token = await login(baseUrl, credentialsSchema.parse(credentials));

  async function call(method: string, path: string, body?: object): Promise<unknown> {
    const answer = await fetch(`${baseUrl}${API}${path}`, { method, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`Salesforce refuses ${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }
  const create = async (object: string, fields: object) => z.object({ id: z.string() }).parse(await call('POST', `/sobjects/${object}`, fields)).id;
  const find = async (object: string, name: string) => {
    const soql = `SELECT Id FROM ${object} WHERE Name = '${name.replaceAll("'", "\\'")}' LIMIT 1`;
    return z.object({ records: z.array(z.object({ Id: z.string() })) }).parse(await call('GET', `/query?q=${encodeURIComponent(soql)}`)).records[0]?.Id;
  };

  const known = await find('Opportunity', deal.name);
  if (known !== undefined) return known;
  const { client, contract } = deal;
  const parentId = client.parent === null ? undefined : ((await find('Account', client.parent)) ?? (await create('Account', { Name: client.parent, CurrencyIsoCode: deal.currency, ...HOLDING })));
  const accountId = await create('Account', {
    Name: client.name,
    BillingStreet: client.street,
    BillingCity: client.city,
    BillingState: client.region,
    BillingPostalCode: client.postalCode,
    BillingCountryCode: client.country,
    CurrencyIsoCode: deal.currency,
    Tax_Registration_Number__c: client.taxRegistration,
    ...(parentId === undefined ? {} : { ParentId: parentId }),
  });
  const contractId = await create('Contract', { AccountId: accountId, Status: 'Draft', StartDate: '2026-11-01', EndDate: '2027-12-31', Contract_Type__c: 'SOW' });
  await call('PATCH', `/sobjects/Contract/${contractId}`, { Status: contract.status });
  const opportunityId = await create('Opportunity', {
    Name: deal.name,
    AccountId: accountId,
    ContractId: contractId,
    StageName: 'Negotiation/Review',
    CloseDate: '2026-11-20',
    CurrencyIsoCode: deal.currency,
    Amount: deal.lines.reduce((sum, line) => sum + line.quantity * line.unitPrice, 0),
    Legal_Entity__c: deal.legalEntity,
    Service_Line__c: deal.serviceLine,
    Practice__c: deal.practice,
    Billing_Method__c: 'time_and_materials',
    Start_Date__c: deal.startDate,
    End_Date__c: deal.endDate,
    PO_Number__c: deal.purchaseOrder,
  });
  for (const line of deal.lines) {
    await create('OpportunityLineItem', {
      OpportunityId: opportunityId,
      Name: line.name,
      Description: line.name,
      Quantity: line.quantity,
      UnitPrice: line.unitPrice,
      Labor_Category__c: line.laborCategory,
      Unit__c: 'hour',
      ...(line.legalEntity === null ? {} : { Legal_Entity__c: line.legalEntity }),
      ...(line.serviceLine === null ? {} : { Service_Line__c: line.serviceLine }),
      ...(line.person === null ? {} : { Resource_Email__c: line.person }),
    });
  }
  await call('PATCH', `/sobjects/Opportunity/${opportunityId}`, { StageName: 'Closed Won' });
  return opportunityId;
}

async function login(baseUrl: string, { clientId, privateKeyPem }: z.infer<typeof credentialsSchema>): Promise<string> {
  const assertion = await new SignJWT()
    .setProtectedHeader({ alg: 'RS256' })
    .setIssuer(clientId)
    .setSubject(SELLER)
    .setAudience(baseUrl)
    .setExpirationTime('3 minutes')
    .sign(await importPKCS8(privateKeyPem, 'RS256'));
  const answer = await fetch(`${baseUrl}/services/oauth2/token`, { method: 'POST', body: new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }) });
  return z.object({ access_token: z.string() }).parse(await answer.json()).access_token;
}
