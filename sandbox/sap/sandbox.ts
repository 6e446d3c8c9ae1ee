/**
 * SAP S/4HANA Cloud, public edition, as far as a professional-services firm's deals and time need it: OData version 2 services of SAP Gateway, with
 * sessions and CSRF tokens. Which services and on what grounds: connectors/sap/README.md.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { UnreadableBody } from '../kit/bodies.ts';
import type { FaultAnswers, SandboxContext, SandboxDefinition } from '../kit/sandbox.ts';
import { performBatch } from './batch.ts';
import { SERVICES, typeOf, ENTITY_TYPES } from './entity-types.ts';
import { errorBody, malformed, noSuchService, Refusal, sessionRefused } from './errors.ts';
import { openGate } from './gate.ts';
import { metadata } from './metadata.ts';
import { perform, type Service } from './operations.ts';
import { SapSandboxOptions } from './options.ts';
import { emailOf, PEOPLE } from './reference-data.ts';
import { openSystem, type System, type Value } from './system.ts';
import { initialValues, isObject, valuesIn } from './values.ts';

const ROOT = '/sap/opu/odata/sap/';
const METHODS = ['GET', 'HEAD', 'POST', 'PATCH', 'PUT', 'DELETE'];
/** A batch is done half, and its answer lost. */
const BREAK_OFF = 'break-off';
const systems = new WeakMap<SandboxContext, System>();

const faultAnswers: FaultAnswers = ({ kind, status }, request) => {
  if (request.url.includes('/oauth2/')) return kind === 'expired-token' ? undefined : { status, body: { error: 'temporarily_unavailable' } };
  if (kind === 'expired-token' && request.method !== 'GET') return { status: 403, headers: sessionRefused().headers, body: 'CSRF token validation failed' };
  if (status === 401) return { status, headers: { 'content-type': 'text/html' }, body: '<html><body>Logon failed</body></html>' };
  if (status === 429) return { status, headers: { 'content-type': 'text/plain' }, body: 'Too many requests' };
  return { status, body: errorBody(status === 500 ? 'SY/530' : '/IWFND/CM_MGW/500', status === 500 ? "Runtime Error: 'TIME_OUT'" : 'Service temporarily not available') };
};

export const sap: SandboxDefinition = {
  name: 'sap',
  title: 'SAP S/4HANA Cloud (sandbox)',
  modes: [BREAK_OFF],
  faultAnswers,

  register(context) {
    const { app, records, now } = context;
    const options = SapSandboxOptions.parse(context.options);
    const gate = openGate(records, options, now);

    app.setErrorHandler((error, _request, reply) => {
      const refusal = refusalFor(error);
      const headers = { 'content-type': 'application/json;charset=utf-8', ...refusal.headers };
      return reply.code(refusal.status).headers(headers).send(typeof refusal.body === 'string' ? refusal.body : JSON.stringify(refusal.body));
    });
    app.setNotFoundHandler((_request, reply) => reply.code(404).type('text/html').send('<html><head><title>404 Not Found</title></head><body>Not found</body></html>'));
    app.post('/sap/bc/sec/oauth2/token', (request, reply) => {
      const isClient = isObject(request.body) && request.body['grant_type'] === 'client_credentials';
      const token = isClient ? gate.accessToken(request.headers.authorization) : undefined;
      if (token === undefined) return reply.code(401).send({ error: isClient ? 'invalid_client' : 'unsupported_grant_type' });
      return reply.send({ access_token: token, token_type: 'Bearer', expires_in: options.accessTokenLifetimeSeconds });
    });
    app.route({
      method: METHODS,
      url: `${ROOT}*`,
      handler: (request, reply) => {
        reply.headers({ ...gate.enter(request), dataserviceversion: '2.0' });
        return answer(context, request, reply);
      },
    });
  },

  initialRecords(context) {
    const { system } = serviceOf(context, '');
    for (const [index, [name, CompanyCode]] of PEOPLE.entries()) system.put('YY1_Q2CPEOPLE', undefined, { PersonWorkAgreementExternalID: `NW${String(index + 1).padStart(5, '0')}`, CompanyCode, DefaultEmailAddress: emailOf(name), PersonFullName: name });
  },

  seed(context, collection, record) {
    const { system } = serviceOf(context, '');
    if (!ENTITY_TYPES.has(collection)) throw new Error(`the sandbox has no entity set '${collection}'`);
    const type = typeOf(collection);
    const open = { ...type, fields: Object.fromEntries(Object.entries(type.fields).map(([field, { create, update, ...spec }]) => [field, create === undefined && update === undefined ? spec : spec])) };
    const values: Record<string, Value> = valuesIn(open, record, 'create');
    const before = system.byKey(collection, values);
    return system.put(collection, before, { ...(before?.values ?? initialValues(type)), ...values }).id;
  },
};

function answer(context: SandboxContext, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { pathname, searchParams: query } = new URL(request.url, 'http://system');
  const [, name = '', rest = ''] = /^([^/]+)\/?(.*)$/s.exec(decodeURIComponent(pathname).slice(ROOT.length)) ?? [];
  const found = SERVICES.find(({ path }) => path === name);
  if (found === undefined) throw noSuchService(name.split(';', 1)[0] ?? '', /;v=(\d+)/.exec(name)?.[1] ?? '0001');
  const service = serviceOf(context, name);
  if (rest === '$metadata') return reply.type('application/xml').send(metadata(found));
  if (rest === '') return json(reply).send(JSON.stringify({ d: { EntitySets: found.types.map(({ set }) => set) } }));
  if (rest === '$batch') {
    const breaksOff = context.mode() === BREAK_OFF;
    const { contentType, text } = performBatch(service, name, request.headers['content-type'], request.body, breaksOff ? 0.5 : 1);
    if (breaksOff) {
      request.raw.socket.destroy();
      return reply.hijack();
    }
    return reply.code(202).type(contentType).send(text);
  }
  const ifMatch = request.headers['if-match'];
  const { status, headers, body } = service.system.transaction(() => perform(service, { method: request.method === 'HEAD' ? 'GET' : request.method, service: name, path: rest, query, ifMatch, body: request.body }));
  reply.code(status).headers(headers);
  return body === undefined ? reply.send() : json(reply).send(JSON.stringify(body));
}

function serviceOf(context: SandboxContext, name: string): Service {
  const options = SapSandboxOptions.parse(context.options);
  let system = systems.get(context);
  if (system === undefined) {
    system = openSystem(context.records, context.now, options);
    systems.set(context, system);
  }
  return { system, base: `${context.baseUrl()}${ROOT}${name}`, pageSize: options.pageSize, user: 'CC0000000001' };
}

function json(reply: FastifyReply): FastifyReply {
  return reply.type('application/json;charset=utf-8');
}

function refusalFor(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof UnreadableBody) return malformed(`The body is not valid JSON: ${error.message}`);
  if (error instanceof URIError) return malformed('The address is not encoded as it should be');
  return new Refusal(500, errorBody('SY/530', `Runtime Error: ${error instanceof Error ? error.message : String(error)}`));
}
