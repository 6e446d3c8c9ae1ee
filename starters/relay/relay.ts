import { setTimeout as delay } from 'node:timers/promises';
import { SpanKind } from '@opentelemetry/api';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { inSpan } from '../../connectors/http/tracing.ts';
import { sealAuditTrail } from '../../store/audit-chain.ts';
import type { Store } from '../../store/database.ts';
import { dealProcess, noteDealSeen } from '../../store/deal-processes.ts';
import { claimReceived, markDeferred, markDispatched, markIgnored, markKept } from '../../store/inbox-relay.ts';
import { listenInbox, type InboxEvent } from '../../store/inbox.ts';
import { dispatchDeal, type Dispatched } from './dispatch.ts';
import { dispatchTimesheetEvent } from './dispatch-timesheet.ts';
import { hubspotWonStages } from './won-stages.ts';

export interface RelaySettings {
  readonly store: Store;
  readonly client: Client;
  readonly log: Logger;
  readonly name: string;
}

const BATCH = 50;
const LEASE_SECONDS = 30;
const IDLE_MS = 1000;
/** Longer than Temporal ever takes when it is well; shorter than the lease on the event. */
const CALL_MS = 10_000;
const STOP_MS = 2000;
const MAX_BACKOFF_MS = 60_000;

/**
 * Carries events from the inbox to Temporal: whatever was acknowledged is started or signalled, also after a crash between the two,
 * and while Temporal is away the inbox only grows. Any number of relays may run.
 */
export function startRelay(settings: RelaySettings): { stop(): Promise<void> } {
  const { store, client, log, name } = settings;
  const saysWon = hubspotWonStages(store.db);
  const cut = new AbortController();
  let stopping = false;
  let wake: (() => void) | undefined;
  const listening = listenInbox(store.url, () => wake?.());

  async function relay(event: InboxEvent): Promise<void> {
    try {
      const result = await inSpan(
        { name: `relay ${event.kind}`, kind: SpanKind.CONSUMER, attributes: { 'q2c.system': event.source, 'q2c.object': `${event.source}/${event.business_key}` }, continues: event.headers },
        () => client.withAbortSignal(cut.signal, () => client.withDeadline(Date.now() + CALL_MS, () => dispatch(settings, event, saysWon))),
      );
      if (result.disposition === 'ignored') await markIgnored(store.db, event.id, result.reason);
      else if (result.disposition === 'kept') await markKept(store.db, event, result.reason);
      else await markDispatched(store.db, event.id, result);
      log.info({ event: event.id, source: event.source, object: `${event.source}/${event.business_key}`, ...result }, 'event relayed');
    } catch (error) {
      const retryAfterMs = Math.min(MAX_BACKOFF_MS, 500 * 2 ** Math.min(event.attempts, 10));
      const message = error instanceof Error ? error.message : String(error);
      log.error({ event: event.id, object: `${event.source}/${event.business_key}`, error: message, retryAfterMs }, 'event could not be relayed; it stays in the inbox');
      await markDeferred(store.db, event.id, { error: message, retryAfterMs });
    }
  }

  async function run(): Promise<void> {
    while (!stopping) {
      try {
        const events = await claimReceived(store.db, { limit: BATCH, leaseSeconds: LEASE_SECONDS, worker: name });
        await Promise.all(events.map(relay));
        await sealAuditTrail(store.db);
        if (events.length === BATCH) continue;
      } catch (error) {
        log.error({ error: error instanceof Error ? error.message : String(error) }, 'the store does not answer; tried again in a moment');
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, IDLE_MS);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  const running = run();
  return {
    async stop() {
      stopping = true;
      cut.abort();
      wake?.();
      // An event still on its way keeps its lease and is relayed again after it: starting twice joins.
      await Promise.race([running, delay(STOP_MS, undefined, { ref: false })]);
      await (await listening).close();
    },
  };
}

/** What nobody acts on yet, and nothing may be lost of. */
interface Kept {
  readonly disposition: 'kept';
  readonly reason: string;
}

async function dispatch({ client, store }: RelaySettings, event: InboxEvent, saysWon: ReturnType<typeof hubspotWonStages>): Promise<Dispatched | Kept> {
  if (event.kind === 'billing.changed') return { disposition: 'kept', reason: `kept: no process bills through ${event.source} yet` };
  if (event.kind === 'timesheet.changed') {
    if (event.business_key === '') return { disposition: 'ignored', reason: 'the event names no timesheet' };
    return { disposition: 'joined or started', workflowId: await dispatchTimesheetEvent(client, { system: event.source, timesheetId: event.business_key, event: event.event_id }) };
  }
  const deal = { crm: event.source, opportunityId: event.business_key };
  if (event.kind !== 'deal.changed') return { disposition: 'ignored', reason: `events of kind ${event.kind} start nothing` };
  if (event.business_key === '') return { disposition: 'ignored', reason: 'the event names no deal' };
  if (!(await saysWon(event)) && (await dealProcess(store.db, deal)) === undefined) {
    return { disposition: 'ignored', reason: 'the deal is not won yet' };
  }
  const version = event.version ?? '';
  const dispatched = await dispatchDeal(client, store, deal, { version, source: `event ${event.event_id} of ${event.source}` });
  if (dispatched.disposition !== 'ignored') await noteDealSeen(store.db, deal);
  return dispatched;
}
