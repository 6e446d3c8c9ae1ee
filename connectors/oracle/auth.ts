import { createPrivateKey, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { z } from 'zod';
import type { ConnectorSettings } from '../connector.ts';
import { fixedHeaders, renewedToken, type AuthProvider } from '../http/auth.ts';
import { meaningOfStatus, type Classifier } from '../http/classify.ts';
import { createHttpClient } from '../http/client.ts';
import { tellingClocks, type ClockTolerance } from '../http/clock-skew.ts';
import { detachedContext } from '../http/detached-context.ts';
import type { OracleCredentials, OracleOptions } from './options.ts';

const TOKEN_PATH = '/oauth2/v1/token';
/** What an identity domain calls itself, whatever its address. */
const ISSUED_FOR = 'https://identity.oraclecloud.com/';
/** Assertions live for five minutes; how far their `iat` may lie ahead is not documented. */
const CLOCKS: ClockTolerance = { behind: 300, ahead: 60 };
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const tokenAnswer = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().positive().default(3600) });
const refusal = z.object({ error: z.string(), error_description: z.string().optional() });

/** RFC 6749, section 5.2: a refused application or assertion is a matter of the credentials, whatever the status. */
const classifyToken: Classifier = (answer, request) => {
  const said = refusal.safeParse(answer.body);
  const passing = answer.status >= 500 || answer.status === 429;
  if (passing || (!said.success && answer.status !== 401)) return meaningOfStatus('ORACLE_IDENTITY', answer, request);
  const reason = said.success ? [said.data.error, said.data.error_description].filter((part) => part !== undefined).join(': ') : 'HTTP 401';
  return {
    kind: 'configuration',
    code: 'ORACLE_LOGIN_REFUSED',
    message: `The identity domain refuses ${request.object}: ${reason}.`,
    mend: 'Check client ID, secret, certificate alias and user of the confidential application, the option scope, that the application is active and that the clock is right, then retry.',
  };
};

/**
 * Basic authentication, OAuth 2.0 client credentials, or an assertion signed for the user (RFC 7523), by the shape of the credentials.
 * https://docs.oracle.com/en/cloud/saas/financials/26d/farfa/configure_oauth.html
 * @throws Error where the options lack what the credentials need
 */
export function oracleAuth(settings: ConnectorSettings, options: OracleOptions, credentials: OracleCredentials): AuthProvider {
  if ('password' in credentials) return fixedHeaders({ authorization: basic(credentials.username, credentials.password) });
  const { identityDomain, scope } = options;
  if (identityDomain === undefined || scope === undefined) throw new Error(`the options of ${settings.system} need identityDomain and scope for OAuth 2.0`);
  const domain = (identityDomain === 'environment' ? settings.baseUrl : identityDomain).replace(/\/+$/, '');
  const http = createHttpClient({ ...settings, baseUrl: domain, auth: fixedHeaders({}), classify: 'privateKeyPem' in credentials ? tellingClocks(classifyToken, CLOCKS) : classifyToken });
  const grant = grantOf(credentials);
  return renewedToken(async () => {
    const { form, headers } = await grant();
    const { body } = await http.request({
      method: 'POST', path: TOKEN_PATH, headers, form: { ...form, scope }, answer: tokenAnswer, secretAnswer: true,
      object: `the access token for ${settings.system}`, writes: false, context: detachedContext(settings.log),
    });
    return { headers: { authorization: `Bearer ${body.access_token}` }, expiresInSeconds: body.expires_in };
  });
}

type Grant = { readonly form: Readonly<Record<string, string>>; readonly headers: Readonly<Record<string, string>> };

function grantOf(credentials: Exclude<OracleCredentials, { password: string }>): () => Promise<Grant> {
  const { clientId, clientSecret } = credentials;
  if (!('privateKeyPem' in credentials)) return () => Promise.resolve({ form: { grant_type: 'client_credentials' }, headers: { authorization: basic(clientId, credentials.clientSecret) } });
  const key = createPrivateKey(credentials.privateKeyPem);
  const sign = (subject: string) =>
    new SignJWT({}).setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: credentials.certificateAlias }).setSubject(subject).setIssuer(clientId).setAudience(ISSUED_FOR).setJti(randomUUID()).setIssuedAt().setExpirationTime('5 minutes').sign(key);
  return async () => {
    const form = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: await sign(credentials.username) };
    if (clientSecret !== undefined) return { form, headers: { authorization: basic(clientId, clientSecret) } };
    return { form: { ...form, client_id: clientId, client_assertion_type: ASSERTION_TYPE, client_assertion: await sign(clientId) }, headers: {} };
  };
}

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}
