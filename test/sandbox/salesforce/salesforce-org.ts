import { Connection } from 'jsforce';
import { importPKCS8, SignJWT } from 'jose';
import { generateCredentials, type Credentials } from '../../../sandbox/credentials.ts';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';
import { salesforce } from '../../../sandbox/salesforce/sandbox.ts';

export interface Org {
  readonly sandbox: RunningSandbox;
  readonly credentials: Credentials['salesforce'];
  /** A token for a user of the org, obtained as a connected app does. */
  token(username?: string): Promise<string>;
  connect(username?: string): Promise<Connection>;
  /** `call` signs in anew. */
  forgetToken(): void;
  /** One request as the integration user. */
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: unknown; headers: Headers }>;
  admin(method: string, path: string, body?: unknown): Promise<Response>;
}

export const SALES_PERSON = 'dana.reyes@q2c.example';
const credentials = generateCredentials().salesforce;

export async function startOrg(options: Record<string, unknown> = {}, now: () => Date = () => new Date()): Promise<Org> {
  const sandbox = await startSandbox(salesforce, { port: 0, options: { ...credentials, ...options }, now });

  async function token(username = credentials.username): Promise<string> {
    const answer = await requestToken(sandbox.url, await assertion({ username, at: now() }));
    const body: unknown = await answer.json();
    if (typeof body === 'object' && body !== null && 'access_token' in body) return String(body.access_token);
    throw new Error(`no token: ${JSON.stringify(body)}`);
  }

  let own: string | undefined;
  return {
    sandbox,
    credentials,
    token,
    forgetToken: () => (own = undefined),
    connect: async (username) => new Connection({ instanceUrl: sandbox.url, accessToken: await token(username), version: '64.0' }),
    async call(method, path, body, headers = {}) {
      own ??= await token();
      const answer = await fetch(`${sandbox.url}/services/data/v64.0${path}`, {
        method,
        headers: { authorization: `Bearer ${own}`, 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await answer.text();
      const parsed: unknown = text === '' ? undefined : JSON.parse(text);
      return { status: answer.status, body: parsed, headers: answer.headers };
    },
    admin: (method, path, body) =>
      fetch(`${sandbox.url}/__admin${path}`, {
        method,
        ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      }),
  };
}

export async function assertion(
  wanted: { username?: string; clientId?: string; audience?: string; expiresIn?: number; privateKeyPem?: string; at?: Date } = {},
): Promise<string> {
  const key = await importPKCS8(wanted.privateKeyPem ?? credentials.privateKeyPem, 'RS256');
  return new SignJWT({})
    .setProtectedHeader({ alg: 'RS256' })
    .setIssuer(wanted.clientId ?? credentials.clientId)
    .setSubject(wanted.username ?? credentials.username)
    .setAudience(wanted.audience ?? 'https://login.salesforce.com')
    .setExpirationTime(Math.floor((wanted.at?.getTime() ?? Date.now()) / 1000) + (wanted.expiresIn ?? 180))
    .sign(key);
}

export function requestToken(url: string, jwt: string): Promise<Response> {
  return fetch(`${url}/services/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: jwt }),
  });
}
