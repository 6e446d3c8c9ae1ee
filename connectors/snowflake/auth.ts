import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import { SignJWT } from 'jose';
import { z } from 'zod';
import type { ConnectorSettings } from '../connector.ts';
import { fixedHeaders, renewedToken, type AuthProvider } from '../http/auth.ts';
import { meaningOfStatus, type Classifier } from '../http/classify.ts';
import { createHttpClient } from '../http/client.ts';
import { tellingClocks, type ClockTolerance } from '../http/clock-skew.ts';
import { detachedContext } from '../http/detached-context.ts';
import { classifySnowflake } from './classify.ts';
import type { SnowflakeCredentials } from './options.ts';

/** An hour is the most, of which a minute lies behind: a clock that is a little fast does no harm. */
const JWT_SECONDS = 3540;
const BACKDATED_SECONDS = 60;
const CLOCKS: ClockTolerance = { behind: JWT_SECONDS, ahead: BACKDATED_SECONDS };
const JUST_SIGNED_MS = 60_000;

export interface SnowflakeAuth extends AuthProvider {
  /** Snowflake's table for requests that are authorized so. */
  readonly classify: Classifier;
}

const tokenAnswer = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });
const tokenRefusal = z.object({ error: z.string(), message: z.string().nullish() });

/**
 * Key pair: a JWT signed with RS256 by the key whose public half the user has.
 * OAuth: a token of ten minutes for a refresh token, from the account's own endpoint. A programmatic access token is sent as it is.
 * Sources: https://docs.snowflake.com/en/developer-guide/sql-api/authenticating, https://docs.snowflake.com/en/user-guide/oauth-custom
 */
export function snowflakeAuth(settings: ConnectorSettings, credentials: SnowflakeCredentials): SnowflakeAuth {
  if ('programmaticAccessToken' in credentials) return { ...fixedHeaders(headersOf('PROGRAMMATIC_ACCESS_TOKEN', credentials.programmaticAccessToken)), classify: classifySnowflake };
  return 'privateKeyPem' in credentials ? keyPair(credentials) : { ...refreshedOAuth(settings, credentials), classify: classifySnowflake };
}

function keyPair(credentials: Extract<SnowflakeCredentials, { privateKeyPem: string }>): SnowflakeAuth {
  const key = createPrivateKey({ key: credentials.privateKeyPem, ...(credentials.passphrase === undefined ? {} : { passphrase: credentials.passphrase }) });
  const name = `${accountName(credentials.account)}.${credentials.user.toUpperCase()}`;
  const fingerprint = createHash('sha256').update(createPublicKey(key).export({ type: 'spki', format: 'der' })).digest('base64');
  let signedAt = Number.NEGATIVE_INFINITY;
  const ofClocks = tellingClocks(classifySnowflake, CLOCKS);
  const provider = renewedToken(async () => {
    signedAt = performance.now();
    const now = Math.floor(Date.now() / 1000);
    const jwt = await new SignJWT().setProtectedHeader({ typ: 'JWT', alg: 'RS256' }).setIssuer(`${name}.SHA256:${fingerprint}`).setSubject(name).setIssuedAt(now - BACKDATED_SECONDS).setExpirationTime(now + JWT_SECONDS).sign(key);
    return { headers: headersOf('KEYPAIR_JWT', jwt), expiresInSeconds: JWT_SECONDS };
  });
  // One that has been used for a while is renewed first: it may only have expired.
  return { ...provider, classify: (answer, request) => (performance.now() - signedAt < JUST_SIGNED_MS ? ofClocks : classifySnowflake)(answer, request) };
}

/** In capitals and without the region that may follow a locator. */
export function accountName(account: string): string {
  return (account.split('.', 1)[0] ?? account).toUpperCase();
}

function refreshedOAuth(settings: ConnectorSettings, { clientId, clientSecret, refreshToken }: Extract<SnowflakeCredentials, { refreshToken: string }>): AuthProvider {
  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  const http = createHttpClient({ ...settings, auth: fixedHeaders({ authorization: `Basic ${basic}` }), classify: classifyToken });
  return renewedToken(async () => {
    const { body } = await http.request({
      method: 'POST',
      path: '/oauth/token-request',
      form: { grant_type: 'refresh_token', refresh_token: refreshToken },
      answer: tokenAnswer,
      object: `the access token for ${settings.system}`,
      writes: false,
      context: detachedContext(settings.log),
    });
    return { headers: headersOf('OAUTH', body.access_token), expiresInSeconds: body.expires_in };
  });
}

const classifyToken: Classifier = (answer, request) => {
  const said = tokenRefusal.safeParse(answer.body);
  if (!said.success || answer.status >= 500 || answer.status === 429) return meaningOfStatus('SNOWFLAKE', answer, request);
  return { kind: 'configuration', code: 'SNOWFLAKE_LOGIN_REFUSED', message: `Snowflake refuses ${request.object}: ${said.data.error}${said.data.message == null ? '' : ` (${said.data.message})`}.`, mend: 'The refresh token has expired or was revoked, or the client is not that of the OAuth integration: authorize anew and give the new token to the secrets provider, then retry.' };
};

function headersOf(type: string, token: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}`, 'x-snowflake-authorization-token-type': type };
}
