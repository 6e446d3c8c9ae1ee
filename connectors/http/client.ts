import { Agent as HttpAgent, type IncomingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { gunzipSync } from 'node:zlib';
import { got } from 'got';
import { z } from 'zod';
import { SystemFailure } from '../../domain/failure.ts';
import type { ConnectorSettings } from '../connector.ts';
import type { CallContext, Log } from '../ports.ts';
import { readAnswer } from './answer.ts';
import { joinAtOnce, tellTooManyAtOnce } from './at-once.ts';
import { isFixed, untilAborted, type AuthProvider } from './auth.ts';
import { createBudget, reasonOf } from './budget.ts';
import { createCircuit, type CircuitState } from './circuit.ts';
import { retryAfterMs, type Classifier, type Verdict } from './classify.ts';
import { register } from './clients.ts';
import { noteClock } from './clock-skew.ts';
import { countRefusedToken, observeRequest } from './metrics.ts';
import { joinRate, tellOfStore, tellTooMuch, type SharedLimit } from './shared-rate.ts';
import { traced } from './tracing.ts';
import type { LimitReader } from './vendor-windows.ts';
import { busyFailure, circuitFailure, isCertainlyUnsent, lostFailure, refusedFailure, schemaFailure, tooLargeFailure, type Asked } from './failures.ts';

/** Bytes of one answer; more is a contract failure. */
export const MAX_ANSWER_BYTES = 10 * 1024 * 1024;

export interface HttpClientSettings {
  /** The system's ID in the configuration, for messages. */
  readonly system: string;
  readonly baseUrl: string;
  readonly auth: AuthProvider;
  readonly classify: Classifier;
  readonly limits: ConnectorSettings['limits'];
  readonly log: Log;
  readonly headers?: Readonly<Record<string, string>>;
  /** What the vendor's headers say of its limits. */
  readonly readLimits?: LimitReader;
  /** Where these requests count against a limit of their own at the vendor: "search". */
  readonly limitName?: string;
  /** Tells this client from another of the system with the same address and kind of credentials: "tokens". */
  readonly role?: string;
}

export interface HttpRequest<T> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below `baseUrl`, starting with "/"; may carry a query of its own (a vendor's link to the next page). */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  /** A body of another kind: a batch of several requests. */
  readonly content?: { readonly type: string; readonly text: string };
  readonly headers?: Readonly<Record<string, string>>;
  /** What the body must be; for an accepted status outside 2xx, `undefined` is offered to it where the body itself does not fit. */
  readonly answer: z.ZodType<T>;
  /** The business object, for messages: "project US01-TECH-7K3QF9QX". */
  readonly object: string;
  /** Whether a lost answer leaves doubt. */
  readonly writes: boolean;
  /** The answer to a login is a credential: it is evidence of nothing. */
  readonly secretAnswer?: boolean;
  /** Statuses outside 2xx that are an answer rather than a failure (404 for look-ups). */
  readonly accept?: readonly number[];
  readonly context: CallContext;
}

export interface HttpAnswer<T> {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: T;
  /** The body as it came, for kinds other than JSON. */
  readonly text: string;
}

export interface HttpClient {
  /** @throws SystemFailure for whatever the system or the way to it did; the signal's reason when cancelled */
  request<T>(request: HttpRequest<T>): Promise<HttpAnswer<T>>;
  state(): CircuitState;
}

/** An answer as it came, read once. */
interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly answer: ReturnType<typeof readAnswer>;
}

/** Of windows that requests are counted in: vendors count by the second at least, and what is used up for longer is an allowance, not a rate. */
const SHORTEST_WINDOW_MS = 1000;
const LONGEST_WINDOW_MS = 60_000;
const WITHHELD = '(the answer to a login is not kept)';

/** For requests whose body does not matter. */
export const emptyAnswer: z.ZodType<undefined> = z.unknown().transform(() => undefined);

const agent = { http: new HttpAgent({ keepAlive: true, scheduling: 'lifo' }), https: new HttpsAgent({ keepAlive: true, scheduling: 'lifo' }) };

/**
 * One system's HTTP client. Nothing is retried here, Temporal does that, except once after a refused token:
 * an answer lost on the way of a write is `in_doubt`, and a blind second write would double it.
 */
export function createHttpClient(settings: HttpClientSettings): HttpClient {
  const base = settings.baseUrl.replace(/\/+$/, '');
  const origin = new URL(base).origin;
  const circuit = createCircuit();
  const shared: SharedLimit = { name: settings.limitName === undefined ? settings.system : `${settings.system}/${settings.limitName}`, system: settings.system, configured: settings.limits.requestsPerSecond };
  const budget = createBudget(settings.limits, undefined, undefined, (news) => tellOfStore(settings.log, shared, news));
  // A system's logins often have the address of its API: both clients count, of each the newest.
  const place = `${base} ${isFixed(settings.auth) ? 'fixed' : 'renewed'} ${settings.role ?? ''}`;
  const known = { limit: shared, circuit, budget };
  register(known, place);
  joinAtOnce(known);
  joinRate(known);
  const http = got.extend({
    agent,
    retry: { limit: 0 },
    throwHttpErrors: false,
    followRedirect: false,
    // Bytes received are bytes held: an answer cannot grow past the bound by being unpacked.
    decompress: false,
    timeout: { request: settings.limits.timeoutSeconds * 1000 },
    headers: { 'user-agent': 'q2c', accept: 'application/json', 'accept-encoding': 'identity', ...settings.headers },
  });

  /** What an answer outside 2xx means by the vendor's table, and the failure that it is. */
  const judge = ({ status, headers, text, answer }: Received, asked: Asked) => {
    const verdict = settings.classify({ status, headers, body: answer.body, text }, asked);
    return { verdict, failure: refusedFailure(asked, { status, text, html: answer.html }, verdict) };
  };

  const send = async (request: HttpRequest<unknown>, authorization: Readonly<Record<string, string>>) =>
    await traced({ system: settings.system, method: request.method, path: pathOf(request), host: origin, object: request.object }, async (trace) => await sendTraced(request, { ...authorization, ...trace }));

  const sendTraced = async (request: HttpRequest<unknown>, authorization: Readonly<Record<string, string>>) => {
    const asked: Asked = { system: settings.system, object: request.object, writes: request.writes };
    const url = `${base}${request.path}${queryOf(request)}`;
    if (!request.path.startsWith('/') || new URL(url).origin !== origin) throw new TypeError(`"${request.path}" is not a path below ${origin}`);
    if (!circuit.admit()) throw circuitFailure(asked, circuit.state());
    const startedAt = performance.now();
    try {
      const call = http(url, {
        method: request.method,
        headers: { ...request.headers, ...authorization, ...(request.content === undefined ? {} : { 'content-type': request.content.type }) },
        signal: request.context.signal,
        ...(request.json === undefined ? {} : { json: request.json }),
        ...(request.form === undefined ? {} : { form: { ...request.form } }),
        ...(request.content === undefined ? {} : { body: request.content.text }),
      });
      let tooLarge = false;
      void call.on('downloadProgress', (progress) => {
        if (progress.transferred <= MAX_ANSWER_BYTES && (progress.total ?? 0) <= MAX_ANSWER_BYTES) return;
        tooLarge = true;
        call.cancel();
      });
      const { statusCode: status, headers, rawBody } = await call.catch((error: unknown) => {
        if (tooLarge) throw tooLargeFailure(asked, MAX_ANSWER_BYTES);
        throw error;
      });
      // got decodes an answer that calls itself compressed to a Buffer, also where its body is plain text (Tryton 8.2 does so).
      const text = unpacked(Buffer.from(rawBody), asked);
      noteClock(settings.system, headers);
      const received: Received = { status, headers, text, answer: readAnswer(headers, text) };
      // Some systems say no to a record by a status that others keep for their own failing (faults of SOAP): the vendor's table decides.
      const refused = status < 500 ? undefined : judge(received, asked);
      if (refused?.failure.failure.kind === 'transient' || refused?.failure.failure.kind === 'in_doubt') circuit.failed();
      else circuit.succeeded();
      observeRequest(settings.system, request.method, status, (performance.now() - startedAt) / 1000);
      request.context.log.debug({ system: settings.system, method: request.method, path: pathOf(request), status, ms: Math.round(performance.now() - startedAt) }, `${request.method} for ${request.object}`);
      return { ...received, refused };
    } catch (error) {
      if (request.context.signal.aborted) {
        circuit.released();
        throw reasonOf(request.context.signal);
      }
      if (error instanceof SystemFailure) {
        circuit.succeeded();
        throw error;
      }
      circuit.failed();
      observeRequest(settings.system, request.method, 'none', (performance.now() - startedAt) / 1000);
      const failure = lostFailure(asked, error, isCertainlyUnsent(error));
      request.context.log.warn({ system: settings.system, method: request.method, path: pathOf(request), code: failure.failure.code, ms: Math.round(performance.now() - startedAt) }, failure.message);
      throw failure;
    }
  };

  return {
    state: () => circuit.state(),
    async request(request) {
      const { context } = request;
      const asked: Asked = { system: settings.system, object: request.object, writes: request.writes };
      context.heartbeat(`${settings.system}: ${request.object}`);
      const slot = await budget.enter(context.signal, context.priority);
      if ('waitMs' in slot) throw busyFailure(asked, slot.waitMs);
      try {
        const authorize = (force: boolean) => untilAborted(settings.auth.authorize(force), context.signal);
        let authorization = await authorize(false);
        for (let attempt = 1; ; attempt += 1) {
          const sentAt = performance.now();
          const received = await send(request, authorization);
          const { status, headers, text, answer } = received;
          if (settings.readLimits !== undefined) budget.told(settings.readLimits(headers), slot.nth);
          if (status !== 429) budget.accepted();
          if (status < 300 || request.accept?.includes(status) === true) {
            const parsed = request.answer.safeParse(answer.body);
            if (parsed.success && !answer.html) return { status, headers, body: parsed.data, text };
            // A proxy's page that something is not found says nothing of the record.
            const absent = status < 300 || (status === 404 && answer.html) ? null : request.answer.safeParse(undefined);
            if (absent?.success === true) return { status, headers, body: absent.data, text };
            throw schemaFailure(asked, { status, text: request.secretAnswer === true && !answer.html ? WITHHELD : text, html: answer.html }, parsed.error);
          }
          const { verdict, failure } = received.refused ?? judge(received, asked);
          if (verdict === 'token_refused' && attempt === 1) {
            countRefusedToken(settings.system);
            // Another call may have renewed the token since: only the one that was refused is replaced.
            const renewed = await authorize(false);
            authorization = renewed === authorization ? await authorize(true) : renewed;
            continue;
          }
          if (verdict !== 'token_refused' && verdict.tooManyAtOnce === true) tellTooManyAtOnce({ system: settings.system, sentMsAgo: performance.now() - sentAt });
          const pauseMs = failure.failure.retryAfterMs ?? 0;
          if (status === 429 && pauseMs > 0) budget.pause(pauseMs);
          if (status === 429 && isOfRate(verdict, pauseMs)) {
            const againInMs = Math.max(SHORTEST_WINDOW_MS, retryAfterMs(headers) ?? 0);
            tellTooMuch({ limit: shared, sentMsAgo: performance.now() - sentAt, sustainable: budget.sustainable(againInMs), pauseMs });
          }
          throw failure;
        }
      } finally {
        slot.leave();
      }
    },
  };
}

/** Fewer requests per second would help. */
function isOfRate(verdict: Verdict, pauseMs: number): boolean {
  return verdict !== 'token_refused' && verdict.tooManyAtOnce !== true && verdict.sparesRate !== true && pauseMs <= LONGEST_WINDOW_MS;
}

/** Some answers come packed although nobody asked for it (Snowflake's later partitions); by their bytes, since others only claim to be. */
function unpacked(bytes: Buffer, asked: Asked): string {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes.toString('utf8');
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_ANSWER_BYTES }).toString('utf8');
  } catch (error) {
    if (error instanceof RangeError) throw tooLargeFailure(asked, MAX_ANSWER_BYTES);
    return '';
  }
}

function queryOf(request: HttpRequest<unknown>): string {
  if (request.query === undefined) return '';
  return `${request.path.includes('?') ? '&' : '?'}${new URLSearchParams(request.query).toString()}`;
}

/** Without the query: it may hold what a log should not. */
function pathOf(request: HttpRequest<unknown>): string {
  return request.path.split('?', 1)[0] ?? '';
}
