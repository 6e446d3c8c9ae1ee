import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Recorded {
  readonly method: string;
  /** With its query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** What was answered, where it was JSON. */
  readonly answer?: { readonly status: number; readonly body: unknown };
}

export interface Recorder {
  readonly url: string;
  readonly requests: readonly Recorded[];
  close(): void;
}

/** Stands before a system and keeps what is sent to it, byte for byte. */
export async function recordBefore(target: string): Promise<Recorder> {
  const requests: Recorded[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      void (async () => {
        const body = Buffer.concat(chunks).toString('utf8');
        const headers = Object.fromEntries(Object.entries(request.headers).flatMap(([name, value]) => (typeof value === 'string' && !['host', 'connection', 'content-length', 'transfer-encoding'].includes(name) ? [[name, value] as const] : [])));
        const method = request.method ?? 'GET';
        const answer = await fetch(`${target}${request.url ?? '/'}`, { method, headers, ...(body === '' ? {} : { body }) });
        const bytes = Buffer.from(await answer.arrayBuffer());
        requests.push({ method, url: request.url ?? '/', headers, body, ...(answer.headers.get('content-type')?.includes('json') === true ? { answer: { status: answer.status, body: JSON.parse(bytes.toString('utf8')) } } : {}) });
        response.writeHead(answer.status, Object.fromEntries([...answer.headers].filter(([name]) => !['content-length', 'transfer-encoding', 'connection'].includes(name))));
        response.end(bytes);
      })().catch(() => response.destroy());
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, close: () => void server.close() };
}
