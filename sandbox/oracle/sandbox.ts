/**
 * Oracle Fusion Cloud as far as a professional-services firm's deals and time need it: REST resources of ERP and Project Management, the parties of
 * crmRestApi, the SOAP service of customer accounts, and the identity domain's token endpoint at the same address.
 * `POST /__admin/import-costs` runs Import Costs once.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { UnreadableBody } from '../kit/bodies.ts';
import type { FaultAnswers, SandboxContext, SandboxDefinition } from '../kit/sandbox.ts';
import { BATCH_TYPE, performBatch } from './batch.ts';
import { answerSoap } from './customer-accounts.ts';
import { openDatabase, type Database } from './database.ts';
import { badRequest, errorAnswer, notFound, Refusal, unauthorized } from './errors.ts';
import { importCosts } from './import-costs.ts';
import { perform, seedRow, VERSION, type Answer, type Service } from './operations.ts';
import { OracleOptions } from './options.ts';
import { REFERENCE_DATA } from './reference-data.ts';
import { allTypes, RESOURCES } from './resources.ts';
import { tokenEndpoint } from './token.ts';

const databases = new WeakMap<SandboxContext, Database>();
const Params = z.object({ app: z.string(), version: z.string(), '*': z.string().optional() });
const SetUpRecord = z.looseObject({ name: z.string() }).catchall(z.union([z.string(), z.number(), z.boolean(), z.null()]));
/** How many costs a run of Import Costs takes over before it is looked at; all of them unless told. */
const ImportCosts = z.object({ most: z.int().min(1).optional() });
const METHODS = ['GET', 'POST', 'PATCH', 'PUT', 'DELETE'];
const FRAMEWORKS = 9;
const JSON_TYPES = /^application\/(json|vnd\.oracle\.adf\.(resourceitem|resourcecollection|action)\+json)/;

const faultAnswers: FaultAnswers = ({ kind, status }, request) => {
  if (request.url.includes('/oauth2/')) return kind === 'expired-token' ? undefined : { status, body: { error: 'server_error', error_description: 'Try again later.' } };
  const { contentType, body } = errorAnswer(status === 401 ? unauthorized() : new Refusal(status, [{ detail: status === 429 ? 'Too many requests.' : 'An error occurred on the server.' }]), frameworkOf(request));
  return { status, headers: { 'Content-Type': contentType }, body };
};

export const oracle: SandboxDefinition = {
  name: 'oracle',
  title: 'Oracle Fusion Cloud (sandbox)',
  faultAnswers,

  register(context) {
    const { app, records, now } = context;
    const options = OracleOptions.parse(context.options);
    const tokens = tokenEndpoint(records, options, now);

    app.setErrorHandler((error, request, reply) => {
      const refusal = refusalFor(error);
      const { contentType, body } = errorAnswer(refusal, frameworkOf(request));
      if (refusal.status === 401) reply.header('WWW-Authenticate', 'Basic realm="default"');
      return reply.code(refusal.status).type(contentType).send(body);
    });
    app.setNotFoundHandler(() => {
      throw notFound();
    });
    app.addHook('onRequest', async (request) => {
      if (/^\/(?:\w+RestApi|crmService)\//.test(request.url) && !tokens.isValid(request.headers.authorization)) throw unauthorized();
    });
    app.post('/oauth2/v1/token', (request, reply) => tokens.answer(request.headers.authorization, request.body, reply));
    app.post('/crmService/CustomerAccountService', (request, reply) => {
      const { status, xml } = databaseOf(context).transaction(() => answerSoap(databaseOf(context), typeof request.body === 'string' ? request.body : ''));
      return reply.code(status).type('text/xml; charset=utf-8').send(xml);
    });
    for (const url of ['/:app/resources/:version', '/:app/resources/:version/*']) app.route({ method: METHODS, url, handler: (request, reply) => resource(context, request, reply) });
    app.post('/__admin/import-costs', (request, reply) => reply.send(databaseOf(context).transaction(() => importCosts(databaseOf(context), ImportCosts.parse(request.body ?? {}).most))));
  },

  initialRecords(context) {
    for (const [kind, values] of Object.entries(REFERENCE_DATA)) for (const value of values) databaseOf(context).addSetUp(kind, value);
  },

  seed(context, collection, record) {
    const kind = /^setUp\.(.+)$/.exec(collection)?.[1];
    const type = allTypes(RESOURCES).find((each) => each.name === collection);
    if (kind !== undefined) {
      const value = SetUpRecord.parse(record);
      databaseOf(context).addSetUp(kind, value);
      return value.name;
    }
    if (type === undefined) throw new Error(`the sandbox has no resource ${collection}`);
    return seedRow(serviceOf(context), type, record);
  },
};

function resource(context: SandboxContext, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { app, version, '*': rest = '' } = Params.parse(request.params);
  if (version !== VERSION && version !== 'latest') throw notFound();
  const service = serviceOf(context);
  const framework = frameworkOf(request);
  const answer = service.database.transaction(() => answerOf(service, app, rest, framework, request));
  reply.code(answer.status).headers({ 'REST-Framework-Version': String(framework), ...answer.headers });
  return answer.body === undefined ? reply.send() : reply.type('application/vnd.oracle.adf.resourceitem+json').send(JSON.stringify(answer.body));
}

function answerOf(service: Service, app: string, rest: string, framework: number, request: FastifyRequest): Answer {
  const type = request.headers['content-type'] ?? '';
  const segments = rest.split('/').filter((each) => each !== '');
  if (segments.length === 0) {
    if (request.method !== 'POST' || !type.startsWith(BATCH_TYPE)) throw new Refusal(415, [{ detail: `The media type ${type} is not supported here.` }]);
    return performBatch(service, app, framework, request.body);
  }
  if (request.body !== undefined && !JSON_TYPES.test(type)) throw new Refusal(415, [{ detail: `The media type ${type} is not supported.` }]);
  const { searchParams: query } = new URL(request.url, 'http://environment');
  return perform(service, { method: request.method, app, segments, query, ifMatch: request.headers['if-match'], upsert: String(request.headers['upsert-mode']) === 'true', framework, body: request.body });
}

/** Without the header, the server's default: 1. */
function frameworkOf(request: FastifyRequest): number {
  const asked = Number(request.headers['rest-framework-version'] ?? 1);
  return Number.isInteger(asked) && asked >= 1 && asked <= FRAMEWORKS ? asked : 1;
}

function databaseOf(context: SandboxContext): Database {
  let database = databases.get(context);
  if (database === undefined) {
    database = openDatabase(context.records, context.now);
    databases.set(context, database);
  }
  return database;
}

function serviceOf(context: SandboxContext): Service {
  return { database: databaseOf(context), base: context.baseUrl(), pageSize: OracleOptions.parse(context.options).pageSize };
}

function refusalFor(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof UnreadableBody) return badRequest(`The request body is not valid JSON: ${error.message}`);
  return new Refusal(500, [{ detail: error instanceof Error ? error.message : String(error) }]);
}
