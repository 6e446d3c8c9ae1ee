import { z } from 'zod';
import type { ConnectorSettings } from '../connector.ts';
import { fixedHeaders, renewedToken } from '../http/auth.ts';
import { createHttpClient } from '../http/client.ts';
import { detachedContext } from '../http/detached-context.ts';
import { itemsOf, pagesOf } from '../http/pages.ts';
import type { CallContext } from '../ports.ts';
import { classifyStatus, failureOfError } from './failures.ts';
import { trytonCredentialsSchema } from './options.ts';

export interface TrytonCall<T> {
  /** "party.party.search_read" */
  readonly method: string;
  /** Without the context, which is added as the last parameter. */
  readonly args: readonly unknown[];
  /** ID of the company to work in. */
  readonly company?: number | undefined;
  /** "timesheet.work,7" → its `_timestamp` as read: Tryton refuses to write a record that was changed since (ConcurrencyException). */
  readonly timestamps?: Readonly<Record<string, string>> | undefined;
  /** More for the context: what a report of Tryton's is to cover. */
  readonly with?: Readonly<Record<string, unknown>> | undefined;
  readonly result: z.ZodType<T>;
  readonly object: string;
  readonly writes: boolean;
  readonly context: CallContext;
}

export interface Tryton {
  readonly system: string;
  /** One call is one transaction in Tryton. @throws SystemFailure */
  call<T>(call: TrytonCall<T>): Promise<T>;
}

export type Row = Readonly<Record<string, unknown>>;

/** How long a session is used before a new one is asked for; Tryton's own limit is longer and answers 401 past it. */
const SESSION_SECONDS = 3600;

const errorAnswer = z.object({ error: z.array(z.unknown()).min(1) });
const loginAnswer = z.union([z.object({ result: z.tuple([z.number().int(), z.string()], z.unknown()) }), errorAnswer]);

/** JSON-RPC over one session, which is opened again when Tryton has forgotten it. */
export function createTrytonClient(settings: ConnectorSettings): Tryton {
  const { database, user, password } = trytonCredentialsSchema.parse(settings.credentials);
  const { system, baseUrl, limits, log } = settings;
  const path = `/${encodeURIComponent(database)}/rpc/`;
  const common = { system, baseUrl, limits, log, classify: classifyStatus };
  const anonymous = createHttpClient({ ...common, auth: fixedHeaders({}) });

  const logIn = async () => {
    const object = `the login of ${user}`;
    const { body } = await anonymous.request({ method: 'POST', path, json: { id: 0, method: 'common.db.login', params: [user, { password }, 'en'] }, answer: loginAnswer, secretAnswer: true, object, writes: false, context: detachedContext(log) });
    if ('error' in body) throw failureOfError(system, object, body.error);
    const [userId, session] = body.result;
    return { headers: { authorization: `Session ${Buffer.from(`${user}:${userId}:${session}`).toString('base64')}` }, expiresInSeconds: SESSION_SECONDS };
  };
  const http = createHttpClient({ ...common, auth: renewedToken(logIn) });
  let calls = 0;

  return {
    system,
    async call({ method, args, company, timestamps, with: more, result, object, writes, context }) {
      calls += 1;
      const params = [...args, { ...more, language: 'en', ...(company === undefined ? {} : { company }), ...(timestamps === undefined ? {} : { _timestamp: timestamps }) }];
      const answer = z.union([errorAnswer, z.object({ result })]);
      const { body } = await http.request({ method: 'POST', path, json: { id: calls, method: `model.${method}`, params }, answer, object, writes, context });
      if ('error' in body) throw failureOfError(system, object, body.error);
      return body.result;
    },
  };
}

export interface Search<T> {
  readonly model: string;
  readonly domain: readonly unknown[];
  readonly fields: readonly string[];
  readonly row: z.ZodType<T>;
  readonly company?: number | undefined;
  readonly object: string;
  readonly context: CallContext;
  readonly limit?: number;
  /** True also for records that are not active. */
  readonly inactive?: boolean;
}

/** The records that fit, page by page in the order of their IDs, each page asked for when it is wanted; with a limit, the first so many and no further page. */
export function searchPages<T>(tryton: Tryton, search: Search<T>): AsyncGenerator<{ readonly items: T[] }, void> {
  const size = search.limit ?? 1000;
  return pagesOf({ system: tryton.system, object: search.object }, 0, async (offset) => {
    const items = await tryton.call({
      method: `${search.model}.search_read`,
      args: [search.domain, offset, size, [['id', 'ASC']], search.fields],
      company: search.company,
      with: search.inactive === true ? { active_test: false } : undefined,
      result: z.array(search.row),
      object: search.object,
      writes: false,
      context: search.context,
    });
    return { items, next: items.length < size || search.limit !== undefined ? null : offset + items.length };
  });
}

/** Reads the records that fit; many are read in pages, so that none is left out. */
export async function searchRead<T>(tryton: Tryton, search: Search<T>): Promise<T[]> {
  return await itemsOf(searchPages(tryton, search));
}

/** The start of a text, as a pattern for Tryton's `like`. */
export function startsWith(text: string): string {
  return `${text.replace(/[\\%_]/g, '\\$&')}%`;
}
