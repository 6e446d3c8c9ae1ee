import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Account } from './account.ts';
import { badRequest, invalid } from './errors.ts';

export interface Service {
  readonly account: Account;
  readonly premium: boolean;
  readonly announce: (type: string, objectType: string, object: object) => void;
}

const Params = z.record(z.string(), z.string());
const Query = z.record(z.string(), z.union([z.string(), z.array(z.string()).transform((list) => list.join(','))]));
export type Filters = Readonly<Record<string, string>>;

/** The largest page. Kaminari, which pages for Lago, gives less where less is configured (unverified). */
const MOST_PER_PAGE = 1000;

export function idIn(request: FastifyRequest): string {
  return Params.parse(request.params)['id'] ?? '';
}
export function filtersOf(request: FastifyRequest): Filters {
  return Query.parse(request.query);
}

/** What stands under the root name; fields that are not known are ignored, as Lago does. @throws Refusal where the root is missing or a field is of the wrong kind */
export function rootOf<Schema extends z.ZodType>(schema: Schema, request: FastifyRequest, name: string): z.output<Schema> {
  const body = z.record(z.string(), z.unknown()).safeParse(request.body);
  const root = body.success ? body.data[name] : undefined;
  if (root === undefined || root === null) throw badRequest(`param is missing or the value is empty: ${name}`);
  const read = schema.safeParse(root);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  throw invalid({ [issue?.path.map(String).join('.') ?? name]: [issue?.message.includes('received undefined') === true ? 'value_is_mandatory' : 'value_is_invalid'] });
}

/** A page by number, with Lago's `meta`. */
export function pageOf<T>(name: string, rows: readonly T[], query: Filters, view: (row: T) => object): object {
  const page = Math.max(1, Number(query['page'] ?? 1) || 1);
  const size = Math.min(MOST_PER_PAGE, Math.max(1, Number(query['per_page'] ?? 100) || 100));
  const pages = Math.ceil(rows.length / size);
  return {
    [name]: rows.slice((page - 1) * size, page * size).map(view),
    meta: { current_page: page, next_page: page < pages ? page + 1 : null, prev_page: page > 1 ? page - 1 : null, total_pages: pages, total_count: rows.length },
  };
}

/** Newest first, and what came in the same moment by its place. */
export function newestFirst<T extends { readonly created_at: string }>(rows: readonly T[]): T[] {
  return rows.toReversed().toSorted((left, right) => (left.created_at < right.created_at ? 1 : left.created_at > right.created_at ? -1 : 0));
}

/** Lago writes moments to the second. */
export function moment(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
