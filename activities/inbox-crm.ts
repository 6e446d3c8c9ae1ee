import type { CrmPort } from '../connectors/ports.ts';
import { SystemFailure } from '../domain/failure.ts';
import { parseOpportunity } from '../domain/model/opportunity.ts';
import type { Store } from '../store/database.ts';
import { latestEventFor } from '../store/inbox-relay.ts';

/** Deals that come whole through the canonical API: the newest event in the inbox is the system of record. */
export function createInboxCrm(store: Store, system: string): CrmPort {
  return {
    kind: 'crm',
    system,
    async loadOpportunity(opportunityId) {
      const event = await latestEventFor(store.db, system, opportunityId);
      if (event === undefined) {
        throw new SystemFailure({ kind: 'business_rule', code: 'DEAL_NOT_FOUND', message: `no event in the inbox tells of deal ${opportunityId}.`, mend: 'Send the deal to POST /v1/deals.', system, object: `deal ${opportunityId}`, written: 'no' });
      }
      return parseOpportunity(event.payload);
    },
    writeBack: { unsupported: 'Deals sent to /v1/deals have no CRM to write back to: npm run q2c -- status tells where they stand.' },
    changedClosedWon: { unsupported: 'Deals sent to /v1/deals come by themselves.' },
  };
}
