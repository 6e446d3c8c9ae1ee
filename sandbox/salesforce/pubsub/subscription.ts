import { status as Status, type ServerDuplexStream } from '@grpc/grpc-js';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { SalesforceOptions } from '../options.ts';
import type { Capture, StoredEvent } from './capture.ts';
import type { PubSubFaults } from './faults.ts';
import { refusal, type Refusal } from './refusal.ts';
import { entitiesOf } from './topics.ts';

const Fetch = z.object({ topicName: z.string(), replayPreset: z.enum(['LATEST', 'EARLIEST', 'CUSTOM']), replayId: z.instanceof(Buffer), numRequested: z.number().int() });
type Fetch = z.infer<typeof Fetch>;

export interface SubscriptionCall {
  topic(): string;
  /** What the subscriber asked for, in order. */
  requests(): readonly { readonly preset: string; readonly numRequested: number }[];
  end(error?: Refusal): void;
  onEnd(work: () => void): void;
}

/** The most events on their way in one stream, however many were asked for. */
const MAX_REQUESTED = 100;
const MAX_IN_ANSWER = 40;
const GIGANTIC_BYTES = 3 * 1024 * 1024;

/** A schema of a record that is no change event. */
export const HEADLESS = { id: 'headless', json: JSON.stringify({ type: 'record', name: 'Headless', fields: [{ name: 'Name', type: 'string' }] }) };

/** Ten bytes, big-endian, as seen of Salesforce's; a subscriber is to take them for opaque. */
export function replayBytes(replay: number): Buffer {
  const bytes = Buffer.alloc(10);
  bytes.writeBigUInt64BE(BigInt(replay));
  return bytes;
}

/** One Subscribe call: events are delivered while the subscriber has asked for more. */
export function serveSubscription(call: ServerDuplexStream<unknown, object>, parts: { options: SalesforceOptions; capture: Capture; faults: PubSubFaults; stillValid: () => boolean }): SubscriptionCall {
  const { options, capture, faults } = parts;
  const asked: { preset: string; numRequested: number }[] = [];
  const endings: (() => void)[] = [];
  const silent = faults.take('silent');
  let topic: string | undefined;
  let accepts: (entity: string) => boolean = () => false;
  let cursor = 0;
  let pending = 0;
  let ended = false;
  let keepalive: NodeJS.Timeout | undefined;
  let idle: NodeJS.Timeout | undefined;
  const forget = capture.onNews(deliver);

  function end(error?: Refusal): void {
    if (ended) return;
    ended = true;
    clearTimeout(keepalive);
    clearTimeout(idle);
    forget();
    if (error === undefined) call.end();
    else call.emit('error', error);
    for (const work of endings) work();
  }

  function answer(events: readonly StoredEvent[]): void {
    pending -= events.length;
    cursor = events.at(-1)?.replay ?? capture.latest();
    if (silent) return;
    call.write({
      events: events.map(({ replay, ...event }) => ({ event: told(event), replayId: replayBytes(replay) })),
      latestReplayId: replayBytes(cursor),
      rpcId: randomUUID(),
      pendingNumRequested: pending,
    });
  }

  function told({ id, schemaId, payload }: Pick<StoredEvent, 'id' | 'schemaId' | 'payload'>): object | null {
    if (faults.take('no-event')) return null;
    if (faults.take('unknown-schema')) return { id, schemaId: 'no-such-schema', payload: Buffer.from(payload, 'base64') };
    if (faults.take('no-header')) return { id, schemaId: HEADLESS.id, payload: Buffer.from([2, 0x78]) };
    if (faults.take('garbage')) return { id, schemaId, payload: Buffer.from([255, 255, 255]) };
    // The entity's name, and then a billion record IDs.
    if (faults.take('endless')) return { id, schemaId, payload: Buffer.from([2, 0x78, 0x80, 0x80, 0x80, 0x80, 0x08]) };
    if (faults.take('gigantic')) return { id, schemaId, payload: Buffer.alloc(GIGANTIC_BYTES, 1) };
    return { id, schemaId, payload: Buffer.from(payload, 'base64') };
  }

  function deliver(): void {
    if (ended || topic === undefined) return;
    clearTimeout(keepalive);
    if (!parts.stillValid()) return end(refusal(Status.UNAUTHENTICATED, 'service.auth.error', 'An authentication exception occurred. Provide valid authentication via metadata headers.'));
    while (pending > 0) {
      const events = capture.after(cursor, accepts, Math.min(pending, MAX_IN_ANSWER));
      if (events.length === 0) break;
      answer(events);
    }
    if (pending > 0) keepalive = setTimeout(() => { answer([]); deliver(); }, options.keepaliveSeconds * 1000);
    else wait();
  }

  function wait(): void {
    clearTimeout(idle);
    idle = setTimeout(() => end(), options.idleSubscriberSeconds * 1000);
  }

  function begin(fetch: Fetch): Refusal | undefined {
    const found = fetch.topicName === '' ? undefined : entitiesOf(fetch.topicName);
    if (faults.take('forbidden')) return refusal(Status.PERMISSION_DENIED, 'subscription.topic.cannot.subscribe', 'The user has no permission to subscribe to the topic.');
    if (found === undefined) return refusal(Status.NOT_FOUND, 'topic.not.found', `The topic ${fetch.topicName} was not found.`);
    if (fetch.replayPreset === 'CUSTOM') {
      if (fetch.replayId.length === 0) return refusal(Status.INVALID_ARGUMENT, 'subscription.fetch.replayid.validation.failed', 'The replay preset is CUSTOM but no Replay ID was given.');
      // Clients that count positions send the number alone, in eight bytes (Salesforce's sample client in Node).
      const replay = fetch.replayId.length === 10 || fetch.replayId.length === 8 ? Number(fetch.replayId.readBigUInt64BE()) : Number.NaN;
      if (faults.take('expired-replay-id') || !capture.knows(replay)) {
        return refusal(Status.INVALID_ARGUMENT, 'subscription.fetch.replayid.corrupted', 'The Replay ID validation failed. Ensure that the Replay ID is valid.');
      }
      cursor = replay;
    } else cursor = fetch.replayPreset === 'EARLIEST' ? capture.earliest() : capture.latest();
    topic = fetch.topicName;
    accepts = found;
    return undefined;
  }

  call.on('data', (message: unknown) => {
    if (ended) return;
    const fetch = Fetch.parse(message);
    asked.push({ preset: fetch.replayPreset, numRequested: fetch.numRequested });
    clearTimeout(idle);
    if (fetch.numRequested <= 0) return end(refusal(Status.INVALID_ARGUMENT, 'subscription.fetch.requested.events.invalid', 'The number of requested events must be greater than zero.'));
    if (topic === undefined) {
      const refused = begin(fetch);
      if (refused !== undefined) return end(refused);
    } else if (fetch.topicName !== '' && fetch.topicName !== topic) {
      return end(refusal(Status.INVALID_ARGUMENT, 'subscription.fetch.topic.mismatch', 'The topic must not change within a stream.'));
    }
    pending = Math.min(MAX_REQUESTED, pending + fetch.numRequested);
    deliver();
  });
  call.on('end', () => end());
  call.on('cancelled', () => end());

  return { topic: () => topic ?? '', requests: () => asked, end, onEnd: (work) => void endings.push(work) };
}
