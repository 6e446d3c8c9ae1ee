import { z } from 'zod';
import { SystemFailure, type Failure } from '../../domain/failure.ts';
import type { ConnectorSettings } from '../connector.ts';
import { createHttpClient, emptyAnswer } from '../http/client.ts';
import type { CallContext } from '../ports.ts';
import { scimAuth } from './auth.ts';
import { classifyScim, hasCode } from './classify.ts';
import { scimCredentialsSchema } from './options.ts';

export interface About {
  readonly object: string;
  readonly context: CallContext;
}

export type Resource = Readonly<Record<string, unknown>> & { readonly id: string };

export interface Page {
  /** How many there are in all; null where the provider does not say. */
  readonly total: number | null;
  /** Where the provider says that this page begins; null where it does not. */
  readonly startIndex: number | null;
  readonly resources: readonly Resource[];
  /** RFC 9865: where the next page begins; null on the last one, undefined where the provider pages by index. */
  readonly nextCursor: string | null | undefined;
}

/** A change, with the version it is made upon where the provider has versions. */
export interface Change {
  readonly version: string | null;
  readonly body: object;
}

/** SCIM 2.0 as far as the line needs it (RFC 7644). All throw SystemFailure. */
export interface Scim {
  readonly system: string;
  /** A document of discovery; null where the provider does not offer it. */
  discover<T>(path: string, answer: z.ZodType<T>, about: About): Promise<T | null>;
  page(path: string, query: Readonly<Record<string, string>>, about: About): Promise<Page>;
  /** Null where there is none. */
  read(path: string, about: About): Promise<Resource | null>;
  change(method: 'PATCH' | 'PUT', path: string, change: Change, about: About): Promise<void>;
  failure(about: About, what: Pick<Failure, 'kind' | 'code' | 'message' | 'mend'>): SystemFailure;
}

const MEDIA_TYPE = 'application/scim+json';
const resourceSchema = z.looseObject({ id: z.string().min(1) });
const number = z.coerce.number().int().nonnegative();
/** `Resources` may be missing where there are none (RFC 7644, section 3.4.2). */
const pageAnswer = z.looseObject({ schemas: z.array(z.string()), totalResults: number.nullish(), startIndex: number.nullish().catch(null), Resources: z.array(resourceSchema).nullish(), nextCursor: z.string().nullish() });

export function createScimClient(settings: ConnectorSettings): Scim {
  const credentials = scimCredentialsSchema.parse(settings.credentials);
  const http = createHttpClient({ ...settings, auth: scimAuth(settings, credentials), classify: classifyScim, headers: { accept: `${MEDIA_TYPE}, application/json;q=0.9` } });
  return {
    system: settings.system,
    async discover(path, answer, about) {
      try {
        return (await http.request({ method: 'GET', path, answer, writes: false, ...about })).body;
      } catch (error) {
        if (hasCode(error, 'SCIM_NOT_FOUND', 'SCIM_NOT_IMPLEMENTED', 'SCIM_FORBIDDEN')) return null;
        throw error;
      }
    },
    async page(path, query, about) {
      const { body } = await http.request({ method: 'GET', path, query, answer: pageAnswer, writes: false, ...about });
      const { totalResults: total, startIndex, Resources: resources, nextCursor } = body;
      return { total: total ?? null, startIndex: startIndex ?? null, resources: resources ?? [], nextCursor: query['cursor'] === undefined ? nextCursor : (nextCursor ?? null) };
    },
    async read(path, about) {
      const { status, body } = await http.request({ method: 'GET', path, answer: resourceSchema.optional(), accept: [404], writes: false, ...about });
      if (status === 404) return null;
      if (body !== undefined) return body;
      throw failure(about, { kind: 'contract', code: 'ANSWER_SCHEMA', message: `The answer for ${about.object} is empty.`, mend: 'Compare the provider\'s answer with RFC 7643, correct its address in config/systems.yaml, then retry.' });
    },
    async change(method, path, { version, body }, about) {
      await http.request({
        method,
        path,
        content: { type: MEDIA_TYPE, text: JSON.stringify(body) },
        ...(version === null ? {} : { headers: { 'if-match': version } }),
        answer: emptyAnswer,
        writes: true,
        ...about,
      });
    },
    failure,
  };

  function failure(about: About, what: Pick<Failure, 'kind' | 'code' | 'message' | 'mend'>): SystemFailure {
    return new SystemFailure({ system: settings.system, object: about.object, written: 'no', ...what });
  }
}
