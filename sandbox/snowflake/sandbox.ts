/** Snowflake's SQL API, version 2, for one account: https://docs.snowflake.com/en/developer-guide/sql-api/reference */
import type { FastifyRequest } from 'fastify';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { UnreadableBody } from '../kit/bodies.ts';
import type { FaultAnswers, SandboxDefinition } from '../kit/sandbox.ts';
import { badRequest, Refusal, tooMany } from './errors.ts';
import { SnowflakeOptions } from './options.ts';
import { Body, SLOW_MODE, statementsOf, TIMEOUT_MODE } from './statements.ts';
import { gatekeeper } from './token.ts';

const UUID = z.guid();
const Query = z.strictObject({ requestId: UUID.optional(), retry: z.enum(['true', 'false']).optional(), async: z.enum(['true', 'false']).optional(), nullable: z.enum(['true', 'false']).optional() });
const AskQuery = z.strictObject({ requestId: UUID.optional(), partition: z.coerce.number().int().min(0).optional() });
const Params = z.object({ handle: z.string() });

const faultAnswers: FaultAnswers = ({ kind, status }, request) => {
  if (request.url.startsWith('/oauth/')) return kind === 'expired-token' ? undefined : { status, body: { error: 'temporarily_unavailable', message: 'Try again later.' } };
  if (kind === 'expired-token' || status === 401) return { status: 401, body: { code: '390144', message: `JWT token is invalid. [${randomUUID()}]` } };
  if (status === 429) return { status, body: tooMany().body };
  return { status, body: { code: '300000', message: `HTTP ${status}` } };
};

export const snowflake: SandboxDefinition = {
  name: 'snowflake',
  title: 'Snowflake SQL API (sandbox)',
  modes: [SLOW_MODE, TIMEOUT_MODE],
  faultAnswers,

  register(context) {
    const { app, records, now } = context;
    const options = SnowflakeOptions.parse(context.options);
    const gate = gatekeeper(records, options, now);
    const statements = statementsOf(context, options);
    let second = 0;
    let used = 0;

    app.setErrorHandler((error, _request, reply) => {
      const refusal = error instanceof Refusal ? error : error instanceof UnreadableBody ? badRequest(`The body is not valid JSON: ${error.message}`) : new Refusal(500, { code: '300000', message: error instanceof Error ? error.message : String(error) });
      return reply.code(refusal.status).headers(refusal.headers).send(refusal.body);
    });
    app.setNotFoundHandler((request) => {
      throw request.url.startsWith('/api/v2/statements') ? new Refusal(405, { code: '390405', message: 'Method Not Allowed' }) : new Refusal(404, { code: '390404', message: 'Not Found' });
    });
    app.addHook('onRequest', async (request) => {
      if (!request.url.startsWith('/api/')) return;
      await gate.check(request);
      if ((request.headers['user-agent'] ?? '') === '') throw badRequest('The User-Agent header is missing.');
      const at = Math.floor(now().getTime() / 1000);
      if (at !== second) [second, used] = [at, 0];
      if (options.requestsPerSecond !== null && used >= options.requestsPerSecond) throw tooMany();
      used += 1;
    });

    app.post('/oauth/token-request', (request, reply) => gate.answerToken(request, reply));
    app.post('/api/v2/statements', (request, reply) => {
      if (!(request.headers['content-type'] ?? 'application/json').startsWith('application/json')) throw new Refusal(415, { code: '390415', message: 'Unsupported Media Type' });
      const query = read(Query, request.query);
      const statement = statements.submit(read(Body, request.body), { requestId: query.requestId ?? null, retry: query.retry === 'true', async: query.async === 'true' });
      return statements.answer(reply, statement, null);
    });
    app.get('/api/v2/statements/:handle', (request, reply) => {
      const { partition } = read(AskQuery, request.query);
      return statements.answer(reply, statements.ask(handleIn(request)), partition ?? null);
    });
    app.post('/api/v2/statements/:handle/cancel', (request, reply) => {
      const { handle, state } = statements.cancel(handleIn(request));
      const cancelled = state === 'cancelled';
      return reply.code(cancelled ? 200 : 422).send({ code: cancelled ? '000604' : '000709', sqlState: cancelled ? '57014' : '02000', message: cancelled ? 'successfully canceled' : 'The statement is not running.', statementHandle: handle, statementStatusUrl: `/api/v2/statements/${handle}` });
    });
    context.onReset(() => {
      used = 0;
    });
  },
};

function handleIn(request: FastifyRequest): string {
  return Params.parse(request.params).handle;
}

function read<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw badRequest(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is not valid'}`);
}
