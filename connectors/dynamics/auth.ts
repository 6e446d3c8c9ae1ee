import { createPrivateKey, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { z } from 'zod';
import type { ConnectorSettings } from '../connector.ts';
import { fixedHeaders, renewedToken, type AuthProvider } from '../http/auth.ts';
import { meaningOfStatus, type Classifier } from '../http/classify.ts';
import { createHttpClient } from '../http/client.ts';
import { tellingClocks, type ClockTolerance } from '../http/clock-skew.ts';
import { detachedContext } from '../http/detached-context.ts';
import type { DynamicsCredentials, DynamicsOptions } from './options.ts';

const tokenAnswer = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().positive().default(3600) });
const refusal = z.object({ error: z.string(), error_description: z.string().optional() });

/** RFC 6749, section 5.2. Entra says what is wrong by an AADSTS number at the beginning of the description. */
const classifyToken: Classifier = (answer, request) => {
  const said = refusal.safeParse(answer.body);
  if (!said.success || answer.status >= 500 || answer.status === 429 || said.data.error === 'temporarily_unavailable') {
    const meaning = meaningOfStatus('ENTRA', answer, request);
    return meaning === 'token_refused' ? refused(request.object, `HTTP ${answer.status}`) : meaning;
  }
  const reason = said.data.error_description?.split(/\r?\n/, 1)[0];
  return refused(request.object, reason === undefined ? said.data.error : `${said.data.error} (${reason})`);
};

function refused(object: string, reason: string) {
  return {
    kind: 'configuration' as const,
    code: 'DYNAMICS_LOGIN_REFUSED',
    message: `Microsoft Entra ID refuses ${object}: ${reason}.`,
    mend: 'Check tenant and client ID, that the secret or certificate of the app registration has not expired and that the clock is right, then retry.',
  };
}

/** The assertion lives for five minutes; Entra bears five more in either direction, but promises nothing. */
const CLOCKS: ClockTolerance = { behind: 300, ahead: 300 };

/**
 * OAuth 2.0 client credentials with a secret, or with an assertion signed by a certificate's key.
 * https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow
 * https://learn.microsoft.com/en-us/entra/identity-platform/certificate-credentials (PS256, x5t#S256)
 */
export function entraAuth(settings: ConnectorSettings, options: Pick<DynamicsOptions, 'authority'>, credentials: DynamicsCredentials): AuthProvider {
  const authority = (options.authority === 'environment' ? settings.baseUrl : options.authority).replace(/\/+$/, '');
  const path = `/${encodeURIComponent(credentials.tenantId)}/oauth2/v2.0/token`;
  const http = createHttpClient({ ...settings, baseUrl: authority, auth: fixedHeaders({}), classify: 'clientSecret' in credentials ? classifyToken : tellingClocks(classifyToken, CLOCKS) });
  const proof = proofOf(credentials, `${authority}${path}`);
  return renewedToken(async () => {
    const { body } = await http.request({
      method: 'POST',
      path,
      form: { grant_type: 'client_credentials', client_id: credentials.clientId, scope: `${new URL(settings.baseUrl).origin}/.default`, ...(await proof()) },
      answer: tokenAnswer, secretAnswer: true,
      object: `the access token for ${settings.system}`,
      writes: false,
      context: detachedContext(settings.log),
    });
    return { headers: { authorization: `Bearer ${body.access_token}` }, expiresInSeconds: body.expires_in };
  });
}

function proofOf(credentials: DynamicsCredentials, audience: string): () => Promise<Readonly<Record<string, string>>> {
  if ('clientSecret' in credentials) return () => Promise.resolve({ client_secret: credentials.clientSecret });
  const key = createPrivateKey(credentials.privateKeyPem);
  const header = { typ: 'JWT', alg: 'PS256', 'x5t#S256': credentials.certificateThumbprint };
  return async () => ({
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await new SignJWT({}).setProtectedHeader(header).setIssuer(credentials.clientId).setSubject(credentials.clientId).setAudience(audience).setJti(randomUUID()).setNotBefore('0 seconds').setIssuedAt().setExpirationTime('5 minutes').sign(key),
  });
}
