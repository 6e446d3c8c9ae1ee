import { z } from 'zod';
import { SystemFailure } from '../../domain/failure.ts';
import type { ConnectorSettings } from '../connector.ts';
import { createHttpClient, emptyAnswer, type HttpClient } from '../http/client.ts';
import { pagesOf } from '../http/pages.ts';
import type { CallContext } from '../ports.ts';
import { oracleAuth } from './auth.ts';
import { batchFailure, batchOf } from './batch.ts';
import { classifyOracle, isGone } from './classify.ts';
import type { OracleCredentials, OracleOptions } from './options.ts';

export interface About {
  readonly object: string;
  readonly context: CallContext;
}

export interface Query {
  readonly where?: string;
  readonly fields: readonly string[];
  readonly orderBy?: string;
}

/** A row with the path that is its key (the server's own hash for many resources) and its version, for `If-Match`. */
export type Stored<Row> = Row & { readonly self: string; readonly etag: string | undefined };

/** Oracle Fusion's REST resources, and the few SOAP services beside them. All throw SystemFailure. */
export interface Oracle {
  readonly system: string;
  /** One record by its path; null where there is none. */
  read<Row extends object>(path: string, fields: readonly string[], row: z.ZodType<Row>, about: About): Promise<Stored<Row> | null>;
  list<Row extends object>(path: string, query: Query, row: z.ZodType<Row>, about: About): Promise<Stored<Row>[]>;
  /** The only one a key can have; null where there is none. */
  find<Row extends object>(path: string, query: Query, row: z.ZodType<Row>, about: About): Promise<Stored<Row> | null>;
  /** Whether there is one, by one of its fields. */
  any(path: string, where: string, field: string, about: About): Promise<boolean>;
  /** Page after page, at most 500 rows each. */
  pages<Row extends object>(path: string, query: Query, row: z.ZodType<Row>, about: About): AsyncIterable<Stored<Row>[]>;
  /** With `upsert`, a record with the same key is changed instead (Upsert-Mode). */
  create<Row extends object>(path: string, body: object, row: z.ZodType<Row>, about: About, mode?: 'upsert'): Promise<Stored<Row>>;
  /** Makes all of them or none. @throws SystemFailure with `written: 'no'` where Oracle says that it made none */
  createAll(resource: string, bodies: readonly object[], about: About): Promise<void>;
  /** With a version, only while nobody else has changed it. */
  update(self: string, body: object, version: string | undefined, about: About): Promise<void>;
  /** False where there was none. */
  remove(self: string, about: About): Promise<boolean>;
  /** The answer's XML. @param action - the operation's name */
  soap(path: string, action: string, envelope: string, about: About): Promise<string>;
}

const VERSION = '11.13.18.05';
export const FSCM = `/fscmRestApi/resources/${VERSION}`;
export const CRM = `/crmRestApi/resources/${VERSION}`;
/** Error bodies and nested collections changed with it: never left to the server. https://docs.oracle.com/en/cloud/saas/sales/faaps/Set_the_REST_Framework_Version.html */
const HEADERS = { 'rest-framework-version': '4', accept: 'application/json, application/vnd.oracle.adf.error+json' };
const PAGE_SIZE = 500;

const linked = z.looseObject({ links: z.array(z.looseObject({ rel: z.string(), href: z.string(), properties: z.looseObject({ changeIndicator: z.string().optional() }).optional() })) });

export function createOracleClient(settings: ConnectorSettings, options: OracleOptions, credentials: OracleCredentials): Oracle {
  return oracleOver(createHttpClient({ ...settings, auth: oracleAuth(settings, options, credentials), classify: classifyOracle, headers: HEADERS }), settings.system);
}

function oracleOver(http: HttpClient, system: string): Oracle {
  const failure = (what: { code: string; message: string; mend: string; evidence?: string }, about: About) => new SystemFailure({ kind: 'contract', system, object: about.object, written: 'no', ...what });

  async function* pages<Row extends object>(path: string, query: Query, row: z.ZodType<Row>, about: About): AsyncIterable<Stored<Row>[]> {
    const page = z.object({ items: z.array(storedRow(row)), hasMore: z.boolean() });
    const cut = pagesOf({ system, object: about.object }, 0, async (offset) => {
      const { body }: { body: z.infer<typeof page> } = await http.request({ method: 'GET', path, query: { ...parametersOf(query), limit: String(PAGE_SIZE), offset: String(offset) }, answer: page, writes: false, ...about });
      return { items: body.items, next: body.hasMore ? offset + body.items.length : null };
    });
    for await (const { items } of cut) yield items;
  }
  const list: Oracle['list'] = async (path, query, row, about) => {
    const rows: Stored<z.infer<typeof row>>[] = [];
    for await (const page of pages(path, query, row, about)) rows.push(...page);
    return rows;
  };

  return {
    system,
    pages,
    list,
    async find(path, query, row, about) {
      const [first, second] = await list(path, query, row, about);
      if (second !== undefined) throw failure({ code: 'ORACLE_AMBIGUOUS', message: `Oracle has more than one record for ${about.object}.`, mend: 'Leave one of them in Oracle with this number or reference, then retry.', evidence: query.where ?? '' }, about);
      return first ?? null;
    },
    async any(path, where, field, about) {
      const answer = z.object({ items: z.array(z.unknown()) });
      return (await http.request({ method: 'GET', path, query: { q: where, fields: field, links: 'self', limit: '1' }, answer, writes: false, ...about })).body.items.length > 0;
    },
    async read(path, fields, row, about) {
      return unlessGone(async () => (await http.request({ method: 'GET', path, query: parametersOf({ fields }), answer: storedRow(row), writes: false, ...about })).body);
    },
    async create(path, body, row, about, mode) {
      return (await http.request({ method: 'POST', path, json: body, answer: storedRow(row), writes: true, ...(mode === 'upsert' ? { headers: { 'upsert-mode': 'true' } } : {}), ...about })).body;
    },
    async createAll(resource, bodies, about) {
      const answer = await http.request({ method: 'POST', path: FSCM, content: batchOf(`/${resource}`, bodies), answer: z.unknown(), writes: true, ...about });
      const refusal = batchFailure(system, about.object, bodies.length, answer);
      if (refusal !== null) throw refusal;
    },
    async update(self, body, version, about) {
      await http.request({ method: 'PATCH', path: self, json: body, answer: emptyAnswer, writes: true, ...(version === undefined ? {} : { headers: { 'if-match': version } }), ...about });
    },
    async remove(self, about) {
      return (await unlessGone(async () => http.request({ method: 'DELETE', path: self, answer: emptyAnswer, writes: true, ...about }))) !== null;
    },
    async soap(path, action, envelope, about) {
      const content = { type: 'text/xml; charset=utf-8', text: envelope };
      return (await http.request({ method: 'POST', path, content, headers: { soapaction: `"${action}"`, accept: 'text/xml' }, answer: z.unknown(), writes: true, ...about })).text;
    },
  };
}

function parametersOf(query: Query): Record<string, string> {
  return { ...(query.where === undefined ? {} : { q: query.where }), fields: query.fields.join(','), links: 'self', ...(query.orderBy === undefined ? {} : { orderBy: query.orderBy }) };
}

async function unlessGone<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

/** The path in the link to itself, whatever host the link names: the token goes to the configured address only. */
function storedRow<Row extends object>(row: z.ZodType<Row>): z.ZodType<Stored<Row>> {
  return linked.transform((value, context): Stored<Row> => {
    const parsed = row.safeParse(value);
    const link = value.links.find((each) => each.rel === 'self');
    const self = link === undefined ? undefined : pathOf(link.href);
    if (self === undefined) context.issues.push({ code: 'custom', path: ['links'], message: 'no link to the record itself', input: value.links });
    if (!parsed.success) for (const { path, message } of parsed.error.issues) context.issues.push({ code: 'custom', path, message, input: value });
    if (self === undefined || !parsed.success) return z.NEVER;
    const indicator = link?.properties?.changeIndicator;
    return { ...parsed.data, self, etag: indicator === undefined ? undefined : `"${indicator}"` };
  });
}

function pathOf(href: string): string | undefined {
  const path = URL.parse(href, 'https://link.invalid')?.pathname;
  return path !== undefined && (path.startsWith(`${FSCM}/`) || path.startsWith(`${CRM}/`)) ? path : undefined;
}
