import { createPrivateKey } from 'node:crypto';
import { SignJWT } from 'jose';
import { z } from 'zod';
import type { ConnectorSettings } from '../connector.ts';
import { fixedHeaders, renewedToken, type AuthProvider } from '../http/auth.ts';
import { meaningOfStatus, type Classifier } from '../http/classify.ts';
import { createHttpClient } from '../http/client.ts';
import { tellingClocks, type ClockTolerance } from '../http/clock-skew.ts';
import { detachedContext } from '../http/detached-context.ts';
import type { NetSuiteCredentials } from './options.ts';

const TOKEN_PATH = '/services/rest/auth/oauth2/v1/token';
/** The assertion lives for five minutes; how far its `iat` may lie ahead is not documented. */
const CLOCKS: ClockTolerance = { behind: 300, ahead: 60 };
/** NetSuite sends `expires_in` as text. */
const tokenAnswer = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().positive().default(3600) });
const refusal = z.object({ error: z.string(), error_description: z.string().optional() });

/** RFC 6749, section 5.2: a refused assertion is a matter of the credentials, whatever the status. */
const classifyToken: Classifier = (answer, request) => {
  const said = refusal.safeParse(answer.body);
  if (!said.success || answer.status >= 500 || answer.status === 429) return meaningOfStatus('NETSUITE', answer, request);
  return {
    kind: 'configuration',
    code: 'NETSUITE_LOGIN_REFUSED',
    message: `NetSuite refuses ${request.object}: ${said.data.error}${said.data.error_description === undefined ? '' : ` (${said.data.error_description})`}.`,
    mend: 'Check client ID, certificate ID and key under Setup > Integration > OAuth 2.0 Client Credentials, that the certificate has not expired and that the clock is right, then retry.',
  };
};

/**
 * OAuth 2.0 client credentials with a certificate: an assertion signed with PS256, valid for five minutes (an hour is the most), for a token of an hour.
 * Source: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_162686838198.html
 */
export function netSuiteAuth(settings: ConnectorSettings, credentials: NetSuiteCredentials, now: () => number): AuthProvider {
  const http = createHttpClient({ ...settings, auth: fixedHeaders({}), classify: tellingClocks(classifyToken, CLOCKS, now) });
  const key = createPrivateKey(credentials.privateKeyPem);
  const audience = `${settings.baseUrl.replace(/\/+$/, '')}${TOKEN_PATH}`;
  return renewedToken(async () => {
    const issuedAt = Math.floor(now() / 1000);
    const assertion = await new SignJWT({ scope: ['rest_webservices'] })
      .setProtectedHeader({ typ: 'JWT', alg: 'PS256', kid: credentials.certificateId })
      .setIssuer(credentials.clientId)
      .setAudience(audience)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + 300)
      .sign(key);
    const { body } = await http.request({
      method: 'POST',
      path: TOKEN_PATH,
      form: { grant_type: 'client_credentials', client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: assertion },
      answer: tokenAnswer, secretAnswer: true,
      object: `the access token for ${settings.system}`,
      writes: false,
      context: detachedContext(settings.log),
    });
    return { headers: { authorization: `Bearer ${body.access_token}` }, expiresInSeconds: body.expires_in };
  });
}
