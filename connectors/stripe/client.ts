import { createHash } from 'node:crypto';
import { z } from 'zod';
import { SystemFailure, type Failure } from '../../domain/failure.ts';
import type { ConnectorSettings } from '../connector.ts';
import { fixedHeaders } from '../http/auth.ts';
import { createHttpClient, type HttpAnswer } from '../http/client.ts';
import { pagesOf } from '../http/pages.ts';
import { peopleAddress } from '../people-address.ts';
import type { CallContext, Found } from '../ports.ts';
import { classifyStripe, isReplay, isReplayed } from './classify.ts';
import { formOf, type Params } from './form.ts';
import { stripeCredentialsSchema, type StripeOptions } from './options.ts';

/** The version all requests and answers are of, whatever the account's own: that of the `stripe` SDK whose types the tests hold both against. */
export const STRIPE_VERSION = '2026-10-28.endive';

export interface About {
  readonly object: string;
  readonly context: CallContext;
}

/** Stripe's API v1 as far as the line needs it. Paths are below /v1. All throw SystemFailure. */
export interface Stripe {
  readonly system: string;
  /** Null where there is none. */
  get<T>(path: string, answer: z.ZodType<T>, about: About, query?: Params): Promise<T | null>;
  /** Newest first, page by page. */
  list<T extends { readonly id: string }>(path: string, item: z.ZodType<T>, about: About, query?: Params): AsyncIterable<T>;
  /**
   * @param step - tells requests of one call context apart: part of the idempotency key
   * @param stands - asked where Stripe only repeats that it did this before: whether it is so still, or was taken back since and has to be done anew
   */
  post<T>(path: string, params: Params, answer: z.ZodType<T>, about: About, step: string, stands?: (made: T) => Promise<boolean>): Promise<T>;
  /** False where it was gone. */
  remove(path: string, about: About): Promise<boolean>;
  found(folder: 'customers' | 'invoices' | 'credit_notes', id: string): Found;
  failure(about: About, what: Pick<Failure, 'kind' | 'code' | 'message' | 'mend'> & { readonly written?: Failure['written'] }): SystemFailure;
}

const PAGE_SIZE = 100;
/** Keys are refused beyond. Source: https://docs.stripe.com/api/idempotent_requests */
const KEY_LENGTH = 255;
/** Times a saved answer is met with a further key before a person has to look at it. */
const MOST_REPLAYS = 5;
const missingAnswer = z.object({ error: z.object({ code: z.literal('resource_missing') }) }).transform(() => null);
const removedAnswer = z.object({ id: z.string(), deleted: z.literal(true) });
export const madeAnswer = z.object({ id: z.string() });

export function createStripeClient(settings: ConnectorSettings, options: StripeOptions): Stripe {
  const { secretKey } = stripeCredentialsSchema.parse(settings.credentials);
  const http = createHttpClient({ ...settings, auth: fixedHeaders({ authorization: `Bearer ${secretKey}` }), classify: classifyStripe, headers: { 'stripe-version': STRIPE_VERSION } });
  const dashboard = peopleAddress(options.dashboardUrl, settings.baseUrl, (host) => (host === 'api.stripe.com' ? 'https://dashboard.stripe.com' : undefined));
  const mode = secretKey.includes('_test_') ? '/test' : '';

  return {
    system: settings.system,
    async get(path, answer, about, query = {}) {
      const { body } = await http.request({ method: 'GET', path: `/v1${path}`, query: formOf(query), answer: z.union([answer, missingAnswer]), writes: false, accept: [404], ...about });
      return body;
    },
    async *list(path, item, about, query = {}) {
      const page = z.object({ data: z.array(item), has_more: z.boolean() });
      const pages = pagesOf({ system: settings.system, object: about.object }, '', async (after) => {
        const { body } = await http.request({ method: 'GET', path: `/v1${path}`, query: formOf({ limit: PAGE_SIZE, ...query, starting_after: after === '' ? undefined : after }), answer: page, writes: false, ...about });
        return { items: body.data, next: body.has_more ? (body.data.at(-1)?.id ?? after) : null };
      });
      for await (const { items } of pages) yield* items;
    },
    async post(path, params, answer, about, step, stands = () => Promise.resolve(true)) {
      const form = formOf(params);
      for (let replays = 0; ; replays += 1) {
        let made: HttpAnswer<z.output<typeof answer>>;
        try {
          const key = idempotencyKey(about.context.idempotencyKey, step, { path, form, replays });
          made = await http.request({ method: 'POST', path: `/v1${path}`, form, headers: { 'idempotency-key': key }, answer, writes: true, ...about });
        } catch (error) {
          if (!isReplayed(error) || replays === MOST_REPLAYS) throw error;
          // Stripe keeps failures, 500s too, for a day: what failed then, and was looked up since, has to go under another key.
          continue;
        }
        // So does what was done then and is gone: an undo, or a person, took it away within the day.
        if (!isReplay(made.headers) || (await stands(made.body))) return made.body;
        if (replays === MOST_REPLAYS) throw takenBack(settings.system, about);
      }
    },
    async remove(path, about) {
      const { body } = await http.request({ method: 'DELETE', path: `/v1${path}`, answer: z.union([removedAnswer, missingAnswer]), writes: true, accept: [404], ...about });
      return body !== null;
    },
    found: (folder, id) => ({ externalId: id, url: `${dashboard}${mode}/${folder}/${id}` }),
    failure: (about, what) => new SystemFailure({ system: settings.system, object: about.object, written: 'no', ...what }),
  };
}

function takenBack(system: string, { object }: About): SystemFailure {
  return new SystemFailure({ kind: 'business_rule', code: 'STRIPE_TAKEN_BACK', system, object, written: 'no', message: `What was written for ${object} was taken away in Stripe again, ${MOST_REPLAYS} times within a day.`, mend: 'Find out who or what takes it away in Stripe, then retry.' });
}

/** Stable over retries of the same request; another request never meets the answer of this one. */
function idempotencyKey(ofCall: string, step: string, request: { readonly path: string; readonly form: Readonly<Record<string, string>>; readonly replays: number }): string {
  const digest = createHash('sha256').update(JSON.stringify(request)).digest('base64url').slice(0, 22);
  const key = `${ofCall}/${step}/${digest}`;
  return key.length <= KEY_LENGTH ? key : createHash('sha256').update(key).digest('base64url');
}
