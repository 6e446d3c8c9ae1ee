import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Collection } from '../kit/sandbox.ts';
import { stamp, type Account } from './account.ts';
import { notFound, unprocessable } from './errors.ts';
import { listText } from './paging.ts';

/** What every endpoint works with. */
export interface Service {
  readonly account: Account;
  readonly base: () => string;
  /** True where the account lets a client look nothing up again: mode `no-reference`. */
  readonly hidesReferences: () => boolean;
  /** True where the token is of a member, who sees their own time only: mode `member-token`. */
  readonly isMembers: () => boolean;
  readonly records: (collection: string) => Collection<object>;
}

export type Query = Readonly<Record<string, string>>;

const Params = z.record(z.string(), z.string());
const Strings = z.record(z.string(), z.union([z.string(), z.array(z.string()).transform((list) => list.at(-1) ?? '')]));

export function queryOf(request: FastifyRequest): Query {
  return Strings.parse(request.query);
}

export function numberIn(request: FastifyRequest, name: string): number {
  const text = Params.parse(request.params)[name] ?? '';
  if (!/^\d+$/.test(text)) throw notFound();
  return Number(text);
}

/** The record or a 404. */
export function found<T>(record: T | undefined): T {
  if (record === undefined) throw notFound();
  return record;
}

export function sendText(reply: FastifyReply, text: string, status = 200): FastifyReply {
  return reply.code(status).type('application/json; charset=utf-8').send(text);
}

/** A deletion's answer is 200 without a body. */
export function sendDeleted(reply: FastifyReply): FastifyReply {
  return reply.code(200).send();
}

export function sendList<T extends { readonly id: number }>(
  service: Service,
  request: FastifyRequest,
  reply: FastifyReply,
  name: string,
  items: readonly T[],
  itemText: (item: T) => string,
): FastifyReply {
  const path = request.url.split('?', 1)[0] ?? '';
  return sendText(reply, listText({ path, base: service.base(), query: queryOf(request) }, name, items, itemText));
}

export type Filter<T> = (item: T) => boolean;

/** Builds the filters that a list's query asks for; parameters that are not documented for it are ignored. */
export function filters<T>(query: Query, known: Readonly<Record<string, (value: string) => Filter<T>>>): Filter<T> {
  const wanted = Object.entries(known).flatMap(([name, build]) => {
    const value = query[name];
    return value === undefined ? [] : [build(value)];
  });
  return (item) => wanted.every((keep) => keep(item));
}

export const isActive = (value: string) => (item: { readonly is_active: boolean }): boolean => item.is_active === (value === 'true');

export function updatedSince(value: string): Filter<{ readonly updated_at: string }> {
  const since = Date.parse(value);
  if (Number.isNaN(since)) throw unprocessable('updated_since is not a valid datetime');
  const wholeSecond = stamp(new Date(Math.ceil(since / 1000) * 1000));
  return (item) => item.updated_at >= wholeSecond;
}

export function equalsNumber<T>(read: (item: T) => number): (value: string) => Filter<T> {
  return (value) => (item) => String(read(item)) === value;
}

const texts = new WeakMap<object, { readonly parts: readonly unknown[]; readonly text: string }>();

/** An answer's text, written once for a record and the records it shows the names of: all are replaced when changed, never altered. */
export function remembered(record: object, parts: readonly unknown[], build: () => object): string {
  const known = texts.get(record);
  if (known !== undefined && known.parts.length === parts.length && known.parts.every((part, index) => part === parts[index])) return known.text;
  const text = JSON.stringify(build());
  texts.set(record, { parts, text });
  return text;
}
