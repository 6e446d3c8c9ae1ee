import { createServer, type IncomingHttpHeaders } from 'node:http';
import { request as ask } from 'undici';

/** What was asked of a system, and what it answered. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed where it is JSON, else the text; undefined where there is none. */
  readonly body: unknown;
  readonly status: number;
  readonly answer: unknown;
}

export interface ExchangeRecorder {
  readonly url: string;
  readonly exchanges: readonly Exchange[];
  close(): void;
}

const OWN_TO_A_CONNECTION = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'content-encoding', 'keep-alive']);

/** Stands before a system, passes everything on both ways, and keeps it. @param options.keepHost - for a system to which its own address is told (the audience of an assertion) */
export async function recordExchanges(target: string, options: { readonly keepHost?: boolean } = {}): Promise<ExchangeRecorder> {
  const exchanges: Exchange[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { host } = request.headers;
      const headers = { ...headersOf(request.headers), ...(options.keepHost === true && host !== undefined ? { host } : {}) };
      void pass(request.method ?? 'GET', request.url ?? '/', headers, Buffer.concat(chunks)).then(
        ({ status, headers, bytes }) => response.writeHead(status, headers).end(bytes),
        () => response.destroy(),
      );
    });
  });
  const pass = async (method: string, url: string, headers: Record<string, string>, body: Buffer) => {
    const answer = await ask(`${target}${url}`, { method, headers, ...(body.length === 0 ? {} : { body }) });
    const bytes = Buffer.from(await answer.body.arrayBuffer());
    const { pathname, searchParams } = new URL(url, target);
    exchanges.push({ method, path: pathname, query: searchParams, headers, body: contentOf(body), status: answer.statusCode, answer: contentOf(bytes) });
    return { status: answer.statusCode, headers: headersOf(answer.headers), bytes };
  };
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    exchanges,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function headersOf(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (typeof value === 'string' && !OWN_TO_A_CONNECTION.has(name) ? [[name, value] as const] : [])));
}

function contentOf(bytes: Buffer): unknown {
  const text = bytes.toString('utf8');
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
