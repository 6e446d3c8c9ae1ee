import { z } from 'zod';

/** A deal that stands closed-won in the CRM, and the outbound message that tells of it. */
export interface SeededDeal {
  readonly opportunityId: string;
  readonly notification: string;
}

const CHUNK = 100;
const MODIFIED_AT = '2026-11-20T12:00:00.000Z';

/** The three lines of each deal, which all belong to one project. */
const LINES = [
  { Name: 'Project management', Labor_Category__c: 'PROJECT_MANAGER', Quantity: 120, UnitPrice: 280, Resource_Email__c: 'dana.kowalski@northwind-consulting.example' },
  { Name: 'Architecture', Labor_Category__c: 'SENIOR_CONSULTANT', Quantity: 240, UnitPrice: 260, Resource_Email__c: 'elise.tremblay@northwind-consulting.example' },
  { Name: 'Engineering', Labor_Category__c: 'ENGINEER', Quantity: 600, UnitPrice: 215 },
] as const;

/**
 * Enters deals of US01 / TECHNOLOGY in the Salesforce sandbox, each with a client, a contract and lines of its own, as closed-won.
 * Nothing is delivered for them: the caller sends each message when it wants the deal to begin.
 */
export async function seedDeals(sandboxUrl: string, organizationId: string, count: number): Promise<SeededDeal[]> {
  const deals: SeededDeal[] = [];
  for (let first = 1; first <= count; first += CHUNK) {
    const numbers = Array.from({ length: Math.min(CHUNK, count - first + 1) }, (_, index) => first + index);
    const accounts = await seed(sandboxUrl, 'Account', numbers.map((number) => ({ Name: `Client ${number}`, BillingStreet: `${number} Harbor Street`, BillingCity: 'Boston', BillingState: 'MA', BillingPostalCode: '02110', BillingCountryCode: 'US', CurrencyIsoCode: 'USD', Tax_Registration_Number__c: `04-${String(1_000_000 + number)}` })));
    const contracts = await seed(sandboxUrl, 'Contract', accounts.map((AccountId, index) => ({ AccountId, ContractNumber: String(10_000 + (numbers[index] ?? 0)), Status: 'Activated', StartDate: '2026-11-01', EndDate: '2027-12-31', Contract_Type__c: 'SOW' })));
    const opportunities = await seed(sandboxUrl, 'Opportunity', accounts.map((AccountId, index) => ({
      Name: `Platform modernisation ${numbers[index] ?? 0}`,
      AccountId,
      ContractId: contracts[index] ?? null,
      StageName: 'Closed Won',
      CloseDate: '2026-11-20',
      CurrencyIsoCode: 'USD',
      Amount: LINES.reduce((sum, line) => sum + line.Quantity * line.UnitPrice, 0),
      Legal_Entity__c: 'US01',
      Service_Line__c: 'TECHNOLOGY',
      Practice__c: 'Technology',
      Billing_Method__c: 'time_and_materials',
      Start_Date__c: '2026-12-01',
      End_Date__c: '2027-05-31',
      PO_Number__c: `PO-${numbers[index] ?? 0}`,
      SystemModstamp: MODIFIED_AT,
    })));
    await seed(sandboxUrl, 'OpportunityLineItem', opportunities.flatMap((OpportunityId) => LINES.map((line) => ({ OpportunityId, Description: line.Name, Unit__c: 'hour', TotalPrice: line.Quantity * line.UnitPrice, ...line }))));
    deals.push(...opportunities.map((opportunityId, index) => ({ opportunityId, notification: outboundMessage(organizationId, opportunityId, numbers[index] ?? 0) })));
  }
  return deals;
}

async function seed(sandboxUrl: string, collection: string, records: readonly object[]): Promise<readonly string[]> {
  const answer = await fetch(`${sandboxUrl}/__admin/seed`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ [collection]: records }) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`the Salesforce sandbox does not take the ${collection} records: ${answer.status} ${text}`);
  return z.record(z.string(), z.array(z.string())).parse(JSON.parse(text))[collection] ?? [];
}

/** https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging_notifications.htm */
function outboundMessage(organizationId: string, opportunityId: string, number: number): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body>
  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
   <OrganizationId>${organizationId}</OrganizationId>
   <ActionId>04k5g0000000001AAA</ActionId>
   <SessionId xsi:nil="true"/>
   <EnterpriseUrl>https://crm.example/services/Soap/c/64.0/${organizationId.slice(0, 15)}</EnterpriseUrl>
   <PartnerUrl>https://crm.example/services/Soap/u/64.0/${organizationId.slice(0, 15)}</PartnerUrl>
   <Notification>
    <Id>04l9z${String(number).padStart(10, '0')}</Id>
    <sObject xsi:type="sf:Opportunity" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">
     <sf:Id>${opportunityId}</sf:Id>
     <sf:StageName>Closed Won</sf:StageName>
     <sf:SystemModstamp>${MODIFIED_AT}</sf:SystemModstamp>
    </sObject>
   </Notification>
  </notifications>
 </soapenv:Body>
</soapenv:Envelope>`;
}
