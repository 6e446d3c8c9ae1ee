/**
 * Dynamics 365 Finance (finance and operations apps) as far as a professional-services firm's deals and time need it: data entities over OData v4,
 * and Microsoft Entra ID's token endpoint at the same address.
 * https://learn.microsoft.com/en-us/dynamics365/fin-ops-core/dev-itpro/data-entities/odata
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { UnreadableBody } from '../kit/bodies.ts';
import type { FaultAnswers, SandboxContext, SandboxDefinition } from '../kit/sandbox.ts';
import { performBatch } from './batch.ts';
import { openEnvironment, type Environment } from './environment.ts';
import { badRequest, noSuchSet, outer, Refusal, throttled } from './errors.ts';
import { BUSY_MODE, installGate } from './gate.ts';
import { metadata } from './metadata.ts';
import { perform, seedRow, type Service } from './operations.ts';
import { DynamicsOptions } from './options.ts';
import { REFERENCE_RECORDS } from './reference-data.ts';
import { tokenEndpoint } from './token.ts';

const environments = new WeakMap<SandboxContext, Environment>();
const TenantParams = z.object({ tenant: z.string() });
const SegmentParams = z.object({ '*': z.string() });
const METHODS = ['GET', 'POST', 'PATCH', 'PUT', 'DELETE'];

const faultAnswers: FaultAnswers = ({ kind, status, retryAfterSeconds }, request) => {
  if (request.url.includes('/oauth2/')) return kind === 'expired-token' ? undefined : { status, body: { error: 'temporarily_unavailable', error_description: 'AADSTS90033: A transient error has occurred. Please try again.' } };
  if (status === 401) return { status, body: '' };
  if (status === 429) return { status, body: throttled('Number of requests exceeded the limit of 6000 over the time window of 300 seconds.', retryAfterSeconds ?? 1).body };
  return { status, body: outer('An error has occurred.') };
};

export const dynamics: SandboxDefinition = {
  name: 'dynamics',
  title: 'Dynamics 365 Finance (sandbox)',
  modes: [BUSY_MODE],
  faultAnswers,

  register(context) {
    const { app, records, now } = context;
    const options = DynamicsOptions.parse(context.options);
    const tokens = tokenEndpoint(records, options, now);

    app.setErrorHandler((error, request, reply) => {
      const refusal = refusalFor(error, request.url);
      return json(reply.code(refusal.status).headers(refusal.headers)).send(refusal.status === 401 ? '' : JSON.stringify(refusal.body));
    });
    app.setNotFoundHandler((request) => {
      throw noSuchSet(request.url.split('?', 1)[0]?.replace(/^\/data\//, '') ?? '');
    });
    installGate(app, tokens, options, context);
    app.post('/:tenant/oauth2/v2.0/token', (request, reply) => tokens.answer(TenantParams.parse(request.params).tenant, request.body, [context.baseUrl(), `http://${request.host}`, 'https://login.microsoftonline.com'], reply));
    app.get('/data/$metadata', (_request, reply) => reply.type('application/xml').send(metadata()));
    app.post('/data/$batch', (request, reply) => {
      const answer = performBatch(serviceOf(context), request.headers['content-type'], request.body);
      return reply.type(answer.contentType).send(answer.text);
    });
    app.route({ method: METHODS, url: '/data/*', handler: (request, reply) => data(context, request, reply) });
  },

  initialRecords(context) {
    for (const [set, record] of REFERENCE_RECORDS) seedRow(serviceOf(context), set, record);
  },

  seed: (context, collection, record) => seedRow(serviceOf(context), collection, record),
};

function data(context: SandboxContext, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const service = serviceOf(context);
  const { searchParams: query } = new URL(request.url, 'http://environment');
  const ifMatch = request.headers['if-match'];
  const answer = service.environment.transaction(() => perform(service, { method: request.method, segment: SegmentParams.parse(request.params)['*'], query, ifMatch, body: request.body }));
  reply.code(answer.status).headers({ 'OData-Version': '4.0', ...answer.headers });
  return answer.body === undefined ? reply.send() : json(reply).send(JSON.stringify(answer.body));
}

function serviceOf(context: SandboxContext): Service {
  const options = DynamicsOptions.parse(context.options);
  let environment = environments.get(context);
  if (environment === undefined) {
    environment = openEnvironment(context.records, context.now);
    environments.set(context, environment);
  }
  return { environment, base: context.baseUrl(), defaultCompany: options.defaultCompany, pageSize: options.pageSize, integratedCompanies: options.integratedCompanies.map((company) => company.toLowerCase()) };
}

function json(reply: FastifyReply): FastifyReply {
  return reply.type('application/json; odata.metadata=minimal; charset=utf-8');
}

function refusalFor(error: unknown, url: string): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof UnreadableBody) return badRequest(`The body is not valid JSON: ${error.message}`);
  return new Refusal(500, outer(`An error has occurred at ${url.split('?', 1)[0] ?? ''}: ${error instanceof Error ? error.message : String(error)}`));
}
