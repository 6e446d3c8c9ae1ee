import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ANSWER_OUTCOMES } from '../../../store/sender-answers.ts';
import { STORE_DOWN, within } from '../delivery.ts';
import type { GatewayCredentials, GatewayLimits } from '../deps.ts';
import { findingsOf, type Refusal } from '../problem.ts';
import { answersSchema, sentDocumentSchema, toldOf } from './answers.ts';
import { senderRefusal } from './auth.ts';
import { recordLines } from './record-lines.ts';
import type { TimeIntake } from './store.ts';

export interface AnswerRouteSettings {
  readonly credentials: NonNullable<GatewayCredentials['canonical']>;
  readonly limits: GatewayLimits;
  readonly now: () => Date;
  /** Who may ask, as batches name it. */
  readonly source: string;
  readonly intake: TimeIntake;
  readonly stopping: AbortSignal;
  refused(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): FastifyReply;
}

/** Most answers of one request to the feed, and how many unless it says. */
export const MOST_ANSWERS = 500;
const ANSWERS = 100;
/** Most lines of one request for a batch's records; the rest by `after`. */
export const MOST_RECORDS = 1_000_000;

const number = (most: number) => z.string().regex(/^\d{1,15}$/, 'expected a whole number').transform(Number).pipe(z.number().max(most));
const cursor = number(Number.MAX_SAFE_INTEGER);
const documentQuery = z.strictObject({ version: z.union([z.literal('latest'), number(2_147_483_647)]).optional() });
const recordsQuery = z.strictObject({ after: cursor.default(0), limit: number(MOST_RECORDS).pipe(z.number().min(1)).default(MOST_RECORDS), outcome: z.enum(ANSWER_OUTCOMES).optional() });
const answersQuery = z.strictObject({ after: cursor.optional(), limit: number(MOST_ANSWERS).pipe(z.number().min(1)).default(ANSWERS) });

const DOCUMENTS = { '/v1/timesheets/:system/:id': 'timesheet', '/v1/expenses/:system/:id': 'expense' } as const;
const JSON_TYPE = 'application/json; charset=utf-8';
const NOT_ANSWERED: Refusal = { ...STORE_DOWN, detail: 'the store cannot be reached', mend: 'Ask again after the time in Retry-After.' };
const TOO_MANY: Refusal = { reason: 'too_many', detail: 'as many batches are being read as this gateway reads at once', mend: 'Ask again after the time in Retry-After.', retryAfterSeconds: 1 };
const NO_BATCH: Refusal = { reason: 'not_found', detail: 'there is no batch of this ID', mend: 'Take the ID from the answer to what was sent.' };

/** What became of what was sent, for whoever sent it: by batch, by document, and as it is decided; with the reasons where it was refused. */
export function answerRoutes(app: FastifyInstance, settings: AnswerRouteSettings): void {
  const { credentials, limits, now, source, intake, stopping, refused } = settings;
  let reading = 0;

  interface Asked<Query> {
    readonly signed: string;
    readonly schema: z.ZodType<Query>;
    answer(query: Query): Promise<FastifyReply>;
  }

  /** Proves who asks before anything of the question is looked at. */
  async function answered<Query>(request: FastifyRequest, reply: FastifyReply, { signed, schema, answer }: Asked<Query>): Promise<FastifyReply> {
    const unproven = senderRefusal(credentials, { headers: request.headers, now: now(), limits, content: Buffer.from(signed) });
    if (unproven !== undefined) return refused(request, reply, unproven);
    const query = schema.safeParse(request.query);
    if (!query.success) return refused(request, reply, { reason: 'schema', detail: 'the query cannot be understood', mend: 'Ask as /openapi.json describes it.', errors: findingsOf(query.error) });
    try {
      return await answer(query.data);
    } catch (error) {
      request.log.error({ err: error }, 'the store could not be asked what became of what was sent');
      return refused(request, reply, NOT_ANSWERED);
    }
  }

  for (const [route, kind] of Object.entries(DOCUMENTS)) {
    app.get<{ Params: { system: string; id: string } }>(route, async (request, reply) => {
      const { system, id } = request.params;
      return await answered(request, reply, {
        signed: `${kind}:${system}/${id}`,
        schema: documentQuery,
        async answer({ version }) {
          const found = await within(limits.storeTimeoutMs, () => intake.versions({ kind, source, system, id }));
          const latest = found.at(-1)?.version;
          const wanted = found.filter((one) => version === undefined || one.version === (version === 'latest' ? latest : version));
          if (latest === undefined || wanted.length === 0) return refused(request, reply, { reason: 'not_found', detail: `no ${kind} ${id} of ${system}${typeof version === 'number' ? ` in version ${version}` : ''} was sent here`, mend: 'Ask by the system and ID of the document as it was sent.' });
          return reply.type(JSON_TYPE).send(JSON.stringify(sentDocumentSchema.parse({ system, id, latest, versions: wanted.map(toldOf) })));
        },
      });
    });
  }

  app.get<{ Params: { id: string } }>('/v1/batches/:id', async (request, reply) => {
    const { id } = request.params;
    return await answered(request, reply, {
      signed: `batch:${id}`,
      schema: z.object({}),
      async answer() {
        const status = await within(limits.storeTimeoutMs, () => intake.status(id));
        return status?.source === source ? reply.type(JSON_TYPE).send(JSON.stringify(status)) : refused(request, reply, NO_BATCH);
      },
    });
  });

  app.get<{ Params: { id: string } }>('/v1/batches/:id/records', async (request, reply) => {
    const { id } = request.params;
    return await answered(request, reply, {
      signed: `batch:${id}`,
      schema: recordsQuery,
      async answer(query) {
        if (reading >= limits.bulkInFlight) return refused(request, reply, TOO_MANY);
        reading += 1;
        try {
          const records = await within(limits.storeTimeoutMs, () => intake.recordsOfBatch({ source, batch: id, ...query, limit: query.limit + 1 }));
          if (records === undefined) {
            reading -= 1;
            return refused(request, reply, NO_BATCH);
          }
          const stream = Readable.from(recordLines({ batch: id, source, records, limit: query.limit, intake, timeoutMs: limits.storeTimeoutMs, log: request.log, stopping, progressed: () => idle.refresh() }), { objectMode: false });
          // Whoever asks and then does not read gives the place to another.
          const idle = setTimeout(() => stream.destroy(new Error('the answer was not read')), limits.bulkIdleMs);
          stream.once('close', () => {
            clearTimeout(idle);
            reading -= 1;
          });
          return reply.code(200).type('application/x-ndjson; charset=utf-8').send(stream);
        } catch (error) {
          reading -= 1;
          throw error;
        }
      },
    });
  });

  app.get<{ Querystring: { after?: unknown } }>('/v1/answers', async (request, reply) => {
    const { after } = request.query;
    return await answered(request, reply, {
      signed: `answers:${typeof after === 'string' ? after : ''}`,
      schema: answersQuery,
      async answer(query) {
        const found = await within(limits.storeTimeoutMs, () => intake.answersAfter({ source, after: query.after ?? 0, limit: query.limit }));
        if (found === undefined) return refused(request, reply, { reason: 'schema', detail: `the cursor ${query.after ?? 0} was never given`, mend: 'Send `next` of the last answer, or leave `after` out to have everything from the beginning.' });
        return reply.type(JSON_TYPE).send(JSON.stringify(answersSchema.parse({ answers: found.answers.map(toldOf), next: String(found.next), more: found.more })));
      },
    });
  });
}
