import { z } from 'zod';
import { SystemFailure, type Failure } from '../../domain/failure.ts';
import type { ConnectorSettings } from '../connector.ts';
import { fixedHeaders } from '../http/auth.ts';
import { createHttpClient, emptyAnswer, type HttpAnswer } from '../http/client.ts';
import { itemsOf, pagesOf } from '../http/pages.ts';
import { presentBody } from '../http/present-body.ts';
import type { CallContext, Found } from '../ports.ts';
import { classifyHarvest } from './classify.ts';
import { peopleAddress } from '../people-address.ts';
import { harvestCredentialsSchema, type HarvestOptions } from './options.ts';

export interface About {
  readonly object: string;
  readonly context: CallContext;
}

/** Harvest's API v2 as far as the line needs it. Paths are below /v2. All throw SystemFailure. */
export interface Harvest {
  readonly system: string;
  /** Null where there is none. */
  read<T>(path: string, answer: z.ZodType<T>, about: About): Promise<T | null>;
  /** All pages of a list; `name` is the list's key in the answer. */
  list<T>(path: string, name: string, item: z.ZodType<T>, about: About, query?: Readonly<Record<string, string>>): Promise<T[]>;
  /** A long list page by page, along Harvest's own links: no item is left out when others come or go meanwhile. */
  pages<T>(path: string, name: string, item: z.ZodType<T>, about: About, query: Readonly<Record<string, string>>): AsyncGenerator<T[], void>;
  /** How many a list has, without reading it; null where the token may not ask. */
  count(path: string, about: About, query: Readonly<Record<string, string>>): Promise<number | null>;
  create<T>(path: string, body: object, answer: z.ZodType<T>, about: About): Promise<T>;
  update(path: string, body: object, about: About): Promise<void>;
  /** As `update`; answers what is asked for of the record as Harvest then has it. */
  change<T>(path: string, body: object, answer: z.ZodType<T>, about: About): Promise<T>;
  /** False where there was none. */
  remove(path: string, about: About): Promise<boolean>;
  found(projectId: number): Found;
  failure(about: About, what: Pick<Failure, 'kind' | 'code' | 'message' | 'mend'>): SystemFailure;
}

export function createHarvestClient(settings: ConnectorSettings, options: HarvestOptions): Harvest {
  // The API is at one address for all accounts: it does not tell where this account's pages are.
  const isVendorsApi = new URL(settings.baseUrl).hostname === 'api.harvestapp.com';
  const peopleUrl = peopleAddress(options.accountUrl, settings.baseUrl, () => undefined);
  const { accountId, accessToken } = harvestCredentialsSchema.parse(settings.credentials);
  const http = createHttpClient({
    ...settings,
    auth: fixedHeaders({ authorization: `Bearer ${accessToken}` }),
    classify: classifyHarvest,
    headers: { 'harvest-account-id': accountId, 'user-agent': options.userAgent },
  });
  const client: Harvest = {
    system: settings.system,
    async read(path, answer, about) {
      const got = await http.request({ method: 'GET', path: `/v2${path}`, answer: answer.or(z.undefined()), writes: false, accept: [404], ...about });
      return presentBody(got, { system: settings.system, object: about.object });
    },
    async list(path, name, item, about, query = {}) {
      const page = z.looseObject({ [name]: z.array(item), next_page: z.number().int().nullable() });
      return await itemsOf(pagesOf({ system: settings.system, object: about.object }, 1, async (number) => {
        const { body }: HttpAnswer<Record<string, unknown>> = await http.request({ method: 'GET', path: `/v2${path}`, query: { ...query, page: String(number), per_page: '2000' }, answer: page, writes: false, ...about });
        return { items: z.array(item).parse(body[name]), next: page.shape.next_page.parse(body['next_page']) };
      }));
    },
    async *pages(path, name, item, about, query) {
      const page = z.looseObject({ [name]: z.array(item), links: z.object({ next: z.string().nullable() }) });
      const first = `/v2${path}?${new URLSearchParams({ ...query, per_page: '2000' }).toString()}`;
      const pages = pagesOf({ system: settings.system, object: about.object, emptyPages: true }, first, async (link) => {
        const { body }: HttpAnswer<Record<string, unknown>> = await http.request({ method: 'GET', path: link, answer: page, writes: false, ...about });
        return { items: z.array(item).parse(body[name]), next: pathOf(page.shape.links.parse(body['links']).next) };
      });
      for await (const { items } of pages) yield items;
    },
    async count(path, about, query) {
      const got = await http.request({ method: 'GET', path: `/v2${path}`, query: { ...query, per_page: '1' }, answer: z.object({ total_entries: z.number().int() }).or(z.undefined()), writes: false, accept: [403], ...about });
      return presentBody(got, { system: settings.system, object: about.object })?.total_entries ?? null;
    },
    async create(path, body, answer, about) {
      const made = await http.request({ method: 'POST', path: `/v2${path}`, json: body, answer, writes: true, ...about });
      return made.body;
    },
    async update(path, body, about) {
      await client.change(path, body, z.object({ id: z.number() }), about);
    },
    async change(path, body, answer, about) {
      return (await http.request({ method: 'PATCH', path: `/v2${path}`, json: body, answer, writes: true, ...about })).body;
    },
    async remove(path, about) {
      const { status } = await http.request({ method: 'DELETE', path: `/v2${path}`, answer: emptyAnswer, writes: true, accept: [404], ...about });
      return status !== 404;
    },
    found: (projectId) => ({ externalId: String(projectId), url: isVendorsApi && options.accountUrl === undefined ? null : `${peopleUrl}/projects/${projectId}` }),
    failure: (about, what) => new SystemFailure({ system: settings.system, object: about.object, written: 'no', ...what }),
  };
  return client;
}

/** Of a link, what stands below the API's address: an account may be reached through another one. */
function pathOf(link: string | null): string | null {
  if (link === null) return null;
  const { pathname, search } = new URL(link);
  return `${pathname}${search}`;
}
