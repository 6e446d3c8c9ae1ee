import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Account } from './account.ts';
import { otherParameters, refused, Refusal } from './errors.ts';
import { readParams } from './params.ts';

const DAY_MS = 86_400_000;
const Path = z.record(z.string(), z.string());
const KEY_LENGTH = 255;

export interface Service {
  readonly account: Account;
  readonly announce: (type: string, object: object) => void;
}

type Ids = Readonly<Record<string, string>>;

/** Registers a reading operation. */
export function get<Schema extends z.ZodType>(app: FastifyInstance, path: string, schema: Schema, answer: (query: z.output<Schema>, ids: Ids) => object): void {
  app.get(path, (request, reply) => reply.send(answer(readParams(schema, request.url.split('?')[1] ?? ''), Path.parse(request.params))));
}

/**
 * Registers a writing operation: done wholly or not at all, and once for each idempotency key. The answer is kept for a day, a failure's too, once the
 * operation has begun. https://docs.stripe.com/api/idempotent_requests
 */
export function post<Schema extends z.ZodType>(app: FastifyInstance, service: Service, path: string, schema: Schema, work: (params: z.output<Schema>, ids: Ids) => object): void {
  app.post(path, (request, reply) => {
    const { account } = service;
    const key = keyOf(request);
    const body = request.rawBody?.toString('utf8') ?? '';
    const sameRequest = `${request.url}\n${[...new URLSearchParams(body)].map((pair) => pair.join('=')).toSorted().join('&')}`;
    const saved = key === undefined ? undefined : account.answers.get(key);
    if (saved !== undefined && account.milliseconds() - saved.at < DAY_MS) {
      if (saved.request !== sameRequest) throw otherParameters(saved.id);
      void reply.header('idempotent-replayed', 'true').header('original-request', saved.requestId);
      return send(reply, key, saved.status, saved.body);
    }
    const params = readParams(schema, body);
    const keep = (status: number, answer: object) => {
      if (key !== undefined) account.answers.put(key, { id: key, at: account.milliseconds(), request: sameRequest, requestId: String(reply.getHeader('request-id')), status, body: answer });
    };
    try {
      const answer = account.transaction(() => work(params, Path.parse(request.params)));
      keep(200, answer);
      return send(reply, key, 200, answer);
    } catch (error) {
      if (error instanceof Refusal && error.executed) keep(error.status, error.body);
      throw error;
    }
  });
}

function send(reply: FastifyReply, key: string | undefined, status: number, body: object): FastifyReply {
  if (key !== undefined) void reply.header('idempotency-key', key);
  return reply.code(status).send(body);
}

function keyOf(request: FastifyRequest): string | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || key === '' || key.length > KEY_LENGTH) throw new Refusal(400, { type: 'invalid_request_error', message: `Idempotency keys must be between 1 and ${KEY_LENGTH} characters.` }, { executed: false });
  return key;
}

export function newRequestId(): string {
  return `req_${randomBytes(8).toString('base64url').replaceAll(/[-_]/g, 'x')}`;
}

export interface Page {
  readonly limit?: number | undefined;
  readonly starting_after?: string | undefined;
  readonly ending_before?: string | undefined;
}

/** A page of a list. `rows` come oldest first and are shown newest first, except where `order` says that they stand as they are. */
export function pageOf<T extends { readonly id: string }>(url: string, rows: readonly T[], page: Page, view: (row: T) => object, order: 'newest first' | 'as it is' = 'newest first'): object {
  const sorted = order === 'newest first' ? rows.toReversed() : rows;
  const limit = page.limit ?? 10;
  const indexOf = (id: string, param: string) => {
    const at = sorted.findIndex((row) => row.id === id);
    if (at < 0) throw refused('resource_missing', `No such object: '${id}'`, param);
    return at;
  };
  if (page.ending_before !== undefined) {
    const end = indexOf(page.ending_before, 'ending_before');
    const start = Math.max(0, end - limit);
    return { object: 'list', url, has_more: start > 0, data: sorted.slice(start, end).map(view) };
  }
  const start = page.starting_after === undefined ? 0 : indexOf(page.starting_after, 'starting_after') + 1;
  return { object: 'list', url, has_more: start + limit < sorted.length, data: sorted.slice(start, start + limit).map(view) };
}

/** Whether a path is to be expanded; `data.` leads into lists. @throws Refusal for a path that cannot be */
export function expander(paths: readonly string[] | undefined, possible: readonly string[]): (path: string) => boolean {
  const wanted = (paths ?? []).map((path) => path.replace(/^data\./, ''));
  for (const path of wanted) if (!possible.includes(path)) throw refused('parameter_invalid', `This property cannot be expanded (${path}).`, 'expand');
  return (path) => wanted.some((each) => each === path || each.startsWith(`${path}.`));
}


