/**
 * The identity domain's token endpoint: client credentials, and an assertion of a user (RFC 7523) with a secret or a client assertion.
 * https://docs.oracle.com/en/cloud/saas/financials/26d/farfa/configure_oauth.html
 */
import { randomBytes } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { decodeProtectedHeader, errors, importSPKI, jwtVerify } from 'jose';
import { z } from 'zod';
import type { RecordStore } from '../kit/sandbox.ts';
import type { OracleOptions } from './options.ts';

const TokenRequest = z.object({
  grant_type: z.string().optional(), scope: z.string().optional(), assertion: z.string().optional(),
  client_id: z.string().optional(), client_assertion_type: z.string().optional(), client_assertion: z.string().optional(),
});
type TokenRequest = z.infer<typeof TokenRequest>;

interface StoredToken {
  readonly token: string;
  readonly expiresAt: number;
}

export interface Tokens {
  answer(authorization: string | undefined, body: unknown, reply: FastifyReply): Promise<FastifyReply>;
  /** Of the REST resources: a token that lives, or the integration user's password. */
  isValid(authorization: string | undefined): boolean;
}

const AUDIENCE = 'https://identity.oraclecloud.com/';
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

export function tokenEndpoint(records: RecordStore, options: OracleOptions, now: () => Date): Tokens {
  const tokens = records.collection<StoredToken>('__tokens');

  async function assertionProblem(assertion: string | undefined, subject: string): Promise<string | undefined> {
    try {
      const header = decodeProtectedHeader(assertion ?? '');
      if (header.alg !== 'RS256' || header.kid !== options.certificateAlias) return 'No certificate of the application has this alias.';
      const { payload } = await jwtVerify(assertion ?? '', await importSPKI(options.publicKeyPem, 'RS256'), { algorithms: ['RS256'], issuer: options.clientId, subject, audience: AUDIENCE, currentDate: now(), clockTolerance: 60 });
      if ((payload.iat ?? 0) > now().getTime() / 1000 + 60) return 'The assertion is not valid: "iat" lies in the future.';
      return payload.exp === undefined || payload.jti === undefined ? 'The assertion has no exp or jti.' : undefined;
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof TypeError) return `The assertion is not valid: ${error.message}`;
      throw error;
    }
  }

  async function problemWith(authorization: string | undefined, request: TokenRequest): Promise<readonly [status: number, error: string, description: string] | undefined> {
    const application = await applicationProblem(authorization, request);
    if (application !== undefined) return [401, 'invalid_client', application];
    if (request.scope !== options.scope) return [400, 'invalid_scope', `The scope ${request.scope ?? ''} is not granted to the application.`];
    if (request.grant_type === 'client_credentials') return undefined;
    if (request.grant_type !== JWT_BEARER) return [400, 'unsupported_grant_type', 'The grant type is not allowed for the application.'];
    const user = await assertionProblem(request.assertion, options.username);
    return user === undefined ? undefined : [400, 'invalid_grant', user];
  }

  async function applicationProblem(authorization: string | undefined, request: TokenRequest): Promise<string | undefined> {
    if (authorization !== undefined) return authorization === basic(options.clientId, options.clientSecret) ? undefined : 'Client authentication failed.';
    if (request.client_assertion_type !== ASSERTION_TYPE || request.client_id !== options.clientId) return 'Client authentication failed.';
    return assertionProblem(request.client_assertion, options.clientId);
  }

  return {
    async answer(authorization, body, reply) {
      const request = TokenRequest.safeParse(body);
      const problem = request.success ? await problemWith(authorization, request.data) : ([400, 'invalid_request', 'The request is not a form.'] as const);
      if (problem !== undefined) return reply.code(problem[0]).send({ error: problem[1], error_description: problem[2] });
      const token = randomBytes(32).toString('base64url');
      for (const old of tokens.filter((each) => each.expiresAt <= now().getTime())) tokens.delete(old.token);
      tokens.put(token, { token, expiresAt: now().getTime() + options.accessTokenLifetimeSeconds * 1000 });
      return reply.send({ access_token: token, token_type: 'Bearer', expires_in: options.accessTokenLifetimeSeconds });
    },
    isValid(authorization) {
      if (authorization === basic(options.username, options.password)) return true;
      if (authorization?.slice(0, 7).toLowerCase() !== 'bearer ') return false;
      const token = tokens.get(authorization.slice(7));
      return token !== undefined && token.expiresAt > now().getTime();
    },
  };
}

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}
