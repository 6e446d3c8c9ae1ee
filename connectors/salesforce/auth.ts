import { SignJWT } from 'jose';
import { z } from 'zod';
import type { ConnectorSettings } from '../connector.ts';
import { renewedToken, fixedHeaders, type AuthProvider } from '../http/auth.ts';
import { createHttpClient } from '../http/client.ts';
import { detachedContext } from '../http/detached-context.ts';
import { classifySalesforceToken } from './classify.ts';
import type { SalesforceCredentials, SalesforceOptions } from './options.ts';

const tokenAnswer = z.object({ access_token: z.string().min(1), token_type: z.string().default('Bearer'), expires_in: z.number().positive().optional() });

/** The answer of the JWT bearer flow names no expiry: sessions last as the organization's policy says, 15 minutes at the least. */
const ASSUMED_LIFE_SECONDS = 900;

/** OAuth 2.0 JWT bearer flow: a signed assertion, valid for three minutes, is exchanged for an access token (RFC 7523). */
export function salesforceAuth(settings: ConnectorSettings, credentials: SalesforceCredentials, options: SalesforceOptions): AuthProvider {
  const http = createHttpClient({ ...settings, auth: fixedHeaders({}), classify: classifySalesforceToken });
  return renewedToken(async () => {
    const assertion = await new SignJWT({})
      .setProtectedHeader({ alg: 'RS256' })
      .setIssuer(credentials.clientId)
      .setSubject(credentials.username)
      .setAudience(options.audience)
      .setExpirationTime('3 minutes')
      .sign(credentials.privateKeyPem);
    const { body } = await http.request({
      method: 'POST',
      path: '/services/oauth2/token',
      form: { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion },
      answer: tokenAnswer,
      object: `the access token for ${settings.system}`,
      writes: false,
      context: detachedContext(settings.log),
    });
    return { headers: { authorization: `Bearer ${body.access_token}` }, expiresInSeconds: body.expires_in ?? ASSUMED_LIFE_SECONDS };
  });
}
