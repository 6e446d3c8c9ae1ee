import { z } from 'zod';
import { SystemFailure, type Failure } from '../../domain/failure.ts';
import type { ConnectorSettings } from '../connector.ts';
import { fixedHeaders } from '../http/auth.ts';
import { createHttpClient } from '../http/client.ts';
import { pagesOf } from '../http/pages.ts';
import { peopleAddress } from '../people-address.ts';
import type { CallContext, Found } from '../ports.ts';
import { classifyLago } from './classify.ts';
import { readLagoLimits } from './limits.ts';
import { lagoCredentialsSchema, type LagoOptions } from './options.ts';

export interface About {
  readonly object: string;
  readonly context: CallContext;
}
type Query = Readonly<Record<string, string>>;

/** Lago's API v1 as far as the line needs it. Paths are below /api/v1. All throw SystemFailure. */
export interface Lago {
  readonly system: string;
  /** Null where there is none. */
  get<T>(path: string, answer: z.ZodType<T>, about: About): Promise<T | null>;
  /** Page by page, in Lago's order: newest first. @param name - of the list in the answer */
  list<T>(path: string, name: string, item: z.ZodType<T>, about: About, query?: Query): AsyncIterable<T>;
  /** @param accept - statuses outside 2xx that are an answer */
  send<T>(method: 'POST' | 'PUT', path: string, body: object, answer: z.ZodType<T>, about: About, accept?: readonly number[]): Promise<T>;
  /** False where it was gone. */
  remove(path: string, about: About): Promise<boolean>;
  found(folder: 'customer' | 'invoice', id: string): Found;
  failure(about: About, what: Pick<Failure, 'kind' | 'code' | 'message' | 'mend'> & { readonly written?: Failure['written'] }): SystemFailure;
}

const PAGE_SIZE = 100;
const missingAnswer = z.object({ status: z.literal(404), code: z.string() }).transform(() => null);

export function createLagoClient(settings: ConnectorSettings, options: LagoOptions): Lago {
  const { apiKey } = lagoCredentialsSchema.parse(settings.credentials);
  const http = createHttpClient({ ...settings, auth: fixedHeaders({ authorization: `Bearer ${apiKey}` }), classify: classifyLago, readLimits: readLagoLimits });
  const appUrl = peopleAddress(options.appUrl, settings.baseUrl, (host) => (host === 'api.getlago.com' ? 'https://app.getlago.com' : host === 'api.eu.getlago.com' ? 'https://app.eu.getlago.com' : undefined));

  return {
    system: settings.system,
    async get(path, answer, about) {
      const { body } = await http.request({ method: 'GET', path: `/api/v1${path}`, answer: z.union([answer, missingAnswer]), writes: false, accept: [404], ...about });
      return body;
    },
    async *list(path, name, item, about, query = {}) {
      const page = z.object({ [name]: z.array(item), meta: z.object({ next_page: z.int().nullish() }) });
      const pages = pagesOf({ system: settings.system, object: about.object }, 1, async (number) => {
        const { body }: { readonly body: z.infer<typeof page> } = await http.request({ method: 'GET', path: `/api/v1${path}`, query: { ...query, page: String(number), per_page: String(PAGE_SIZE) }, answer: page, writes: false, ...about });
        return { items: z.array(item).parse(body[name]), next: page.shape.meta.parse(body['meta']).next_page };
      });
      for await (const { items } of pages) yield* items;
    },
    async send(method, path, body, answer, about, accept = []) {
      const made = await http.request({ method, path: `/api/v1${path}`, json: body, answer, writes: true, accept, ...about });
      return made.body;
    },
    async remove(path, about) {
      const { body } = await http.request({ method: 'DELETE', path: `/api/v1${path}`, answer: z.union([missingAnswer, z.unknown().transform(() => true)]), writes: true, accept: [404], ...about });
      return body !== null;
    },
    found: (folder, id) => ({ externalId: id, url: `${appUrl}/${folder}/${encodeURIComponent(id)}` }),
    failure: (about, what) => new SystemFailure({ system: settings.system, object: about.object, written: 'no', ...what }),
  };
}
