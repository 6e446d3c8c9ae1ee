import { z } from 'zod';
import { SystemFailure } from '../../domain/failure.ts';
import type { ConnectorSettings } from '../connector.ts';
import { createHttpClient, emptyAnswer, type HttpClient } from '../http/client.ts';
import { pagesOf } from '../http/pages.ts';
import type { CallContext } from '../ports.ts';
import { entraAuth } from './auth.ts';
import { changeSetFailure, changeSetOf } from './change-set.ts';
import { classifyDynamics, isGone } from './classify.ts';
import { entityPath, type EntityKey } from './odata.ts';
import type { DynamicsCredentials, DynamicsOptions } from './options.ts';

export interface About {
  readonly object: string;
  readonly context: CallContext;
}

export interface Query {
  readonly filter: string;
  readonly select: readonly string[];
}

/** A row with its version, for `If-Match`. */
export type Stored<Row> = Row & { readonly etag: string | undefined };

/** Data entities over OData v4. Every call is across companies; all key fields of an entity are needed. All throw SystemFailure. */
export interface Dynamics {
  readonly system: string;
  /** Null where there is none. */
  read<Row extends object>(set: string, key: EntityKey, row: z.ZodType<Row>, select: readonly string[], about: About): Promise<Stored<Row> | null>;
  create(set: string, body: object, about: About): Promise<void>;
  /** Makes all of them or none, as one change set. @throws SystemFailure with `written: 'no'` where Dynamics says that it made none */
  createAll(set: string, bodies: readonly object[], about: About): Promise<void>;
  /** With a version, only while nobody else has changed it. */
  update(set: string, key: EntityKey, body: object, version: string | undefined, about: About): Promise<void>;
  /** False where there was none. */
  remove(set: string, key: EntityKey, about: About): Promise<boolean>;
  list<Row extends object>(set: string, query: Query, row: z.ZodType<Row>, about: About): Promise<Stored<Row>[]>;
  /** Whether there is a row, by one of its fields. */
  any(set: string, filter: string, field: string, about: About): Promise<boolean>;
  /** Page after page as Dynamics cuts them, at most 10,000 rows each. */
  pages<Row extends object>(set: string, query: Query, row: z.ZodType<Row>, about: About): AsyncIterable<Stored<Row>[]>;
}

const HEADERS = { 'odata-version': '4.0', 'odata-maxversion': '4.0' };
const CROSS_COMPANY = 'cross-company=true';
const versioned = z.looseObject({ '@odata.etag': z.string().optional() });

export function createDynamicsClient(settings: ConnectorSettings, options: DynamicsOptions, credentials: DynamicsCredentials): Dynamics {
  return dynamicsOver(createHttpClient({ ...settings, auth: entraAuth(settings, options, credentials), classify: classifyDynamics, headers: HEADERS }), settings);
}

function dynamicsOver(http: HttpClient, { system, baseUrl }: ConnectorSettings): Dynamics {
  const pathOf = (set: string, key: EntityKey) => `/data/${entityPath(set, key)}?${CROSS_COMPANY}`;
  const selecting = (select: readonly string[]) => `$select=${select.join(',')}`;

  async function* pages<Row extends object>(set: string, query: Query, row: z.ZodType<Row>, about: About): AsyncIterable<Stored<Row>[]> {
    const page = z.object({ value: z.array(storedRow(row)), '@odata.nextLink': z.string().optional() });
    const first = `/data/${set}?${CROSS_COMPANY}&$filter=${encodeURIComponent(query.filter)}&${selecting(query.select)}`;
    const found = pagesOf({ system, object: about.object, emptyPages: true }, first, async (path) => {
      const { body } = await http.request({ method: 'GET', path, answer: page, writes: false, ...about });
      const next = body['@odata.nextLink'];
      return { items: body.value, next: next === undefined ? null : nextPath(next, about) };
    });
    for await (const { items } of found) yield items;
  }

  /** The link to the next page, which must stay within the environment: the token goes with it. */
  function nextPath(link: string, about: About): string {
    const base = new URL(baseUrl);
    const next = URL.parse(link, `${base.origin}/data/`);
    if (next !== null && next.host === base.host) return `${next.pathname}${next.search}`;
    throw new SystemFailure({ kind: 'contract', code: 'DYNAMICS_NEXT_LINK', system, object: about.object, written: 'no', message: `Dynamics 365 names a next page for ${about.object} that is not its own.`, mend: 'Check the system\'s address in config/systems.yaml, then retry.', evidence: link.slice(0, 200) });
  }

  return {
    system,
    pages,
    async read(set, key, row, select, about) {
      const path = `${pathOf(set, key)}&${selecting(select)}`;
      return unlessGone(async () => (await http.request({ method: 'GET', path, answer: storedRow(row), writes: false, ...about })).body);
    },
    async create(set, body, about) {
      await http.request({ method: 'POST', path: `/data/${set}?${CROSS_COMPANY}`, json: body, answer: emptyAnswer, writes: true, ...about });
    },
    async createAll(set, bodies, about) {
      const content = changeSetOf(bodies.map((body) => ({ method: 'POST', url: `${baseUrl.replace(/\/+$/, '')}/data/${set}?${CROSS_COMPANY}`, body })));
      const { headers, text } = await http.request({ method: 'POST', path: '/data/$batch', content, answer: z.unknown(), writes: true, ...about });
      const failure = changeSetFailure(system, about.object, bodies.length, { type: headers['content-type'], text });
      if (failure !== null) throw failure;
    },
    async update(set, key, body, version, about) {
      await http.request({ method: 'PATCH', path: pathOf(set, key), json: body, answer: emptyAnswer, writes: true, ...(version === undefined ? {} : { headers: { 'if-match': version } }), ...about });
    },
    async remove(set, key, about) {
      const removed = await unlessGone(async () => http.request({ method: 'DELETE', path: pathOf(set, key), answer: emptyAnswer, writes: true, ...about }));
      return removed !== null;
    },
    async any(set, filter, field, about) {
      const path = `/data/${set}?${CROSS_COMPANY}&$filter=${encodeURIComponent(filter)}&${selecting([field])}&$top=1`;
      const { body } = await http.request({ method: 'GET', path, answer: z.object({ value: z.array(z.unknown()) }), writes: false, ...about });
      return body.value.length > 0;
    },
    async list(set, query, row, about) {
      const rows: Stored<z.infer<typeof row>>[] = [];
      for await (const page of pages(set, query, row, about)) rows.push(...page);
      return rows;
    },
  };
}

/** Null where there is no such record; an entity set that is missing is another matter. */
async function unlessGone<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

function storedRow<Row extends object>(row: z.ZodType<Row>): z.ZodType<Stored<Row>> {
  return versioned.transform((value, context): Stored<Row> => {
    const parsed = row.safeParse(value);
    if (parsed.success) return { ...parsed.data, etag: value['@odata.etag'] };
    for (const { path, message } of parsed.error.issues) context.issues.push({ code: 'custom', path, message, input: value });
    return z.NEVER;
  });
}
