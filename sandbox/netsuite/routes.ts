import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { isObject } from './body.ts';
import { Refusal } from './errors.ts';
import type { Jobs } from './jobs.ts';
import { JOB_PATH } from './jobs.ts';
import { installMetadata } from './metadata.ts';
import { nameValidation, perform, readPaging, type Answer, type Operation, type ServiceContext } from './operations.ts';
import type { NetSuiteOptions } from './options.ts';
import { runSuiteQl } from './suiteql.ts';
import { RECORD_PATH, viewCollection } from './view.ts';

const METHODS = ['GET', 'POST', 'PATCH', 'PUT', 'DELETE'];
const SUITEQL_PATH = '/services/rest/query/v1/suiteql';

const RecordParams = z.object({ record: z.string(), key: z.string().optional(), sub: z.string().optional() });
const JobParams = z.object({ id: z.string(), task: z.string().optional() });

export function installRoutes(app: FastifyInstance, context: () => ServiceContext, jobs: Jobs, options: NetSuiteOptions): void {
  installMetadata(app, context);

  const records = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const operation = operationOf(request);
    const isAsync = preferences(request).includes('respond-async');
    if (operation.batch === true && !isAsync) throw new Refusal(400, [{ detail: "A batch needs the request header 'Prefer' with the value 'respond-async'.", 'o:errorCode': 'INVALID_HEADER', 'o:errorHeader': 'Prefer' }]);
    const key = request.headers['x-netsuite-idempotency-key'];
    return send(reply, isAsync ? jobs.submit(operation, typeof key === 'string' ? key : undefined) : perform(context(), operation));
  };
  app.route({ method: METHODS, url: `${RECORD_PATH}/:record`, handler: records });
  app.route({ method: METHODS, url: `${RECORD_PATH}/:record/:key`, handler: records });
  app.get(`${RECORD_PATH}/:record/:key/:sub`, records);

  app.post(SUITEQL_PATH, (request, reply) => reply.send(suiteQl(context(), request)));

  // https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/article_0625010817.html; names of the properties (unverified)
  app.get('/services/rest/system/v1/governanceLimits', (_request, reply) =>
    reply.send({
      accountConcurrencyLimit: options.concurrencyLimit,
      accountUnallocatedConcurrencyLimit: options.concurrencyLimit,
      integrationLimitType: 'accountLimit',
    }),
  );

  app.get(`${JOB_PATH}/:id`, (request, reply) => reply.send(jobs.job(jobParams(request).id)));
  app.get(`${JOB_PATH}/:id/task`, (request, reply) => reply.send(jobs.tasks(jobParams(request).id)));
  app.get(`${JOB_PATH}/:id/task/:task`, (request, reply) => {
    const { id, task = '' } = jobParams(request);
    return reply.send(jobs.task(id, task));
  });
  app.get(`${JOB_PATH}/:id/task/:task/result`, (request, reply) => {
    const { id, task = '' } = jobParams(request);
    return send(reply, jobs.result(id, task));
  });
}

function operationOf(request: FastifyRequest): Operation {
  const { record, key, sub } = RecordParams.parse(request.params);
  return {
    method: request.method,
    record,
    body: request.body,
    query: plainQuery(request.query),
    unknownNames: nameValidation(request.headers['x-netsuite-propertynamevalidation']),
    ...(key === undefined ? {} : { key }),
    ...(sub === undefined ? {} : { subResource: sub }),
    ...(isCollection(request) ? { batch: true as const } : {}),
  };
}

function isCollection(request: FastifyRequest): boolean {
  return /^application\/vnd\.oracle\.resource\+json *; *type=collection/i.test(request.headers['content-type'] ?? '');
}

function jobParams(request: FastifyRequest): z.infer<typeof JobParams> {
  return JobParams.parse(request.params);
}

/** The last of a repeated parameter counts. */
function plainQuery(query: unknown): Record<string, string> {
  if (!isObject(query)) return {};
  return Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(Array.isArray(value) ? value.at(-1) : value)]));
}

function preferences(request: FastifyRequest): string[] {
  return [request.headers['prefer'] ?? ''].flat().flatMap((value) => value.split(',').map((each) => each.trim().toLowerCase()));
}

/** https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_157909186990.html */
function suiteQl(context: ServiceContext, request: FastifyRequest): object {
  if (!preferences(request).includes('transient')) {
    throw new Refusal(400, [{ detail: "Required request header 'Prefer' with the value 'transient' is missing.", 'o:errorCode': 'INVALID_HEADER', 'o:errorHeader': 'Prefer' }]);
  }
  const q = isObject(request.body) ? request.body['q'] : undefined;
  if (typeof q !== 'string') throw new Refusal(400, [{ detail: "The request body must have the query as 'q'.", 'o:errorCode': 'INVALID_CONTENT', 'o:errorPath': 'q' }]);
  const { limit, offset } = readPaging(plainQuery(request.query));
  const { rows, total } = runSuiteQl(context.account, q, limit, offset);
  const items = rows.map((row) => ({ links: [], ...row }));
  return viewCollection(`${context.base}${SUITEQL_PATH}?`, { limit, offset, total }, items);
}

function send(reply: FastifyReply, answer: Answer): FastifyReply {
  const type = answer.status >= 400 ? 'error' : 'singular';
  if (answer.body !== undefined) reply.type(`application/vnd.oracle.resource+json; type=${type}; charset=UTF-8`);
  reply.code(answer.status).headers(answer.headers);
  return answer.body === undefined ? reply.send() : reply.send(JSON.stringify(answer.body));
}
