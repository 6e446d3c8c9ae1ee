import { z } from 'zod';
import type { SampleDeal } from './sample-deals.ts';

const credentialsSchema = z.looseObject({ accessToken: z.string() });
const idSchema = z.object({ id: z.string() });
const COMPANY_OF_DEAL = 341;
const DEAL_OF_LINE = 20;

/** Enters a deal in HubSpot as a seller does (company, deal, line items) and closes it as won. A deal of that name is left as it is. @returns its ID */
export async function sellInHubSpot(baseUrl: string, credentials: unknown, deal: SampleDeal): Promise<string> {
  const { accessToken } = credentialsSchema.parse(credentials);

  async function call(method: string, path: string, body: object): Promise<unknown> {
    const answer = await fetch(`${baseUrl}${path}`, { method, headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' }, body: JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`HubSpot refuses ${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  }
  const create = async (object: string, properties: Record<string, string>, associations: object[] = []) => idSchema.parse(await call('POST', `/crm/v3/objects/${object}`, { properties, associations })).id;
  const to = (id: string, associationTypeId: number) => ({ to: { id }, types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId }] });

  const found = z.object({ results: z.array(idSchema) }).parse(await call('POST', '/crm/v3/objects/deals/search', { filterGroups: [{ filters: [{ propertyName: 'dealname', operator: 'EQ', value: deal.name }] }], limit: 1 }));
  if (found.results[0] !== undefined) return found.results[0].id;
  const { client, contract } = deal;
  const companyId = await create('companies', {
    name: client.name,
    address: client.street,
    city: client.city,
    state: client.region,
    zip: client.postalCode,
    hs_country_code: client.country,
    currency_code: deal.currency,
    tax_registration_number: client.taxRegistration,
  });
  const dealId = await create('deals', {
    dealname: deal.name,
    dealstage: 'contractsent',
    pipeline: 'default',
    amount: String(deal.lines.reduce((sum, line) => sum + line.quantity * line.unitPrice, 0)),
    deal_currency_code: deal.currency,
    closedate: '2026-11-20T12:00:00.000Z',
    legal_entity: deal.legalEntity,
    service_line: deal.serviceLine,
    practice: deal.practice,
    billing_method: 'time_and_materials',
    start_date: deal.startDate,
    end_date: deal.endDate,
    po_number: deal.purchaseOrder,
    contract_number: contract.number,
    contract_type: 'SOW',
    contract_status: contract.status,
    contract_start: '2026-11-01',
    contract_end: '2027-12-31',
  }, [to(companyId, COMPANY_OF_DEAL)]);
  for (const line of deal.lines) {
    await create('line_items', {
      name: line.name,
      quantity: String(line.quantity),
      price: String(line.unitPrice),
      labor_category: line.laborCategory,
      unit: 'hour',
      ...(line.legalEntity === null ? {} : { legal_entity: line.legalEntity }),
      ...(line.serviceLine === null ? {} : { service_line: line.serviceLine }),
      ...(line.person === null ? {} : { resource_email: line.person }),
    }, [to(dealId, DEAL_OF_LINE)]);
  }
  await call('PATCH', `/crm/v3/objects/deals/${dealId}`, { properties: { dealstage: 'closedwon' } });
  return dealId;
}
