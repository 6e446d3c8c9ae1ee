import { z } from 'zod';
import { SystemFailure } from '../../domain/failure.ts';
import type { ConnectorSettings } from '../connector.ts';
import { entraAuth } from '../dynamics/auth.ts';
import type { DynamicsCredentials } from '../dynamics/options.ts';
import { createHttpClient, emptyAnswer } from '../http/client.ts';
import { pagesOf } from '../http/pages.ts';
import { evidenceOf } from '../http/redact.ts';
import type { CallContext } from '../ports.ts';
import { allDone, changeSetOf, refusedPart, type Change } from './batch.ts';
import { classifyDataverse, isGone } from './classify.ts';
import { readDataverseLimits } from './limits.ts';
import { ROOT, rowPath } from './odata.ts';
import type { ProjectOperationsOptions } from './options.ts';

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

/** Dataverse over its Web API. All throw SystemFailure. */
export interface Dataverse {
  readonly system: string;
  /** Null where there is none. */
  read<Row extends object>(set: string, id: string, row: z.ZodType<Row>, select: readonly string[], about: About): Promise<Stored<Row> | null>;
  list<Row extends object>(set: string, query: Query, row: z.ZodType<Row>, about: About): Promise<Stored<Row>[]>;
  pages<Row extends object>(set: string, query: Query, row: z.ZodType<Row>, about: About): AsyncIterable<Stored<Row>[]>;
  any(set: string, filter: string, column: string, about: About): Promise<boolean>;
  /** All of them or none. */
  change(changes: readonly Change[], about: About): Promise<void>;
  /** An action bound to a row, without parameters: "msdyn_PostJournal". */
  act(set: string, id: string, action: string, about: About): Promise<void>;
}

const HEADERS = { 'odata-version': '4.0', 'odata-maxversion': '4.0' };
const ROWS_OF_A_PAGE = 1000;
const versioned = z.looseObject({ '@odata.etag': z.string().optional() });

export function createDataverseClient(settings: ConnectorSettings, options: ProjectOperationsOptions, credentials: DynamicsCredentials): Dataverse {
  const { system, baseUrl } = settings;
  const http = createHttpClient({ ...settings, auth: entraAuth(settings, options, credentials), classify: classifyDataverse, readLimits: readDataverseLimits, headers: HEADERS });
  const selecting = (select: readonly string[]) => `$select=${select.join(',')}`;

  async function* pages<Row extends object>(set: string, query: Query, row: z.ZodType<Row>, about: About): AsyncIterable<Stored<Row>[]> {
    const page = z.object({ value: z.array(storedRow(row)), '@odata.nextLink': z.string().optional() });
    const first = `${ROOT}/${set}?$filter=${encodeURIComponent(query.filter)}&${selecting(query.select)}`;
    const found = pagesOf({ system, object: about.object, emptyPages: true }, first, async (path) => {
      const { body } = await http.request({ method: 'GET', path, headers: { prefer: `odata.maxpagesize=${ROWS_OF_A_PAGE}` }, answer: page, writes: false, ...about });
      const next = body['@odata.nextLink'];
      return { items: body.value, next: next === undefined ? null : nextPath(next, about) };
    });
    for await (const { items } of found) yield items;
  }

  /** The link to the next page, which must stay within the environment: the token goes with it. */
  function nextPath(link: string, about: About): string {
    const base = new URL(baseUrl);
    const next = URL.parse(link, `${base.origin}${ROOT}/`);
    if (next !== null && next.host === base.host) return `${next.pathname}${next.search}`;
    throw new SystemFailure({ kind: 'contract', code: 'PROJECT_OPERATIONS_NEXT_LINK', system, object: about.object, written: 'no', message: `Dataverse names a next page for ${about.object} that is not its own.`, mend: "Check the system's address in config/systems.yaml, then retry.", evidence: link.slice(0, 200) });
  }

  return {
    system,
    pages,
    async read(set, id, row, select, about) {
      try {
        return (await http.request({ method: 'GET', path: `${rowPath(set, id)}?${selecting(select)}`, answer: storedRow(row), writes: false, ...about })).body;
      } catch (error) {
        if (isGone(error)) return null;
        throw error;
      }
    },
    async list(set, query, row, about) {
      const rows: Stored<z.infer<typeof row>>[] = [];
      for await (const page of pages(set, query, row, about)) rows.push(...page);
      return rows;
    },
    async any(set, filter, column, about) {
      const path = `${ROOT}/${set}?$filter=${encodeURIComponent(filter)}&${selecting([column])}&$top=1`;
      return (await http.request({ method: 'GET', path, answer: z.object({ value: z.array(z.unknown()) }), writes: false, ...about })).body.value.length > 0;
    },
    async change(changes, about) {
      if (changes.length === 0) return;
      const { headers, text } = await http.request({ method: 'POST', path: `${ROOT}/$batch`, content: changeSetOf(changes), answer: z.unknown(), writes: true, ...about });
      const type = headers['content-type'];
      if (allDone(changes.length, type, text)) return;
      // With `odata.continue-on-error` and on older servers a batch answers 200 whatever became of its parts.
      throw refusedPart(type, text) === undefined ? unreadable(system, about.object, text) : refusal(system, about.object, { headers, text });
    },
    async act(set, id, action, about) {
      await http.request({ method: 'POST', path: `${rowPath(set, id)}/Microsoft.Dynamics.CRM.${action}`, json: {}, answer: emptyAnswer, writes: true, ...about });
    },
  };
}

function refusal(system: string, object: string, answer: { readonly headers: object; readonly text: string }): SystemFailure {
  const verdict = classifyDataverse({ status: 200, headers: { ...answer.headers }, body: undefined, text: answer.text }, { object, writes: true });
  const meaning = verdict === 'token_refused' ? { kind: 'transient' as const, code: 'PROJECT_OPERATIONS_HTTP_401', message: `The token expired in the middle of ${object}.`, mend: 'Nothing to do: it is tried again by itself.' } : verdict;
  const wait = meaning.retryAfterMs === undefined ? {} : { retryAfterMs: meaning.retryAfterMs };
  return new SystemFailure({ kind: meaning.kind, code: meaning.code, message: meaning.message, mend: meaning.mend, ...wait, system, object, written: 'no', evidence: evidenceOf(answer.text) });
}

function unreadable(system: string, object: string, text: string): SystemFailure {
  return new SystemFailure({
    kind: 'contract', code: 'PROJECT_OPERATIONS_BATCH_ANSWER', system, object, written: 'unknown', evidence: evidenceOf(text),
    message: `The answer to the change set of ${object} cannot be read.`,
    mend: "Compare the evidence with the vendor's documentation, correct the connector, then retry: the rows are looked up first.",
  });
}

function storedRow<Row extends object>(row: z.ZodType<Row>): z.ZodType<Stored<Row>> {
  return versioned.transform((value, context): Stored<Row> => {
    const parsed = row.safeParse(value);
    if (parsed.success) return { ...parsed.data, etag: value['@odata.etag'] };
    for (const { path, message } of parsed.error.issues) context.issues.push({ code: 'custom', path, message, input: value });
    return z.NEVER;
  });
}
