import { Client, credentials, Metadata, type ClientDuplexStream } from '@grpc/grpc-js';
import { loadSync, type MethodDefinition } from '@grpc/proto-loader';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { SalesforceSession } from '../auth.ts';

const bytes = z.instanceof(Buffer);
const fetchResponse = z.object({
  events: z.array(z.object({ event: z.object({ id: z.string(), schemaId: z.string(), payload: bytes }).nullish(), replayId: bytes })),
  latestReplayId: bytes,
  pendingNumRequested: z.number().int(),
});
export type FetchResponse = z.infer<typeof fetchResponse>;
const schemaInfo = z.object({ schemaJson: z.string().min(2), schemaId: z.string() });

export interface FetchRequest {
  readonly topicName: string;
  readonly replayPreset?: 'LATEST' | 'EARLIEST' | 'CUSTOM';
  readonly replayId?: Buffer;
  readonly numRequested: number;
}

export type FetchStream = ClientDuplexStream<FetchRequest, unknown>;

/** The calls of the Pub/Sub API that a subscriber makes. */
export interface PubSubService {
  subscribe(session: SalesforceSession, instanceUrl: string): FetchStream;
  schema(id: string, session: SalesforceSession, instanceUrl: string): Promise<string>;
  close(): void;
}

const SCHEMA_WITHIN_MS = 30_000;
/** Events have up to 1 MB each, and a hundred may come at once. */
export const MAX_MESSAGE_BYTES = 128 * 1024 * 1024;

/**
 * @param endpoint - "https://api.pubsub.salesforce.com:7443"
 * @param mostBytes - of one message; a greater one ends its call with RESOURCE_EXHAUSTED before it is read
 */
export function pubSubService(endpoint: string, mostBytes: number = MAX_MESSAGE_BYTES): PubSubService {
  const url = new URL(endpoint);
  const secure = url.protocol === 'https:';
  const client = new Client(`${url.hostname}:${url.port === '' ? (secure ? '443' : '80') : url.port}`, secure ? credentials.createSsl() : credentials.createInsecure(), { 'grpc.max_receive_message_length': mostBytes });
  const { Subscribe: fetch, GetSchema: getSchema } = methods();
  return {
    subscribe: (session, instanceUrl) => client.makeBidiStreamRequest<FetchRequest, unknown>(fetch.path, fetch.requestSerialize, fetch.responseDeserialize, metadataOf(session, instanceUrl)),
    async schema(id, session, instanceUrl) {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      client.makeUnaryRequest<object, unknown>(getSchema.path, getSchema.requestSerialize, getSchema.responseDeserialize, { schemaId: id }, metadataOf(session, instanceUrl), { deadline: Date.now() + SCHEMA_WITHIN_MS }, (error, value) => {
        if (error === null) resolve(value);
        else reject(error);
      });
      return schemaInfo.parse(await promise).schemaJson;
    },
    close: () => client.close(),
  };
}

/** @throws ZodError for an answer of another shape */
export function readFetchResponse(message: unknown): FetchResponse {
  return fetchResponse.parse(message);
}

/** Who calls, for each call anew. Source: Pub/Sub API guide, "Authentication". */
function metadataOf(session: SalesforceSession, instanceUrl: string): Metadata {
  const metadata = new Metadata();
  metadata.set('accesstoken', session.accessToken);
  metadata.set('instanceurl', instanceUrl);
  metadata.set('tenantid', session.organizationId ?? '');
  return metadata;
}

type Method = MethodDefinition<object, object>;
let loaded: { readonly Subscribe: Method; readonly GetSchema: Method } | undefined;

function methods(): { readonly Subscribe: Method; readonly GetSchema: Method } {
  if (loaded !== undefined) return loaded;
  const file = fileURLToPath(new URL('../proto/pubsub.proto', import.meta.url));
  const service = loadSync(file, { longs: String, enums: String, defaults: true, arrays: true })['eventbus.v1.PubSub'];
  if (service === undefined || 'format' in service) throw new Error(`${file} describes no service eventbus.v1.PubSub`);
  const { Subscribe, GetSchema } = service;
  if (Subscribe === undefined || GetSchema === undefined) throw new Error(`${file} lacks a method`);
  loaded = { Subscribe, GetSchema };
  return loaded;
}
