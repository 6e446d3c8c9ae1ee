import { importSPKI, jwtVerify } from 'jose';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { SandboxContext } from '../kit/sandbox.ts';
import type { SalesforceOptions } from './options.ts';
import { findObjectType } from './schema.ts';
import type { SObjectStore } from './store.ts';

export interface Session {
  readonly token: string;
  readonly userId: string;
  readonly expiresAt: number;
}

export interface Sessions {
  /** The user behind a bearer token that is still valid. */
  userOf(token: string): string | undefined;
}

const Grant = z.object({
  grant_type: z.string(),
  assertion: z.string().optional(),
  client_id: z.string().optional(),
  client_secret: z.string().optional(),
});
const Claims = z.object({ iss: z.string(), sub: z.string(), aud: z.union([z.string(), z.array(z.string())]), exp: z.number() });

const LOGIN_HOSTS = ['https://login.salesforce.com', 'https://test.salesforce.com'];
const LONGEST_ASSERTION_SECONDS = 300;
const SCOPE = 'api web full refresh_token';

class Refused extends Error {
  readonly code: string;
  constructor(code: string, description: string) {
    super(description);
    this.code = code;
  }
}

/** The token endpoint: JWT bearer (RS256) for any user of the org, client credentials for the integration user. */
export function installTokenEndpoint(context: SandboxContext, options: SalesforceOptions, store: SObjectStore): Sessions {
  const sessions = context.records.collection<Session>('__sessions');
  const publicKey = importSPKI(options.publicKeyPem, 'RS256');

  function userNamed(username: string): string | undefined {
    const user = findObjectType('User');
    return user === undefined ? undefined : store.byIndex(user, 'Username', username)?.[0]?.Id;
  }

  async function byAssertion(assertion: string | undefined): Promise<string> {
    if (assertion === undefined) throw new Refused('invalid_grant', 'assertion is missing');
    const claims = await verifiedClaims(assertion);
    if (claims.iss !== options.clientId) throw new Refused('invalid_client_id', 'client identifier invalid');
    const audiences = typeof claims.aud === 'string' ? [claims.aud] : claims.aud;
    if (![...LOGIN_HOSTS, context.baseUrl(), `${context.baseUrl()}/services/oauth2/token`].some((host) => audiences.includes(host))) {
      throw new Refused('invalid_grant', 'audience is invalid');
    }
    const userId = userNamed(claims.sub);
    if (userId === undefined) throw new Refused('invalid_grant', "user hasn't approved this consumer");
    return userId;
  }

  async function verifiedClaims(assertion: string): Promise<z.infer<typeof Claims>> {
    const verified = await jwtVerify(assertion, await publicKey, {
      algorithms: ['RS256'],
      currentDate: context.now(),
      clockTolerance: 5,
    }).catch((error: unknown) => {
      const expired = error instanceof Error && 'code' in error && error.code === 'ERR_JWT_EXPIRED';
      throw new Refused('invalid_grant', expired ? 'expired authorization code' : 'invalid assertion');
    });
    const claims = Claims.safeParse(verified.payload);
    if (!claims.success) throw new Refused('invalid_grant', 'invalid assertion');
    // Said by many who met it, the exact words are not documented (unverified): an assertion may expire in five minutes at the most.
    if (claims.data.exp > context.now().getTime() / 1000 + LONGEST_ASSERTION_SECONDS + 5) throw new Refused('invalid_grant', 'invalid assertion');
    return claims.data;
  }

  function byClientCredentials(clientId: string | undefined, secret: string | undefined): string {
    if (clientId !== options.clientId) throw new Refused('invalid_client_id', 'client identifier invalid');
    if (options.clientSecret === undefined || secret !== options.clientSecret)
      throw new Refused('invalid_client', 'invalid client credentials');
    const userId = userNamed(options.username);
    if (userId === undefined) throw new Refused('invalid_grant', 'no client credentials user enabled');
    return userId;
  }

  function open(userId: string): Session {
    const now = context.now().getTime();
    for (const old of sessions.filter((session) => session.expiresAt < now)) sessions.delete(old.token);
    const token = `${options.organizationId.slice(0, 15)}!${randomBytes(48).toString('base64url')}`;
    const session = { token, userId, expiresAt: now + options.tokenLifetimeSeconds * 1000 };
    sessions.put(token, session);
    return session;
  }

  context.app.post('/services/oauth2/token', async (request, reply) => {
    reply.header('Cache-Control', 'no-store');
    try {
      const grant = Grant.safeParse(request.body);
      if (!grant.success) throw new Refused('invalid_request', 'must be a POST with a form that has grant_type');
      const { grant_type: type, assertion, client_id: clientId, client_secret: secret } = grant.data;
      let userId: string;
      if (type === 'urn:ietf:params:oauth:grant-type:jwt-bearer') userId = await byAssertion(assertion);
      else if (type === 'client_credentials') userId = byClientCredentials(clientId, secret);
      else throw new Refused('unsupported_grant_type', 'grant type not supported');
      const base = context.baseUrl();
      return await reply.send({
        access_token: open(userId).token,
        scope: SCOPE,
        instance_url: base,
        id: `${base}/id/${options.organizationId}/${userId}`,
        token_type: 'Bearer',
      });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return reply.code(400).send({ error: error.code, error_description: error.message });
    }
  });

  function userOf(token: string): string | undefined {
    const session = sessions.get(token);
    return session === undefined || session.expiresAt <= context.now().getTime() ? undefined : session.userId;
  }

  /** Who a token stands for (OpenID Connect). */
  context.app.get('/services/oauth2/userinfo', async (request, reply) => {
    const userId = userOf(/^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '');
    const users = findObjectType('User');
    const user = userId === undefined || users === undefined ? undefined : store.find(users, userId);
    if (user === undefined) return await reply.code(403).type('text/plain').send('Bad_OAuth_Token');
    return await reply.send({
      sub: `${context.baseUrl()}/id/${options.organizationId}/${user.Id}`,
      user_id: user.Id,
      organization_id: options.organizationId,
      preferred_username: user['Username'],
      name: user['Name'],
      email: user['Email'],
    });
  });

  return { userOf };
}
