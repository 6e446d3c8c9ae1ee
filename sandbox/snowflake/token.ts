/**
 * Who asks: a key pair's JWT, an OAuth token or a programmatic access token, and the account's own token endpoint.
 * https://docs.snowflake.com/en/developer-guide/sql-api/authenticating · https://docs.snowflake.com/en/user-guide/oauth-custom
 */
import { createHash, createPublicKey, randomBytes, randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { importSPKI, jwtVerify } from 'jose';
import { z } from 'zod';
import type { RecordStore } from '../kit/sandbox.ts';
import { unauthorized } from './errors.ts';
import type { SnowflakeOptions } from './options.ts';

const MOST_SECONDS = 3600;
const TokenRequest = z.object({ grant_type: z.string().optional(), refresh_token: z.string().optional() });

export function gatekeeper(records: RecordStore, options: SnowflakeOptions, now: () => Date) {
  const tokens = records.collection<{ readonly token: string; readonly expiresAt: number }>('__tokens');
  const name = `${options.account}.${options.user}`;
  const fingerprint = createHash('sha256').update(createPublicKey(options.publicKeyPem).export({ type: 'spki', format: 'der' })).digest('base64');
  const invalidJwt = () => unauthorized('390144', `JWT token is invalid. [${randomUUID()}]`);

  async function checkJwt(jwt: string): Promise<void> {
    try {
      const { payload } = await jwtVerify(jwt, await importSPKI(options.publicKeyPem, 'RS256'), { algorithms: ['RS256'], issuer: `${name}.SHA256:${fingerprint}`, subject: name, currentDate: now(), clockTolerance: 60, requiredClaims: ['iat', 'exp'] });
      const { iat = 0, exp = 0 } = payload;
      if (exp - iat <= MOST_SECONDS && iat <= now().getTime() / 1000 + 60) return;
    } catch {
      throw invalidJwt();
    }
    throw invalidJwt();
  }

  return {
    /** @throws Refusal */
    async check(request: FastifyRequest): Promise<void> {
      const { authorization, 'x-snowflake-authorization-token-type': type } = request.headers;
      const token = /^Bearer (.+)$/.exec(authorization ?? '')?.[1];
      if (token === undefined) throw unauthorized('390101', 'Authorization header is missing or not a bearer token.');
      if (type === 'KEYPAIR_JWT') return await checkJwt(token);
      if (type === 'PROGRAMMATIC_ACCESS_TOKEN') {
        if (token !== options.programmaticAccessToken) throw unauthorized('390400', 'Programmatic access token is invalid.');
        return;
      }
      const known = tokens.get(token);
      if (known === undefined) throw unauthorized('390303', 'Invalid OAuth access token.');
      if (known.expiresAt <= now().getTime()) throw unauthorized('390318', `OAuth access token expired. [${randomUUID()}]`);
    },

    answerToken(request: FastifyRequest, reply: FastifyReply): FastifyReply {
      const { oauth } = options;
      const body = TokenRequest.safeParse(request.body);
      const basic = oauth === undefined ? undefined : `Basic ${Buffer.from(`${oauth.clientId}:${oauth.clientSecret}`).toString('base64')}`;
      const refuse = (error: string, message: string) => reply.code(400).send({ data: null, message, code: null, success: false, error });
      if (oauth === undefined || request.headers.authorization !== basic) return refuse('invalid_client', 'This is an invalid client.');
      if (!body.success || body.data.grant_type !== 'refresh_token') return refuse('unsupported_grant_type', 'The grant type is not supported.');
      if (body.data.refresh_token !== oauth.refreshToken) return refuse('invalid_grant', 'This is an invalid refresh token.');
      const token = randomBytes(48).toString('base64url');
      for (const old of tokens.filter((each) => each.expiresAt <= now().getTime())) tokens.delete(old.token);
      tokens.put(token, { token, expiresAt: now().getTime() + options.oauthTokenLifetimeSeconds * 1000 });
      return reply.send({ access_token: token, token_type: 'Bearer', expires_in: options.oauthTokenLifetimeSeconds, refresh_token: null });
    },
  };
}
export type Gatekeeper = ReturnType<typeof gatekeeper>;
