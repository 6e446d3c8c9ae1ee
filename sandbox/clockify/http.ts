import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Account } from './account.ts';
import { Refusal, refused } from './errors.ts';

export interface Service {
  readonly account: Account;
  readonly workspaceId: string;
}

export type Query = Readonly<Record<string, string>>;
const Strings = z.record(z.string(), z.union([z.string(), z.array(z.string()).transform((list) => list.join(','))]));
const Params = z.record(z.string(), z.string());

export const WORKSPACE = '/api/v1/workspaces/:ws';

export function queryOf(request: FastifyRequest): Query {
  return Strings.parse(request.query);
}

export function idIn(request: FastifyRequest, name = 'id'): string {
  return Params.parse(request.params)[name] ?? '';
}

/** The body's known fields; a field of the wrong type is refused, an unknown one ignored. */
export function bodyOf<Schema extends z.ZodType>(schema: Schema, request: FastifyRequest): z.output<Schema> {
  return readBody(schema, request.body);
}

export function readBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const read = schema.safeParse(body ?? {});
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  throw refused(issue?.message.includes('received undefined') === true ? 'must not be null' : `${issue?.path.join('.') ?? 'body'}: ${issue?.message ?? 'is invalid'}`);
}

/** A page of a list, by number; `Last-Page` tells whether it is the last. The largest page is 5,000 (unverified). */
export function sendPage<T>(request: FastifyRequest, reply: FastifyReply, items: readonly T[], view: (item: T) => object): FastifyReply {
  const query = queryOf(request);
  const page = positive(query['page'], 1);
  const size = positive(query['page-size'], 50);
  if (size > 5000) throw new Refusal(400, 'page-size must be less than or equal to 5000', 501);
  const shown = items.slice((page - 1) * size, page * size);
  return reply.header('Last-Page', String(page * size >= items.length)).send(shown.map(view));
}

function positive(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Refusal(400, 'must be greater than or equal to 1', 501);
  return Number(text);
}

/** Filters names by `name`: those that contain it, or with `strict-name-search` those that are it. */
export function nameFilter(query: Query): (record: { readonly name: string }) => boolean {
  const wanted = query['name']?.toLowerCase();
  if (wanted === undefined || wanted === '') return () => true;
  return query['strict-name-search'] === 'true' ? ({ name }) => name.toLowerCase() === wanted : ({ name }) => name.toLowerCase().includes(wanted);
}

export function flagFilter(value: string | undefined): (flag: boolean) => boolean {
  return value === undefined ? () => true : (flag) => flag === (value === 'true');
}
