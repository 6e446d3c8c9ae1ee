import { createServer } from 'node:http';
import { z } from 'zod';
import type { FaultBoard } from '../conformance/records.ts';

type Answer = (status: number, text: string, type?: string, headers?: Record<string, string>) => unknown;

/** The answer of Tryton as it arrives on a bad day. */
function spoilt(kind: string | undefined, { status, text, type }: { readonly status: number; readonly text: string; readonly type: string }, answer: Answer): unknown {
  const rewritten = (change: (value: unknown) => unknown) => answer(status, JSON.stringify(JSON.parse(text, (_key, value: unknown) => change(value))), type);
  switch (kind) {
    case 'html':
      return answer(200, '<!doctype html><title>Maintenance</title>', 'text/html');
    case 'redirect':
      return answer(302, '<a href="https://login.example/">Sign in</a>', 'text/html', { location: 'https://login.example/' });
    case 'wrong-schema':
      return answer(200, '{"payload":{"kind":"unannounced"}}');
    case 'empty':
      return answer(200, '');
    case 'truncated':
      return answer(200, text.slice(0, Math.floor(text.length / 2)));
    case 'huge':
      return answer(200, `{"padding":"${'x'.repeat(12 * 1024 * 1024)}"}`);
    case 'numbers-as-text':
      return rewritten((value) => (typeof value === 'number' ? String(value) : value));
    case 'unknown-values':
      return rewritten((value) => (typeof value === 'string' && /^[A-Za-z]+([_ ][A-Za-z]+){0,3}$/.test(value) ? `${value}_AsOfNextRelease` : value));
    case 'wrong-type':
      return answer(status, text, 'text/plain');
    case 'clock-off':
      return answer(status, text, type, { date: new Date(Date.now() - 600_000).toUTCString() });
    default:
      return answer(status, text, type);
  }
}

export interface Relay extends FaultBoard {
  readonly url: string;
  /** Keeps the next call that changes something on the way until it is let go. */
  holdNextWrite(): { readonly arrived: Promise<void>; readonly letGo: () => void };
  close(): Promise<void>;
}

type Fault = Parameters<FaultBoard['next']>[0];
/** The `path` of a fault that waits for the first question after a write. */
export const AFTER_A_WRITE = 'after a write';

/** Stands between the connector and the real Tryton and spoils, on order, the next call that changes something. */
export async function startRelay(target: string): Promise<Relay> {
  let ordered: Fault[] = [];
  let wrote = false;
  let hold: { readonly arrive: () => void; readonly free: Promise<void> } | null = null;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const writes = /"method":"model\.[a-z._]+\.(create|write)"/.test(body);
      const fault = body.includes('common.db.login') ? null : (ordered.find(({ path, method }) => (path === AFTER_A_WRITE ? wrote && !writes : method === undefined || writes)) ?? null);
      ordered = ordered.filter((other) => other !== fault);
      wrote ||= writes;
      const answer = (status: number, text: string, type = 'application/json', headers: Record<string, string> = {}) => response.writeHead(status, { 'content-type': type, ...headers }).end(text);
      const held = writes ? hold : null;
      if (held !== null) hold = null;
      const pass = async () => {
        held?.arrive();
        await held?.free;
        const { authorization } = request.headers;
        const answered = await fetch(`${target}${request.url ?? ''}`, { method: 'POST', headers: { 'content-type': 'application/json', 'accept-encoding': 'gzip', ...(authorization === undefined ? {} : { authorization }) }, body });
        return { status: answered.status, text: await answered.text(), type: answered.headers.get('content-type') ?? 'text/html' };
      };
      const spoil = async () => {
        switch (fault?.kind) {
          case 'cut-before':
            return response.destroy();
          case 'expired-token':
            return answer(401, '', 'text/plain');
          case 'status':
            // A right that is missing is told as any error of Tryton's own (trytond/ir/message.xml, msg_access_rule_error and its like).
            if (fault.status === 403) return answer(200, JSON.stringify({ id: 1, error: ['UserError', ['You are not allowed to access "party.party".', '']] }));
            return answer(fault.status ?? 500, '<!doctype html><title>Error</title>', 'text/html', fault.retryAfterSeconds === undefined ? {} : { 'retry-after': String(fault.retryAfterSeconds) });
          default: {
            const { status, text, type } = await pass();
            if (fault?.kind === 'cut-after') return response.destroy();
            return spoilt(fault?.kind, { status, text, type }, answer);
          }
        }
      };
      spoil().catch(() => response.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    next(fault) {
      ordered.push(fault);
      wrote = false;
      return Promise.resolve();
    },
    clear() {
      ordered = [];
      return Promise.resolve();
    },
    holdNextWrite() {
      const arrival = Promise.withResolvers<void>();
      const freedom = Promise.withResolvers<void>();
      hold = { arrive: () => { arrival.resolve(); }, free: freedom.promise };
      return { arrived: arrival.promise, letGo: () => { freedom.resolve(); } };
    },
    close: async () => new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => { resolve(); });
    }),
  };
}
