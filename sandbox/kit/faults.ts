import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { SPOILT, spoil, type Spoilt } from './spoilt-answers.ts';

export const FaultOrder = z.strictObject({
  kind: z.enum(['slow', 'status', 'cut-before', 'cut-after', 'wrong-schema', 'html', 'redirect', 'expired-token', ...SPOILT]),
  method: z
    .string()
    .transform((method) => method.toUpperCase())
    .optional(),
  /** Regular expression on the URL's path. */
  path: z.string().refine(isRegularExpression, 'is not a regular expression').optional(),
  status: z.int().min(400).max(599).optional(),
  delayMs: z.int().min(0).max(600_000).optional(),
  /** A fraction keeps tests short; vendors give whole seconds. */
  retryAfterSeconds: z.number().min(0).optional(),
  times: z.int().min(1).default(1),
});
export type FaultOrder = z.infer<typeof FaultOrder>;

export interface Fault extends FaultOrder {
  readonly id: string;
  times: number;
}

export interface VendorAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, a string as it is. */
  readonly body: object | string;
}

/** How a vendor words a refusal; undefined when the order makes no sense for this request (it then stays open). */
export type FaultAnswers = (
  fault: { kind: 'status' | 'expired-token'; status: number; retryAfterSeconds?: number; /** By the sandbox's clock. */ now: Date },
  request: FastifyRequest,
) => VendorAnswer | undefined;

export interface FaultBoard {
  order(order: FaultOrder): Fault;
  open(): Fault[];
  clear(): void;
}

const MAINTENANCE_PAGE =
  '<!DOCTYPE html><html><head><title>Down for maintenance</title></head><body><h1>We are down for maintenance.</h1></body></html>';
const STRANGE_SHAPE = JSON.stringify({ payload: { kind: 'unannounced', version: 99 }, items: 'none' });

/** Installs the hooks that spoil vendor requests on order. Must be registered before any vendor route. */
export function installFaults(app: FastifyInstance, answers: FaultAnswers | undefined, now: () => Date): FaultBoard {
  const faults: Fault[] = [];
  let counter = 0;

  function take(request: FastifyRequest): { fault: Fault; answer?: VendorAnswer } | undefined {
    if (faults.length === 0) return undefined;
    const path = request.url.split('?', 1)[0] ?? '';
    for (const fault of faults) {
      if (fault.method !== undefined && fault.method !== request.method) continue;
      if (fault.path !== undefined && !new RegExp(fault.path).test(path)) continue;
      if (fault.kind === 'status' || fault.kind === 'expired-token') {
        const answer = answerFor(fault, request);
        if (answer === undefined) continue;
        use(fault);
        return { fault, answer };
      }
      use(fault);
      return { fault };
    }
    return undefined;
  }

  function use(fault: Fault): void {
    fault.times -= 1;
    if (fault.times === 0) faults.splice(faults.indexOf(fault), 1);
  }

  function answerFor(fault: Fault, request: FastifyRequest): VendorAnswer | undefined {
    const kind = fault.kind === 'expired-token' ? 'expired-token' : 'status';
    const status = kind === 'expired-token' ? 401 : (fault.status ?? 500);
    const retry = fault.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: fault.retryAfterSeconds };
    if (answers === undefined) return { status, body: { error: `HTTP ${status}` } };
    return answers({ kind, status, now: now(), ...retry }, request);
  }

  app.addHook('onRequest', async (request, reply) => {
    if (request.url === '/' || request.url.startsWith('/__admin')) return;
    const taken = take(request);
    if (taken === undefined) return;
    const { fault, answer } = taken;
    request.fault = fault.kind;
    if (fault.delayMs !== undefined || fault.kind === 'slow') await sleep(fault.delayMs ?? 1000);
    if (fault.kind === 'cut-before') {
      reply.hijack();
      request.raw.socket.destroy();
      return;
    }
    if (fault.kind === 'html')
      return reply
        .code(fault.status ?? 200)
        .type('text/html')
        .send(MAINTENANCE_PAGE);
    if (fault.kind === 'redirect') return reply.code(302).header('location', 'https://login.vendor.example/sign-in?from=api').type('text/html').send('<a href="https://login.vendor.example/">Sign in</a>');
    if (answer !== undefined) return sendAnswer(reply, answer, fault.retryAfterSeconds);
  });

  app.addHook('onSend', async (request, reply, payload) => {
    if (request.fault === 'cut-after') {
      request.raw.socket.destroy();
      return payload;
    }
    const kind = SPOILT.find((known): known is Spoilt => known === request.fault);
    if (kind !== undefined) return spoil(kind, reply, payload);
    if (request.fault !== 'wrong-schema') return payload;
    if (reply.statusCode === 204) reply.code(200);
    reply.removeHeader('content-length');
    reply.type('application/json');
    return STRANGE_SHAPE;
  });

  return {
    order(order) {
      counter += 1;
      const fault: Fault = { ...order, id: String(counter) };
      faults.push(fault);
      return fault;
    },
    open: () => [...faults],
    clear: () => void faults.splice(0),
  };
}

function sendAnswer(reply: FastifyReply, answer: VendorAnswer, retryAfterSeconds: number | undefined): FastifyReply {
  if (retryAfterSeconds !== undefined) reply.header('Retry-After', String(retryAfterSeconds));
  return reply
    .code(answer.status)
    .headers(answer.headers ?? {})
    .send(answer.body);
}

function isRegularExpression(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
