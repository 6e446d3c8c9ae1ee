import { readEndpoints } from '../../connectors/addresses.ts';
import { dataDirectory } from '../../connectors/secrets.ts';
import { isSystemFailure, type Failure } from '../../domain/failure.ts';
import { casesToBring, openTickets, ticketClosedByHand, ticketEnded, ticketNumbered } from '../../store/case-tickets.ts';
import { standingCaseOf } from '../../store/cases.ts';
import { callContext } from '../context.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { toTemporal } from '../failures.ts';
import { bringTicket, sayStillOpen, type Desk } from './bring.ts';
import type { CaseTicketActivities, TicketsBrought } from './contract.ts';

/** When so many in a row fail for passing reasons, it is the desk and not the tickets. */
const PASSING_IN_A_ROW = 3;

export function createCaseTickets(deps: ActivityDependencies): CaseTicketActivities {
  const { db } = deps.store;

  /** Calls the desk within its limit of requests at once. */
  async function at<Result>(desk: string, work: (at: Desk) => Promise<Result>): Promise<Result> {
    const context = callContext(deps.log, `case-tickets/${desk}`);
    try {
      const linkOf = await links();
      return await deps.withSlot(desk, context.signal, (signal) => work({ desk, port: deps.systems.serviceDesk(desk), context: { ...context, signal }, linkOf }));
    } catch (error) {
      throw toTemporal(error);
    }
  }

  return {
    async ticketWork({ desk, limit }) {
      const waiting = await casesToBring(db, { desk, limit });
      return { caseIds: waiting.map(({ caseId }) => caseId), waitingSince: waiting[0]?.since ?? null };
    },

    async bringTickets({ desk, caseIds }) {
      return await at(desk, async (within) => {
        const counts = { opened: 0, changed: 0, closed: 0, nothing: 0 };
        const failures = await eachOf(caseIds, within, async (caseId) => {
          counts[await bringTicket(deps, within, caseId)] += 1;
        });
        const { opened, changed, closed } = counts;
        return { opened, changed, closed, failures } satisfies TicketsBrought;
      });
    },

    async lookAtTickets({ desk }) {
      return await at(desk, async (within) => {
        const tickets = await openTickets(db, desk);
        const standing = await within.port.standing(tickets.map(({ externalId }) => externalId), within.context);
        let closedByHand = 0;
        const failures = await eachOf(tickets, within, async (ticket) => {
          const found = standing.get(ticket.externalId);
          if (found === undefined) return;
          if (found.number !== null) await ticketNumbered(db, ticket.caseId, found.number);
          if (found.state === 'gone') await ticketEnded(db, ticket.caseId, 'gone');
          else if (found.state === 'open') await ticketClosedByHand(db, ticket.caseId, false);
          else {
            closedByHand += 1;
            if (!ticket.closedByHand) await sayStillOpen(deps, within, ticket);
          }
        });
        return { open: tickets.length, closedByHand, failures };
      });
    },

    async caseOfTickets({ desk }) {
      return await standingCaseOf(db, `case-tickets/${desk}`);
    },
  };
}

async function eachOf<Item>(items: readonly Item[], { context }: Desk, work: (item: Item) => Promise<void>): Promise<readonly Failure[]> {
  const failures: Failure[] = [];
  let passing = 0;
  for (const [index, item] of items.entries()) {
    context.signal.throwIfAborted();
    try {
      await work(item);
      passing = 0;
    } catch (error) {
      if (!isSystemFailure(error)) throw error;
      failures.push(error.failure);
      passing = error.failure.kind === 'transient' || error.failure.kind === 'in_doubt' ? passing + 1 : 0;
      if (passing === PASSING_IN_A_ROW) break;
    }
    context.heartbeat(`${index + 1} of ${items.length}`);
  }
  return failures;
}

/** The case's page in the Temporal UI, where its address is known. */
async function links(): Promise<(caseId: string) => string | null> {
  const { ui, temporal } = await readEndpoints(dataDirectory());
  return (caseId) => (ui?.url === undefined ? null : `${ui.url}/namespaces/${temporal?.namespace ?? 'default'}/workflows/${encodeURIComponent(caseId)}`);
}
