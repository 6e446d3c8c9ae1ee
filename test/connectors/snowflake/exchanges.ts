import { gunzipSync } from 'node:zlib';
import type { IncomingHttpHeaders } from 'node:http';
import type { SandboxDefinition } from '../../../sandbox/kit/sandbox.ts';

/** What was asked of the SQL API, and what it answered. */
export interface Exchange {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** As it was sent; empty where there was none, or where it was refused at the door and not read. */
  readonly body: string;
  /** 0 where a fault spoilt the answer. */
  readonly status: number;
  readonly answer: unknown;
}

/** The sandbox, with every exchange of its SQL API noted, packed partitions unpacked. */
export function noting(definition: SandboxDefinition, into: Exchange[]): SandboxDefinition {
  return {
    ...definition,
    async register(context) {
      context.app.addHook('onSend', async ({ method, url, headers, rawBody, fault }, reply, payload: unknown) => {
        if (!url.startsWith('/api/')) return payload;
        const spoilt = fault !== undefined && fault !== null && fault !== 'slow';
        const text = spoilt ? '' : textOf(payload, reply.getHeader('content-encoding') === 'gzip');
        into.push({ method, url, headers, body: rawBody?.toString('utf8') ?? '', status: spoilt ? 0 : reply.statusCode, answer: text === '' ? undefined : JSON.parse(text) });
        return payload;
      });
      await definition.register(context);
    },
  };
}

function textOf(payload: unknown, packed: boolean): string {
  if (!Buffer.isBuffer(payload)) return typeof payload === 'string' ? payload : '';
  return (packed ? gunzipSync(payload) : payload).toString('utf8');
}
