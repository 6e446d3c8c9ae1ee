/**
 * OAuth 2.0 client credentials flow with a certificate.
 * https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_162755359851.html (request and answer)
 * https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_162790605110.html (header and claims; exp less than 60 minutes after iat)
 * The error bodies of the token endpoint follow RFC 6749, 5.2; which error NetSuite gives for which mistake is (unverified).
 */
import { randomBytes } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { decodeProtectedHeader, errors, importSPKI, jwtVerify, type CryptoKey, type JWTPayload } from 'jose';
import { z } from 'zod';
import type { RecordStore } from '../kit/sandbox.ts';
import type { NetSuiteOptions } from './options.ts';

export const TOKEN_PATH = '/services/rest/auth/oauth2/v1/token';
const ALGORITHMS = ['PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'];
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const MAX_ASSERTION_SECONDS = 3600;
const CLOCK_TOLERANCE_SECONDS = 10;

const TokenRequest = z.object({
  grant_type: z.string().optional(),
  client_assertion_type: z.string().optional(),
  client_assertion: z.string().optional(),
});

const Claims = z.object({
  iss: z.string(),
  aud: z.union([z.string(), z.array(z.string())]),
  iat: z.number(),
  exp: z.number(),
  scope: z.union([z.string().transform((scope) => scope.split(/[\s,]+/)), z.array(z.string())]),
});

interface StoredToken {
  readonly token: string;
  readonly expiresAt: number;
}

interface TokenRefusal {
  readonly status: number;
  readonly error: 'invalid_request' | 'invalid_client' | 'invalid_grant' | 'invalid_scope' | 'unsupported_grant_type';
  readonly reason: string;
}

export interface Tokens {
  answer(body: unknown, tokenUrls: readonly string[], reply: FastifyReply): Promise<FastifyReply>;
  isValid(authorization: string | undefined): boolean;
}

export function tokenEndpoint(records: RecordStore, options: NetSuiteOptions, now: () => Date): Tokens {
  const tokens = records.collection<StoredToken>('__tokens');
  const keys = new Map<string, Promise<CryptoKey>>();

  function keyFor(algorithm: string): Promise<CryptoKey> {
    const existing = keys.get(algorithm);
    if (existing !== undefined) return existing;
    const imported = importSPKI(options.publicKeyPem, algorithm);
    keys.set(algorithm, imported);
    return imported;
  }

  async function verify(assertion: string, tokenUrls: readonly string[]): Promise<TokenRefusal | undefined> {
    const header = decodeProtectedHeader(assertion);
    if (header.kid !== options.certificateId) return refuse('invalid_client', 'the kid header is not the ID of a certificate of this integration');
    if (header.alg === undefined || !ALGORITHMS.includes(header.alg)) return refuse('invalid_client', `the algorithm must be one of ${ALGORITHMS.join(', ')}`);
    const { payload } = await jwtVerify(assertion, await keyFor(header.alg), { algorithms: ALGORITHMS, currentDate: now(), clockTolerance: CLOCK_TOLERANCE_SECONDS });
    return checkClaims(payload, tokenUrls);
  }

  function checkClaims(payload: JWTPayload, tokenUrls: readonly string[]): TokenRefusal | undefined {
    const claims = Claims.safeParse(payload);
    if (!claims.success) return refuse('invalid_request', 'the assertion needs iss, aud, iat, exp and scope');
    const { iss, aud, iat, exp, scope } = claims.data;
    if (iss !== options.clientId) return refuse('invalid_client', 'iss is not a known client ID');
    if (![aud].flat().some((each) => tokenUrls.includes(each))) return refuse('invalid_grant', 'aud is not the address of this token endpoint');
    // How far ahead NetSuite lets it lie is not documented (unverified); the stand-in is strict.
    if (iat > now().getTime() / 1000 + CLOCK_TOLERANCE_SECONDS) return refuse('invalid_client', 'the assertion does not verify: iat lies in the future');
    if (exp - iat >= MAX_ASSERTION_SECONDS || exp <= iat) return refuse('invalid_grant', 'the assertion must be valid for less than 60 minutes');
    if (!scope.includes('rest_webservices')) return refuse('invalid_scope', 'scope must contain rest_webservices');
    return undefined;
  }

  function issue(): { access_token: string; expires_in: string; token_type: string } {
    const at = now().getTime();
    for (const old of tokens.filter((each) => each.expiresAt <= at)) tokens.delete(old.token);
    const value = randomBytes(32).toString('base64url');
    tokens.put(value, { token: value, expiresAt: at + options.accessTokenLifetimeSeconds * 1000 });
    return { access_token: value, expires_in: String(options.accessTokenLifetimeSeconds), token_type: 'bearer' };
  }

  return {
    async answer(body, tokenUrls, reply) {
      const refusal = await refusalFor(body, (assertion) => verify(assertion, tokenUrls));
      if (refusal !== undefined) return reply.code(refusal.status).send({ error: refusal.error, error_description: refusal.reason });
      return reply.send(issue());
    },
    isValid(authorization) {
      if (authorization?.slice(0, 7).toLowerCase() !== 'bearer ') return false;
      const token = tokens.get(authorization.slice(7));
      return token !== undefined && token.expiresAt > now().getTime();
    },
  };
}

async function refusalFor(body: unknown, verify: (assertion: string) => Promise<TokenRefusal | undefined>): Promise<TokenRefusal | undefined> {
  const request = TokenRequest.safeParse(body);
  if (!request.success) return refuse('invalid_request', 'the body must be a form');
  const { grant_type: grant, client_assertion_type: type, client_assertion: assertion } = request.data;
  if (grant !== 'client_credentials') return refuse('unsupported_grant_type', 'grant_type must be client_credentials');
  if (type !== ASSERTION_TYPE || assertion === undefined) return refuse('invalid_request', `client_assertion_type must be ${ASSERTION_TYPE}, with a client_assertion`);
  try {
    return await verify(assertion);
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return refuse('invalid_client', `the assertion does not verify: ${error.message}`);
    throw error;
  }
}

function refuse(error: TokenRefusal['error'], reason: string): TokenRefusal {
  return { status: error === 'invalid_client' ? 401 : 400, error, reason };
}
