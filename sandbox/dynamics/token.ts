/**
 * Microsoft Entra ID's token endpoint for client credentials, with a secret or with a certificate's assertion.
 * https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow
 * https://learn.microsoft.com/en-us/entra/identity-platform/certificate-credentials
 * https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes
 */
import { randomBytes } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { decodeProtectedHeader, errors, importSPKI, jwtVerify } from 'jose';
import { z } from 'zod';
import type { RecordStore } from '../kit/sandbox.ts';
import type { DynamicsOptions } from './options.ts';

const TokenRequest = z.object({
  grant_type: z.string().optional(),
  client_id: z.string().optional(),
  scope: z.string().optional(),
  client_secret: z.string().optional(),
  client_assertion_type: z.string().optional(),
  client_assertion: z.string().optional(),
});
type TokenRequest = z.infer<typeof TokenRequest>;

interface StoredToken {
  readonly token: string;
  readonly expiresAt: number;
}

interface TokenRefusal {
  readonly status: number;
  readonly error: string;
  readonly number: number;
  readonly reason: string;
}

export interface Tokens {
  /** @param addresses - what a scope may name, and what an assertion's audience may begin with */
  answer(tenant: string, body: unknown, addresses: readonly string[], reply: FastifyReply): Promise<FastifyReply>;
  isValid(authorization: string | undefined): boolean;
}

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** What the endpoint must know of the app registration; other systems of the tenant sign in here too. */
export type AppRegistration = Pick<DynamicsOptions, 'tenantId' | 'clientId' | 'clientSecret' | 'publicKeyPem' | 'certificateThumbprint' | 'accessTokenLifetimeSeconds'>;

export function tokenEndpoint(records: RecordStore, options: AppRegistration, now: () => Date): Tokens {
  const tokens = records.collection<StoredToken>('__tokens');

  async function refusalOf(tenant: string, request: TokenRequest, addresses: readonly string[]): Promise<TokenRefusal | undefined> {
    if (tenant !== options.tenantId) return refuse(400, 'invalid_request', 90002, `Tenant '${tenant}' not found.`);
    if (request.grant_type !== 'client_credentials') return refuse(400, 'unsupported_grant_type', 70003, 'The app requested an unsupported grant type.');
    if (request.client_id !== options.clientId) return refuse(400, 'unauthorized_client', 700016, `Application with identifier '${request.client_id ?? ''}' was not found in the directory.`);
    if (!addresses.some((address) => request.scope === `${address}/.default`)) return refuse(400, 'invalid_scope', 70011, `The provided value for the input parameter 'scope' is not valid: ${request.scope ?? ''}.`);
    if (request.client_assertion !== undefined) return assertionRefusal(request, addresses);
    return request.client_secret === options.clientSecret ? undefined : refuse(401, 'invalid_client', 7000215, 'Invalid client secret provided.');
  }

  async function assertionRefusal(request: TokenRequest, addresses: readonly string[]): Promise<TokenRefusal | undefined> {
    const { publicKeyPem, certificateThumbprint } = options;
    if (request.client_assertion_type !== ASSERTION_TYPE || publicKeyPem === undefined) return refuse(401, 'invalid_client', 700027, 'The certificate is not registered on the application.');
    try {
      const header = decodeProtectedHeader(request.client_assertion ?? '');
      if (header.alg !== 'PS256' || header['x5t#S256'] !== certificateThumbprint) return refuse(401, 'invalid_client', 700027, 'The certificate with this identifier is not registered on the application.');
      const { payload } = await jwtVerify(request.client_assertion ?? '', await importSPKI(publicKeyPem, 'PS256'), { algorithms: ['PS256'], issuer: options.clientId, subject: options.clientId, currentDate: now(), clockTolerance: 300 });
      const audience = String(payload.aud);
      if (!addresses.some((address) => audience === `${address}/${options.tenantId}/oauth2/v2.0/token`) || payload.jti === undefined) return refuse(401, 'invalid_client', 700023, 'The audience of the client assertion is not valid.');
      return undefined;
    } catch (error) {
      if (error instanceof errors.JWTExpired || (error instanceof errors.JWTClaimValidationFailed && error.claim === 'nbf')) {
        const [from, until] = [error.payload.nbf, error.payload.exp].map((at) => new Date((at ?? 0) * 1000).toISOString());
        return refuse(401, 'invalid_client', 700024, `Client assertion is not within its valid time range. Current time: ${now().toISOString()}, assertion valid from ${from ?? ''}, expiry time of assertion ${until ?? ''}.`);
      }
      if (error instanceof errors.JOSEError || error instanceof TypeError) return refuse(401, 'invalid_client', 700027, `The client assertion failed signature validation: ${error.message}`);
      throw error;
    }
  }

  return {
    async answer(tenant, body, addresses, reply) {
      const request = TokenRequest.safeParse(body);
      const refusal = request.success ? await refusalOf(tenant, request.data, addresses) : refuse(400, 'invalid_request', 900144, "The request body must contain the following parameter: 'grant_type'.");
      if (refusal !== undefined) return reply.code(refusal.status).send({ error: refusal.error, error_description: `AADSTS${refusal.number}: ${refusal.reason}`, error_codes: [refusal.number], timestamp: now().toISOString() });
      const token = randomBytes(32).toString('base64url');
      for (const old of tokens.filter((each) => each.expiresAt <= now().getTime())) tokens.delete(old.token);
      tokens.put(token, { token, expiresAt: now().getTime() + options.accessTokenLifetimeSeconds * 1000 });
      return reply.send({ token_type: 'Bearer', expires_in: options.accessTokenLifetimeSeconds, ext_expires_in: options.accessTokenLifetimeSeconds, access_token: token });
    },
    isValid(authorization) {
      if (authorization?.slice(0, 7).toLowerCase() !== 'bearer ') return false;
      const token = tokens.get(authorization.slice(7));
      return token !== undefined && token.expiresAt > now().getTime();
    },
  };
}

function refuse(status: number, error: string, number: number, reason: string): TokenRefusal {
  return { status, error, number, reason };
}
