import { Server, ServerCredentials, status as Status, type Metadata, type ServerDuplexStream, type ServerUnaryCall } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { SandboxContext } from '../../kit/sandbox.ts';
import type { SalesforceOptions } from '../options.ts';
import { findObjectType, objectTypes } from '../schema.ts';
import type { Sessions } from '../token.ts';
import type { Capture } from './capture.ts';
import { eventSchemaOf } from './event-schema.ts';
import { pubSubFaults, FaultOrder } from './faults.ts';
import { refusal, type Refusal } from './refusal.ts';
import { HEADLESS, serveSubscription, type SubscriptionCall } from './subscription.ts';

const Topic = z.object({ topicName: z.string() });
const Schema = z.object({ schemaId: z.string() });
const Order = z.strictObject({ entity: z.string(), changeType: z.string(), recordIds: z.array(z.string()), changeOrigin: z.string().optional(), commitUser: z.string().default('0055g0000000002AAC') });

/**
 * The Pub/Sub API on a port of its own, and `/__admin/pubsub` beside the other orders: where it listens and who subscribes, faults, and
 * events that no API call makes (gaps, overflows).
 */
export async function installPubSub(context: SandboxContext, options: SalesforceOptions, sessions: Sessions, capture: Capture): Promise<void> {
  const faults = pubSubFaults();
  const streams = new Set<SubscriptionCall>();
  const counted = { subscribe: 0, schema: 0 };

  function admit(metadata: Metadata): Refusal | undefined {
    const [token, instance, tenant] = ['accesstoken', 'instanceurl', 'tenantid'].map((name) => String(metadata.get(name)[0] ?? ''));
    if (token === '' || instance === '' || tenant === '') return refusal(Status.UNAUTHENTICATED, 'service.auth.headers.invalid', 'A required authentication header is blank or invalid.');
    if (tenant !== options.organizationId || instance !== context.baseUrl()) return refusal(Status.UNAUTHENTICATED, 'service.auth.headers.invalid', 'tenantid or instanceurl is not of this organization.');
    if (sessions.userOf(token ?? '') === undefined || faults.take('expired-token')) return refusal(Status.UNAUTHENTICATED, 'service.auth.error', 'An authentication exception occurred. Provide valid authentication via metadata headers.');
    return undefined;
  }

  const server = new Server();
  server.addService(serviceDefinition(), {
    Subscribe(call: ServerDuplexStream<unknown, object>) {
      counted.subscribe += 1;
      const refused = admit(call.metadata);
      if (refused !== undefined) return void call.emit('error', refused);
      const subscription = serveSubscription(call, { options, capture, faults, stillValid: () => sessions.userOf(String(call.metadata.get('accesstoken')[0])) !== undefined });
      streams.add(subscription);
      subscription.onEnd(() => streams.delete(subscription));
    },
    GetSchema(call: ServerUnaryCall<unknown, object>, answer: (error: Refusal | null, value?: object) => void) {
      counted.schema += 1;
      const { schemaId } = Schema.parse(call.request);
      const schema = [...objectTypes().map(eventSchemaOf), HEADLESS].find(({ id }) => id === schemaId);
      const refused = admit(call.metadata) ?? (schema === undefined ? refusal(Status.INVALID_ARGUMENT, 'schema.validation.failed', 'The schema ID is not known.') : undefined);
      answer(refused ?? null, { schemaJson: faults.take('broken-schema') ? '<html>503</html>' : schema?.json, schemaId, rpcId: randomUUID() });
    },
    GetTopic(call: ServerUnaryCall<unknown, object>, answer: (error: Refusal | null, value?: object) => void) {
      const { topicName } = Topic.parse(call.request);
      const object = objectTypes().find(({ name }) => topicName === `/data/${name}ChangeEvent`);
      const refused = admit(call.metadata) ?? (object === undefined ? refusal(Status.NOT_FOUND, 'topic.not.found', 'The topic was not found.') : undefined);
      answer(refused ?? null, { topicName, tenantGuid: options.organizationId, canSubscribe: true, canPublish: false, schemaId: object === undefined ? '' : eventSchemaOf(object).id, rpcId: randomUUID() });
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${options.pubSubPort ?? 0}`, ServerCredentials.createInsecure(), (error, bound) => (error === null ? resolve(bound) : reject(error)));
  });
  context.app.addHook('onClose', async () => server.forceShutdown());
  context.onReset(() => faults.clear());

  context.app.get('/__admin/pubsub', () => ({ url: `http://127.0.0.1:${port}`, latest: capture.latest(), streams: [...streams].map(({ topic, requests }) => ({ topic: topic(), requests: requests() })), counted }));
  context.app.post('/__admin/pubsub/faults', (request, reply) => {
    const order = FaultOrder.parse(request.body);
    if (order.kind === 'cut') server.drain(`127.0.0.1:${port}`, 0);
    else if (order.kind === 'unavailable') for (const stream of streams) stream.end(refusal(Status.UNAVAILABLE, 'service.unavailable', 'The Pub/Sub API service is unavailable.'));
    else if (order.kind === 'expired-token' && streams.size > 0) for (const stream of streams) stream.end(refusal(Status.UNAUTHENTICATED, 'service.auth.error', 'An authentication exception occurred. Provide valid authentication via metadata headers.'));
    else if (order.kind === 'close') for (const stream of streams) stream.end();
    else faults.order(order);
    return reply.code(201).send({});
  });
  context.app.post('/__admin/pubsub/events', (request, reply) => {
    const { entity, changeOrigin, ...order } = Order.parse(request.body);
    const object = findObjectType(entity);
    if (object === undefined) return reply.code(400).send({ error: `there is no object ${entity}` });
    context.records.transaction(() => capture.publish({ entity: object, ...order, ...(changeOrigin === undefined ? {} : { changeOrigin }) }));
    return reply.code(201).send({ latest: capture.latest() });
  });
}

function serviceDefinition() {
  const service = loadSync(fileURLToPath(new URL('service.proto', import.meta.url)), { longs: String, enums: String, defaults: true, arrays: true })['eventbus.v1.PubSub'];
  if (service === undefined || 'format' in service) throw new Error('service.proto describes no service eventbus.v1.PubSub');
  return service;
}
