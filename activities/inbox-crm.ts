import { z } from 'zod';
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
      const document = z.record(z.string(), z.unknown()).safeParse(event.payload);
      try {
        return parseOpportunity({ ...document.data, crm: system });
      } catch (error) {
        if (!(error instanceof z.ZodError) && !(error instanceof RangeError)) throw error;
        throw new SystemFailure({ kind: 'contract', code: 'DEAL_NOT_CANONICAL', message: `event ${event.id} in the inbox does not hold deal ${opportunityId} as the API describes it.`, mend: 'Send the whole deal to POST /v1/deals again, as /openapi.json describes it.', system, object: `deal ${opportunityId}`, written: 'no', evidence: error.message.slice(0, 4000) }, { cause: error });
      }
    },
    writeBack: { unsupported: 'Deals sent to /v1/deals have no CRM to write back to: npm run q2c -- status tells where they stand.' },
    changedClosedWon: { unsupported: 'Deals sent to /v1/deals come by themselves: whoever sends them sends those that were missed again.' },
  };
}
