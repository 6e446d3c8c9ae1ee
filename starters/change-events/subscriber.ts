import { setTimeout as delay } from 'node:timers/promises';
import { SpanKind } from '@opentelemetry/api';
import { inSpan } from '../../connectors/http/tracing.ts';
import type { Log } from '../../connectors/ports.ts';
import type { SalesforceOptions } from '../../connectors/salesforce/options.ts';
import { SubscriptionEnded } from '../../connectors/salesforce/pubsub/failures.ts';
import type { ChangeEventSource, EventBatch, StartingPoint } from '../../connectors/salesforce/pubsub/subscription.ts';
import { isSystemFailure, type Failure } from '../../domain/failure.ts';
import { appendAudit } from '../../store/audit-trail.ts';
import type { Db } from '../../store/database.ts';
import { readWatermark, watermarkMovedAt } from '../../store/watermarks.ts';
import type { GatewayInbox, InboundEvent, QuarantinedEvent } from '../gateway/deps.ts';
import { knownDeals } from './known-deals.ts';
import { positionOf } from './position.ts';
import { dealEvent, meaningOf, unreadableEvent } from './sort-out.ts';
import type { SubscriptionCases, Trouble, TroubleTold } from './cases.ts';
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
  readonly cases: SubscriptionCases;
  /** How long it may fail for passing reasons before a person is told, milliseconds. */
  readonly slaMs?: number;
  /** The pause after a first failure, milliseconds; doubled with each further one up to the longest. */
  readonly firstPauseMs?: number;
  readonly longestPauseMs?: number;
}

export interface Subscriber {
  stop(): Promise<void>;
}

const STOP_MS = 3000;
const SLA_MS = 3_600_000;

/**
 * Brings a CRM's change events into the inbox, as its webhooks do: the position moves only after the events before it are durable, so a crash brings some of them
 * again, which the inbox recognises, and loses none. Any number of these may run for one topic.
 */
export function startSubscriber(settings: SubscriberSettings): Subscriber {
  const { db, log, system, source, sweeps, cases, firstPauseMs = 1000, longestPauseMs = 60_000, slaMs = SLA_MS } = settings;
  const came = { system, topic: source.topic };
  const mark = `change-events/${system}${source.topic}`;
  const position = positionOf(db, mark);
  const cut = new AbortController();
  let failures = 0;
  let tokenRefused = false;
  let lost = false;
  let toldOf: string | undefined;
  let failingSince: number | undefined;
  /** Troubles that no case is open for yet. */
  const untold = new Map<Trouble, TroubleTold>();

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
    if (events.length > 0) await inSpan({ name: 'take change events', kind: SpanKind.CONSUMER, attributes: { 'q2c.system': system } }, () => settings.inbox.receive(events));
    for (const event of unreadable) await settings.inbox.quarantine(event);
    if (unreadable.length > 0) await tellUnreadable(unreadable);
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
      [failures, tokenRefused, lost, failingSince] = [0, false, false, undefined];
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
    failingSince ??= Date.now();
    const pause = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(failures - 1, 20));
    const overdue = Date.now() - failingSince >= slaMs;
    if (!isSystemFailure(error)) {
      const message = error instanceof Error ? error.message : String(error);
      log.error({ system, topic: came.topic, error: message, retryAfterMs: pause }, 'change events could not be taken; they come again');
      if (overdue) await tellStopped({ kind: 'transient', code: 'CHANGE_EVENTS_NOT_TAKEN', message: `Change events could not be taken: ${message}.`, mend: 'It is tried again by itself; see the log of the gateway for the cause.' });
      return pause;
    }
    const { failure } = error;
    log.warn({ system, topic: came.topic, code: failure.code, retryAfterMs: failure.retryAfterMs ?? pause }, `${failure.message} ${failure.mend}`);
    if (failure.kind !== 'transient' || tokenRefused || overdue) await tellStopped(failure);
    return Math.max(failure.retryAfterMs ?? 0, pause);
  }

  async function tellLost(failure: Failure): Promise<void> {
    log.error({ system, topic: came.topic, code: failure.code }, 'the position in the change events is lost: the subscription starts at the newest, the sweep looks for what was missed');
    const gap = `after ${(await watermarkMovedAt(db, mark)) ?? 'the last one taken'} and before ${new Date().toISOString()}`;
    const cause = failure.code === 'PUBSUB_EVENT_TOO_LARGE' ? `An event of ${came.topic} is too large to be taken, and with it those after it` : `Salesforce no longer has the change events of ${came.topic} after the last one taken`;
    untold.set('position-lost', {
      code: 'CHANGE_EVENTS_POSITION_LOST',
      kind: 'contract',
      message: `${cause}: changes made ${gap} were told to nobody. ${failure.message}`,
      mend: `The subscription goes on with the newest, and the missed-event sweep of ${system} was asked to find the closed-won deals that changed ${gap}: this case closes itself once that sweep has gone well. If it stays open, look at the cases of missed-event-sweep/${system}. Deals that were taken back from closed-won in that time are not found by it: look through those in ${system}.`,
    });
    await tell('change-events.position-lost', `${cause}: the subscription goes on with the newest, and the missed-event sweep looks for the deals that changed in between. ${failure.message}`, failure);
    // The newest events are not kept waiting for it.
    void raiseUntold();
  }

  /** They are in quarantine by now, and the position moves on after this. */
  async function tellUnreadable(events: readonly QuarantinedEvent[]): Promise<void> {
    const [first] = events;
    const said = `${events.length === 1 ? 'A change event' : `${events.length} change events`} of ${came.topic} could not be read: ${first?.findings[0]?.message.slice(0, 300) ?? ''}.`;
    log.warn({ system, topic: came.topic, events: events.map(({ eventId }) => eventId) }, said);
    await tell('change-events.unreadable', `${said} In quarantine in the inbox as ${events.slice(0, 10).map(({ eventId }) => eventId).join(', ')}; the sweep looks for what they told of.`, { code: 'CHANGE_EVENT_UNREADABLE', kind: 'contract' });
    untold.set('unreadable', {
      code: 'CHANGE_EVENT_UNREADABLE',
      kind: 'contract',
      message: `${said} It was put into quarantine in the inbox as ${first?.eventId ?? ''} with its bytes, and the events after it are taken.`,
      mend: `The missed-event sweep of ${system} was asked to find the closed-won deals that changed: this case closes itself once that sweep has gone well. Deals that were taken back from closed-won meanwhile are not found by it: look through those in ${system}. Where more of them come, compare connectors/salesforce/pubsub with the Pub/Sub API's documentation.`,
    });
    sweeps.ask('a change event could not be read');
    void raiseUntold();
  }

  async function raiseUntold(): Promise<void> {
    for (const [trouble, told] of [...untold]) {
      untold.delete(trouble);
      if (!(await cases.raise(trouble, told)) && !untold.has(trouble)) untold.set(trouble, told);
    }
  }

  async function tellStopped(failure: Pick<Failure, 'code' | 'kind' | 'message' | 'mend'>): Promise<void> {
    const since = (await watermarkMovedAt(db, mark)) ?? null;
    await cases.raise('stopped', {
      code: failure.code,
      kind: failure.kind,
      message: `No change events come from ${system}${since === null ? '' : ` since ${since}`}: until it is mended only the missed-event sweep finds changed deals, every few minutes and closed-won ones only. ${failure.message}`,
      mend: `${failure.mend} The subscription is tried again all the time and goes on after the last event it has taken, as far as Salesforce keeps them (three days); this case closes itself then.`,
    });
    if (toldOf === failure.code) return;
    toldOf = failure.code;
    await tell('change-events.stopped', `No change events come from ${system}; until it is mended only the missed-event sweep finds changed deals. ${failure.message} ${failure.mend}`, failure);
  }

  async function tellRecovered(): Promise<void> {
    await cases.settle('stopped', `change events come from ${system} again`);
    await raiseUntold();
    for (const trouble of ['position-lost', 'unreadable'] as const) {
      await cases.settle(trouble, 'the subscription runs, and a sweep has looked for what was missed', async (openedAt) => {
        const swept = await readWatermark(db, `sweep/${system}`);
        return swept !== undefined && Date.parse(swept) > Date.parse(openedAt);
      });
    }
    if (toldOf === undefined) return;
    toldOf = undefined;
    await tell('change-events.resumed', `Change events come from ${system} again.`);
  }

  async function tell(action: string, message: string, failure?: Pick<Failure, 'code' | 'kind'>): Promise<void> {
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
