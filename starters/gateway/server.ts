import { randomUUID } from 'node:crypto';
import Fastify, { LogController } from 'fastify';
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { traceMetrics } from '../../connectors/http/trace-export.ts';
import { STORE_DOWN, handleDelivery, sendRefusal, toDelivery, within } from './delivery.ts';
import { DEFAULT_LIMITS } from './deps.ts';
import type { GatewayDeps, GatewayLimits } from './deps.ts';
import type { EventSource } from './intake.ts';
import { gatewayMetrics } from './metrics.ts';
import { openApiDocument } from './openapi.ts';
import { PROBLEM_CONTENT_TYPE, refusalStatus, toProblem } from './problem.ts';
import type { Refusal } from './problem.ts';
import { connectedSources } from './sources.ts';
import { traceDeliveries } from './traces.ts';
import { mediaTypeOf, NDJSON, TIME_ROUTES, TIME_SOURCE, timeRoutes } from './time/routes.ts';

/** For the head of a request, and for a body that is not streamed. */
const REQUEST_TIMEOUT_MS = 30_000;
const STREAM_TIMEOUT_MS = 6 * 3_600_000;

/** The gateway without a socket: `listen` it, or `inject` requests. Closing it waits for deliveries in flight. */
export function createGateway(deps: GatewayDeps): FastifyInstance {
  const limits: GatewayLimits = { ...DEFAULT_LIMITS, ...deps.limits };
  const sources = connectedSources(deps.credentials);
  const { timeIntake } = deps;
  const { canonical } = deps.credentials;
  const time = timeIntake === undefined || canonical === undefined ? undefined : { intake: timeIntake, credentials: canonical };
  const systems = new Map(sources.map((source) => [source.route, source.system]));
  if (time !== undefined) for (const route of Object.keys(TIME_ROUTES)) systems.set(route, TIME_SOURCE);
  const metrics = gatewayMetrics();
  const logger: FastifyBaseLogger = deps.log;
  const app = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    bodyLimit: limits.bodyBytes,
    requestTimeout: STREAM_TIMEOUT_MS,
    http: { headersTimeout: REQUEST_TIMEOUT_MS },
    routerOptions: { maxParamLength: 100 },
    frameworkErrors: (error, request, reply) => refused(request, reply, { reason: 'malformed', detail: `the request line cannot be read (${error.code})`, mend: 'Call one of the addresses in /openapi.json.' }),
  });

  const systemOf = (request: FastifyRequest) => systems.get(request.routeOptions.url ?? '') ?? 'none';
  const refused = (request: FastifyRequest, reply: FastifyReply, refusal: Refusal) => {
    metrics.refused(systemOf(request), refusal.reason);
    const level = refusalStatus(refusal.reason) >= 500 ? 'error' : 'warn';
    request.log[level]({ system: systemOf(request), reason: refusal.reason, findings: refusal.errors?.length ?? 0 }, `refused: ${refusal.detail}`);
    const problem = toProblem(refusal, request.id);
    return sendRefusal(reply, { status: problem.status, body: JSON.stringify(problem), contentType: PROBLEM_CONTENT_TYPE }, refusal);
  };

  if (deps.traced === true) traceDeliveries(app, systemOf);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.addContentTypeParser(NDJSON, (_request, body, done) => done(null, body));
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    if (mediaTypeOf(request) === NDJSON || request.raw.complete) return;
    const timer = setTimeout(() => request.raw.complete || request.raw.destroy(), REQUEST_TIMEOUT_MS).unref();
    request.raw.once('close', () => clearTimeout(timer));
  });
  app.addHook('onResponse', async (request, reply) => {
    const [path = ''] = request.url.split('?');
    const ms = Math.round(reply.elapsedTime);
    if (systems.has(path)) metrics.observe(systemOf(request), reply.statusCode, reply.elapsedTime / 1000);
    request.log[systems.has(path) ? 'info' : 'debug']({ method: request.method, path, status: reply.statusCode, ms }, 'request');
  });
  app.setNotFoundHandler((request, reply) => {
    const [path = ''] = request.url.split('?');
    if (systems.has(path)) {
      reply.header('allow', 'POST');
      return refused(request, reply, { reason: 'method_not_allowed', detail: `${request.method} ${path} is not offered`, mend: 'Use POST.' });
    }
    return refused(request, reply, { reason: 'not_found', detail: `there is no ${request.method} at this address`, mend: 'See /openapi.json for what is offered.' });
  });
  app.setErrorHandler((error, request, reply) => refused(request, reply, fastifyRefusal(error, request, limits)));

  let inFlight = 0;
  for (const source of sources) {
    app.post(source.route, {
      onRequest: async (request, reply) => {
        const refusal = mediaTypeRefusal(request, source);
        if (refusal !== undefined) return refused(request, reply, refusal);
      },
      handler: async (request, reply) => {
        if (inFlight >= limits.inFlight) return refused(request, reply, { ...TOO_MANY, detail: `${inFlight} deliveries are being worked on, which is the most this gateway takes at once` });
        metrics.inFlight((inFlight += 1));
        try {
          const handled = await handleDelivery(source, toDelivery(request, deps, limits), { ...deps, log: deps.log.child({ reqId: request.id }) }, metrics);
          if (handled.outcome === 'refused') return refused(request, reply, handled.refusal);
          return reply.code(handled.answer.status).type(handled.answer.contentType).send(handled.answer.body);
        } finally {
          metrics.inFlight((inFlight -= 1));
        }
      },
    });
  }
  if (time !== undefined) timeRoutes(app, { deps, ...time, limits, metrics, refused });
  app.post('/webhooks/:system', (request, reply) =>
    refused(request, reply, {
      reason: 'unknown_system',
      detail: 'no connected system delivers to this address',
      mend: `Deliver to one of ${[...systems.keys()].join(', ')}, or put the system's credentials in place.`,
    }),
  );

  const openApi = openApiDocument(deps.publicUrl);
  app.get('/', (_request, reply) => reply.type('text/plain; charset=utf-8').send(FRONT_PAGE));
  app.get('/openapi.json', (_request, reply) => reply.type('application/json; charset=utf-8').send(JSON.stringify(openApi)));
  app.get('/healthz', (_request, reply) => reply.type('application/json; charset=utf-8').send('{"status":"ok"}'));
  app.get('/readyz', async (request, reply) => {
    try {
      await within(limits.storeTimeoutMs, () => deps.inbox.check());
    } catch (error) {
      request.log.error({ err: error }, 'the store cannot be reached');
      return refused(request, reply, { ...STORE_DOWN, detail: 'the store cannot be reached, so no event can be kept', mend: 'Start the store or mend DATABASE_URL; senders repeat their events.' });
    }
    return reply.type('application/json; charset=utf-8').send('{"status":"ready"}');
  });
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(`${await metrics.text()}${await traceMetrics()}`));
  return app;
}

const TOO_MANY = { reason: 'too_many', mend: 'Send the same event again after the time in Retry-After.', retryAfterSeconds: 1 } as const;

const FRONT_PAGE = `q2c webhook gateway
POST /webhooks/salesforce   Salesforce outbound messages
POST /webhooks/hubspot      HubSpot webhooks (signature v3)
POST /webhooks/clockify     Clockify webhooks about approval requests
POST /webhooks/stripe       Stripe webhooks about invoices, credit notes, payments and refunds
POST /webhooks/lago         Lago webhooks about invoices, credit notes and payments
POST /v1/deals              canonical opportunity documents (Standard Webhooks)
POST /v1/timesheets         canonical timesheets: one, an array, or a stream of lines (NDJSON)
POST /v1/expenses           canonical expense reports, likewise
GET  /v1/batches/{id}       what became of what was sent
GET  /openapi.json  /healthz  /readyz  /metrics
`;

function mediaTypeRefusal(request: FastifyRequest, source: EventSource): Refusal | undefined {
  const [type = ''] = (request.headers['content-type'] ?? '').split(';');
  const mend = `Send ${source.contentTypes.join(' or ')} in UTF-8, without content encoding.`;
  if (!source.contentTypes.includes(type.trim().toLowerCase())) {
    return { reason: 'unsupported_media_type', detail: type === '' ? 'no content type was given' : `${source.route} does not take this content type`, mend };
  }
  const encoding = request.headers['content-encoding'] ?? 'identity';
  return encoding === 'identity' ? undefined : { reason: 'unsupported_media_type', detail: 'the body is compressed or otherwise encoded', mend };
}

function fastifyRefusal(error: unknown, request: FastifyRequest, limits: GatewayLimits): Refusal {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return { reason: 'too_large', detail: `the body is larger than ${limits.bodyBytes} bytes`, mend: 'Send fewer events in one delivery, or a smaller document.' };
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return { reason: 'unsupported_media_type', detail: 'the content type cannot be read', mend: 'Send the content type named in /openapi.json.' };
  }
  if (code === 'FST_ERR_CTP_INVALID_CONTENT_LENGTH') {
    return { reason: 'malformed', detail: 'the body is not as long as Content-Length says', mend: 'Send the whole body again.' };
  }
  request.log.error({ err: error }, 'the gateway failed');
  return { reason: 'internal', detail: 'the gateway failed and accepted nothing', mend: 'Send the same event again; tell integration support the instance of this problem.', retryAfterSeconds: 30 };
}
