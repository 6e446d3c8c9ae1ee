import type { Instant } from '../../domain/dates.ts';
import { canonicalOpportunity, dealFailure, MAX_LINES, newestInstant, walkHierarchy } from '../canonical/opportunity-draft.ts';
import { readableRecords } from '../canonical/readable-records.ts';
import type { ConnectorSettings } from '../connector.ts';
import type { CallContext, ChangedDeal, CrmPort } from '../ports.ts';
import { createSalesforceClient } from './client.ts';
import { accountsOf, changedDeal, changedLine, changedPage, dealPage, linePage, toOpportunity } from './mapping.ts';
import { mergeByModifiedAt } from './merge-changes.ts';
import { salesforceCredentialsSchema, salesforceOptionsSchema } from './options.ts';
import { changedDealsQuery, changedLinesQuery, dealQuery, isSalesforceId } from './queries.ts';
import { writeBackFields } from './write-back.ts';

/**
 * Salesforce as a CRM, over its REST API.
 * @throws ZodError where options or credentials are of the wrong shape
 */
export function createSalesforce(settings: ConnectorSettings): CrmPort {
  const options = salesforceOptionsSchema.parse(settings.options ?? {});
  const client = createSalesforceClient(settings, salesforceCredentialsSchema.parse(settings.credentials), options);
  const { system } = settings;
  const notThere = (id: string) => dealFailure({ system, id }, 'SALESFORCE_NOT_FOUND', `Deal ${id} is not in Salesforce, or the integration user cannot see it.`, 'Restore the deal in Salesforce or share it with the integration user and retry, or abort.');

  async function* changes<Item>(pages: AsyncIterable<readonly unknown[]>, read: (page: readonly unknown[]) => readonly Item[], toChange: (item: Item) => ChangedDeal): AsyncIterable<ChangedDeal> {
    for await (const page of pages) for (const item of read(page)) yield toChange(item);
  }

  return {
    kind: 'crm',
    system,

    async loadOpportunity(opportunityId, context) {
      if (!isSalesforceId(opportunityId)) throw notThere(opportunityId);
      const object = `deal ${opportunityId}`;
      const [deal] = await all(client.query(dealQuery(opportunityId, options), dealPage, object, context));
      if (deal === undefined) throw notThere(opportunityId);
      const first = deal.OpportunityLineItems;
      const lines = [...(first?.records ?? []), ...(await all(client.more(first?.done === false ? first.nextRecordsUrl : undefined, linePage, object, context)))];
      if (lines.length > MAX_LINES) {
        throw dealFailure({ system, id: deal.Id }, 'DEAL_TOO_LARGE', `Deal ${deal.Id} has ${lines.length} lines; at most ${MAX_LINES} can be processed.`, 'Split the deal, or merge lines, in Salesforce, then retry.');
      }
      const accounts = await walkHierarchy(accountsOf(deal.Account, options), async (accountId) => {
        const chain = await client.accountChain(accountId, `the account hierarchy of ${object}`, context);
        return chain.flatMap((account) => accountsOf(account, options));
      });
      return canonicalOpportunity(() => toOpportunity(deal, lines, accounts, system, settings.baseUrl, options), { system, crmName: 'Salesforce', id: deal.Id });
    },

    async writeBack(opportunityId, status, context) {
      if (!isSalesforceId(opportunityId)) throw notThere(opportunityId);
      const { fields, records } = writeBackFields(opportunityId, status, options);
      await client.writeBack(opportunityId, fields, records, `deal ${opportunityId}`, context);
    },

    async *changedClosedWon(since: Instant, context: CallContext) {
      const records = readableRecords({ system, prefix: 'SALESFORCE', object: 'closed-won deals and their lines' });
      const deals = client.query(changedDealsQuery(since), changedPage, 'closed-won deals', context);
      const lines = client.query(changedLinesQuery(since), changedPage, 'lines of closed-won deals', context);
      yield* mergeByModifiedAt(
        changes(deals, (page) => records.read(changedDeal, page), (deal) => change(deal.Id, deal.SystemModstamp)),
        changes(lines, (page) => records.read(changedLine, page), (line) => change(line.OpportunityId, line.SystemModstamp)),
      );
      records.tell();
    },
  };
}

function change(opportunityId: string, modstamp: string): ChangedDeal {
  const at = newestInstant([modstamp]);
  return { opportunityId, version: at, modifiedAt: at };
}

async function all<Item>(pages: AsyncIterable<readonly Item[]>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of pages) items.push(...page);
  return items;
}
