import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { isSystemFailure, type Failure } from '../../../domain/failure.ts';
import type { CallContext, Log } from '../../../connectors/ports.ts';

export interface LogLine {
  readonly level: string;
  readonly fields: object;
  readonly message: string;
}

export function memoryLog(): Log & { readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const at = (level: string) => (fields: object, message: string) => {
    lines.push({ level, fields, message });
  };
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

export function callContext(log: Log = memoryLog(), signal: AbortSignal = new AbortController().signal): CallContext & { readonly heartbeats: string[] } {
  const heartbeats: string[] = [];
  return { signal, heartbeat: (detail) => heartbeats.push(detail), heartbeats, log, idempotencyKey: 'key-1' };
}

/** The failure that a call ends with; a test error where it ends well or with another error. */
export async function failureOf(call: Promise<unknown>): Promise<Failure> {
  try {
    await call;
  } catch (error) {
    if (isSystemFailure(error)) return error.failure;
    throw error;
  }
  throw new Error('the call was expected to fail');
}

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface TestServer {
  readonly url: string;
  readonly received: Received[];
  close(): Promise<void>;
}

/** A server on loopback that answers as told and remembers what it received. */
export async function testServer(handle: (request: Received, response: ServerResponse, nth: number) => void): Promise<TestServer> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const one = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() };
      received.push(one);
      handle(one, response, received.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the test server has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    received,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

export function answerJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}
