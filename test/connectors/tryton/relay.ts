import { createServer } from 'node:http';
import { z } from 'zod';
import type { FaultBoard } from '../conformance/records.ts';

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
      const fault = ordered.find(({ path }) => (path === AFTER_A_WRITE ? wrote && !writes : writes)) ?? null;
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
            if (fault?.kind === 'html') return answer(200, '<!doctype html><title>Maintenance</title>', 'text/html');
            return fault?.kind === 'wrong-schema' ? answer(200, '{"payload":{"kind":"unannounced"}}') : answer(status, text, type);
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
