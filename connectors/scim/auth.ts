import { z } from 'zod';
import type { ConnectorSettings } from '../connector.ts';
import { fixedHeaders, renewedToken, type AuthProvider } from '../http/auth.ts';
import { meaningOfStatus, type Classifier } from '../http/classify.ts';
import { createHttpClient } from '../http/client.ts';
import { detachedContext } from '../http/detached-context.ts';
import type { ScimCredentials } from './options.ts';

const tokenAnswer = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().positive().default(3600) });
const refusal = z.object({ error: z.string(), error_description: z.string().optional() });

/** RFC 6749, section 5.2. */
const classifyToken: Classifier = (answer, request) => {
  const said = refusal.safeParse(answer.body);
  if (answer.status >= 500 || answer.status === 429) return meaningOfStatus('SCIM_TOKEN', answer, request);
  const reason = said.success ? [said.data.error, said.data.error_description].filter((part) => part !== undefined).join(': ') : `HTTP ${answer.status}`;
  return { kind: 'configuration', code: 'SCIM_LOGIN_REFUSED', message: `${request.object} was refused: ${reason}.`, mend: 'Check the client ID, its secret, scope and the token address of the HR system\'s credentials, then retry.' };
};

/** A bearer token, a name with a password (RFC 7617), or OAuth 2.0 client credentials (RFC 6749, section 4.4). */
export function scimAuth(settings: ConnectorSettings, credentials: ScimCredentials): AuthProvider {
  if ('token' in credentials) return fixedHeaders({ authorization: `Bearer ${credentials.token}` });
  if ('username' in credentials) return fixedHeaders({ authorization: basic(credentials.username, credentials.password) });
  const { tokenUrl, clientId, clientSecret, scope, clientAuthentication } = credentials;
  const address = new URL(tokenUrl);
  const http = createHttpClient({ ...settings, baseUrl: address.origin, auth: fixedHeaders({}), classify: classifyToken });
  const inHeader = clientAuthentication === 'basic';
  return renewedToken(async () => {
    const { body } = await http.request({
      method: 'POST',
      path: `${address.pathname}${address.search}`,
      form: { grant_type: 'client_credentials', ...(scope === undefined ? {} : { scope }), ...(inHeader ? {} : { client_id: clientId, client_secret: clientSecret }) },
      ...(inHeader ? { headers: { authorization: basic(encodeURIComponent(clientId), encodeURIComponent(clientSecret)) } } : {}),
      answer: tokenAnswer,
      object: `the access token for ${settings.system}`,
      writes: false,
      context: detachedContext(settings.log),
    });
    return { headers: { authorization: `Bearer ${body.access_token}` }, expiresInSeconds: body.expires_in };
  });
}

function basic(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`, 'utf8').toString('base64')}`;
}
