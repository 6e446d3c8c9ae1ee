import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { badRequest, Refusal } from './errors.ts';
import type { Presenter } from './presenters.ts';

export type Query = Readonly<Record<string, string>>;
const Strings = z.record(z.string(), z.union([z.string(), z.array(z.string()).transform((list) => list.join(','))]));
const Params = z.record(z.string(), z.string());
const COMMON = ['include', 'only', 'optional_fields', 'order', 'page', 'per_page', 'limit', 'offset'];

/** The query's parameters; one that is not documented for the endpoint is refused, where Kantata may ignore it (unverified). */
export function queryOf(request: FastifyRequest, known: readonly string[]): Query {
  const query = Strings.parse(request.query);
  const unknown = Object.keys(query).find((name) => !known.includes(name) && !COMMON.includes(name));
  if (unknown !== undefined) throw badRequest(`Unknown parameter: ${unknown}`);
  return query;
}

/** The ID in the path, without the ending ".json" that every path may have. */
export function idIn(request: FastifyRequest): string {
  return (Params.parse(request.params)['id'] ?? '').replace(/\.json$/, '');
}

/** The values under the object's own name; an unknown or missing field, or one of the wrong type, is refused with its name. */
export function bodyOf<Schema extends z.ZodType>(name: string, schema: Schema, request: FastifyRequest): z.output<Schema> {
  const body = z.object({ [name]: z.unknown() }).safeParse(request.body ?? {});
  if (!body.success || body.data[name] === undefined) throw badRequest(`param is missing or the value is empty: ${name}`);
  return readBody(schema, body.data[name]);
}

export function readBody<Schema extends z.ZodType>(schema: Schema, values: unknown): z.output<Schema> {
  const read = schema.safeParse(values);
  if (read.success) return read.data;
  throw new Refusal(422, ...read.error.issues.map((issue) => ({ type: 'validation' as const, message: issue.message, field: issue.code === 'unrecognized_keys' ? issue.keys.join(',') : issue.path.join('.') })));
}

/** An ID in a body is a number. */
export const idNumber = z.int().positive().max(2_147_483_647).transform(String);
export const localDate = z.iso.date();

export interface Page {
  readonly number: number;
  readonly size: number;
  readonly from: number;
}

/** More than 200 a page is refused, where Kantata may give 200 (unverified). */
export function pageOf(query: Query): Page {
  const size = whole(query['per_page'], 20);
  const number = whole(query['page'], 1);
  if (size > 200) throw badRequest('per_page must be at most 200');
  if (query['limit'] !== undefined && query['offset'] !== undefined) return { number: 1, size: whole(query['limit'], 20), from: Number(query['offset']) };
  return { number, size, from: (number - 1) * size };
}

function whole(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw badRequest(`${text} is not a positive number`);
  return Number(text);
}

/** The envelope of every answer: what was asked for in order, each object under its ID, and what `include` brings beside. */
export function sendObjects(reply: FastifyReply, presenter: Presenter, ids: readonly string[], query: Query, of?: { readonly count: number; readonly page: Page }): FastifyReply {
  const include = (query['include'] ?? '').split(',').filter((name) => name !== '');
  const unknown = include.find((name) => !presenter.includes.includes(name));
  if (unknown !== undefined) throw badRequest(`Unknown association: ${unknown}`);
  const count = of?.count ?? ids.length;
  const collections: Record<string, Record<string, object>> = { [presenter.collection]: {} };
  for (const name of include) for (const collection of presenter.collectionsOf(name)) collections[collection] ??= {};
  for (const id of ids) {
    const { view, beside } = presenter.show(id, include);
    for (const one of beside) (collections[one.collection] ??= {})[one.id] ??= one.view;
    (collections[presenter.collection] ??= {})[id] = view;
  }
  const size = of?.page.size ?? 20;
  return reply.send({
    count,
    meta: { count, page_count: Math.max(1, Math.ceil(count / size)), page_number: of?.page.number ?? 1, page_size: size },
    results: ids.map((id) => ({ key: presenter.collection, id })),
    ...collections,
  });
}
