import { createPrivateKey } from 'node:crypto';
import { SignJWT } from 'jose';
import { generateCredentials } from '../../../sandbox/credentials.ts';
import { startSandbox, type RunningSandbox } from '../../../sandbox/kit/sandbox.ts';
import { netsuite } from '../../../sandbox/netsuite/sandbox.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
  /** The last path segment of Location: the internal ID, or the job's. */
  readonly id: string;
}

export interface AssertionClaims {
  readonly iss?: string;
  readonly aud?: string;
  readonly scope?: string | string[];
  readonly kid?: string;
  readonly alg?: string;
  readonly issuedAt?: number;
  readonly lifetimeSeconds?: number;
}

const credentials = generateCredentials().netsuite;
const privateKey = createPrivateKey(credentials.privateKeyPem);
export const TOKEN_PATH = '/services/rest/auth/oauth2/v1/token';

/** A NetSuite account of its own for one group of tests, with a client that holds a token. */
export interface TestAccount {
  readonly sandbox: RunningSandbox;
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
  record(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
  askToken(claims?: AssertionClaims): Promise<Reply>;
  admin(method: string, path: string, body?: unknown): Promise<Reply>;
  useToken(token: string): void;
  close(): Promise<void>;
}

export async function startAccount(settings: { options?: Record<string, unknown>; dataFile?: string; now?: () => Date } = {}): Promise<TestAccount> {
  const now = settings.now ?? (() => new Date());
  const { privateKeyPem: _, ...accepted } = credentials;
  const sandbox = await startSandbox(netsuite, {
    port: 0,
    options: { ...accepted, asyncDelayMs: 5, ...settings.options },
    now,
    ...(settings.dataFile === undefined ? {} : { dataFile: settings.dataFile }),
  });
  let token = '';

  async function exchange(method: string, path: string, body: string | undefined, headers: Record<string, string>): Promise<Reply> {
    const response = await fetch(`${sandbox.url}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
    const text = await response.text();
    const parsed: unknown = text === '' ? {} : JSON.parse(text);
    return {
      status: response.status,
      headers: response.headers,
      body: typeof parsed === 'object' && parsed !== null ? { ...parsed } : {},
      id: response.headers.get('location')?.split('/').at(-1) ?? '',
    };
  }

  const send: TestAccount['send'] = (method, path, body, headers = {}) =>
    exchange(method, path, body === undefined ? undefined : JSON.stringify(body), {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    });

  async function askToken(claims: AssertionClaims = {}): Promise<Reply> {
    const issuedAt = claims.issuedAt ?? Math.floor(now().getTime() / 1000);
    const assertion = await new SignJWT({ scope: claims.scope ?? ['rest_webservices'] })
      .setProtectedHeader({ alg: claims.alg ?? 'PS256', kid: claims.kid ?? credentials.certificateId, typ: 'JWT' })
      .setIssuer(claims.iss ?? credentials.clientId)
      .setAudience(claims.aud ?? `${sandbox.url}${TOKEN_PATH}`)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + (claims.lifetimeSeconds ?? 300))
      .sign(privateKey);
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    });
    return exchange('POST', TOKEN_PATH, form.toString(), { 'content-type': 'application/x-www-form-urlencoded' });
  }

  token = String((await askToken()).body['access_token']);
  return {
    sandbox,
    send,
    record: (method, path, body, headers) => send(method, `/services/rest/record/v1/${path}`, body, headers),
    askToken,
    admin: (method, path, body) =>
      exchange(method, `/__admin/${path}`, body === undefined ? undefined : JSON.stringify(body), body === undefined ? {} : { 'content-type': 'application/json' }),
    useToken: (value) => void (token = value),
    close: () => sandbox.close(),
  };
}

/** The first error detail of a refusal. */
export function firstError(reply: Reply): Record<string, unknown> {
  const details = reply.body['o:errorDetails'];
  const first: unknown = Array.isArray(details) ? details[0] : undefined;
  return typeof first === 'object' && first !== null ? { ...first } : {};
}

export function field(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>((current, key) => (typeof current === 'object' && current !== null ? Reflect.get(current, key) : undefined), value);
}

export const customerBody = { companyName: 'Contoso Manufacturing', subsidiary: { externalId: 'sub-US01' }, currency: { externalId: 'cur-USD' } };

export const orderLine = { item: { externalId: 'item-TECHNOLOGY' }, quantity: 120, rate: 210.5, description: 'Engineers, first quarter' };
