import { z } from 'zod';
import type { ConnectorSettings } from '../connector.ts';
import { fixedHeaders, renewedToken, type AuthProvider } from '../http/auth.ts';
import type { Classifier } from '../http/classify.ts';
import { createHttpClient } from '../http/client.ts';
import { detachedContext } from '../http/detached-context.ts';
import { SystemFailure } from '../../domain/failure.ts';
import { classifySap } from './classify.ts';
import type { SapCredentials } from './options.ts';

/** Security sessions end after 30 minutes without use (http/security_session_timeout). */
const SESSION_SECONDS = 1500;
const TOKEN_PATH = '/sap/bc/sec/oauth2/token';
const tokenAnswer = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().positive().default(3600) });

/**
 * Headers of a session: who we are (basic, or an OAuth 2.0 access token), its cookies, and the CSRF token that every change needs. Fetched once by
 * `GET` with `X-CSRF-Token: Fetch`, again where SAP answers 403 with `X-CSRF-Token: Required`, or 401.
 * @param service - path of a service the user may read
 */
export function sapSession(settings: ConnectorSettings, credentials: SapCredentials, service: string): AuthProvider {
  const identity = 'user' in credentials ? basicIdentity(credentials) : clientIdentity(settings, credentials);
  const http = createHttpClient({ ...settings, auth: fixedHeaders({}), classify: classifyLogon });
  return renewedToken(async () => {
    const { authorization, expiresInSeconds } = await identity();
    const object = `the session with ${settings.system}`;
    // 401 comes with a web page, which would be taken for that of a proxy.
    const { status, headers } = await http.request({
      method: 'GET', path: `${service}/`, headers: { authorization, 'x-csrf-token': 'Fetch' }, answer: z.looseObject({ d: z.unknown() }).optional(), accept: [401],
      object, writes: false, context: detachedContext(settings.log),
    });
    if (status === 401) throw new SystemFailure({ ...logonRefused(object, 'HTTP 401'), system: settings.system, object, written: 'no' });
    const csrf = headers['x-csrf-token'];
    if (typeof csrf !== 'string' || /^(required|fetch)$/i.test(csrf)) throw noToken(settings.system);
    const cookie = cookiesIn(headers['set-cookie']);
    return { headers: { authorization, 'x-csrf-token': csrf, ...(cookie === '' ? {} : { cookie }) }, expiresInSeconds: Math.min(SESSION_SECONDS, expiresInSeconds) };
  });
}

interface Identity {
  readonly authorization: string;
  readonly expiresInSeconds: number;
}

function basicIdentity({ user, password }: { readonly user: string; readonly password: string }): () => Promise<Identity> {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  return () => Promise.resolve({ authorization, expiresInSeconds: SESSION_SECONDS });
}

/** OAuth 2.0 client credentials (RFC 6749, section 4.4), the client's secret as basic authentication. */
function clientIdentity(settings: ConnectorSettings, { clientId, clientSecret, tokenUrl }: Extract<SapCredentials, { clientId: string }>): () => Promise<Identity> {
  const url = new URL(tokenUrl ?? `${settings.baseUrl.replace(/\/+$/, '')}${TOKEN_PATH}`);
  const http = createHttpClient({ ...settings, baseUrl: url.origin, auth: fixedHeaders({}), classify: classifyLogon, role: 'tokens' });
  const authorization = `Basic ${Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString('base64')}`;
  return async () => {
    const { body } = await http.request({
      method: 'POST', path: `${url.pathname}${url.search}`, headers: { authorization }, form: { grant_type: 'client_credentials' }, answer: tokenAnswer,
      object: `the access token for ${settings.system}`, writes: false, context: detachedContext(settings.log),
    });
    return { authorization: `Bearer ${body.access_token}`, expiresInSeconds: body.expires_in };
  };
}

const oauthRefusal = z.object({ error: z.string() });

/** RFC 6749, section 5.2. A wrong secret is not tried again: SAP locks a user after some attempts. */
const classifyLogon: Classifier = (answer, request) => {
  const said = oauthRefusal.safeParse(answer.body);
  if (said.success && answer.status < 500) return logonRefused(request.object, said.data.error);
  const verdict = classifySap(answer, request);
  return verdict === 'token_refused' ? logonRefused(request.object, `HTTP ${answer.status}`) : verdict;
};

function logonRefused(object: string, reason: string) {
  return {
    kind: 'configuration' as const,
    code: 'SAP_LOGON_REFUSED',
    message: `SAP refuses ${object}: ${reason}.`,
    mend: 'Check user and password (or client and secret) of the communication system, and that SAP has not locked the user (Maintain Communication Users), then retry.',
  };
}

function noToken(system: string): SystemFailure {
  return new SystemFailure({
    kind: 'contract', code: 'SAP_NO_CSRF_TOKEN', system, object: `the session with ${system}`, written: 'no',
    message: 'SAP gave no CSRF token, without which it takes no changes.', mend: 'Check that no proxy in between removes the header X-CSRF-Token, then retry.',
  });
}

/** Names and values only: "SAP_SESSIONID_ABC_100=…; sap-usercontext=…". */
function cookiesIn(headers: readonly string[] | undefined): string {
  return (headers ?? []).map((header) => header.split(';', 1)[0]?.trim() ?? '').filter((pair) => pair.includes('=')).join('; ');
}
