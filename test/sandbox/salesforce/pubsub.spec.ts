import { Client, credentials, Metadata, status as Status, type ClientDuplexStream } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { startOrg, type Org } from './salesforce-org.ts';

const service = loadSync(fileURLToPath(new URL('../../../sandbox/salesforce/pubsub/service.proto', import.meta.url)), { longs: String, enums: String, defaults: true, arrays: true })['eventbus.v1.PubSub'];
const Answer = z.object({ events: z.array(z.object({ event: z.object({ id: z.string(), schemaId: z.string() }), replayId: z.instanceof(Buffer) })), latestReplayId: z.instanceof(Buffer), pendingNumRequested: z.number() });
type Answer = z.infer<typeof Answer>;
const Info = z.object({ url: z.string() });
const TOPIC = '/data/OpportunityChangeEvent';

type Stream = ClientDuplexStream<object, object>;

interface Ended {
  readonly code: number;
  readonly errorCode: string;
}

describe('Salesforce sandbox: Pub/Sub API', () => {
  let org: Org;
  let client: Client;
  let now = new Date();
  before(async () => {
    org = await startOrg({ pubSubPort: 0, keepaliveSeconds: 0.05, idleSubscriberSeconds: 0.1, tokenLifetimeSeconds: 3600 }, () => now);
    const { url } = Info.parse(await (await org.admin('GET', '/pubsub')).json());
    client = new Client(new URL(url).host, credentials.createInsecure());
  });
  after(async () => {
    client.close();
    await org.sandbox.close();
  });

  async function metadata(changes: Record<string, string> = {}): Promise<Metadata> {
    const headers = { accesstoken: await org.token(), instanceurl: org.sandbox.url, tenantid: org.credentials.organizationId, ...changes };
    const made = new Metadata();
    for (const [name, value] of Object.entries(headers)) if (value !== '') made.set(name, value);
    return made;
  }
  async function open(request: object, changes: Record<string, string> = {}): Promise<Stream> {
    assert.ok(service !== undefined && !('format' in service));
    const { Subscribe: method } = service;
    assert.ok(method !== undefined);
    const stream = client.makeBidiStreamRequest(method.path, method.requestSerialize, method.responseDeserialize, await metadata(changes));
    stream.on('error', () => undefined);
    stream.write({ topicName: TOPIC, numRequested: 1, ...request });
    return stream;
  }
  function next(stream: Stream): Promise<Answer> {
    return new Promise((resolve, reject) => {
      stream.once('data', (message) => {
        stream.pause();
        resolve(Answer.parse(message));
      });
      stream.once('error', reject);
      stream.once('end', () => reject(new Error('the stream ended')));
    });
  }
  async function refused(stream: Stream): Promise<Ended> {
    const error = await new Promise<unknown>((resolve) => stream.once('error', resolve).on('data', () => undefined));
    assert.ok(typeof error === 'object' && error !== null && 'code' in error && 'metadata' in error && error.metadata instanceof Metadata);
    return { code: Number(error.code), errorCode: String(error.metadata.get('error-code')[0]).replace('sfdc.platform.eventbus.grpc.', '') };
  }
  const deal = (n: number) => ({ Name: `Deal ${n}`, StageName: 'Prospecting', CloseDate: '2026-11-30' });
  const make = async (count: number) => {
    for (let n = 0; n < count; n += 100) {
      const records = Array.from({ length: Math.min(100, count - n) }, (_, index) => ({ attributes: { type: 'Opportunity' }, ...deal(n + index) }));
      assert.equal((await org.call('POST', '/composite/sobjects', { allOrNone: true, records })).status, 200);
    }
  };

  it('wants all three headers, of this organization and with a valid session', async () => {
    for (const [headers, errorCode] of [[{ accesstoken: '' }, 'service.auth.headers.invalid'], [{ tenantid: '' }, 'service.auth.headers.invalid'], [{ instanceurl: 'https://other.my.salesforce.com' }, 'service.auth.headers.invalid'], [{ tenantid: '00D000000000001EAA' }, 'service.auth.headers.invalid'], [{ accesstoken: 'expired' }, 'service.auth.error']] as const) {
      assert.deepEqual(await refused(await open({}, headers)), { code: Status.UNAUTHENTICATED, errorCode });
    }
  });

  it('refuses a topic that is not there, requests for nothing, and positions it did not give out', async () => {
    const rows: [object, Ended][] = [
      [{ topicName: '/data/NobodyChangeEvent' }, { code: Status.NOT_FOUND, errorCode: 'topic.not.found' }],
      [{ numRequested: 0 }, { code: Status.INVALID_ARGUMENT, errorCode: 'subscription.fetch.requested.events.invalid' }],
      [{ replayPreset: 'CUSTOM' }, { code: Status.INVALID_ARGUMENT, errorCode: 'subscription.fetch.replayid.validation.failed' }],
      [{ replayPreset: 'CUSTOM', replayId: Buffer.from('000000000000ffff0000', 'hex') }, { code: Status.INVALID_ARGUMENT, errorCode: 'subscription.fetch.replayid.corrupted' }],
    ];
    for (const [request, ending] of rows) assert.deepEqual(await refused(await open(request)), ending, JSON.stringify(request));
    const stream = await open({});
    await next(stream);
    stream.write({ topicName: '/data/AccountChangeEvent', numRequested: 1 });
    stream.resume();
    assert.equal((await refused(stream)).errorCode, 'subscription.fetch.topic.mismatch');
  });

  it('delivers no more than asked for, and never more than a hundred ahead', async () => {
    await make(130);
    const stream = await open({ replayPreset: 'EARLIEST', numRequested: 500 });
    let got = 0;
    let answer: Answer;
    do {
      answer = await next(stream);
      got += answer.events.length;
      stream.resume();
    } while (answer.pendingNumRequested > 0);
    assert.equal(got, 100);
    stream.write({ numRequested: 2 });
    assert.equal((await next(stream)).events.length, 2);
    stream.cancel();
  });

  it('closes a stream whose subscriber asks for no more', async () => {
    await make(1);
    const stream = await open({ replayPreset: 'EARLIEST', numRequested: 1 });
    await new Promise((resolve) => stream.once('end', resolve).resume());
  });

  it('gives nothing away of what was rolled back', async () => {
    const stream = await open({ numRequested: 5 });
    await next(stream);
    const answer = await org.call('POST', '/composite', {
      allOrNone: true,
      compositeRequest: [
        { method: 'POST', url: '/services/data/v64.0/sobjects/Opportunity', referenceId: 'good', body: deal(1) },
        { method: 'POST', url: '/services/data/v64.0/sobjects/Opportunity', referenceId: 'bad', body: { Name: 'no stage' } },
      ],
    });
    assert.equal(answer.status, 200);
    await make(1);
    stream.resume();
    let events: Answer['events'] = [];
    while (events.length === 0) ({ events } = await next(stream));
    assert.equal(events.length, 1);
    stream.cancel();
  });

  it('ends a stream whose session expires, and forgets events after their time', async () => {
    const first = await open({ replayPreset: 'EARLIEST' });
    const position = (await next(first)).events[0]?.replayId;
    first.cancel();
    const stream = await open({});
    await next(stream);
    now = new Date(now.getTime() + 73 * 3_600_000);
    stream.resume();
    assert.equal((await refused(stream)).errorCode, 'service.auth.error');
    org.forgetToken();
    await make(1);
    assert.equal((await refused(await open({ replayPreset: 'CUSTOM', replayId: position }))).errorCode, 'subscription.fetch.replayid.corrupted');
  });
});
