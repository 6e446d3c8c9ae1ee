import { z } from 'zod';
import type { ConnectorSettings } from '../connector.ts';
import { createHttpClient, emptyAnswer } from '../http/client.ts';
import { itemsOf, pagesOf } from '../http/pages.ts';
import type { CallContext } from '../ports.ts';
import { classifyGusto } from './classify.ts';
import { readGustoLimits } from './limits.ts';
import type { GustoCredentials, GustoOptions } from './options.ts';
import { gustoAuth } from './tokens.ts';

export interface About {
  readonly object: string;
  readonly context: CallContext;
}

/** Gusto's API as far as payroll needs it. Paths are below /v1/companies/{company}. All throw SystemFailure. */
export interface Gusto {
  readonly system: string;
  list<T>(path: string, item: z.ZodType<T>, about: About, query?: Readonly<Record<string, string>>): Promise<T[]>;
  read<T>(path: string, answer: z.ZodType<T>, about: About): Promise<T>;
  put<T>(path: string, body: object, answer: z.ZodType<T>, about: About, query?: Readonly<Record<string, string>>): Promise<T>;
  /** Begins work that Gusto finishes later. */
  start(path: string, about: About): Promise<void>;
}

/** The most that lists and payrolls give at once. */
export const PAGE_SIZE = 100;

export function createGustoClient(settings: ConnectorSettings, options: GustoOptions, credentials: GustoCredentials, dataDir: string): Gusto {
  const http = createHttpClient({ ...settings, auth: gustoAuth(settings, credentials, dataDir), classify: classifyGusto, headers: { 'x-gusto-api-version': options.apiVersion }, readLimits: readGustoLimits });
  const company = `/v1/companies/${credentials.companyUuid}`;
  return {
    system: settings.system,
    async list(path, item, about, query = {}) {
      return await itemsOf(pagesOf({ system: settings.system, object: about.object }, 1, async (page) => {
        const { body, headers } = await http.request({ method: 'GET', path: `${company}${path}`, query: { ...query, page: String(page), per: String(PAGE_SIZE) }, answer: z.array(item), writes: false, ...about });
        const pages = headers['x-total-pages'];
        return { items: body, next: (pages === undefined ? body.length < PAGE_SIZE : page >= Number(pages)) ? null : page + 1 };
      }));
    },
    async read(path, answer, about) {
      const { body } = await http.request({ method: 'GET', path: `${company}${path}`, answer, writes: false, ...about });
      return body;
    },
    async put(path, json, answer, about, query = {}) {
      const { body } = await http.request({ method: 'PUT', path: `${company}${path}`, query, json, answer, writes: true, ...about });
      return body;
    },
    async start(path, about) {
      await http.request({ method: 'PUT', path: `${company}${path}`, json: {}, answer: emptyAnswer, writes: true, ...about });
    },
  };
}
