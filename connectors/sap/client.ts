import { z } from 'zod';
import { SystemFailure } from '../../domain/failure.ts';
import { redact } from '../../domain/redact.ts';
import type { ConnectorSettings } from '../connector.ts';
import { createHttpClient, emptyAnswer, type HttpClient } from '../http/client.ts';
import { pagesOf } from '../http/pages.ts';
import type { CallContext } from '../ports.ts';
import { batchOf, outcomesOf, type ChangeSetOutcome, type Operation } from './batch.ts';
import { classifySap, isGone } from './classify.ts';
import { parameters, type Literal } from './odata.ts';
import type { SapCredentials } from './options.ts';
import { sapSession } from './session.ts';

export interface About {
  readonly object: string;
  readonly context: CallContext;
}

export interface Query {
  readonly filter?: string;
  readonly select?: readonly string[];
  readonly expand?: readonly string[];
  readonly top?: number;
}

/** A record with its version, for `If-Match`; undefined where the service keeps none. */
export type Stored<Row> = Row & { readonly etag: string | undefined };

/** Whatever the version is. */
export const ANY_VERSION = '*';

const ROOT = '/sap/opu/odata/sap';
export const SERVICES = {
  partner: `${ROOT}/API_BUSINESS_PARTNER`,
  order: `${ROOT}/API_SALES_ORDER_SRV`,
  project: `${ROOT}/API_ENTERPRISE_PROJECT_SRV;v=0002`,
  time: `${ROOT}/API_MANAGE_WORKFORCE_TIMESHEET`,
} as const;

/** OData version 2 services. `path` is below the service: "A_SalesOrder('17')/to_Item". All throw SystemFailure. */
export interface Sap {
  readonly system: string;
  /** Null where there is none. */
  read<Row extends object>(service: string, path: string, query: Query, row: z.ZodType<Row>, about: About): Promise<Stored<Row> | null>;
  list<Row extends object>(service: string, path: string, query: Query, row: z.ZodType<Row>, about: About): Promise<Stored<Row>[]>;
  /** Page after page as SAP cuts them. */
  pages<Row extends object>(service: string, path: string, query: Query, row: z.ZodType<Row>, about: About): AsyncIterable<Stored<Row>[]>;
  /** With its parts: a deep insert is done wholly or not at all. Answers what SAP made of it. */
  create<Row extends object>(service: string, path: string, body: object, row: z.ZodType<Row>, about: About): Promise<Row>;
  /** With a version, only while nobody else has changed it; without, whatever it is: some services refuse a change that says nothing of it (428). */
  update(service: string, path: string, body: object, version: string | undefined, about: About): Promise<void>;
  /** False where there was none. */
  remove(service: string, path: string, version: string | undefined, about: About): Promise<boolean>;
  /** A function import that changes something. */
  call(service: string, name: string, values: Readonly<Record<string, Literal>>, about: About): Promise<void>;
  /** What became of each change set. @throws SystemFailure where the batch as a whole failed */
  batch(service: string, changeSets: readonly (readonly Operation[])[], about: About): Promise<ChangeSetOutcome[]>;
}

const metadata = z.looseObject({ __metadata: z.looseObject({ etag: z.string().optional() }).optional() });
const MOST_WARNING = 500;

/** Asks in English, by which messages are told apart (classify.ts). */
export function createSapClient(settings: ConnectorSettings, credentials: SapCredentials): Sap {
  const auth = sapSession(settings, credentials, SERVICES.partner);
  return sapOver(createHttpClient({ ...settings, auth, classify: classifySap, headers: { 'accept-language': 'en' } }), settings);
}

function sapOver(http: HttpClient, { system, baseUrl, log }: ConnectorSettings): Sap {
  async function* pages<Row extends object>(service: string, path: string, query: Query, row: z.ZodType<Row>, about: About): AsyncIterable<Stored<Row>[]> {
    const page = z.object({ d: z.object({ results: z.array(storedRow(row)), __next: z.string().optional() }) });
    const cut = pagesOf({ system, object: about.object, emptyPages: true }, `${service}/${path}${queryOf(query)}`, async (link) => {
      const { body }: { body: z.infer<typeof page> } = await http.request({ method: 'GET', path: link, answer: page, writes: false, ...about });
      return { items: body.d.results, next: body.d.__next === undefined ? null : nextPath(body.d.__next, service, about) };
    });
    for await (const { items } of cut) yield items;
  }

  /** The link to the next page, which must stay within the system: the session goes with it. */
  function nextPath(link: string, service: string, about: About): string {
    const base = new URL(baseUrl);
    const next = URL.parse(link, `${base.origin}${service}/`);
    if (next !== null && next.host === base.host) return `${next.pathname}${next.search}`;
    throw new SystemFailure({ kind: 'contract', code: 'SAP_NEXT_LINK', system, object: about.object, written: 'no', message: `SAP names a next page for ${about.object} that is not its own.`, mend: 'Check the system\'s address in config/systems.yaml, then retry.', evidence: link.slice(0, 200) });
  }

  const versioned = (version: string | undefined) => ({ headers: { 'if-match': version ?? ANY_VERSION } });

  return {
    system,
    pages,
    async read(service, path, query, row, about) {
      const answer = z.object({ d: storedRow(row) });
      return unlessGone(async () => (await http.request({ method: 'GET', path: `${service}/${path}${queryOf(query)}`, answer, writes: false, ...about })).body.d);
    },
    async list(service, path, query, row, about) {
      const rows: Stored<z.infer<typeof row>>[] = [];
      for await (const page of pages(service, path, query, row, about)) rows.push(...page);
      return rows;
    },
    async create(service, path, body, row, about) {
      const { body: answer, headers } = await http.request({ method: 'POST', path: `${service}/${path}`, json: body, answer: z.object({ d: row }), writes: true, ...about });
      const warning = headers['sap-message'];
      if (typeof warning === 'string') log.warn({ system, object: about.object, message: redact(warning.slice(0, MOST_WARNING)) }, `SAP made ${about.object} with a message`);
      return answer.d;
    },
    async update(service, path, body, version, about) {
      await http.request({ method: 'PATCH', path: `${service}/${path}`, json: body, answer: emptyAnswer, writes: true, ...versioned(version), ...about });
    },
    async remove(service, path, version, about) {
      const removed = await unlessGone(async () => http.request({ method: 'DELETE', path: `${service}/${path}`, answer: emptyAnswer, writes: true, ...versioned(version), ...about }));
      return removed !== null;
    },
    async call(service, name, values, about) {
      await http.request({ method: 'POST', path: `${service}/${name}?${parameters(values)}`, answer: z.object({ d: z.unknown() }), writes: true, ...versioned(ANY_VERSION), ...about });
    },
    async batch(service, changeSets, about) {
      const { headers, text } = await http.request({ method: 'POST', path: `${service}/$batch`, content: batchOf(changeSets), headers: { accept: 'multipart/mixed' }, answer: z.unknown(), writes: true, ...about });
      return outcomesOf(system, about.object, changeSets, { type: headers['content-type'], text });
    },
  };
}

function queryOf({ filter, select, expand, top }: Query): string {
  const parts = [
    ...(filter === undefined ? [] : [`$filter=${encodeURIComponent(filter)}`]),
    ...(select === undefined ? [] : [`$select=${select.join(',')}`]),
    ...(expand === undefined ? [] : [`$expand=${expand.join(',')}`]),
    ...(top === undefined ? [] : [`$top=${top}`]),
  ];
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

/** Null where there is no such record; a service that is missing is another matter. */
async function unlessGone<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

function storedRow<Row extends object>(row: z.ZodType<Row>): z.ZodType<Stored<Row>> {
  return metadata.transform((value, context): Stored<Row> => {
    const parsed = row.safeParse(value);
    if (parsed.success) return { ...parsed.data, etag: value.__metadata?.etag };
    for (const { path, message } of parsed.error.issues) context.issues.push({ code: 'custom', path, message, input: value });
    return z.NEVER;
  });
}
