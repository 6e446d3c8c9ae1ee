import { createHash } from 'node:crypto';
import { z } from 'zod';
import { isSystemFailure, SystemFailure } from '../../../domain/failure.ts';
import type { ConnectorSettings } from '../../connector.ts';
import { salesforceAuth, type SalesforceSession } from '../auth.ts';
import { salesforceCredentialsSchema, salesforceOptionsSchema, type ChangeEventsOptions } from '../options.ts';
import { eventReader, type ChangeEvent, type EventReader } from './change-event.ts';
import { endingOf, isTooLarge, schemaProblem, silentEnding, tooLargeEnding } from './failures.ts';
import { MAX_MESSAGE_BYTES, pubSubService, readFetchResponse, type FetchResponse, type FetchStream } from './service.ts';

/** Where a subscription begins; `after` takes a replay ID as it came, opaque and in base64. */
export type StartingPoint = { readonly from: 'latest' } | { readonly from: 'earliest' } | { readonly from: 'after'; readonly replayId: string };

export interface ReceivedEvent {
  /** Unique, and the same when the event comes again. */
  readonly id: string;
  readonly schemaId: string;
  readonly payload: Buffer;
  /** What it says, or why it could not be read. */
  readonly content: ChangeEvent | { readonly problem: string };
}

export interface EventBatch {
  /** None: a sign of life. */
  readonly events: readonly ReceivedEvent[];
  /** Once all of `events` are kept, a later subscription may begin after it. In base64. */
  readonly replayId: string;
}

export interface ChangeEventSource {
  readonly topic: string;
  readonly options: ChangeEventsOptions;
  /**
   * The events of the topic in their order, for as long as the stream lasts. The next ones are asked for when a batch has been dealt with, so no more than
   * `ahead` are ever on their way.
   * @throws SubscriptionEnded however the stream ends (a stream that Salesforce closes in order ends without), SystemFailure where no token can be had,
   * the signal's reason when aborted
   */
  subscribe(start: StartingPoint, signal: AbortSignal): AsyncIterable<EventBatch>;
  /** The ID of the user that we write as; null where Salesforce does not tell. @throws SystemFailure */
  ownUserId(): Promise<string | null>;
  close(): void;
}

const KEPT_SCHEMAS = 200;
/** Salesforce's change events have up to 1 MB: what has more is not decoded, and its beginning is kept. */
const MOST_EVENT_BYTES = 2 * 1024 * 1024;
const KEPT_BYTES = 64 * 1024;

/**
 * Salesforce's change events over the Pub/Sub API (gRPC, Avro).
 * @param mostBytes - of one message on the stream
 * @throws ZodError where options or credentials are of the wrong shape, Error where the options name no change events
 */
export function createChangeEventSource(settings: ConnectorSettings, mostBytes: number = MAX_MESSAGE_BYTES): ChangeEventSource {
  const options = salesforceOptionsSchema.parse(settings.options ?? {});
  const { changeEvents } = options;
  if (changeEvents === null) throw new Error(`system ${settings.system} has no changeEvents among its options`);
  const auth = salesforceAuth(settings, salesforceCredentialsSchema.parse(settings.credentials), options);
  const service = pubSubService(changeEvents.endpoint, mostBytes);
  const where = { system: settings.system, topic: changeEvents.topic };
  const readers = new Map<string, Promise<EventReader | { readonly problem: string }>>();
  let refused: SalesforceSession | undefined;
  /** A message was too large: the next stream asks for one event at a time. */
  let oneByOne = false;

  /** A session that has not been refused, with all that the Pub/Sub API wants to know of it. */
  async function session(): Promise<{ readonly session: SalesforceSession; readonly instanceUrl: string }> {
    let current = await auth.session(false);
    if (current === refused) current = await auth.session(true);
    if (current.organizationId === null) {
      throw new SystemFailure({ kind: 'configuration', code: 'SALESFORCE_NO_IDENTITY', message: 'Salesforce did not say which organization the access token is of, which the Pub/Sub API asks for.', mend: 'Give the connected app the scope "id" (or "api" with "openid"), then retry.', system: settings.system, object: `change events of ${where.topic}`, written: 'no' });
    }
    return { session: current, instanceUrl: current.instanceUrl ?? settings.baseUrl };
  }

  /** A schema is fetched once; one that could not be fetched, again the next time. What Salesforce does not give is a problem of the events alone that need it. */
  async function readerOf(schemaId: string): Promise<EventReader | { readonly problem: string }> {
    const known = readers.get(schemaId);
    if (known !== undefined) return await known;
    const fetching = (async () => {
      const { session: current, instanceUrl } = await session();
      const schemaJson = await service.schema(schemaId, current, instanceUrl);
      try {
        return eventReader(schemaJson);
      } catch (error) {
        return { problem: `schema ${schemaId} cannot be used: ${messageOf(error)}` };
      }
    })();
    readers.set(schemaId, fetching);
    const oldest = readers.keys().next().value;
    if (readers.size > KEPT_SCHEMAS && oldest !== undefined) readers.delete(oldest);
    try {
      return await fetching;
    } catch (error) {
      readers.delete(schemaId);
      const problem = schemaProblem(error, schemaId);
      if (problem === undefined) throw error;
      return { problem };
    }
  }

  async function received({ event, replayId }: FetchResponse['events'][number]): Promise<ReceivedEvent> {
    if (event === null || event === undefined) return { id: idOf('', replayId), schemaId: '', payload: Buffer.alloc(0), content: { problem: 'it came without its content' } };
    const { schemaId, payload } = event;
    const id = idOf(event.id, replayId);
    if (payload.length > MOST_EVENT_BYTES) return { id, schemaId, payload: Buffer.from(payload.subarray(0, KEPT_BYTES)), content: { problem: `it has ${payload.length} bytes, more than a change event has; the first ${KEPT_BYTES} are kept` } };
    const reader = await readerOf(schemaId);
    return { id, schemaId, payload, content: 'problem' in reader ? reader : readSafely(reader, payload) };
  }

  async function* subscribe(start: StartingPoint, signal: AbortSignal): AsyncGenerator<EventBatch> {
    const opened = await session();
    // From here to the watchdog nothing waits: an abort cannot slip in between.
    signal.throwIfAborted();
    const stream = service.subscribe(opened.session, opened.instanceUrl);
    const watch = watchdog(stream, signal, changeEvents?.silenceSeconds ?? 300);
    const single = oneByOne;
    oneByOne = false;
    try {
      stream.write({ topicName: where.topic, numRequested: single ? 1 : (changeEvents?.ahead ?? 100), ...positionOf(start) });
      for await (const message of stream) {
        watch.alive();
        const answer = readFetchResponse(message);
        const events: ReceivedEvent[] = [];
        for (const event of answer.events) events.push(await received(event));
        watch.pause();
        yield { events, replayId: (answer.events.at(-1)?.replayId ?? answer.latestReplayId).toString('base64') };
        watch.alive();
        if (events.length > 0) stream.write({ topicName: where.topic, numRequested: events.length });
      }
    } catch (error) {
      signal.throwIfAborted();
      if (watch.silent()) throw silentEnding(where, changeEvents?.silenceSeconds ?? 300);
      if (isSystemFailure(error)) throw error;
      if (isTooLarge(error)) {
        if (single) throw tooLargeEnding(where);
        oneByOne = true;
      }
      const ended = endingOf(error, where);
      if (ended.ending === 'token_refused') refused = opened.session;
      throw ended;
    } finally {
      watch.stop();
      stream.cancel();
    }
    signal.throwIfAborted();
  }

  return {
    topic: where.topic,
    options: changeEvents,
    subscribe,
    ownUserId: async () => (await auth.session(false)).userId,
    close: () => service.close(),
  };
}

function positionOf(start: StartingPoint): { readonly replayPreset: 'LATEST' | 'EARLIEST' | 'CUSTOM'; readonly replayId?: Buffer } {
  if (start.from === 'after') return { replayPreset: 'CUSTOM', replayId: Buffer.from(start.replayId, 'base64') };
  return { replayPreset: start.from === 'latest' ? 'LATEST' : 'EARLIEST' };
}

/** An event's own ID, or what can stand for one as a key. */
function idOf(id: string, replayId: Buffer): string {
  if (id === '') return `replay-${replayId.toString('hex')}`;
  return /^[\x21-\x7E]{1,200}$/.test(id) ? id : `sha256-${createHash('sha256').update(id).digest('hex')}`;
}

function readSafely(reader: EventReader, payload: Buffer): ChangeEvent | { readonly problem: string } {
  try {
    return reader.read(payload);
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

function messageOf(error: unknown): string {
  if (error instanceof z.ZodError) return error.issues.slice(0, 5).map((issue) => `${issue.path.map(String).join('.')}: ${issue.message}`).join('; ');
  return error instanceof Error ? error.message : String(error);
}

/** Cancels a stream that is aborted, or on which nothing comes for so long; not while a batch is being dealt with. */
function watchdog(stream: FetchStream, signal: AbortSignal, silenceSeconds: number) {
  let timer: NodeJS.Timeout | undefined;
  let silent = false;
  const cancel = () => stream.cancel();
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      silent = true;
      stream.cancel();
    }, silenceSeconds * 1000);
  };
  // The loop over the stream tells of errors; between two of its steps nobody else would take them.
  stream.on('error', () => undefined);
  signal.addEventListener('abort', cancel, { once: true });
  alive();
  return {
    alive,
    pause: () => clearTimeout(timer),
    silent: () => silent,
    stop() {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
    },
  };
}
