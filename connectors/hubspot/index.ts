import type { Instant } from '../../domain/dates.ts';
import { canonicalOpportunity, dealFailure, MAX_LINES, walkHierarchy } from '../canonical/opportunity-draft.ts';
import type { ConnectorSettings } from '../connector.ts';
import type { CallContext, ChangedDeal, CrmPort } from '../ports.ts';
import { storableText } from '../storable-text.ts';
import { clientOf } from './associations.ts';
import { createHubSpotClient } from './client.ts';
import { changedAt, toAccount, toOpportunity } from './mapping.ts';
import { hubspotCredentialsSchema, hubspotOptionsSchema, type HubSpotCredentials, type HubSpotOptions } from './options.ts';

const HUBSPOT_ID = /^\d{1,20}$/;
/** Characters of a text property. Source: HubSpot, "Property limits". */
const TEXT_LENGTH = 65_536;
/** HubSpot answers a batch with every property it wrote, a hundred records at once. */
const PROJECT_TEXT_LENGTH = 2_000;

/**
 * HubSpot as a CRM, over its CRM v3 API with a private app's token.
 * @throws ZodError where options or credentials are of the wrong shape
 */
export function createHubSpot(settings: ConnectorSettings): CrmPort {
  const options = hubspotOptionsSchema.parse(settings.options ?? {});
  const credentials = hubspotCredentialsSchema.parse(settings.credentials);
  const client = createHubSpotClient(settings, credentials, options);
  const { system } = settings;
  const checkId = (id: string) => {
    if (HUBSPOT_ID.test(id)) return;
    throw dealFailure({ system, id }, 'HUBSPOT_OBJECT_NOT_FOUND', `Deal ${id} is not in HubSpot: its IDs are numbers.`, 'Start the process with the deal\'s record ID, or abort.');
  };

  const ambiguousClient = (id: string, companies: readonly string[]) =>
    dealFailure({ system, id }, 'HUBSPOT_CLIENT_AMBIGUOUS', `Deal ${id} is associated with ${companies.length} companies, and nothing says which of them is billed: ${companies.slice(0, 10).join(', ')}.`, `Make one of them the deal's primary company${options.billToLabel === null ? '' : `, or the only one labeled "${options.billToLabel}"`}, in HubSpot, then retry.`);

  return {
    kind: 'crm',
    system,

    async loadOpportunity(opportunityId, context) {
      checkId(opportunityId);
      const { deal, companies, lineItemIds } = await client.deal(opportunityId, context);
      const object = `deal ${deal.id}`;
      if (lineItemIds.length > MAX_LINES) {
        throw dealFailure({ system, id: deal.id }, 'DEAL_TOO_LARGE', `Deal ${deal.id} has ${lineItemIds.length} lines; at most ${MAX_LINES} can be processed.`, 'Split the deal, or merge lines, in HubSpot, then retry.');
      }
      const chosen = clientOf(companies, options.billToLabel);
      if ('ambiguous' in chosen) throw ambiguousClient(deal.id, chosen.ambiguous);
      const lines = await client.lineItems(lineItemIds, object, context);
      const account = async (id: string) => {
        const found = await client.company(id, `the account hierarchy of ${object}`, context);
        if (found === null) return [];
        if (found.parents.length > 1) throw dealFailure({ system, id: deal.id }, 'HUBSPOT_PARENT_AMBIGUOUS', `Company ${id} of deal ${deal.id} has several parent companies: ${found.parents.join(', ')}.`, 'Leave it one parent company in HubSpot, then retry.');
        return [toAccount(found.company, found.parents[0] ?? null, options)];
      };
      const accounts = await walkHierarchy(chosen.companyId === null ? [] : await account(chosen.companyId), account);
      return canonicalOpportunity(() => toOpportunity(deal, lines, accounts, system, recordUrl(deal.id, settings.baseUrl, credentials, options), options), { system, crmName: 'HubSpot', id: deal.id });
    },

    async writeBack(opportunityId, status, context) {
      checkId(opportunityId);
      const names = options.deal;
      const own = options.deliveryRecords;
      const message = storableText(status.message, TEXT_LENGTH);
      const billed = async () => {
        const chosen = clientOf(await client.companiesOfDeal(opportunityId, context), options.billToLabel);
        return 'ambiguous' in chosen ? null : chosen.companyId;
      };
      if (options.notes !== null) await client.note(opportunityId, status, options.notes.key, billed, context);
      const project = own === null ? {} : { [own.deal]: opportunityId, [own.status]: status.status, [own.message]: storableText(status.message, PROJECT_TEXT_LENGTH), [own.updatedAt]: status.at };
      await client.writeBack(opportunityId, {
        [names.deliveryStatus]: status.status,
        [names.deliveryMessage]: message,
        [names.deliveryProjects]: storableText(status.projectNumbers.join(', '), TEXT_LENGTH),
        [names.deliveryUpdatedAt]: status.at,
      }, [...new Set(status.projectNumbers)].map((key) => ({ key, properties: project })), context);
    },

    async *changedClosedWon(since: Instant, context: CallContext): AsyncIterable<ChangedDeal> {
      for await (const deal of client.changedDeals(since, context)) {
        const at = changedAt(deal);
        yield { opportunityId: deal.id, version: at, modifiedAt: at };
      }
    },
  };
}

/** The page of a deal; 0-3 is HubSpot's type ID of deals. */
function recordUrl(id: string, baseUrl: string, credentials: HubSpotCredentials, options: HubSpotOptions): string {
  const base = options.appBaseUrl ?? (new URL(baseUrl).hostname.endsWith('.hubapi.com') ? 'https://app.hubspot.com' : baseUrl);
  return `${base.replace(/\/+$/, '')}/contacts/${credentials.portalId ?? '0'}/record/0-3/${id}`;
}
