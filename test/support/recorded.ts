import type { SandboxDefinition } from '../../sandbox/kit/sandbox.ts';

/** A request as it reached a sandbox, and what it was answered. */
export interface Exchange {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly contentType: string;
  readonly body: string;
  readonly status: number;
  readonly answerType: string;
  readonly answer: string;
}

/** The sandbox, with every exchange noted; those that a fault spoilt are noted without their answer (status 0), orders to the sandbox itself are not. */
export function recorded(definition: SandboxDefinition, into: Exchange[]): SandboxDefinition {
  return {
    ...definition,
    async register(context) {
      context.app.addHook('onSend', async (request, reply, payload: unknown) => {
        if (request.url.startsWith('/__admin') || request.url === '/') return payload;
        const spoilt = request.fault !== undefined && request.fault !== null && request.fault !== 'slow';
        into.push({
          method: request.method,
          url: request.url,
          contentType: request.headers['content-type'] ?? '',
          body: request.rawBody?.toString('utf8') ?? '',
          status: spoilt ? 0 : reply.statusCode,
          answerType: String(reply.getHeader('content-type') ?? ''),
          answer: spoilt ? '' : typeof payload === 'string' ? payload : Buffer.isBuffer(payload) ? payload.toString('utf8') : '',
        });
        return payload;
      });
      await definition.register(context);
    },
  };
}
