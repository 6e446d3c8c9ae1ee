import { sql } from 'kysely';
import type { Db } from '../../store/database.ts';
import { quarantineEvent, receiveEvents } from '../../store/inbox.ts';
import type { GatewayInbox } from './deps.ts';

/** The gateway's inbox in the store. */
export function storeInbox(db: Db): GatewayInbox {
  return {
    receive: (events) => receiveEvents(db, events),
    quarantine: ({ findings, ...event }) =>
      quarantineEvent(db, event, { error: 'the signed event does not follow its schema', findings: findings.map(({ path, message }) => ({ path, message })) }),
    check: async () => {
      await sql`select 1 from inbox limit 1`.execute(db);
    },
  };
}
