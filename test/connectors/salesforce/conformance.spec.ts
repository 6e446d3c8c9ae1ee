import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { createSalesforce } from '../../../connectors/salesforce/index.ts';
import { generateCredentials } from '../../../sandbox/credentials.ts';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';
import { salesforce } from '../../../sandbox/salesforce/sandbox.ts';
import { sandboxAdmin } from '../conformance/admin.ts';
import type { Exceptions } from '../conformance/bad-answers.ts';
import { crmConformance } from '../conformance/crm.ts';
import type { SampleDeal, SampleLine } from '../conformance/sample-deal.ts';
import { memoryLog } from '../http/support.ts';

const credentials = generateCredentials().salesforce;
const clientSecret = randomBytes(18).toString('base64url');
let sandbox: RunningSandbox | undefined;

function running(): RunningSandbox {
  if (sandbox === undefined) throw new Error('the sandbox is not started');
  return sandbox;
}

const admin = sandboxAdmin(() => running().url);

interface Variant {
  readonly name: string;
  readonly credentials: object;
  readonly options: object;
  readonly writePath: string;
  readonly writeMethod: 'PATCH' | 'POST';
  readonly written: Exceptions;
}

const variants: readonly Variant[] = [
  { name: 'Salesforce', credentials, options: {}, writePath: '/sobjects/Opportunity/', writeMethod: 'PATCH', written: { empty: 'taken', truncated: 'taken' } },
  {
    name: 'Salesforce by client credentials, with a record for each project,',
    credentials: { clientId: credentials.clientId, clientSecret },
    options: { deliveryRecords: {} },
    writePath: '/composite',
    writeMethod: 'POST',
    written: { 'numbers-as-text': 'refused', 'unknown-values': 'refused' },
  },
];

for (const variant of variants) crmConformance({
  name: variant.name,
  limitIsForbidden: true,
  // Codes that the configuration does not know are the deal's; a change of one record is answered by no body.
  badAnswers: { loadOpportunity: { 'numbers-as-text': 'refused', 'unknown-values': 'business_rule DEAL_NOT_CANONICAL no' }, changedClosedWon: { 'numbers-as-text': 'refused' }, writeBack: variant.written },
  async start() {
    sandbox = await startSandbox(salesforce, { port: 0, options: { ...credentials, clientSecret } });
  },
  stop: () => running().close(),
  port: (log = memoryLog()) =>
    createSalesforce({
      system: 'salesforce',
      baseUrl: running().url,
      credentials: variant.credentials,
      limits: { concurrency: null, requestsPerSecond: null, timeoutSeconds: 10 },
      options: { queryBatchSize: 200, ...variant.options },
      log,
    }),
  async seed(sample) {
    const accountIds: string[] = [];
    for (const account of [...sample.accounts].reverse()) accountIds.unshift(await one('Account', accountOf(account.name, accountIds[0] ?? null, sample)));
    const [accountId] = accountIds;
    const contractId = sample.contract ? await one('Contract', { AccountId: accountId, Status: 'Activated', StartDate: '2026-12-01', EndDate: '2027-05-31', Contract_Type__c: 'SOW' }) : null;
    const id = await one('Opportunity', {
      Name: sample.name, AccountId: accountId ?? null, ContractId: contractId, StageName: sample.stage === 'open' ? 'Prospecting' : 'Closed Won', Amount: Number(sample.amount), CurrencyIsoCode: sample.currency,
      CloseDate: '2026-11-20', Start_Date__c: '2026-12-01', End_Date__c: '2027-05-31', PO_Number__c: 'PO-4711', Practice__c: 'Cloud',
      Legal_Entity__c: 'DE01', Service_Line__c: 'TECH', Billing_Method__c: 'time_and_materials', Project_Template__c: 'TM-STANDARD', Rate_Card__c: 'EUR-2026',
    });
    const lineIds = (await admin.seed({ OpportunityLineItem: sample.lines.map((line) => lineOf(line, id)) }))['OpportunityLineItem'] ?? [];
    return { id, accountIds, lineIds };
  },
  seedWon: async (count) => (await admin.seed({ Opportunity: Array.from({ length: count }, (_, n) => ({ Name: `Won ${n}`, StageName: 'Closed Won', CloseDate: '2026-11-20' })) }))['Opportunity'] ?? [],
  makeParent: (accountId, parentId) => change('Account', accountId, { ParentId: parentId }),
  changeLine: (lineId) => change('OpportunityLineItem', lineId, { Legal_Entity__c: 'GB01', SystemModstamp: new Date().toISOString() }),
  deleteDeal,
  fault: admin.fault,
  clearFaults: admin.clearFaults,
  requests: admin.requests,
  async deliveryFields(id) {
    const deal = await record('Opportunity', id);
    return { status: textOf(deal['Delivery_Status__c']), message: textOf(deal['Delivery_Message__c']), projects: textOf(deal['Delivery_Projects__c']) };
  },
  tokenPath: /\/services\/oauth2\/token/,
  readPath: '/query',
  writePath: variant.writePath,
  writeMethod: variant.writeMethod,
  unknownId: '006000000000zzzAAA',
  secrets: () => [credentials.privateKeyPem.slice(40, 80), 'eyJ', credentials.organizationId.slice(0, 15) + '!', clientSecret],
});

async function one(collection: string, fields: object): Promise<string> {
  const [id] = (await admin.seed({ [collection]: [fields] }))[collection] ?? [];
  if (id === undefined) throw new Error(`no ${collection} was made`);
  return id;
}

async function record(collection: string, id: string): Promise<Record<string, unknown>> {
  const found = (await admin.state())[collection]?.find((one) => one['Id'] === id);
  if (found === undefined) throw new Error(`${collection} ${id} is not in the sandbox`);
  return found;
}

async function change(collection: string, id: string, fields: object): Promise<void> {
  await admin.seed({ [collection]: [{ ...(await record(collection, id)), ...fields }] });
}

/** As a person would, over the vendor's own API. */
async function deleteDeal(id: string): Promise<void> {
  const { url } = running();
  const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: credentials.clientId, client_secret: clientSecret });
  const { access_token: token } = z.object({ access_token: z.string() }).parse(await (await fetch(`${url}/services/oauth2/token`, { method: 'POST', body: form })).json());
  const answer = await fetch(`${url}/services/data/v64.0/sobjects/Opportunity/${id}`, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } });
  if (answer.status !== 204) throw new Error(`the deal was not deleted: HTTP ${answer.status}`);
}

function accountOf(name: string, parentId: string | null, sample: SampleDeal): object {
  return { Name: name, ParentId: parentId, BillingStreet: 'Königstraße 1', BillingCity: 'Köln', BillingState: 'NRW', BillingPostalCode: '50667', BillingCountryCode: 'DE', CurrencyIsoCode: sample.currency, Tax_Registration_Number__c: 'DE123456789' };
}

function lineOf(line: SampleLine, dealId: string): object {
  return {
    OpportunityId: dealId, Name: line.description, Description: line.description, Quantity: Number(line.quantity), TotalPrice: Number(line.amount), Unit__c: line.unit ?? null, Labor_Category__c: line.laborCategory ?? null,
    Cap_Amount__c: line.cap === undefined ? null : Number(line.cap), Resource_Email__c: line.resourceEmail ?? null, Milestone_Name__c: line.milestone?.name ?? null, ServiceDate: line.milestone?.dueDate ?? null,
  };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
