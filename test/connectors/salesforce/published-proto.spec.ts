import assert from 'node:assert/strict';
import { connect as connectTcp, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { Client, credentials, Metadata, Server, ServerCredentials, type ServerDuplexStream, type ServerUnaryCall } from '@grpc/grpc-js';
import { loadSync, type MethodDefinition } from '@grpc/proto-loader';
import avro from 'avsc';
import { after, before, describe, it } from 'mocha';
import PubSubApiClient from 'salesforce-pubsub-api-client';
import { z } from 'zod';
import { salesforceAuth } from '../../../connectors/salesforce/auth.ts';
import { salesforceCredentialsSchema, salesforceOptionsSchema } from '../../../connectors/salesforce/options.ts';
import { createChangeEventSource, type EventBatch, type StartingPoint } from '../../../connectors/salesforce/pubsub/subscription.ts';
import { selfSigned } from '../../support/self-signed.ts';
import { pubSubLab, type PubSubLab } from './pubsub-lab.ts';

const LOADING = { longs: String, enums: String, defaults: true, arrays: true } as const;
const TOPIC = '/data/OpportunityChangeEvent';
/** `pubsub_api.proto` as Salesforce publishes it (github.com/forcedotcom/pub-sub-api, CC0 1.0), as it comes with the client of a Salesforce developer advocate. */
const PUBLISHED = fileURLToPath(new URL('../pubsub_api.proto', import.meta.resolve('salesforce-pubsub-api-client')));
const OURS = ['connectors/salesforce/proto/pubsub.proto', 'sandbox/salesforce/pubsub/service.proto'].map((file) => ({ file, path: fileURLToPath(new URL(`../../../${file}`, import.meta.url)) }));

type Method = MethodDefinition<object, object>;
const fieldSchema = z.object({ name: z.string(), number: z.int(), label: z.string(), type: z.string(), typeName: z.string().optional() });
const messageSchema = z.object({ format: z.string(), type: z.object({ field: z.array(fieldSchema) }) });
const enumSchema = z.object({ format: z.string(), type: z.object({ value: z.array(z.object({ name: z.string(), number: z.int() })) }) });

function methodsOf(path: string, loading: object = LOADING): Readonly<Record<string, Method>> {
  const service = loadSync(path, loading)['eventbus.v1.PubSub'];
  assert.ok(service !== undefined && !('format' in service));
  return service;
}

/** Fields and values by message or enum: "FetchRequest.topic_name" is "1 optional string". */
function described(path: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(loadSync(path, LOADING)).flatMap(([name, definition]) => {
    const fields = messageSchema.safeParse(definition).data?.type.field ?? [];
    const values = enumSchema.safeParse(definition).data?.type.value ?? [];
    return [...fields.map((field) => [`${name}.${field.name}`, `${field.number} ${field.label} ${field.type} ${field.typeName?.replace(/^.*\./, '') ?? ''}`] as const), ...values.map((value) => [`${name}.${value.name}`, String(value.number)] as const)];
  }));
}

/** Reads a message by the published file, and holds that nothing in its bytes is unknown to that file. */
function strictly(method: Method, side: 'request' | 'response'): (bytes: Buffer) => object {
  const asSent = methodsOf(PUBLISHED, { longs: String, enums: String })[method.path.replace(/^.*\//, '')] ?? assert.fail(method.path);
  const [read, again, write] = side === 'request' ? [method.requestDeserialize, asSent.requestDeserialize, asSent.requestSerialize] : [method.responseDeserialize, asSent.responseDeserialize, asSent.responseSerialize];
  return (bytes) => {
    assert.equal(write(again(bytes)).toString('hex'), bytes.toString('hex'), `${method.path}: the ${side} has something that the published file does not describe`);
    return read(bytes);
  };
}

function publishedMethod(name: string): Method {
  return methodsOf(PUBLISHED)[name] ?? assert.fail(`the published file has no ${name}`);
}

const fetchResponse = z.object({
  events: z.array(z.object({ event: z.object({ id: z.uuid(), schemaId: z.string(), payload: z.instanceof(Buffer), headers: z.array(z.unknown()) }), replayId: z.instanceof(Buffer) })),
  latestReplayId: z.instanceof(Buffer), rpcId: z.uuid(), pendingNumRequested: z.int(),
});

const readEvent = z.object({ replayId: z.int(), payload: z.looseObject({ Name: z.string(), StageName: z.string(), ChangeEventHeader: z.looseObject({ recordIds: z.array(z.string()), changeType: z.string(), changedFields: z.array(z.string()), nulledFields: z.array(z.string()) }) }) });

/** As Salesforce's are: the number in eight bytes, then two more. */
const [REPLAY, LATEST] = [Buffer.from('000000000010db4d0000', 'hex'), Buffer.from('000000000010db500000', 'hex')];
const texts = { type: 'array', items: 'string' };
const HEADER = { type: 'record', name: 'ChangeEventHeader', fields: [
  { name: 'entityName', type: 'string' }, { name: 'recordIds', type: texts }, { name: 'changeType', type: { type: 'enum', name: 'ChangeType', symbols: ['CREATE', 'UPDATE'] } }, { name: 'changeOrigin', type: 'string' }, { name: 'transactionKey', type: 'string' }, { name: 'sequenceNumber', type: 'int' },
  { name: 'commitTimestamp', type: 'long' }, { name: 'commitNumber', type: 'long' }, { name: 'commitUser', type: 'string' }, { name: 'nulledFields', type: texts }, { name: 'diffFields', type: texts }, { name: 'changedFields', type: texts },
] };
const EVENT = { type: 'record', name: 'OpportunityChangeEvent', namespace: 'com.sforce.eventbus', fields: [{ name: 'ChangeEventHeader', type: HEADER }, { name: 'Name', type: ['null', 'string'] }, { name: 'CloseDate', type: ['null', { type: 'long', logicalType: 'timestamp-millis' }] }] };
const PAYLOAD = avro.Type.forSchema(z.custom<avro.Schema>().parse(EVENT)).toBuffer({
  ChangeEventHeader: { entityName: 'Opportunity', recordIds: ['0065g00000ABCDEAA4'], changeType: 'UPDATE', changeOrigin: '', transactionKey: 't', sequenceNumber: 1, commitTimestamp: 1_795_000_000_000, commitNumber: 11_785_211_255_553, commitUser: '0055g000000000BAAQ', nulledFields: [], diffFields: [], changedFields: ['0x06'] },
  Name: 'Größe 株式会社', CloseDate: 1_795_000_000_000,
});

describe('The file that Salesforce publishes of the Pub/Sub API', function () {
  this.timeout(20_000);
  let org: PubSubLab;
  before(async () => {
    org = await pubSubLab();
  });
  after(() => org.close());

  for (const { file, path } of OURS) {
    it(`has every method, message, field, number and type of ${file}`, () => {
      const [published, ours] = [described(PUBLISHED), described(path)];
      assert.ok(Object.keys(ours).length > 15, Object.keys(ours).join());
      assert.deepEqual(Object.fromEntries(Object.keys(ours).map((name) => [name, published[name]])), ours);
      const all = methodsOf(PUBLISHED);
      for (const [name, own] of Object.entries(methodsOf(path))) {
        assert.deepEqual([own.path, own.requestStream, own.responseStream], [all[name]?.path, all[name]?.requestStream, all[name]?.responseStream], name);
      }
    });
  }

  it('makes a client that reads topics, schemas and events of our sandbox, and finds nothing unknown in them', async () => {
    const id = await org.deal({ Name: 'Größe 株式会社' });
    const client = new Client(new URL((await org.state()).url).host, credentials.createInsecure());
    const unary = async (name: string, message: object): Promise<unknown> => {
      const method = publishedMethod(name);
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      client.makeUnaryRequest(method.path, method.requestSerialize, strictly(method, 'response'), message, await metadata(), (error, value) => (error === null ? resolve(value) : reject(error)));
      return await promise;
    };
    try {
      const topic = z.object({ topicName: z.literal(TOPIC), tenantGuid: z.string().min(15), canSubscribe: z.literal(true), canPublish: z.boolean(), schemaId: z.string().min(1), rpcId: z.uuid() }).parse(await unary('GetTopic', { topicName: TOPIC }));
      const { schemaJson } = z.object({ schemaJson: z.string(), schemaId: z.literal(topic.schemaId), rpcId: z.uuid() }).parse(await unary('GetSchema', { schemaId: topic.schemaId }));
      const subscribe = publishedMethod('Subscribe');
      const stream = client.makeBidiStreamRequest(subscribe.path, subscribe.requestSerialize, strictly(subscribe, 'response'), await metadata());
      const first = await new Promise<unknown>((resolve, reject) => {
        stream.once('data', resolve);
        stream.once('error', reject);
        stream.write({ topicName: TOPIC, replayPreset: 'EARLIEST', numRequested: 5 });
      });
      stream.on('error', () => undefined);
      stream.cancel();
      const answer = fetchResponse.parse(first);
      const created = answer.events.at(-1) ?? assert.fail('no event');
      const payload = z.looseObject({ ChangeEventHeader: z.looseObject({ recordIds: z.array(z.string()), changeType: z.string() }) }).parse(avro.Type.forSchema(z.custom<avro.Schema>().parse(JSON.parse(schemaJson))).fromBuffer(created.event.payload));
      assert.deepEqual([payload.ChangeEventHeader.recordIds, payload.ChangeEventHeader.changeType, answer.pendingNumRequested], [[id], 'CREATE', 5 - answer.events.length]);
      assert.deepEqual(answer.latestReplayId, created.replayId);
    } finally {
      client.close();
    }
  });

  it('makes a server that understands all our subscriber says, and whose events our subscriber reads', async () => {
    const [subscribe, getSchema] = [publishedMethod('Subscribe'), publishedMethod('GetSchema')];
    const requests: unknown[] = [];
    const callers: unknown[] = [];
    const told = { events: [{ event: { id: 'e-1', schemaId: 'AvroSchemaId', payload: PAYLOAD, headers: [{ key: 'trace', value: Buffer.from('1') }] }, replayId: LATEST }], latestReplayId: LATEST, rpcId: 'r', pendingNumRequested: 6 };
    const server = new Server();
    server.addService({ Subscribe: { ...subscribe, requestDeserialize: strictly(subscribe, 'request') }, GetSchema: { ...getSchema, requestDeserialize: strictly(getSchema, 'request') } }, {
      Subscribe(call: ServerDuplexStream<object, object>) {
        callers.push(['accesstoken', 'instanceurl', 'tenantid'].map((name) => call.metadata.get(name).length));
        call.on('data', (request: object) => {
          requests.push(request);
          if (requests.length === 1) call.write(told);
          else call.end();
        });
      },
      GetSchema(call: ServerUnaryCall<object, object>, answer: (error: null, value: object) => void) {
        requests.push(call.request);
        answer(null, { schemaJson: JSON.stringify(EVENT), schemaId: 'AvroSchemaId', rpcId: 'r' });
      },
    });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error === null ? resolve(bound) : reject(error)));
    });
    const source = createChangeEventSource(org.settings(org.subscribing({ endpoint: `http://127.0.0.1:${port}`, ahead: 7 })));
    const batches: EventBatch[] = [];
    const start: StartingPoint = { from: 'after', replayId: REPLAY.toString('base64') };
    try {
      for await (const batch of source.subscribe(start, new AbortController().signal)) batches.push(batch);
    } finally {
      source.close();
      server.forceShutdown();
    }
    assert.deepEqual(requests, [
      { topicName: TOPIC, replayPreset: 'CUSTOM', replayId: REPLAY, numRequested: 7, authRefresh: '' },
      { schemaId: 'AvroSchemaId' },
      { topicName: TOPIC, replayPreset: 'LATEST', replayId: Buffer.alloc(0), numRequested: 1, authRefresh: '' },
    ]);
    assert.deepEqual(callers, [[1, 1, 1]]);
    const [event] = batches[0]?.events ?? [];
    assert.ok(event !== undefined && !('problem' in event.content), JSON.stringify(event));
    assert.deepEqual([event.id, event.content.recordIds, event.content.changedFields, event.content.fields['Name']], ['e-1', ['0065g00000ABCDEAA4'], ['Name', 'CloseDate'], 'Größe 株式会社']);
    assert.equal(batches[0]?.replayId, LATEST.toString('base64'));
  });

  it('is what a client of Salesforce\'s own people reads our sandbox by: signing in, changed and emptied fields, and going on after a position', async () => {
    const { cert, key } = selfSigned();
    const sockets = new Set<Socket>();
    const target = new URL((await org.state()).url);
    const tls = createTlsServer({ key, cert, ALPNProtocols: ['h2'] }, (incoming) => {
      const outgoing = connectTcp(Number(target.port), target.hostname);
      for (const socket of [incoming, outgoing]) {
        sockets.add(socket);
        socket.on('error', () => { incoming.destroy(); outgoing.destroy(); });
      }
      incoming.pipe(outgoing).pipe(incoming);
    });
    await new Promise<void>((resolve) => void tls.listen(0, '127.0.0.1', resolve));
    const { port } = z.custom<AddressInfo>().parse(tls.address());
    const quiet = { debug() {}, info() {}, error() {}, warn() {} };
    const { clientId, username, privateKeyPem } = org.credentials;
    const client = new PubSubApiClient({ authType: 'oauth-jwt-bearer', loginUrl: org.url, clientId, username, privateKey: privateKeyPem, pubSubEndpoint: `localhost:${port}`, rejectUnauthorizedSsl: false }, quiet);
    try {
      await client.connect();
      const id = await org.deal({ PO_Number__c: 'PO-1' });
      const { latest } = await org.state();
      await org.change(id, { StageName: 'Closed Won', PO_Number__c: null, Name: 'Größe 株式会社' });
      const ended = Promise.withResolvers<void>();
      const read = await new Promise<unknown>((resolve, reject) => {
        client.subscribeFromReplayId(TOPIC, (_info, kind, data: unknown) => {
          if (kind === 'event') resolve(data);
          else if (kind === 'end') ended.resolve();
          else if (kind === 'error') reject(data instanceof Error ? data : new Error(JSON.stringify(data)));
        }, 1, latest);
      });
      const { payload, replayId } = readEvent.parse(read);
      assert.deepEqual([payload.ChangeEventHeader.recordIds, payload.ChangeEventHeader.changeType, payload.Name, payload.StageName, replayId], [[id], 'UPDATE', 'Größe 株式会社', 'Closed Won', latest + 1]);
      for (const name of ['Name', 'StageName', 'PO_Number__c']) assert.ok(payload.ChangeEventHeader.changedFields.includes(name), name);
      assert.deepEqual(payload.ChangeEventHeader.nulledFields, ['PO_Number__c']);
      await org.fault('close');
      await ended.promise;
    } finally {
      client.close();
      for (const socket of sockets) socket.destroy();
      tls.close();
    }
  });

  async function metadata(): Promise<Metadata> {
    const { accessToken } = await salesforceAuth(org.settings(), salesforceCredentialsSchema.parse(org.credentials), salesforceOptionsSchema.parse({})).session(false);
    const made = new Metadata();
    for (const [name, value] of [['accesstoken', accessToken], ['instanceurl', org.url], ['tenantid', org.credentials.organizationId]] as const) made.set(name, value);
    return made;
  }
});
