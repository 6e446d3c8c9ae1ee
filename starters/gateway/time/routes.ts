import { Readable } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { BatchKind } from '../../../store/time/intake.ts';
import { STORE_DOWN, within } from '../delivery.ts';
import type { GatewayCredentials, GatewayDeps, GatewayLimits } from '../deps.ts';
import type { GatewayMetrics } from '../metrics.ts';
import type { Refusal } from '../problem.ts';
import { answerRoutes } from './answer-routes.ts';
import { senderRefusal, streamedContent } from './auth.ts';
import { bulkAnswers } from './bulk.ts';
import { newSending, type Sending } from './chunk.ts';
import { digestHeader, sha256Of } from './digest.ts';
import { takeSmall } from './small.ts';
import type { TimeIntake } from './store.ts';

export const TIME_ROUTES: Readonly<Record<string, BatchKind>> = { '/v1/timesheets': 'timesheets', '/v1/expenses': 'expenses' };
export const NDJSON = 'application/x-ndjson';

/** Who sends by this API, as batches name it. */
export const TIME_SOURCE = 'canonical';

/** Answer lines kept for a sender that does not read while it sends; past them it is made to wait. */
const ANSWER_BUFFER_BYTES = 8_388_608;
/** How long the body is let run out before a refusal: an answer that comes before is often lost with the connection. */
const RUN_OUT_MS = 1000;

export interface TimeRouteSettings {
  readonly deps: GatewayDeps;
  readonly intake: TimeIntake;
  readonly credentials: NonNullable<GatewayCredentials['canonical']>;
  readonly limits: GatewayLimits;
  readonly metrics: GatewayMetrics;
  refused(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): FastifyReply;
}

/** `/v1/timesheets` and `/v1/expenses`, one by one and as a stream, and what became of a batch. */
export function timeRoutes(app: FastifyInstance, settings: TimeRouteSettings): void {
  const { deps, intake, credentials, limits, metrics, refused } = settings;
  const stopping = new AbortController();
  let streams = 0;
  let inFlight = 0;
  app.addHook('preClose', async () => stopping.abort());

  async function small(kind: BatchKind, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const unproven = senderRefusal(credentials, { headers: request.headers, now: deps.now(), limits, content: body });
    if (unproven !== undefined) return refused(request, reply, unproven);
    const key = keyOf(request, true);
    if (key === undefined) return refused(request, reply, NO_KEY);
    if (inFlight >= limits.inFlight) return refused(request, reply, TOO_MANY);
    inFlight += 1;
    try {
      const taken = await takeSmall({ kind, source: TIME_SOURCE, idempotencyKey: key, body, digest: digestHeader(request.headers), intake, limits });
      if (taken.outcome === 'kept') {
        metrics.records(kind, taken.answer.records);
        return reply.code(202).type('application/json; charset=utf-8').send(JSON.stringify(taken.answer));
      }
      if (taken.cause !== undefined) request.log.error({ err: taken.cause }, 'the store could not keep a document');
      return refused(request, reply, taken.refusal);
    } finally {
      inFlight -= 1;
    }
  }

  async function bulk(kind: BatchKind, request: FastifyRequest, reply: FastifyReply, message: IncomingMessage): Promise<FastifyReply> {
    const refuse = async (refusal: Refusal) => {
      await runOut(message);
      return refused(request, reply, refusal);
    };
    const key = keyOf(request, false);
    if (key === undefined) return await refuse(NO_KEY);
    const digest = digestHeader(request.headers);
    const unproven = senderRefusal(credentials, { headers: request.headers, now: deps.now(), limits, content: streamedContent(digest, key) });
    if (unproven !== undefined) return await refuse(unproven);
    if (digest !== undefined && sha256Of(digest) === undefined) return await refuse({ reason: 'malformed', detail: 'the digest header holds no sha-256', mend: 'Send Content-Digest: sha-256=:<base64>: or leave it out.' });
    if (Number(request.headers['content-length'] ?? 0) > limits.bulkBytes) return await refuse({ reason: 'too_large', detail: `the body is larger than ${limits.bulkBytes} bytes`, mend: 'Send it in parts, each under an Idempotency-Key of its own.' });
    if (streams >= limits.bulkInFlight) return await refuse(TOO_MANY);
    streams += 1;
    const done = () => {
      streams -= 1;
    };
    let sending: Sending;
    try {
      sending = newSending(await within(limits.storeTimeoutMs, () => intake.open({ source: TIME_SOURCE, kind, idempotencyKey: key })));
    } catch (error) {
      done();
      request.log.error({ err: error }, 'the store could not open a batch');
      return await refuse(STORE_DOWN);
    }
    const counted = (answers: Parameters<GatewayMetrics['records']>[1]) => metrics.records(kind, answers);
    const answers = bulkAnswers({ kind, sending, message, intake, limits, log: deps.log.child({ reqId: request.id }), counted, stopping: stopping.signal });
    const stream = Readable.from(answers, { objectMode: false, highWaterMark: ANSWER_BUFFER_BYTES });
    stream.once('close', () => {
      done();
      endSoon(message);
    });
    reply.header('x-batch', sending.batch);
    return reply.code(200).type(`${NDJSON}; charset=utf-8`).send(stream);
  }

  for (const [route, kind] of Object.entries(TIME_ROUTES)) {
    app.post(route, {
      onRequest: async (request, reply) => {
        const refusal = mediaTypeRefusal(request, route);
        if (refusal !== undefined) return refused(request, reply, refusal);
      },
      handler: async (request, reply) => (request.body === request.raw ? await bulk(kind, request, reply, request.raw) : await small(kind, request, reply)),
    });
  }

  answerRoutes(app, { credentials, limits, now: deps.now, source: TIME_SOURCE, intake, stopping: stopping.signal, refused });
}

const TOO_MANY: Refusal = { reason: 'too_many', detail: 'as many requests of this kind are being worked on as this gateway takes at once', mend: 'Send the same again after the time in Retry-After.', retryAfterSeconds: 1 };
const NO_KEY: Refusal = { reason: 'no_key', detail: 'the header Idempotency-Key (1 to 200 visible ASCII characters) must be sent', mend: 'Send a key of your own for the batch, the same each time the batch is sent.' };

async function runOut(message: IncomingMessage): Promise<void> {
  if (message.complete) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, RUN_OUT_MS);
  message.once('end', resolve).once('close', resolve).resume();
  await promise;
  clearTimeout(timer);
  endSoon(message);
}

/** A body that goes on after its answer is not read for ever. */
function endSoon(message: IncomingMessage): void {
  if (!message.complete) setTimeout(() => message.complete || message.destroy(), RUN_OUT_MS).unref();
}

function keyOf(request: FastifyRequest, orWebhookId: boolean): string | undefined {
  const given = request.headers['idempotency-key'] ?? (orWebhookId ? request.headers['webhook-id'] : undefined);
  return typeof given === 'string' && /^[\x21-\x7e]{1,200}$/.test(given) ? given : undefined;
}

function mediaTypeRefusal(request: FastifyRequest, route: string): Refusal | undefined {
  const type = mediaTypeOf(request);
  const mend = `Send application/json or ${NDJSON} in UTF-8, without content encoding.`;
  if (type !== 'application/json' && type !== NDJSON) return { reason: 'unsupported_media_type', detail: type === '' ? 'no content type was given' : `${route} does not take this content type`, mend };
  return (request.headers['content-encoding'] ?? 'identity') === 'identity' ? undefined : { reason: 'unsupported_media_type', detail: 'the body is compressed or otherwise encoded', mend };
}

export function mediaTypeOf(request: FastifyRequest): string {
  const [type = ''] = (request.headers['content-type'] ?? '').split(';');
  return type.trim().toLowerCase();
}
