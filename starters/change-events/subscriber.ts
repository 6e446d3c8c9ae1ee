import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../../connectors/ports.ts';
import type { SalesforceOptions } from '../../connectors/salesforce/options.ts';
import { SubscriptionEnded } from '../../connectors/salesforce/pubsub/failures.ts';
import type { ChangeEventSource, EventBatch, StartingPoint } from '../../connectors/salesforce/pubsub/subscription.ts';
import { isSystemFailure, type Failure } from '../../domain/failure.ts';
import { appendAudit } from '../../store/audit-trail.ts';
import type { Db } from '../../store/database.ts';
import type { GatewayInbox, InboundEvent, QuarantinedEvent } from '../gateway/deps.ts';
import { knownDeals } from './known-deals.ts';
import { positionOf } from './position.ts';
import { dealEvent, meaningOf, unreadableEvent } from './sort-out.ts';
import type { Sweeps } from './sweeps.ts';

export interface SubscriberSettings {
  readonly db: Db;
  readonly inbox: GatewayInbox;
  readonly log: Log;
  /** The CRM's ID in the configuration. */
  readonly system: string;
  readonly source: ChangeEventSource;
  readonly options: Pick<SalesforceOptions, 'opportunity'>;
  readonly sweeps: Sweeps;
  /** The pause after a first failure, milliseconds; doubled with each further one up to the longest. */
  readonly firstPauseMs?: number;
  readonly longestPauseMs?: number;
}

export interface Subscriber {
  stop(): Promise<void>;
}

const STOP_MS = 3000;

/**
 * Brings a CRM's change events into the inbox, as its webhooks do: the position moves only after the events before it are durable, so a crash brings some of them
 * again, which the inbox recognises, and loses none. Any number of these may run for one topic.
 */
export function startSubscriber(settings: SubscriberSettings): Subscriber {
  const { db, log, system, source, sweeps, firstPauseMs = 1000, longestPauseMs = 60_000 } = settings;
  const came = { system, topic: source.topic };
  const position = positionOf(db, `change-events/${system}${source.topic}`);
  const cut = new AbortController();
  let failures = 0;
  let tokenRefused = false;
  let lost = false;
  let toldOf: string | undefined;

  async function take(batch: EventBatch, ownUserId: string | null): Promise<void> {
    const events: InboundEvent[] = [];
    const unreadable: QuarantinedEvent[] = [];
    const rules = { options: { ...settings.options, wonStages: source.options.wonStages }, ownUserId };
    for (const received of batch.events) {
      if ('problem' in received.content) {
        unreadable.push(unreadableEvent(received, received.content.problem, came));
        continue;
      }
      const event = received.content;
      const { deals, onlyKnown, sweep } = meaningOf(event, rules);
      const known = onlyKnown && deals.length > 0 ? await knownDeals(db, system, deals) : undefined;
      const before = new Set(events.map(({ businessKey }) => businessKey));
      const news = deals.filter((id) => known === undefined || known.has(id) || before.has(id));
      events.push(...news.map((id) => dealEvent(received, event, id, came)));
      if (sweep !== null && (deals.length === 0 || news.length < deals.length)) sweeps.ask(sweep);
    }
    if (events.length > 0) await settings.inbox.receive(events);
    for (const event of unreadable) await settings.inbox.quarantine(event);
    if (unreadable.length > 0) sweeps.ask('a change event could not be read');
    await position.moveTo(batch.replayId);
    if (batch.events.length > 0) log.info({ system, topic: came.topic, events: batch.events.length, kept: events.length, quarantined: unreadable.length }, 'change events taken');
  }

  async function subscribe(): Promise<void> {
    const stored = lost ? undefined : await position.read();
    const start: StartingPoint = stored === undefined ? { from: 'latest' } : { from: 'after', replayId: stored };
    const ownUserId = await source.ownUserId();
    if (stored === undefined) sweeps.ask(lost ? 'the position in the change events was lost' : 'the subscription to change events begins now');
    for await (const batch of source.subscribe(start, cut.signal)) {
      await take(batch, ownUserId);
      [failures, tokenRefused, lost] = [0, false, false];
      await tellRecovered();
    }
  }

  /** @returns milliseconds to wait before the next try */
  async function afterFailure(error: unknown): Promise<number> {
    if (error instanceof SubscriptionEnded && error.ending === 'token_refused' && !tokenRefused) {
      tokenRefused = true;
      return 0;
    }
    if (error instanceof SubscriptionEnded && error.ending === 'position_lost' && !lost) {
      lost = true;
      await tellLost(error.failure);
      return 0;
    }
    failures += 1;
    const pause = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(failures - 1, 20));
    if (!isSystemFailure(error)) {
      log.error({ system, topic: came.topic, error: error instanceof Error ? error.message : String(error), retryAfterMs: pause }, 'change events could not be taken; they come again');
      return pause;
    }
    const { failure } = error;
    log.warn({ system, topic: came.topic, code: failure.code, retryAfterMs: failure.retryAfterMs ?? pause }, `${failure.message} ${failure.mend}`);
    if (failure.kind !== 'transient' || tokenRefused) await tellStopped(failure);
    return Math.max(failure.retryAfterMs ?? 0, pause);
  }

  async function tellLost(failure: Failure): Promise<void> {
    log.error({ system, topic: came.topic, code: failure.code }, 'the position in the change events is lost: the subscription starts at the newest, the sweep looks for what was missed');
    await tell('change-events.position-lost', `Salesforce no longer has the change events after the last one taken: the subscription goes on with the newest, and the missed-event sweep looks for the deals that changed in between. ${failure.message}`, failure);
  }

  async function tellStopped(failure: Failure): Promise<void> {
    if (toldOf === failure.code) return;
    toldOf = failure.code;
    await tell('change-events.stopped', `No change events come from ${system}; until it is mended only the missed-event sweep finds changed deals. ${failure.message} ${failure.mend}`, failure);
  }

  async function tellRecovered(): Promise<void> {
    if (toldOf === undefined) return;
    toldOf = undefined;
    await tell('change-events.resumed', `Change events come from ${system} again.`);
  }

  async function tell(action: string, message: string, failure?: Failure): Promise<void> {
    await appendAudit(db, [{ process: null, actor: 'gateway', action, object: `change events of ${came.topic}`, system, message, details: failure === undefined ? {} : { code: failure.code, kind: failure.kind } }]);
  }

  async function run(): Promise<void> {
    while (!cut.signal.aborted) {
      let pause: number;
      try {
        await subscribe();
        // Closed in order, as Salesforce does from time to time.
        pause = failures === 0 ? 0 : firstPauseMs;
        failures += 1;
      } catch (error) {
        if (cut.signal.aborted) return;
        pause = await afterFailure(error).catch(() => longestPauseMs);
      }
      await delay(pause, undefined, { signal: cut.signal }).catch(() => undefined);
    }
  }

  const running = run();
  return {
    async stop() {
      cut.abort(new Error('the subscription is stopped'));
      // What is not kept yet comes again after the stored position.
      await Promise.race([running, delay(STOP_MS, undefined, { ref: false })]);
    },
  };
}
