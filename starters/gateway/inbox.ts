import { trace } from '@opentelemetry/api';
import { sql } from 'kysely';
import { traceHeaders } from '../../connectors/http/tracing.ts';
import type { Db } from '../../store/database.ts';
import { quarantineEvent, receiveEvents } from '../../store/inbox.ts';
import type { GatewayInbox, InboundEvent } from './deps.ts';

/** The gateway's inbox in the store. */
export function storeInbox(db: Db): GatewayInbox {
  return {
    receive: (events) => receiveEvents(db, events.map(inItsTrace)),
    quarantine: ({ findings, ...event }) =>
      quarantineEvent(db, inItsTrace(event), { error: 'the signed event does not follow its schema', findings: findings.map(({ path, message }) => ({ path, message })) }),
    check: async () => {
      await sql`select 1 from inbox limit 1`.execute(db);
    },
  };
}

/** The relay carries the trace of the delivery on, whenever it comes for the event. */
function inItsTrace<Event extends InboundEvent>(event: Event): Event {
  trace.getActiveSpan()?.setAttribute('q2c.object', `${event.source}/${event.businessKey}`);
  return { ...event, headers: { ...event.headers, ...traceHeaders() } };
}
