/**
 * Dynamics 365 Project Operations on Dataverse, as far as a professional-services firm's deals and time need it: the Web API with change sets, what the product's
 * plug-ins refuse to an application user, and Microsoft Entra ID's token endpoint at the same address.
 * https://learn.microsoft.com/en-us/power-apps/developer/data-platform/webapi/overview
 */
import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { tokenEndpoint } from '../dynamics/token.ts';
import { UnreadableBody } from '../kit/bodies.ts';
import type { FaultAnswers, SandboxContext, SandboxDefinition } from '../kit/sandbox.ts';
import { performBatch } from './batch.ts';
import { GUARDED_MODE, openConfirmations, SLOW_MODE, type Confirmations } from './confirmations.ts';
import { openEnvironment, type Environment } from './environment.ts';
import { badPayload, errorBody, noSuchSet, overLimit, Refusal } from './errors.ts';
import { BUSY_MODE, installGate } from './gate.ts';
import { perform, ROOT, seedRow, type Service } from './operations.ts';
import { ProjectOperationsOptions } from './options.ts';
import { REFERENCE_RECORDS } from './reference-data.ts';

const environments = new WeakMap<SandboxContext, { readonly environment: Environment; readonly confirmations: Confirmations }>();
const TenantParams = z.object({ tenant: z.string() });
const SegmentParams = z.object({ '*': z.string() });

const faultAnswers: FaultAnswers = ({ kind, status, retryAfterSeconds }, request) => {
  if (request.url.includes('/oauth2/')) return kind === 'expired-token' ? undefined : { status, body: { error: 'temporarily_unavailable', error_description: 'AADSTS90033: A transient error has occurred. Please try again.' } };
  if (status === 401) return { status, body: '' };
  if (status === 429) return { status, body: overLimit('count', retryAfterSeconds ?? 1).body };
  if (status === 403) return { status, body: errorBody('0x80040220', 'Principal user (Id=0a, type=8) is missing prvWriteSalesOrder privilege (Id=0b) on OTC=1088 for entity \'salesorder\'.') };
  return { status, body: errorBody('0x80040216', 'An unexpected error occurred.') };
};

export const projectOperations: SandboxDefinition = {
  name: 'project-operations',
  title: 'Dynamics 365 Project Operations (sandbox)',
  modes: [BUSY_MODE, SLOW_MODE, GUARDED_MODE],
  faultAnswers,

  register(context) {
    const { app, records, now } = context;
    const options = ProjectOperationsOptions.parse(context.options);
    const tokens = tokenEndpoint(records, options, now);

    app.setErrorHandler((error, request, reply) => {
      const refusal = refusalFor(error, request.url);
      return json(reply.code(refusal.status).headers(refusal.headers)).send(refusal.status === 401 ? '' : JSON.stringify(refusal.body));
    });
    app.setNotFoundHandler((request) => {
      throw noSuchSet(request.url.split('?', 1)[0] ?? '');
    });
    installGate(app, tokens, options, context);
    app.post('/:tenant/oauth2/v2.0/token', (request, reply) => tokens.answer(TenantParams.parse(request.params).tenant, request.body, [context.baseUrl(), `http://${request.host}`, 'https://login.microsoftonline.com'], reply));
    app.post(`${ROOT}/$batch`, (request, reply) => {
      openedOf(context).confirmations.settle();
      const answer = performBatch(serviceOf(context), request.headers['content-type'], request.body);
      return reply.code(answer.status).type(answer.contentType).send(answer.text);
    });
    app.route({ method: ['GET', 'POST', 'PATCH', 'DELETE'], url: `${ROOT}/*`, handler: (request, reply) => data(context, request, reply) });
  },

  initialRecords(context) {
    for (const [set, record] of REFERENCE_RECORDS) seedRow(serviceOf(context), set, record);
  },

  seed: (context, collection, record) => seedRow(serviceOf(context), collection, record),
};

function data(context: SandboxContext, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { confirmations } = openedOf(context);
  confirmations.settle();
  let isCut = false;
  const service: Service = { ...serviceOf(context), confirm: (journal) => void (isCut = confirmations.confirm(journal, context.mode())) };
  const { searchParams: query } = new URL(request.url, 'http://environment');
  const headers = new Map(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  const answer = service.environment.transaction(() => perform(service, { method: request.method, segment: SegmentParams.parse(request.params)['*'], query, headers, body: request.body }));
  if (isCut) {
    reply.hijack();
    request.raw.socket.destroy();
    return reply;
  }
  reply.code(answer.status).headers({ 'OData-Version': '4.0', ...answer.headers });
  return answer.body === undefined ? reply.send() : json(reply).send(JSON.stringify(answer.body));
}

function openedOf(context: SandboxContext): { readonly environment: Environment; readonly confirmations: Confirmations } {
  let opened = environments.get(context);
  if (opened === undefined) {
    const environment = openEnvironment(context.records, context.now, randomUUID);
    opened = { environment, confirmations: openConfirmations(context.records, environment) };
    environments.set(context, opened);
  }
  return opened;
}

function serviceOf(context: SandboxContext): Service {
  const { pageSize } = ProjectOperationsOptions.parse(context.options);
  const { environment, confirmations } = openedOf(context);
  return { environment, base: context.baseUrl(), pageSize, confirm: (journal) => void confirmations.confirm(journal, context.mode()) };
}

function json(reply: FastifyReply): FastifyReply {
  return reply.type('application/json; odata.metadata=minimal');
}

function refusalFor(error: unknown, url: string): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof UnreadableBody) return badPayload(`The body is not valid JSON: ${error.message}`);
  return new Refusal(500, errorBody('0x80040216', `An unexpected error occurred at ${url.split('?', 1)[0] ?? ''}: ${error instanceof Error ? error.message : String(error)}`));
}
