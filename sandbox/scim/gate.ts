import { randomBytes } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { SandboxContext } from '../kit/sandbox.ts';
import { tooMany, unauthorized } from './errors.ts';
import type { ScimOptions } from './options.ts';

const TokenRequest = z.object({ grant_type: z.string(), client_id: z.string().optional(), client_secret: z.string().optional(), scope: z.string().optional() });

interface Token {
  readonly token: string;
  readonly expiresAt: number;
}

export interface Gate {
  /** RFC 6749, section 4.4, with the client in the header or in the body. */
  token(authorization: string | undefined, body: unknown, reply: FastifyReply): FastifyReply;
  /** @throws Refusal */
  admit(authorization: string | undefined): void;
  reset(): void;
}

export function createGate(context: SandboxContext, options: ScimOptions): Gate {
  const tokens = context.records.collection<Token>('__tokens');
  let minute = 0;
  let used = 0;

  const accepts = (authorization: string | undefined): boolean => {
    const [scheme = '', value = ''] = authorization?.split(' ', 2) ?? [];
    if (scheme.toLowerCase() === 'basic') return options.username !== undefined && decoded(value) === `${options.username}:${options.password ?? ''}`;
    if (scheme.toLowerCase() !== 'bearer') return false;
    return value === options.token || (tokens.get(value)?.expiresAt ?? 0) > context.now().getTime();
  };

  return {
    token(authorization, body, reply) {
      const refuse = (status: number, error: string) => reply.code(status).send({ error });
      const request = TokenRequest.safeParse(body);
      if (!request.success || options.clientId === undefined || options.clientSecret === undefined) return refuse(400, 'invalid_request');
      if (request.data.grant_type !== 'client_credentials') return refuse(400, 'unsupported_grant_type');
      const inHeader = authorization === undefined ? undefined : decoded(authorization.replace(/^basic /i, ''));
      const given = inHeader ?? `${encodeURIComponent(request.data.client_id ?? '')}:${encodeURIComponent(request.data.client_secret ?? '')}`;
      if (given !== `${encodeURIComponent(options.clientId)}:${encodeURIComponent(options.clientSecret)}`) return refuse(401, 'invalid_client');
      const token = randomBytes(24).toString('base64url');
      tokens.put(token, { token, expiresAt: context.now().getTime() + options.accessTokenLifetimeSeconds * 1000 });
      return reply.send({ access_token: token, token_type: 'Bearer', expires_in: options.accessTokenLifetimeSeconds });
    },
    admit(authorization) {
      if (!accepts(authorization)) throw unauthorized();
      const now = context.now().getTime();
      if (Math.floor(now / 60_000) !== minute) {
        minute = Math.floor(now / 60_000);
        used = 0;
      }
      if (options.requestsPerMinute !== null && used >= options.requestsPerMinute) throw tooMany(Math.max(1, Math.ceil(((minute + 1) * 60_000 - now) / 1000)));
      used += 1;
    },
    reset() {
      minute = 0;
      used = 0;
    },
  };
}

function decoded(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
