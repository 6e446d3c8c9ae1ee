import { z } from 'zod';
import type { Instant } from '../../domain/dates.ts';
import { SystemFailure } from '../../domain/failure.ts';
import { readableRecords } from '../canonical/readable-records.ts';
import type { ConnectorSettings } from '../connector.ts';
import { fixedHeaders } from '../http/auth.ts';
import { createHttpClient } from '../http/client.ts';
import { pagesOf } from '../http/pages.ts';
import type { CallContext, WriteBack } from '../ports.ts';
import { associationsOf, parentsOf, type Association } from './associations.ts';
import { batchRead, batchUpsert } from './batch.ts';
import { classifyHubSpot } from './classify.ts';
import { changedObject, crmObject, type CrmObject } from './crm-object.ts';
import { companyProperties, dealProperties, lineProperties } from './mapping.ts';
import { readHubSpotLimits } from './limits.ts';
import { noteOnce } from './notes.ts';
import type { HubSpotCredentials, HubSpotOptions } from './options.ts';

/** Its records are read one by one. */
const searchAnswer = z.object({ total: z.number(), results: z.array(z.unknown()), paging: z.object({ next: z.object({ after: z.string() }).optional() }).optional() });

export interface DealWithAssociations {
  readonly deal: CrmObject;
  readonly companies: readonly Association[];
  readonly lineItemIds: readonly string[];
}

export interface HubSpotClient {
  /** @throws SystemFailure */
  deal(id: string, context: CallContext): Promise<DealWithAssociations>;
  /** @throws SystemFailure */
  companiesOfDeal(id: string, context: CallContext): Promise<readonly Association[]>;
  /** With its parents, by association. @throws SystemFailure */
  company(id: string, object: string, context: CallContext): Promise<{ readonly company: CrmObject; readonly parents: readonly string[] } | null>;
  /** In the order asked for. @throws SystemFailure, transient where one is gone meanwhile: a line left out is money left out */
  lineItems(ids: readonly string[], object: string, context: CallContext): Promise<CrmObject[]>;
  /** Puts a note on the timelines of the deal and of its client, once. @throws SystemFailure */
  note(dealId: string, status: WriteBack, keyProperty: string, company: () => Promise<string | null>, context: CallContext): Promise<void>;
  /** Sets the deal's properties, and the records of its projects before it. Repeating it changes nothing. @throws SystemFailure */
  writeBack(id: string, properties: Properties, projects: readonly ProjectRecord[], context: CallContext): Promise<void>;
  /** Closed-won deals changed at or after an instant, oldest first. @throws SystemFailure, after all others, also for records that cannot be read */
  changedDeals(since: Instant, context: CallContext): AsyncIterable<CrmObject>;
}

type Properties = Readonly<Record<string, string>>;

export interface ProjectRecord {
  /** The project's number: the unique property's value. */
  readonly key: string;
  readonly properties: Properties;
}

/** HubSpot's limits per request. */
const SEARCH_PAGE = 200;
const SEARCH_WINDOW = 10_000;

/** HubSpot's CRM API as far as the line needs it. */
export function createHubSpotClient(settings: ConnectorSettings, credentials: HubSpotCredentials, options: HubSpotOptions): HubSpotClient {
  const common = { ...settings, auth: fixedHeaders({ authorization: `Bearer ${credentials.accessToken}` }), classify: classifyHubSpot };
  const http = createHttpClient({ ...common, readLimits: readHubSpotLimits });
  const searches = createHttpClient({ ...common, limitName: 'search', limits: { ...settings.limits, requestsPerSecond: options.searchesPerSecond } });

  return {
    async deal(id, context) {
      const object = `deal ${id}`;
      const { body: deal } = await http.request({ method: 'GET', path: `/crm/v3/objects/deals/${encodeURIComponent(id)}`, query: { properties: dealProperties(options).join(',') }, answer: crmObject, object, writes: false, context });
      const companies = await associationsOf(http, { type: 'deals', id }, 'companies', { system: settings.system, object, context });
      const lines = await associationsOf(http, { type: 'deals', id }, 'line_items', { system: settings.system, object, context });
      return { deal, companies, lineItemIds: [...new Set(lines.map(({ toObjectId }) => toObjectId))] };
    },

    companiesOfDeal: (id, context) => associationsOf(http, { type: 'deals', id }, 'companies', { system: settings.system, object: `deal ${id}`, context }),

    async company(id, object, context) {
      const { status, body } = await http.request({ method: 'GET', path: `/crm/v3/objects/companies/${encodeURIComponent(id)}`, query: { properties: companyProperties(options).join(',') }, answer: crmObject.optional(), accept: [404], object, writes: false, context });
      if (status === 404 || body === undefined) return null;
      if (options.company.parent !== null) return { company: body, parents: [body.properties[options.company.parent] ?? ''].filter((parent) => parent.trim() !== '') };
      return { company: body, parents: parentsOf(await associationsOf(http, { type: 'companies', id }, 'companies', { system: settings.system, object, context })) };
    },

    note: (dealId, status, keyProperty, company, context) => noteOnce(http, keyProperty, dealId, status, company, context),

    async lineItems(ids, object, context) {
      const found = await batchRead(http, 'line_items', ids, lineProperties(options), { system: settings.system, object: `the lines of ${object}`, context });
      return ids.map((id) => {
        const line = found.get(id);
        if (line !== undefined) return line;
        throw new SystemFailure({ kind: 'transient', code: 'HUBSPOT_DEAL_CHANGING', message: `Line ${id} of ${object} was listed but could not be read: the deal is being changed.`, mend: 'Nothing to do: it is tried again by itself.', system: settings.system, object, written: 'no' });
      });
    },

    async writeBack(id, properties, projects, context) {
      const own = options.deliveryRecords;
      if (own !== null && projects.length > 0) {
        const inputs = projects.map(({ key, properties: fields }) => ({ id: key, properties: fields }));
        await batchUpsert(http, encodeURIComponent(own.objectType), own.key, inputs, { system: settings.system, object: `the project records of deal ${id}`, context });
      }
      await http.request({ method: 'PATCH', path: `/crm/v3/objects/deals/${encodeURIComponent(id)}`, json: { properties }, answer: crmObject, object: `deal ${id}`, writes: true, context });
    },

    async *changedDeals(since, context) {
      const records = readableRecords({ system: settings.system, prefix: 'HUBSPOT', object: 'closed-won deals' });
      let from = Date.parse(since);
      const page = async (after: string) => {
        const json = {
          filterGroups: [{ filters: [{ propertyName: 'dealstage', operator: 'IN', values: options.closedWonStages }, { propertyName: 'hs_lastmodifieddate', operator: 'GTE', value: String(from) }] }],
          sorts: [{ propertyName: 'hs_lastmodifieddate', direction: 'ASCENDING' }],
          properties: ['hs_lastmodifieddate'],
          limit: SEARCH_PAGE,
          ...(after === '' ? {} : { after }),
        };
        const { body } = await searches.request({ method: 'POST', path: '/crm/v3/objects/deals/search', json, answer: searchAnswer, object: 'closed-won deals', writes: false, context });
        return { items: body.results, next: body.paging?.next?.after };
      };
      for (let goesOn = true; goesOn; ) {
        goesOn = false;
        let read = 0;
        for await (const { items, next } of pagesOf({ system: settings.system, object: 'closed-won deals', emptyPages: true }, '', page)) {
          const readable = records.read(changedObject, items);
          yield* readable;
          read += items.length;
          if (next === undefined || read + SEARCH_PAGE <= SEARCH_WINDOW) continue;
          // A search shows its first 10,000 results only: go on from the last one as a new search.
          const last = readable.at(-1);
          const lastAt = last === undefined ? from : Date.parse(last.properties['hs_lastmodifieddate'] ?? last.updatedAt);
          if (lastAt <= from) {
            throw new SystemFailure({ kind: 'contract', code: 'HUBSPOT_SEARCH_WINDOW', message: `More than ${SEARCH_WINDOW} deals have the same time of change, ${new Date(from).toISOString()}; HubSpot shows no more of them.`, mend: 'Start the deals of that moment one by one, then run the sweep from a later instant.', system: settings.system, object: 'closed-won deals', written: 'no' });
          }
          [from, goesOn] = [lastAt, true];
          break;
        }
      }
      records.tell();
    },
  };
}
