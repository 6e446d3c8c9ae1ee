import { z } from 'zod';
import type { ConnectorSettings } from '../connector.ts';
import { fixedHeaders, renewedToken, type AuthProvider } from '../http/auth.ts';
import { meaningOfStatus, type Classifier } from '../http/classify.ts';
import { createHttpClient } from '../http/client.ts';
import { detachedContext } from '../http/detached-context.ts';
import type { JiraCredentials, JiraOptions } from './options.ts';

const tokenAnswer = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().positive().default(3600) });
const refusal = z.object({ error: z.string(), error_description: z.string().optional() });

const classifyToken: Classifier = (answer, request) => {
  if (answer.status >= 500 || answer.status === 429) return meaningOfStatus('ATLASSIAN', answer, request);
  const said = refusal.safeParse(answer.body);
  const reason = said.success ? [said.data.error, said.data.error_description].filter((part) => part !== undefined).join(': ') : `HTTP ${answer.status}`;
  return { kind: 'configuration', code: 'JIRA_LOGIN_REFUSED', message: `Atlassian refuses ${request.object}: ${reason}.`, mend: 'Check the OAuth 2.0 credential of the service account (admin.atlassian.com > Directory > Service accounts), then retry.' };
};

/**
 * Basic with e-mail and API token, or a service account's client credentials, whose token lives for an hour.
 * https://support.atlassian.com/user-management/docs/create-oauth-2-0-credential-for-service-accounts
 */
export function jiraAuth(settings: ConnectorSettings, options: JiraOptions, credentials: JiraCredentials): AuthProvider {
  if ('apiToken' in credentials) return fixedHeaders({ authorization: `Basic ${Buffer.from(`${credentials.email}:${credentials.apiToken}`, 'utf8').toString('base64')}` });
  const address = new URL(options.tokenUrl);
  const http = createHttpClient({ ...settings, baseUrl: address.origin, auth: fixedHeaders({}), classify: classifyToken });
  return renewedToken(async () => {
    const { body } = await http.request({
      method: 'POST',
      path: `${address.pathname}${address.search}`,
      json: { grant_type: 'client_credentials', client_id: credentials.clientId, client_secret: credentials.clientSecret },
      answer: tokenAnswer, secretAnswer: true,
      object: `the access token for ${settings.system}`,
      writes: false,
      context: detachedContext(settings.log),
    });
    return { headers: { authorization: `Bearer ${body.access_token}` }, expiresInSeconds: body.expires_in };
  });
}
