import { z } from 'zod';
import { createHubSpot } from '../../../connectors/hubspot/index.ts';
import { generateCredentials } from '../../../sandbox/credentials.ts';
import { hubspot } from '../../../sandbox/hubspot/sandbox.ts';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';
import { sandboxAdmin } from '../conformance/admin.ts';
import { crmConformance } from '../conformance/crm.ts';
import type { SampleDeal, SampleLine } from '../conformance/sample-deal.ts';
import { memoryLog } from '../http/support.ts';

const credentials = generateCredentials().hubspot;
const recordSchema = z.object({ id: z.string(), properties: z.record(z.string(), z.string().nullable()) });
let sandbox: RunningSandbox | undefined;

function running(): RunningSandbox {
  if (sandbox === undefined) throw new Error('the sandbox is not started');
  return sandbox;
}

const admin = sandboxAdmin(() => running().url);

for (const { name, options } of [{ name: 'HubSpot', options: {} }, { name: 'HubSpot, with a record for each project and notes,', options: { deliveryRecords: { objectType: '2-3465404' }, notes: {}, billToLabel: 'Bill to' } }]) crmConformance({
  name,
  // Codes that the configuration does not know are the deal's.
  badAnswers: { loadOpportunity: { 'unknown-values': 'business_rule DEAL_NOT_CANONICAL no' }, changedClosedWon: { 'numbers-as-text': 'refused' } },
  async start() {
    sandbox = await startSandbox(hubspot, { port: 0, options: { ...credentials, requestsPerTenSeconds: 100_000, searchesPerSecond: 1000 } });
  },
  stop: () => running().close(),
  port: (log = memoryLog()) =>
    createHubSpot({ system: 'hubspot', baseUrl: running().url, credentials, limits: { concurrency: null, requestsPerSecond: null, timeoutSeconds: 10 }, options: { searchesPerSecond: 1000, ...options }, log }),
  async seed(sample) {
    const accountIds: string[] = [];
    for (const account of [...sample.accounts].reverse()) accountIds.unshift(...(await seeded('companies', [{ properties: companyOf(account.name, accountIds[0] ?? null, sample) }])));
    const lineIds = await seeded('line_items', sample.lines.map((line) => ({ properties: lineOf(line) })));
    const [id = ''] = await seeded('deals', [{ properties: dealOf(sample), associations: { companies: accountIds.slice(0, 1), line_items: lineIds } }]);
    return { id, accountIds, lineIds };
  },
  seedWon: (count) => seeded('deals', Array.from({ length: count }, (_, n) => ({ properties: { dealname: `Won ${n}`, dealstage: 'closedwon' } }))),
  makeParent: async (id, parentId) => void (await seeded('companies', [{ id, properties: { hs_parent_company_id: parentId } }])),
  changeLine: async (id) => void (await seeded('line_items', [{ id, properties: { legal_entity: 'GB01' } }])),
  async deleteDeal(id) {
    const answer = await fetch(`${running().url}/crm/v3/objects/deals/${id}`, { method: 'DELETE', headers: { authorization: `Bearer ${credentials.accessToken}` } });
    if (answer.status !== 204) throw new Error(`the deal was not deleted: HTTP ${answer.status}`);
  },
  fault: admin.fault,
  clearFaults: admin.clearFaults,
  requests: admin.requests,
  async deliveryFields(id) {
    const deals = z.array(recordSchema).parse((await admin.state())['deals']);
    const properties = deals.find((deal) => deal.id === id)?.properties ?? {};
    return { status: properties['delivery_status'] ?? null, message: properties['delivery_message'] ?? null, projects: properties['delivery_projects'] ?? null };
  },
  tokenPath: null,
  readPath: '/crm/v3/objects/',
  writePath: '/crm/v3/objects/deals/',
  unknownId: '4711',
  secrets: () => [credentials.accessToken, credentials.clientSecret],
});

async function seeded(collection: string, records: readonly object[]): Promise<readonly string[]> {
  return (await admin.seed({ [collection]: records }))[collection] ?? [];
}

function companyOf(name: string, parentId: string | null, sample: SampleDeal): object {
  return { name, hs_parent_company_id: parentId, address: 'Königstraße 1', city: 'Köln', state: 'NRW', zip: '50667', hs_country_code: 'DE', currency_code: sample.currency, tax_registration_number: 'DE123456789' };
}

function dealOf(sample: SampleDeal): object {
  const contract = sample.contract ? { contract_number: 'SOW-0815', contract_type: 'SOW', contract_status: 'Activated', contract_start: '2026-12-01', contract_end: '2027-05-31' } : {};
  return {
    dealname: sample.name, dealstage: sample.stage === 'open' ? 'contractsent' : 'closedwon', amount: sample.amount, deal_currency_code: sample.currency, closedate: '2026-11-20T00:00:00Z',
    start_date: '2026-12-01', end_date: '2027-05-31', po_number: 'PO-4711', practice: 'Cloud', legal_entity: 'DE01', service_line: 'TECH', billing_method: 'time_and_materials', project_template: 'TM-STANDARD', rate_card: 'EUR-2026', ...contract,
  };
}

/** HubSpot works a line's amount out from its price, to two decimals; a line without a price keeps the amount it is given. */
function lineOf(line: SampleLine): object {
  return {
    name: line.description, quantity: line.quantity, ...(line.unitPrice === undefined ? { amount: line.amount } : { price: line.unitPrice }), unit: line.unit ?? null, labor_category: line.laborCategory ?? null, cap_amount: line.cap ?? null,
    resource_email: line.resourceEmail ?? null, milestone_name: line.milestone?.name ?? null, milestone_due_date: line.milestone?.dueDate ?? null,
  };
}
