import type { FastifyRequest } from 'fastify';
import { UnreadableBody } from '../kit/bodies.ts';
import type { FaultAnswers, SandboxContext, SandboxDefinition } from '../kit/sandbox.ts';
import { createApi } from './api.ts';
import { invalidSession, limitExceeded, type SalesforceError } from './errors.ts';
import { salesforceId } from './ids.ts';
import { SalesforceOptions } from './options.ts';
import { outboundMessages } from './outbound.ts';
import { changeDataCapture } from './pubsub/capture.ts';
import { installPubSub } from './pubsub/install.ts';
import { findObjectType, objectTypes } from './schema.ts';
import { sobjectStore, type SObjectStore } from './store.ts';
import { installTokenEndpoint } from './token.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** The two people of a fresh org: the integration user and somebody in sales. */
const INTEGRATION_USER = salesforceId('005', 1);
const SALES_USER = salesforceId('005', 2);

const stores = new WeakMap<object, SObjectStore>();

/** Salesforce REST API v58.0 to v64.0 for the objects the line reads and writes, with outbound messages and, by option, change events over the Pub/Sub API. */
export const salesforce: SandboxDefinition = {
  name: 'salesforce',
  title: 'Salesforce sandbox',
  faultAnswers,
  register,
  initialRecords(context) {
    const { username } = SalesforceOptions.parse(context.options);
    const people = [
      { Id: INTEGRATION_USER, Username: username, Email: username, Name: 'Integration User' },
      { Id: SALES_USER, Username: 'dana.reyes@q2c.example', Email: 'dana.reyes@q2c.example', Name: 'Dana Reyes' },
    ];
    for (const person of people) seed(context, 'User', person, false);
  },
  seed,
};

async function register(context: SandboxContext): Promise<void> {
  const options = SalesforceOptions.parse(context.options);
  const outbound = outboundMessages(context, options, () => store);
  const capture = options.pubSubPort === undefined ? undefined : changeDataCapture(context, options);
  const store = sobjectStore(context, { changed: (object, record) => outbound.changed(object, record), ...(capture === undefined ? {} : { captured: capture.captured }) });
  stores.set(context.records, store);
  const sessions = installTokenEndpoint(context, options, store);
  if (capture !== undefined) await installPubSub(context, options, sessions, capture);

  let used = 0;
  let windowEnds = context.now().getTime() + DAY_MS;
  context.onReset(() => (used = 0));
  function countCall(): boolean {
    const now = context.now().getTime();
    if (now >= windowEnds) {
      used = 0;
      windowEnds = now + DAY_MS;
    }
    if (used >= options.dailyApiRequests) return false;
    used += 1;
    return true;
  }

  const api = createApi({
    store,
    transaction: (work) => context.records.transaction(work),
    within: (request, work) => (capture === undefined ? work() : capture.within(request, work)),
    limits: () => ({ DailyApiRequests: { Max: options.dailyApiRequests, Remaining: options.dailyApiRequests - used } }),
  });

  function admit(request: FastifyRequest): { userId: string } | { refusal: SalesforceError } {
    const [, token] = /^(?:Bearer|OAuth) (\S+)$/.exec(request.headers.authorization ?? '') ?? [];
    const userId = token === undefined ? undefined : sessions.userOf(token);
    if (userId === undefined) return { refusal: invalidSession() };
    return countCall() ? { userId } : { refusal: limitExceeded() };
  }

  context.app.addHook('onSend', async (_request, reply, payload) => {
    reply.header('Sforce-Limit-Info', `api-usage=${used}/${options.dailyApiRequests}`);
    return payload;
  });

  context.app.route({
    method: ['GET', 'POST', 'PATCH', 'PUT', 'DELETE'],
    url: '/services/data*',
    handler(request, reply) {
      const url = new URL(request.url, 'http://local');
      if (!/^\/services\/data\/?$/.test(url.pathname)) {
        const admitted = admit(request);
        if ('refusal' in admitted) return reply.code(admitted.refusal.status).send(admitted.refusal.items);
        const call = {
          method: request.method,
          path: url.pathname,
          query: url.searchParams,
          body: request.body,
          headers: request.headers,
          userId: admitted.userId,
        };
        const answer = request.method === 'GET' ? api.answer(call) : context.records.transaction(() => api.answer(call));
        reply.code(answer.status).headers(answer.headers ?? {});
        return answer.body === undefined ? reply.send() : reply.type('application/json;charset=UTF-8').send(JSON.stringify(answer.body));
      }
      return reply.send(
        api.answer({ method: request.method, path: url.pathname, query: url.searchParams, body: undefined, headers: {}, userId: '' }).body,
      );
    },
  });

  context.app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send([{ errorCode: 'NOT_FOUND', message: 'The requested resource does not exist' }]),
  );
  context.app.setErrorHandler((error, _request, reply) => {
    if (error instanceof UnreadableBody) {
      return reply
        .code(400)
        .send([{ message: `${error.message} at [line:1, column:${error.offset + 1}]`, errorCode: 'JSON_PARSER_ERROR' }]);
    }
    const message = error instanceof Error ? error.message : String(error);
    return reply.code(500).send([{ message: `An unexpected error occurred: ${message}`, errorCode: 'UNKNOWN_EXCEPTION' }]);
  });
}

function seed(context: SandboxContext, collection: string, record: Record<string, unknown>, notify: boolean): string {
  const object = findObjectType(collection);
  const store = stores.get(context.records);
  if (object === undefined || store === undefined) {
    throw new Error(
      `Salesforce has no object '${collection}' here; there are ${objectTypes()
        .map((type) => type.name)
        .join(', ')}`,
    );
  }
  return store.seed(object, record, SALES_USER, notify).Id;
}

function faultAnswers({ kind, status }: Parameters<FaultAnswers>[0], request: FastifyRequest): ReturnType<FaultAnswers> {
  const token = request.url.startsWith('/services/oauth2/');
  if (kind === 'expired-token') return token ? undefined : { status: 401, body: invalidSession().items };
  if (token) return { status, body: { error: 'temporarily_unavailable', error_description: 'service temporarily unavailable' } };
  return {
    status,
    body: [{ errorCode: ERROR_CODES[status] ?? 'UNKNOWN_EXCEPTION', message: ERROR_TEXTS[status] ?? 'An unexpected error occurred' }],
  };
}

const ERROR_CODES: Readonly<Record<number, string>> = {
  400: 'UNABLE_TO_LOCK_ROW',
  403: 'REQUEST_LIMIT_EXCEEDED',
  429: 'REQUEST_LIMIT_EXCEEDED',
  503: 'SERVER_UNAVAILABLE',
};
const ERROR_TEXTS: Readonly<Record<number, string>> = {
  400: 'unable to obtain exclusive access to this record',
  403: 'TotalRequests Limit exceeded.',
  429: 'ConcurrentRequests (Concurrent API Requests) Limit exceeded.',
  503: 'The server is temporarily unavailable. Try again later.',
};
