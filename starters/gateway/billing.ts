import { sha256 } from '../../store/json.ts';
import { DEFAULT_LIMITS } from './deps.ts';
import type { InboundEvent } from './deps.ts';
import { deliveryStatus } from './intake.ts';
import type { Delivery, EventSource, Intake, KeptEvent } from './intake.ts';
import type { Finding } from './problem.ts';

interface BillingReader {
  /** Verifies the sender by the raw body, and reads it. */
  open(delivery: Delivery): Intake | Promise<Intake>;
  /** Reads a delivery that was verified when it came. */
  read(kept: Pick<KeptEvent, 'rawBody' | 'headers'>, nesting: number): Intake;
}

/** The webhook of a billing system: news of an invoice, credit note, payment or refund. No process bills through such a system yet, so the relay keeps it and says so. */
export function billingSource(system: string, { open, read }: BillingReader): EventSource {
  return {
    system,
    route: `/webhooks/${system}`,
    contentTypes: ['application/json'],
    open,
    reopen: (kept) => read(kept, DEFAULT_LIMITS.nesting),
    acknowledge: (opened, receipts) => ({ status: 200, contentType: 'application/json; charset=utf-8', body: JSON.stringify({ status: deliveryStatus(receipts), events: receipts.length, ignored: opened.irrelevant }) }),
  };
}

/** Two deliveries under one event ID are the same event, whatever their bodies hold besides: some count attempts, and the record is read anew anyway. */
export function billingEvent(source: string, event: Omit<InboundEvent, 'source' | 'kind' | 'contentHash'>): InboundEvent {
  return { ...event, source, kind: 'billing.changed', contentHash: sha256(event.eventId) };
}

export function one(event: InboundEvent): Intake {
  return { outcome: 'opened', events: [event], quarantine: [], irrelevant: 0 };
}

/** Genuine, and no concern of ours. */
export function others(): Intake {
  return { outcome: 'opened', events: [], quarantine: [], irrelevant: 1 };
}

/** Genuine, and not as the vendor describes it: for the quarantine. */
export function unread(source: string, kept: { readonly eventId?: string | undefined; readonly rawBody: Buffer; readonly headers: Record<string, string>; readonly payload: unknown }, findings: readonly Finding[]): Intake {
  const { eventId = `sha256:${sha256(kept.rawBody)}`, ...rest } = kept;
  return { outcome: 'opened', events: [], quarantine: [{ ...billingEvent(source, { ...rest, eventId, businessKey: '', version: null, occurredAt: null }), findings }], irrelevant: 0 };
}
