import { z } from 'zod';
import { SystemFailure, type Failure } from '../../domain/failure.ts';
import type { ConnectorSettings } from '../connector.ts';
import { fixedHeaders } from '../http/auth.ts';
import { createHttpClient, emptyAnswer } from '../http/client.ts';
import { itemsOf, pagesOf } from '../http/pages.ts';
import { peopleAddress } from '../people-address.ts';
import type { CallContext, Found } from '../ports.ts';
import { classifyClockify, NOT_OF_WORKSPACE } from './classify.ts';
import { clockifyCredentialsSchema, type ClockifyOptions } from './options.ts';

export interface About {
  readonly object: string;
  readonly context: CallContext;
}

type Query = Readonly<Record<string, string>>;

/** Clockify's API v1 as far as the line needs it. Paths are below /api/v1/workspaces/{workspaceId}. All throw SystemFailure. */
export interface Clockify {
  readonly system: string;
  /** Null where there is none in this workspace. */
  read<T>(path: string, answer: z.ZodType<T>, about: About): Promise<T | null>;
  /** One page, and whether it is the last. */
  page<T>(path: string, item: z.ZodType<T>, about: About, query: Query & { readonly page: string; readonly 'page-size': string }): Promise<{ readonly items: T[]; readonly last: boolean }>;
  /** A list page by page, each asked for when it is wanted. @param pageSize - 200 where none is given */
  pages<T>(path: string, item: z.ZodType<T>, about: About, query?: Query, pageSize?: number): AsyncGenerator<{ readonly items: T[]; readonly last: boolean }, void>;
  /** All of a list that is short. */
  list<T>(path: string, item: z.ZodType<T>, about: About, query?: Query): Promise<T[]>;
  send<T>(method: 'POST' | 'PUT' | 'PATCH', path: string, body: object, answer: z.ZodType<T>, about: About): Promise<T>;
  remove(path: string, about: About): Promise<void>;
  found(projectId: string): Found;
  failure(about: About, what: Pick<Failure, 'kind' | 'code' | 'message' | 'mend'>): SystemFailure;
}

const PAGE_SIZE = 200;
const notFoundAnswer = z.object({ message: z.string().regex(NOT_OF_WORKSPACE) }).transform(() => null);

export function createClockifyClient(settings: ConnectorSettings, options: ClockifyOptions): Clockify {
  const { apiKey, workspaceId } = clockifyCredentialsSchema.parse(settings.credentials);
  const http = createHttpClient({ ...settings, auth: fixedHeaders({ 'x-api-key': apiKey }), classify: classifyClockify });
  const workspace = `/api/v1/workspaces/${workspaceId}`;
  const appUrl = peopleAddress(options.appUrl, settings.baseUrl, (host) => (host.endsWith('clockify.me') ? 'https://app.clockify.me' : undefined));

  const page: Clockify['page'] = async (path, item, about, query) => {
    const { body, headers } = await http.request({ method: 'GET', path: `${workspace}${path}`, query, answer: z.array(item), writes: false, ...about });
    // Documented for every list; where it is missing, a page that is not full is the last.
    const told = headers['last-page'];
    return { items: body, last: told === undefined ? body.length < Number(query['page-size']) : told === 'true' };
  };

  const pages: Clockify['pages'] = (path, item, about, query = {}, pageSize = PAGE_SIZE) =>
    pagesOf({ system: settings.system, object: about.object }, 1, async (number) => {
      const { items, last } = await page(path, item, about, { ...query, page: String(number), 'page-size': String(pageSize) });
      // A list with nothing in it may have no page that counts as the last.
      return { items, last, next: last || (number === 1 && items.length === 0) ? null : number + 1 };
    });

  return {
    system: settings.system,
    page,
    async read(path, answer, about) {
      const { body } = await http.request({ method: 'GET', path: `${workspace}${path}`, answer: z.union([answer, notFoundAnswer]), writes: false, accept: [400], ...about });
      return body;
    },
    pages,
    list: async (path, item, about, query) => await itemsOf(pages(path, item, about, query)),
    async send(method, path, body, answer, about) {
      const made = await http.request({ method, path: `${workspace}${path}`, json: body, answer, writes: true, ...about });
      return made.body;
    },
    async remove(path, about) {
      await http.request({ method: 'DELETE', path: `${workspace}${path}`, answer: emptyAnswer, writes: true, ...about });
    },
    found: (projectId) => ({ externalId: projectId, url: `${appUrl}/projects/${projectId}/edit` }),
    failure: (about, what) => new SystemFailure({ system: settings.system, object: about.object, written: 'no', ...what }),
  };
}

export const madeAnswer = z.object({ id: z.string() });
