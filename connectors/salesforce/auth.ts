import { SignJWT } from 'jose';
import { z } from 'zod';
import type { ConnectorSettings } from '../connector.ts';
import { renewedToken, fixedHeaders, type AuthProvider } from '../http/auth.ts';
import { createHttpClient } from '../http/client.ts';
import { tellingClocks, type ClockTolerance } from '../http/clock-skew.ts';
import { detachedContext } from '../http/detached-context.ts';
import { classifySalesforceToken } from './classify.ts';
import type { SalesforceCredentials, SalesforceOptions } from './options.ts';

const tokenAnswer = z.object({
  access_token: z.string().min(1),
  token_type: z.string().default('Bearer'),
  expires_in: z.number().positive().optional(),
  instance_url: z.url().optional(),
  /** Identity URL: ends with the IDs of the organization and of the user. */
  id: z.string().optional(),
});

/** What a token stands for; the Pub/Sub API asks for all of it. Null where the answer did not say. */
export interface SalesforceSession {
  readonly accessToken: string;
  readonly instanceUrl: string | null;
  readonly organizationId: string | null;
  readonly userId: string | null;
}

export interface SalesforceAuth extends AuthProvider {
  /**
   * The session in use; the same object for as long as the token is the same.
   * @param force - the last one was refused: get a new one
   * @throws SystemFailure where no token can be had
   */
  session(force: boolean): Promise<SalesforceSession>;
}

/** Neither flow's answer names an expiry: sessions last as the organization's policy says, 15 minutes at the least. */
const ASSUMED_LIFE_SECONDS = 900;

/** The assertion lives for three minutes, and one that expires in more than five is refused as well. */
const CLOCKS: ClockTolerance = { behind: 180, ahead: 120 };

/**
 * Signs in by the flow that the credentials are made for:
 * a certificate: OAuth 2.0 JWT bearer flow, a signed assertion valid for three minutes is exchanged for an access token (RFC 7523);
 * a consumer secret: OAuth 2.0 client credentials flow, which only the organization's own My Domain address answers.
 */
export function salesforceAuth(settings: ConnectorSettings, credentials: SalesforceCredentials, options: SalesforceOptions): SalesforceAuth {
  const http = createHttpClient({ ...settings, auth: fixedHeaders({}), classify: 'clientSecret' in credentials ? classifySalesforceToken : tellingClocks(classifySalesforceToken, CLOCKS) });
  const sessions = new WeakMap<object, SalesforceSession>();
  const provider = renewedToken(async () => {
    const { body } = await http.request({
      method: 'POST',
      path: '/services/oauth2/token',
      form: await grantOf(credentials, options),
      answer: tokenAnswer, secretAnswer: true,
      object: `the access token for ${settings.system}`,
      writes: false,
      context: detachedContext(settings.log),
    });
    const headers = { authorization: `Bearer ${body.access_token}` };
    const [, organizationId = null, userId = null] = /\/id\/(\w{15,18})\/(\w{15,18})$/.exec(body.id ?? '') ?? [];
    sessions.set(headers, { accessToken: body.access_token, instanceUrl: body.instance_url ?? null, organizationId, userId });
    return { headers, expiresInSeconds: body.expires_in ?? ASSUMED_LIFE_SECONDS };
  });
  return {
    authorize: (force) => provider.authorize(force),
    async session(force) {
      const session = sessions.get(await provider.authorize(force));
      if (session === undefined) throw new Error('the token provider answered headers it did not make');
      return session;
    },
  };
}

async function grantOf(credentials: SalesforceCredentials, options: SalesforceOptions): Promise<Record<string, string>> {
  if ('clientSecret' in credentials) return { grant_type: 'client_credentials', client_id: credentials.clientId, client_secret: credentials.clientSecret };
  const assertion = await new SignJWT({})
    .setProtectedHeader({ alg: 'RS256' })
    .setIssuer(credentials.clientId)
    .setSubject(credentials.username)
    .setAudience(options.audience)
    .setExpirationTime('3 minutes')
    .sign(credentials.privateKeyPem);
  return { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion };
}
