import { z } from 'zod';
import { SystemFailure, type Failure } from '../../domain/failure.ts';
import type { ConnectorSettings } from '../connector.ts';
import { readAnswer } from '../http/answer.ts';
import { fixedHeaders } from '../http/auth.ts';
import { createHttpClient, emptyAnswer, type HttpAnswer } from '../http/client.ts';
import { pagesOf } from '../http/pages.ts';
import { presentBody } from '../http/present-body.ts';
import { evidenceOf } from '../http/redact.ts';
import { peopleAddress } from '../people-address.ts';
import type { CallContext, Found } from '../ports.ts';
import { classifyKantata } from './classify.ts';
import { answerOf, idText, type Answered } from './envelope.ts';
import { kantataCredentialsSchema, type KantataOptions } from './options.ts';

export interface About {
  readonly object: string;
  readonly context: CallContext;
}

type Query = Readonly<Record<string, string>>;

/** Kantata OX's API v1 as far as the line needs it. A path begins with its collection: "/workspaces/41000001". All throw SystemFailure. */
export interface Kantata {
  readonly system: string;
  /** One object; null where there is none, or it is hidden by a default filter. */
  show<Row>(path: string, row: z.ZodType<Row>, about: About, query?: Query): Promise<{ readonly row: Row; readonly answer: Answered<Row> } | null>;
  page<Row>(path: string, row: z.ZodType<Row>, about: About, query: Query): Promise<Answered<Row>>;
  /** A list page by page, each asked for when it is wanted. @param pageSize - 200 where none is given */
  pages<Row>(path: string, row: z.ZodType<Row>, about: About, query?: Query, pageSize?: number): AsyncGenerator<{ readonly answer: Answered<Row> }, void>;
  /** All pages of a list that is short and that nobody changes meanwhile. */
  answers<Row>(path: string, row: z.ZodType<Row>, about: About, query?: Query): Promise<readonly Answered<Row>[]>;
  list<Row>(path: string, row: z.ZodType<Row>, about: About, query?: Query): Promise<readonly Row[]>;
  /** `values` under the object's own name, as every write of the API takes them. */
  write<Row>(method: 'POST' | 'PUT', path: string, name: string, values: object, row: z.ZodType<Row>, about: About, collection?: string): Promise<Row>;
  /** A write whose answer is of no concern. */
  act(method: 'POST' | 'PUT', path: string, body: object, about: About): Promise<void>;
  /** False where there was none. */
  remove(path: string, about: About): Promise<boolean>;
  found(workspaceId: string): Found;
  failure(about: About, what: Pick<Failure, 'kind' | 'code' | 'message' | 'mend'>): SystemFailure;
}

const API = '/api/v1';
export const MOST_A_PAGE = 200;
export const madeRow = z.object({ id: idText });

export function createKantataClient(settings: ConnectorSettings, options: KantataOptions): Kantata {
  const { accessToken } = kantataCredentialsSchema.parse(settings.credentials);
  const http = createHttpClient({ ...settings, auth: fixedHeaders({ authorization: `Bearer ${accessToken}` }), classify: classifyKantata });
  const appUrl = peopleAddress(options.appUrl, settings.baseUrl, (host) => (host.endsWith('mavenlink.com') ? 'https://app.mavenlink.com' : undefined));
  const collectionOf = (path: string) => path.split('/')[1] ?? '';
  const failure: Kantata['failure'] = (about, what) => new SystemFailure({ system: settings.system, object: about.object, written: 'no', ...what });

  /** A page of a proxy that says "not found" says nothing of the record. */
  const mustBeKantata = ({ status, headers, text }: Pick<HttpAnswer<unknown>, 'status' | 'headers' | 'text'>, about: About): void => {
    if (status !== 404 || !readAnswer(headers, text).html) return;
    throw new SystemFailure({ kind: 'contract', code: 'HTTP_HTML', system: settings.system, object: about.object, written: 'no', evidence: evidenceOf(text), message: `A web page came instead of an API answer for ${about.object} (HTTP 404).`, mend: "Check the system's address and whether a proxy or login page stands in between, then retry." });
  };

  const page: Kantata['page'] = async (path, row, about, query) => {
    const { body } = await http.request({ method: 'GET', path: `${API}${path}`, query, answer: answerOf(collectionOf(path), row), writes: false, ...about });
    return body;
  };

  const pages: Kantata['pages'] = (path, row, about, query = {}, pageSize = MOST_A_PAGE) =>
    pagesOf({ system: settings.system, object: about.object }, 1, async (number) => {
      const answer = await page(path, row, about, { ...query, page: String(number), per_page: String(pageSize) });
      return { answer, items: answer.rows, next: number * pageSize < answer.count ? number + 1 : null };
    });

  const answers: Kantata['answers'] = async (path, row, about, query) => {
    const all: Answered<z.infer<typeof row>>[] = [];
    for await (const { answer } of pages(path, row, about, query)) all.push(answer);
    return all;
  };

  return {
    system: settings.system,
    failure,
    page,
    pages,
    async show(path, row, about, query = {}) {
      const answer = await http.request({ method: 'GET', path: `${API}${path}`, query, answer: answerOf(collectionOf(path), row).or(z.undefined()), writes: false, accept: [404], ...about });
      mustBeKantata(answer, about);
      const body = presentBody(answer, { system: settings.system, object: about.object });
      const first = body?.rows[0];
      return body === null || first === undefined ? null : { row: first, answer: body };
    },
    answers,
    list: async (path, row, about, query) => (await answers(path, row, about, query)).flatMap(({ rows }) => rows),
    async write(method, path, name, values, row, about, collection = collectionOf(path)) {
      const { body } = await http.request({ method, path: `${API}${path}`, json: { [name]: values }, answer: answerOf(collection, row).refine(({ rows }) => rows.length === 1, 'expected the object that was written'), writes: true, ...about });
      const [made] = body.rows;
      if (made === undefined) throw new TypeError('an answer with one object has none');
      return made;
    },
    async act(method, path, body, about) {
      await http.request({ method, path: `${API}${path}`, json: body, answer: z.looseObject({}).transform(() => undefined), writes: true, ...about });
    },
    async remove(path, about) {
      const answer = await http.request({ method: 'DELETE', path: `${API}${path}`, answer: emptyAnswer, writes: true, accept: [404], ...about });
      mustBeKantata(answer, about);
      return answer.status !== 404;
    },
    found: (workspaceId) => ({ externalId: workspaceId, url: `${appUrl}/workspaces/${workspaceId}` }),
  };
}

/** IDs are text in answers and numbers in what is sent. */
export function idNumber(id: string): number {
  return Number(id);
}

/** Reads objects by their IDs, as many at once as an answer can hold. */
export async function byIds<Row>(kantata: Kantata, path: string, ids: Iterable<string>, row: z.ZodType<Row>, about: About, query: Query = {}): Promise<readonly Answered<Row>[]> {
  const wanted = [...new Set(ids)];
  const answers: Answered<Row>[] = [];
  for (let from = 0; from < wanted.length; from += MOST_A_PAGE) {
    answers.push(await kantata.page(path, row, about, { ...query, only: wanted.slice(from, from + MOST_A_PAGE).join(','), per_page: String(MOST_A_PAGE) }));
  }
  return answers;
}
