import type { GatewayLimits, InboundEvent, QuarantinedEvent, Receipt } from './deps.ts';
import type { Refusal } from './problem.ts';

/** A delivery as it came: nothing parsed, nothing changed. */
export interface Delivery {
  readonly method: string;
  /** Full URI as the sender called it, with query. */
  readonly uri: string;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly rawBody: Buffer;
  readonly now: Date;
  readonly limits: GatewayLimits;
}

/** What a delivery holds once its sender is proven: events for the inbox, events for quarantine, and what is no business of ours. */
export interface Opened {
  readonly outcome: 'opened';
  readonly events: readonly InboundEvent[];
  readonly quarantine: readonly QuarantinedEvent[];
  readonly irrelevant: number;
}

export type Intake = { readonly outcome: 'refused'; readonly refusal: Refusal } | Opened;

/** An event as the inbox kept it: verified when it came, without what authorised it. */
export interface KeptEvent {
  readonly eventId: string;
  readonly contentHash: string;
  readonly headers: Record<string, string>;
  readonly rawBody: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** One system that may send us events. It asks nobody else, so that nothing but the inbox ever waits for long. */
export interface EventSource {
  readonly system: string;
  readonly route: string;
  readonly contentTypes: readonly string[];
  open(delivery: Delivery): Intake | Promise<Intake>;
  /** Reads a kept event again, by the schema of today: its signature and its age were looked at when it came. */
  reopen(kept: KeptEvent): Intake;
  /** What the sender expects to hear once all events are durable. */
  acknowledge(opened: Opened, receipts: readonly Receipt[]): Answer;
}

export function refuse(refusal: Refusal): Intake {
  return { outcome: 'refused', refusal };
}

/** One word for a delivery of many events: a duplicate only where nothing in it was new. */
export function deliveryStatus(receipts: readonly Receipt[]): 'accepted' | 'duplicate' | 'ignored' {
  if (receipts.length === 0) return 'ignored';
  return receipts.every((receipt) => receipt.status === 'duplicate') ? 'duplicate' : 'accepted';
}

/** An instant the store can hold, or null: what a sender claims about time is no reason to lose an event. */
export function instantOrNull(text: string): string | null {
  const at = new Date(text);
  const year = at.getUTCFullYear();
  return year >= 1970 && year <= 9999 ? at.toISOString() : null;
}

const KEPT_HEADERS = ['content-type', 'user-agent', 'webhook-id', 'webhook-timestamp', 'x-hubspot-request-timestamp', 'clockify-webhook-event-type', 'x-lago-unique-key'];

/** The headers kept with an event: no signature, token or cookie among them. */
export function keptHeaders(headers: Delivery['headers']): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of KEPT_HEADERS) {
    const value = headers[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}

/** A signed timestamp in seconds or milliseconds, against the window that stops replays. */
export function windowRefusal(name: string, timestamp: string | undefined, unitMs: number, delivery: Pick<Delivery, 'now' | 'limits'>): Refusal | undefined {
  const seconds = delivery.limits.windowMs / 1000;
  if (timestamp === undefined || !/^\d{1,15}$/.test(timestamp)) {
    return { reason: 'unsigned', detail: `the header ${name} is missing or not a number`, mend: `Send ${name} with the time of signing.` };
  }
  const ageMs = delivery.now.getTime() - Number(timestamp) * unitMs;
  if (Math.abs(ageMs) <= delivery.limits.windowMs) return undefined;
  const side = ageMs > 0 ? `${Math.round(ageMs / 1000)} seconds old` : `${Math.round(-ageMs / 1000)} seconds in the future`;
  return {
    reason: 'outside_window',
    detail: `${name} is ${side}; the window is ${seconds} seconds (${delivery.limits.windowMs} ms) either way`,
    mend: 'Sign the event again with the present time; if it was just signed, set the sender\'s clock right.',
  };
}
