import { randomBytes } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { SandboxContext } from '../kit/sandbox.ts';
import { tooMany, unauthorized } from './errors.ts';
import type { JiraOptions } from './options.ts';

const TokenRequest = z.object({ grant_type: z.string(), client_id: z.string(), client_secret: z.string() });

interface Token {
  readonly token: string;
  readonly expiresAt: number;
}

export interface Gate {
  token(body: unknown, reply: FastifyReply): FastifyReply;
  /** Basic at the site's own address, Bearer through the gateway. @throws Refusal */
  admit(authorization: string | undefined, throughGateway: boolean): void;
  /** @param endpoint - method and route: burst limits are kept for each. @throws Refusal */
  count(endpoint: string, writtenIssue: string | null, reply: FastifyReply): void;
  reset(): void;
}

/**
 * https://developer.atlassian.com/cloud/jira/platform/rate-limiting: bursts per endpoint and second, writes per issue (20 in 2 seconds). When the limit is
 * reset is told with a refusal only.
 */
export function createGate(context: SandboxContext, options: JiraOptions): Gate {
  const tokens = context.records.collection<Token>('__tokens');
  const bursts = new Map<string, { second: number; used: number }>();
  const writes = new Map<string, number[]>();

  return {
    token(body, reply) {
      const request = TokenRequest.safeParse(body);
      if (!request.success || options.clientId === undefined) return reply.code(400).send({ error: 'invalid_request', error_description: 'client_id, client_secret and grant_type are needed' });
      if (request.data.grant_type !== 'client_credentials') return reply.code(403).send({ error: 'unauthorized_client', error_description: `Grant type '${request.data.grant_type}' not allowed for the client.` });
      if (request.data.client_id !== options.clientId || request.data.client_secret !== options.clientSecret) return reply.code(401).send({ error: 'access_denied', error_description: 'Unauthorized' });
      const token = randomBytes(24).toString('base64url');
      tokens.put(token, { token, expiresAt: context.now().getTime() + options.accessTokenLifetimeSeconds * 1000 });
      return reply.send({ access_token: token, expires_in: options.accessTokenLifetimeSeconds, token_type: 'Bearer', scope: 'read:jira-work write:jira-work' });
    },
    admit(authorization, throughGateway) {
      const [scheme = '', value = ''] = authorization?.split(' ', 2) ?? [];
      const basic = scheme.toLowerCase() === 'basic' && Buffer.from(value, 'base64').toString('utf8') === `${options.email}:${options.apiToken}`;
      const bearer = scheme.toLowerCase() === 'bearer' && throughGateway && (tokens.get(value)?.expiresAt ?? 0) > context.now().getTime();
      if (!basic && !bearer) throw unauthorized();
    },
    count(endpoint, writtenIssue, reply) {
      const now = context.now();
      const second = Math.floor(now.getTime() / 1000);
      const burst = bursts.get(endpoint);
      const used = burst?.second === second ? burst.used : 0;
      if (options.requestsPerSecond !== null && used >= options.requestsPerSecond) throw tooMany('jira-burst-based', 1, now);
      bursts.set(endpoint, { second, used: used + 1 });
      if (options.requestsPerSecond !== null) {
        const left = options.requestsPerSecond - used - 1;
        reply.headers({ 'x-ratelimit-limit': String(options.requestsPerSecond), 'x-ratelimit-remaining': String(left), ...(left < options.requestsPerSecond * 0.2 ? { 'x-ratelimit-nearlimit': 'true' } : {}) });
      }
      if (writtenIssue === null || options.issueWrites === null) return;
      const recent = (writes.get(writtenIssue) ?? []).filter((at) => at > now.getTime() - 2000);
      if (recent.length >= options.issueWrites) throw tooMany('jira-per-issue-on-write', 2, now);
      writes.set(writtenIssue, [...recent, now.getTime()]);
    },
    reset() {
      bursts.clear();
      writes.clear();
    },
  };
}
